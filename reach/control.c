// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "proto/bytes.h"
#include "reach/control_parts.h"
#include "reach/sockname.h"

#define CLIENTS_MAX 64
#define CHUNK	    8192
#define CTRL_O	    '\x0f' /* the sysrq key of an hvc console */

static char frame_buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

/* ---- to a client */

void client_begin(struct frame_writer *w, uint16_t type, const char *id)
{
	frame_begin(w, frame_buf, sizeof(frame_buf), type);
	frame_add(w, "id", id);
}

void client_drop(struct client *c)
{
	c->dead = true;
	c->watch[0] = '\0';
	streams_drop(c);
	loop_timer_set(c->control->sweep, loop_now_ns());
}

/* One that does not read what it asked for is given up. */
void client_send(struct client *c, struct frame_writer *w)
{
	if (!c->dead && agent_send(c->link, w, NULL) < 0)
		client_drop(c);
}

void client_end(struct client *c, const char *id, const char *error)
{
	struct frame_writer w;

	client_begin(&w, FRAME_END, id);
	frame_add_int(&w, "status", error ? 1 : 0);
	frame_add_int(&w, "signal", 0);
	if (error)
		frame_add(&w, "message", error);
	client_send(c, &w);
}

void client_data(struct client *c, const char *id, const char *data, size_t len)
{
	char value[2 * CHUNK];
	struct frame_writer w;

	for (size_t n; len && !c->dead; data += n, len -= n) {
		n = len < CHUNK ? len : CHUNK;
		client_begin(&w, FRAME_DATA, id);
		frame_add_int(&w, "fd", 1);
		frame_addn(&w, "data", value, bytes_escape(data, n, value));
		client_send(c, &w);
	}
}

/* ---- what it can ask */

static void ask_info(struct client *c, const char *arg)
{
	struct frame_writer w;

	(void)arg;
	client_begin(&w, FRAME_END, c->asked);
	frame_add_int(&w, "status", 0);
	frame_add_int(&w, "signal", 0);
	c->control->guest.describe(c->control->guest.arg, &w);
	client_send(c, &w);
}

static void answered(void *arg, const json_t *result, const char *error)
{
	_cleanup_free_ char *dump = NULL;
	struct client *c = arg;
	const char *text = json_string_value(result);

	c->busy = false;
	if (!text && result) {
		dump = json_dumps(result, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
		text = dump;
	}
	if (text)
		client_data(c, c->asked, text, strlen(text));
	if (dump)
		client_data(c, c->asked, "\n", 1);
	client_end(c, c->asked, result ? NULL : error);
	if (c->dead)
		loop_timer_set(c->control->sweep, loop_now_ns());
}

static void ask_qemu(struct client *c, const char *command, json_t *arguments)
{
	c->busy = true;
	c->control->guest.qmp(c->control->guest.arg, command, arguments, answered, c);
}

static void ask_qmp(struct client *c, const char *text)
{
	_cleanup_json_ json_t *msg = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *command = json_get_str(msg, "execute");
	json_t *arguments = json_object_get(msg, "arguments");

	if (!command || (arguments && !json_is_object(arguments)))
		client_end(c, c->asked,
			   "no QMP command: {\"execute\": \"NAME\", \"arguments\": {}}");
	else
		ask_qemu(c, command, arguments ? json_incref(arguments) : NULL);
}

static void ask_hmp(struct client *c, const char *line)
{
	ask_qemu(c, "human-monitor-command",
		 json_pack("{s:o}", "command-line", json_string_lossy(line)));
}

static void ask_mon(struct client *c, const char *arg)
{
	if (arg[strspn(arg, " \t")] == '{')
		ask_qmp(c, arg);
	else
		ask_hmp(c, arg);
}

static void ask_sysrq(struct client *c, const char *arg)
{
	const struct control_guest *g = &c->control->guest;
	const char keys[2] = {CTRL_O, arg[0]};

	if (!control_is_key(arg)) {
		client_end(c, c->asked, "sysrq takes one key");
		return;
	}
	if (g->stopped(g->arg)) {
		client_end(c, c->asked, CONTROL_STOPPED);
		return;
	}
	g->type(g->arg, keys, sizeof(keys));
	client_end(c, c->asked, NULL);
}

/* Whether the client is the only debugger now; it has been answered when not. */
static bool debugs(struct client *c)
{
	for (const struct client *other = c->control->clients; other; other = other->next)
		if (other != c && other->debugs && !other->dead) {
			client_end(c, c->asked, "a debugger is at it already; end that one first");
			return false;
		}
	c->debugs = true;
	c->control->guest.debugged(c->control->guest.arg);
	return true;
}

/* In QEMU's own option syntax a comma in a value is written twice. */
static void ask_gdb(struct client *c, const char *arg)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	if (!strcmp(arg, "off")) {
		ask_hmp(c, "gdbserver none");
		return;
	}
	if (!debugs(c))
		return;
	strbuf_puts(&line, "gdbserver unix:");
	for (const char *p = c->control->guest.dir; *p; p++)
		strbuf_addf(&line, *p == ',' ? ",," : "%c", *p);
	strbuf_puts(&line, "/gdb,server=on,wait=off");
	ask_hmp(c, line.s);
}

