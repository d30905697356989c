// SPDX-License-Identifier: GPL-2.0-only
/* QMP as QEMU 7.2 speaks it, as much as is needed; docs/interop/qmp-spec.txt in QEMU's source. */
#include "t/cli/fake.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void qmp_send(struct fake *f, json_t *msg)
{
	char *text = json_dumps(msg, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(msg);
	channel_send(&f->qmp, text, strlen(text));
	channel_send(&f->qmp, "\r\n", 2);
	free(text);
}

void qmp_greet(struct fake *f)
{
	const char *other = script_setting_get(&f->script, "greeting");

	if (other) {
		channel_send(&f->qmp, other, strlen(other));
		channel_send(&f->qmp, "\r\n", 2);
		return;
	}
	qmp_send(f, json_pack("{s{s{s{si si si} ss} s[s]}}", "QMP", "version", "qemu", "micro", 0,
			      "minor", 2, "major", 7, "package", "fake", "capabilities", "oob"));
}

void qmp_event(struct fake *f, const char *name, json_t *data)
{
	int64_t ms = now_ms();
	json_t *msg = json_pack("{s{sI sI} ss}", "timestamp", "seconds", (json_int_t)(ms / 1000),
				"microseconds", (json_int_t)(ms % 1000 * 1000), "event", name);

	if (data)
		json_object_set_new(msg, "data", data);
	if (f->capable)
		qmp_send(f, msg);
	else
		json_decref(msg);
}

static void guest_stop(struct fake *f)
{
	if (f->stopped)
		return;
	f->stopped = true;
	qmp_event(f, "STOP", NULL);
}

void qmp_guest_shutdown(struct fake *f, const char *reason)
{
	qmp_event(f, "SHUTDOWN", json_pack("{sb ss}", "guest", 1, "reason", reason));
	guest_stop(f);
}

static json_t *cmd_empty(struct fake *f, const json_t *args)
{
	(void)f, (void)args;
	return json_object();
}

static json_t *cmd_capabilities(struct fake *f, const json_t *args)
{
	(void)args;
	f->capable = true;
	return json_object();
}

static json_t *cmd_query_status(struct fake *f, const json_t *args)
{
	(void)args;
	return json_pack("{sb ss sb}", "running", !f->stopped, "status",
			 f->stopped ? "paused" : "running", "singlestep", 0);
}

static json_t *cmd_stop(struct fake *f, const json_t *args)
{
	(void)args;
	guest_stop(f);
	return json_object();
}

static json_t *cmd_cont(struct fake *f, const json_t *args)
{
	(void)args;
	if (f->incoming)
		return NULL;
	if (f->stopped)
		qmp_event(f, "RESUME", NULL);
	f->stopped = false;
	mem_boot(f);
	return json_object();
}

static json_t *cmd_reset(struct fake *f, const json_t *args)
{
	(void)args;
	qmp_event(f, "RESET", json_pack("{sb ss}", "guest", 0, "reason", "host-qmp-system-reset"));
	guest_power_on(f);
	return json_object();
}

static json_t *cmd_quit(struct fake *f, const json_t *args)
{
	(void)args;
	qmp_event(f, "SHUTDOWN", json_pack("{sb ss}", "guest", 0, "reason", "host-qmp-quit"));
	f->quitting = true;
	return json_object();
}

/* A file is what ktest makes the guest's console of; what is typed there is not read. */
static json_t *cmd_chardev_add(struct fake *f, const json_t *args)
{
	const char *id = json_string_value(json_object_get(args, "id"));
	const json_t *backend = json_object_get(args, "backend");
	const json_t *data = json_object_get(backend, "data");
	const char *type = json_string_value(json_object_get(backend, "type"));
	const char *out = json_string_value(json_object_get(data, "out"));
	const char *in = json_string_value(json_object_get(data, "in"));

	if (!id || strcmp(id, "console") != 0 || !type || strcmp(type, "file") != 0 || !out)
		return NULL;
	f->console.fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	f->console.write_only = true;
	f->keys = in ? open(in, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	return f->console.fd < 0 ? NULL : json_object();
}

static json_t *cmd_device_del(struct fake *f, const json_t *args)
{
	const char *id = json_string_value(json_object_get(args, "id"));

	if (!id)
		return NULL;
	qmp_event(f, "DEVICE_DELETED",
		  json_pack("{ss ss+}", "device", id, "path", "/machine/peripheral/", id));
	return json_object();
}

static json_t *cmd_monitor(struct fake *f, const json_t *args)
{
	const char *line = json_string_value(json_object_get(args, "command-line"));

	(void)f;
	if (!line || !strncmp(line, "info registers", 14))
		return json_string("");
	return json_pack("s++", "monitor: ", line, "\r\n");
}

/* As much as the setting says, of what crash would take for a dump. */
static json_t *cmd_dump(struct fake *f, const json_t *args)
{
	const char *to = json_string_value(json_object_get(args, "protocol"));
	const char *format = json_string_value(json_object_get(args, "format"));
	const char *size = script_setting_get(&f->script, "dump");
	char data[32768] = "makedumpfile";
	size_t len = size ? strtoul(size, NULL, 10) : 16;
	bool ok;
	int fd;

	if (!to || strncmp(to, "file:", 5) != 0 || !format || len > sizeof(data))
		return NULL;
	if (!strcmp(format, "elf"))
		memcpy(data, "\177ELF makedump", 12);
	memset(data + 12, 'x', len - 12);
	fd = open(to + 5, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	ok = write(fd, data, len) == (ssize_t)len && !script_setting(&f->script, "dump-fails", "");
	guest_stop(f);
	qmp_event(f, "DUMP_COMPLETED",
		  ok ? json_pack("{s{ss sI sI}}", "result", "status", "completed", "total",
				 (json_int_t)len, "completed", (json_int_t)len)
		     : json_pack("{s{ss sI sI} ss}", "result", "status", "failed", "total",
				 (json_int_t)len, "completed", (json_int_t)0, "error",
				 "dump: failed to save memory"));
	close(fd);
	return json_object();
}

static json_t *cmd_query_cpus(struct fake *f, const json_t *args)
{
	(void)f, (void)args;
	return json_pack("[{si si ss}]", "cpu-index", 0, "thread-id", (int)getpid(), "target",
			 "x86_64");
}

/* Commands answer with what "return" holds, or NULL for arguments they do not like. */
static const struct {
	const char *name;
	json_t *(*fn)(struct fake *f, const json_t *args);
} commands[] = {
	{"qmp_capabilities", cmd_capabilities},
	{"query-status", cmd_query_status},
	{"stop", cmd_stop},
	{"cont", cmd_cont},
	{"system_reset", cmd_reset},
	{"quit", cmd_quit},
	{"chardev-add", cmd_chardev_add},
	{"set-action", cmd_empty},
	{"device_add", cmd_empty},
	{"device_del", cmd_device_del},
	{"blockdev-add", cmd_empty},
	{"blockdev-del", cmd_empty},
	{"inject-nmi", cmd_empty},
	{"chardev-send-break", cmd_empty},
	{"human-monitor-command", cmd_monitor},
	{"dump-guest-memory", cmd_dump},
	{"query-cpus-fast", cmd_query_cpus},
	{"migrate-set-capabilities", cmd_capabilities_of_migration},
	{"migrate", cmd_migrate},
	{"migrate-incoming", cmd_migrate_incoming},
};

static json_t *command_run(struct fake *f, const char *name, const json_t *args)
{
	if (script_setting(&f->script, "refuse", name))
		return NULL;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].fn(f, args);
	return NULL;
}

/* DEVICE_DELETED and STOP stand before their command's answer, as they may in QEMU. */
static void command(struct fake *f, const json_t *msg)
{
	const char *name = json_string_value(json_object_get(msg, "execute"));
	json_t *id = json_object_get(msg, "id"), *value, *answer;

	if (!name)
		name = "";
	if (script_setting(&f->script, "die-on", name))
		_exit(1);
	if (script_setting(&f->script, "ignore", name))
		return;
	value = command_run(f, name, json_object_get(msg, "arguments"));
	if (value)
		answer = json_pack("{so}", "return", value);
	else
		answer = json_pack("{s{ss ss+}}", "error", "class", "CommandNotFound", "desc",
				   "refused: ", name);
	if (id)
		json_object_set(answer, "id", id);
	qmp_send(f, answer);
}

/* Commands end with a line; ktest's do, and this program need not be QEMU's equal there. */
void qmp_input(struct fake *f)
{
	struct channel *c = &f->qmp;
	char *end;

	while ((end = memchr(c->in, '\n', c->in_len))) {
		json_t *msg = json_loadb(c->in, (size_t)(end - c->in), 0, NULL);

		c->in_len -= (size_t)(end + 1 - c->in);
		memmove(c->in, end + 1, c->in_len);
		if (!msg)
			continue;
		command(f, msg);
		json_decref(msg);
	}
}
