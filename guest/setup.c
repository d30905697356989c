// SPDX-License-Identifier: GPL-2.0-only
#include "guest/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest/calls.h"
#include "guest/cores.h"
#include "guest/disks.h"
#include "guest/loop.h"
#include "guest/mounts.h"
#include "guest/net.h"
#include "guest/port.h"
#include "guest/util.h"

#define PARTS_MAX    5
#define DISK_WAIT_NS (20 * NS_PER_S)
#define DISK_LOOK_NS (100 * NS_PER_MS) /* between looks where no uevent tells */

static void setup_look_again(struct timer *t);

static char done_buf[8192];

/* The SETUP that is being carried out. Meanwhile the port is paused, which keeps the frame. */
static struct {
	int active;
	struct frame frame;
	const char *id;
	size_t pos;
	int64_t disk_deadline; /* 0: no disk is awaited */
	struct timer look;
	struct frame_writer done;
} setup = {.look = {.fire = setup_look_again}};

struct operation {
	const char *key;
	int parts; /* how many the value has, each needed */
	/* 0, -errno with *f filled in, or -EAGAIN: not yet, look again at the next chance. */
	int (*run)(char **part, struct fault *f);
};

static int op_time(char **part, struct fault *f)
{
	struct timespec t;
	uint64_t ns;

	if (parse_number(part[0], 10, &ns))
		return fault_set(f, EINVAL, "time: '%s' is no number", part[0]);
	t.tv_sec = (time_t)(ns / NS_PER_S);
	t.tv_nsec = (long)(ns % NS_PER_S);
	return clock_settime(CLOCK_REALTIME, &t) ? fault_errno(f, "time") : 0;
}

static int op_hostname(char **part, struct fault *f)
{
	return sethostname(part[0], strlen(part[0])) ? fault_errno(f, "hostname") : 0;
}

static int op_mkdir(char **part, struct fault *f)
{
	uint64_t mode;
	int ret;

	if (parse_number(part[1], 8, &mode) || mode > 07777)
		return fault_set(f, EINVAL, "mkdir %s: mode '%s'", part[0], part[1]);
	ret = mkdir_p(part[0], (unsigned int)mode);
	return ret ? fault_set(f, ret, "mkdir %s: %s", part[0], strerror(-ret)) : 0;
}

/* A link that is in the way is replaced, nothing else is. */
static int op_symlink(char **part, struct fault *f)
{
	struct stat st;
	int ret = mkdir_parents(part[1]);

	if (ret)
		return fault_set(f, ret, "symlink %s: %s", part[1], strerror(-ret));
	if (!lstat(part[1], &st) && S_ISLNK(st.st_mode))
		unlink(part[1]);
	return symlink(part[0], part[1]) ? fault_errno(f, "symlink %s", part[1]) : 0;
}

static int op_write(char **part, struct fault *f)
{
	int ret = mkdir_parents(part[0]);

	if (!ret)
		ret = write_text(part[0], O_CREAT | O_TRUNC, part[1]);
	return ret ? fault_set(f, ret, "write %s: %s", part[0], strerror(-ret)) : 0;
}

/* Finds a disk or says how to go on: -EAGAIN until it has been waited for long enough. */
static int await_disk(const char *serial, char *name, size_t size, struct fault *f)
{
	if (!disk_find(serial, name, size)) {
		setup.disk_deadline = 0;
		return 0;
	}
	if (!setup.disk_deadline)
		setup.disk_deadline = now_ns() + DISK_WAIT_NS;
	if (now_ns() < setup.disk_deadline)
		return -EAGAIN;
	setup.disk_deadline = 0;
	return fault_set(f, ENODEV, "disk %s: it did not appear within %d s", serial,
			 (int)(DISK_WAIT_NS / NS_PER_S));
}

static int op_disk(char **part, struct fault *f)
{
	char name[32];
	char field[160];
	int ret = await_disk(part[0], name, sizeof(name), f);

	if (ret)
		return ret;
	snprintf(field, sizeof(field), "%s\t%s", part[0], name);
	frame_add(&setup.done, "disk", field);
	return 0;
}

static int op_mount(char **part, struct fault *f)
{
	char node[48] = "/dev/";
	const char *source = part[1];

	if (!strncmp(source, "disk:", 5)) {
		int ret = await_disk(source + 5, node + 5, sizeof(node) - 5, f);

		if (ret)
			return ret;
		source = node;
	}
	return mount_add(part[0], source, part[2], part[3], part[4], f);
}

static int op_newroot(char **part, struct fault *f)
{
	int ret = mounts_new_root(part[0], f);

	if (!ret)
		ret = cores_prepare(f);
	return ret ? ret : calls_open(f);
}

static int op_net(char **part, struct fault *f)
{
	return net_configure(part[0], part[1], part[2], part[3], f);
}

static const struct operation operations[] = {
	{"time", 1, op_time},	    {"hostname", 1, op_hostname}, {"mkdir", 2, op_mkdir},
	{"symlink", 2, op_symlink}, {"mount", 5, op_mount},	  {"newroot", 1, op_newroot},
	{"write", 2, op_write},	    {"net", 4, op_net},		  {"disk", 1, op_disk},
};

static const struct operation *find_operation(const char *key, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		if (strlen(operations[i].key) == len && !memcmp(operations[i].key, key, len))
			return &operations[i];
	}
	return NULL;
}

static int run_operation(const struct operation *op, const char *value, struct fault *f)
{
	static char copy[FRAME_PAYLOAD_MAX];
	char *part[PARTS_MAX];
	int optional = *value == '?';
	int ret;

	strcpy(copy, value + optional);
	if (split_tabs(copy, part, op->parts) < op->parts)
		return fault_set(f, EINVAL, "%s=%.200s: %d parts are needed", op->key, value,
				 op->parts);
	ret = op->run(part, f);
	return ret == -EAGAIN || !optional ? ret : 0;
}

static void finish(int error, const char *message)
{
	setup.active = 0;
	if (setup.id) {
		frame_add(&setup.done, "id", setup.id);
		frame_add_int(&setup.done, "error", error);
		frame_add(&setup.done, "message", message);
		if (port_send(&setup.done, PORT_MUST) == -EMSGSIZE)
			port_done(setup.id, EMSGSIZE, "the names of the disks fit into no frame");
	}
	port_resume();
}

/* A key that is no operation is skipped, as the protocol wants it; "id" is one. */
static void proceed(void)
{
	struct fault f = {0};
	const char *key;
	const char *value;
	size_t len;
	size_t pos = setup.pos;
	int ret = 0;

	while (!ret && frame_next(&setup.frame, &pos, &key, &len, &value)) {
		const struct operation *op = find_operation(key, len);

		ret = op ? run_operation(op, value, &f) : 0;
		if (ret == -EAGAIN) {
			timer_arm(&setup.look, now_ns() + DISK_LOOK_NS);
			return;
		}
		setup.pos = pos;
	}
	finish(f.error && ret ? f.error : 0, ret ? f.text : "");
}

void setup_command(const struct frame *f)
{
	setup.active = 1;
	setup.frame = *f;
	setup.id = frame_get(f, "id");
	setup.pos = 0;
	setup.disk_deadline = 0;
	frame_begin(&setup.done, done_buf, sizeof(done_buf), FRAME_DONE);
	port_pause();
	proceed();
}

static void setup_look_again(struct timer *t)
{
	(void)t;
	proceed();
}

void setup_devices_changed(void)
{
	if (!setup.active)
		return;
	timer_disarm(&setup.look);
	proceed();
}