static void ask_debug(struct client *c, const char *arg)
{
	(void)arg;
	if (debugs(c))
		client_end(c, c->asked, NULL);
}

static void ask_watch(struct client *c, const char *arg)
{
	(void)arg;
	strcpy(c->watch, c->asked);
}

static void ask_kill(struct client *c, const char *arg)
{
	(void)arg;
	client_end(c, c->asked, NULL);
	c->control->guest.kill(c->control->guest.arg);
}

static const struct {
	const char *name;
	void (*ask)(struct client *c, const char *arg);
} asks[] = {
	{"info", ask_info},   {"mon", ask_mon},	    {"sysrq", ask_sysrq}, {"gdb", ask_gdb},
	{"debug", ask_debug}, {"watch", ask_watch}, {"kill", ask_kill},
};

static void ask(struct client *c, const struct frame *f)
{
	const char *what = frame_get(f, "do"), *arg = frame_get(f, "arg"), *id = frame_get(f, "id");

	if (!id || strlen(id) >= sizeof(c->asked) || c->busy) {
		client_end(c, id && strlen(id) < sizeof(c->asked) ? id : "",
			   "one question at a time");
		return;
	}
	strcpy(c->asked, id);
	for (size_t i = 0; what && i < ARRAY_SIZE(asks); i++) {
		if (strcmp(asks[i].name, what) != 0)
			continue;
		asks[i].ask(c, arg ? arg : "");
		return;
	}
	client_end(c, c->asked,
		   "the run of that guest knows no such request; is it an older ktest?");
}

/* ---- clients */

static void on_frame(void *arg, const struct frame *f)
{
	struct client *c = arg;

	if (c->dead)
		return;
	if (f->type == FRAME_ASK)
		ask(c, f);
	else
		streams_frame(c, f);
}

static void on_closed(void *arg, const char *why)
{
	(void)why;
	client_drop(arg);
}

static void client_free(struct client *c)
{
	agent_free(c->link);
	free(c);
}

/* What is busy is waited for: the answer comes to it. */
static void sweep(void *arg)
{
	struct control *c = arg;
	struct client *client;

	for (struct client **p = &c->clients; (client = *p);) {
		if (!client->dead || client->busy) {
			p = &client->next;
			continue;
		}
		*p = client->next;
		client_free(client);
	}
}

void control_join(struct control *c, int fd)
{
	struct client *client = xcalloc(1, sizeof(*client));
	const struct agent_handler handler = {on_frame, on_closed, client};

	fcntl(fd, F_SETFL, O_NONBLOCK);
	client->control = c;
	client->link = agent_new(c->loop, fd, &handler);
	client->next = c->clients;
	c->clients = client;
}

static size_t count_clients(const struct control *c)
{
	size_t n = 0;

	for (const struct client *client = c->clients; client; client = client->next)
		n++;
	return n;
}

static void on_connect(void *arg, int fd, uint32_t events)
{
	struct control *c = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (conn < 0)
		return;
	if (count_clients(c) >= CLIENTS_MAX)
		close(conn);
	else
		control_join(c, conn);
}

/* ---- what is told of the guest */

void control_ready(struct control *c, bool ready, const char *why)
{
	if (!ready)
		streams_end_all(c, why);
	c->ready = ready;
	str_set(&c->why, why);
	if (ready)
		streams_open_all(c);
}

void control_console(struct control *c, const char *data, size_t len)
{
	for (struct client *client = c->clients; client; client = client->next)
		if (client->watch[0])
			client_data(client, client->watch, data, len);
}

int control_open(struct loop *loop, const struct control_guest *guest, struct control **out,
		 struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/" CONTROL_HOST_DIR, guest->dir);
	int fd = socket_listen(dir, CONTROL_SOCKET, err);
	struct control *c;

	if (fd < 0)
		return fd;
	c = xcalloc(1, sizeof(*c));
	c->loop = loop;
	c->guest = *guest;
	c->listener = fd;
	c->source = loop_io(loop, fd, EPOLLIN, on_connect, c);
	c->sweep = loop_timer(loop, INT64_MAX, sweep, c);
	*out = c;
	return 0;
}

void control_free(struct control *c)
{
	struct client *client;

	if (!c)
		return;
	streams_end_all(c, "the guest has ended");
	while ((client = c->clients)) {
		c->clients = client->next;
		client_free(client);
	}
	loop_remove(c->source);
	loop_remove(c->sweep);
	close(c->listener);
	free(c->why);
	free(c);
}
