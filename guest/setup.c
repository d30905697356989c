// SPDX-License-Identifier: GPL-2.0-only
#include "guest/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
#include "guest/share.h"
#include "guest/util.h"

#define PARTS_MAX    5
#define SEED_MAX     64
#define URANDOM	     "/dev/urandom"
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

/* ---- files that stay open: in a guest that goes on as a saved one, finding them takes long */

static struct kept {
	char path[64];
	int fd;
} kept[2];
static int nkept;

static int op_keep(char **part, struct fault *f)
{
	struct kept *k = &kept[nkept];

	if (nkept == (int)ARRAY_SIZE(kept) || strlen(part[0]) >= sizeof(k->path))
		return fault_set(f, E2BIG, "keep %s: too many, or a name too long", part[0]);
	k->fd = open(part[0], O_WRONLY | O_CLOEXEC);
	if (k->fd < 0)
		return fault_errno(f, "keep %s", part[0]);
	strcpy(k->path, part[0]);
	nkept++;
	return 0;
}

/* Its descriptor, or -1. */
static int kept_open(const char *path)
{
	for (int i = 0; i < nkept; i++)
		if (!strcmp(kept[i].path, path))
			return kept[i].fd;
	return -1;
}

static int write_kept(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = pwrite(fd, text, len, 0);

	if (n != (ssize_t)len)
		return n < 0 ? -errno : -ENOSPC;
	if (lseek(fd, 0, SEEK_END) > (off_t)len && ftruncate(fd, (off_t)len))
		return -errno;
	return 0;
}

/* A guest that goes on as a saved one would draw the same numbers as all others that do. */
static int op_seed(char **part, struct fault *f)
{
	union {
		struct rand_pool_info info;
		char space[sizeof(struct rand_pool_info) + SEED_MAX];
	} pool = {0};
	unsigned char *bytes = (unsigned char *)pool.info.buf;
	size_t n = strlen(part[0]) / 2;
	int stays = kept_open(URANDOM);
	int fd;

	if (n > SEED_MAX)
		n = SEED_MAX;
	for (size_t i = 0; i < n; i++)
		if (sscanf(part[0] + 2 * i, "%2hhx", &bytes[i]) != 1)
			return fault_set(f, EINVAL, "seed: no hexadecimal number");
	pool.info.entropy_count = (int)n * 8;
	pool.info.buf_size = (int)n;
	fd = stays >= 0 ? stays : open(URANDOM, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fault_errno(f, "seed: " URANDOM);
	if (ioctl(fd, RNDADDENTROPY, &pool.info))
		fault_errno(f, "seed");
	/* Before 4.17 there is no such request, and what was added counts at once. */
	ioctl(fd, RNDRESEEDCRNG);
	if (fd != stays)
		close(fd);
	return -f->error;
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
	int fd = kept_open(part[0]);
	int ret =
		fd >= 0 ? write_kept(fd, part[1]) : write_text(part[0], O_CREAT | O_TRUNC, part[1]);

	if (ret == -ENOENT && !mkdir_parents(part[0]))
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

static int op_share(char **part, struct fault *f)
{
	return share_add(part[0], part[1], part[2], part[3], part[4], f);
}

/* The value says nothing: there are those that were let go. */
static int op_shares(char **part, struct fault *f)
{
	(void)part;
	return shares_resume(f);
}

static int op_newroot(char **part, struct fault *f)
{
	int ret = mounts_new_root(part[0], f);

	if (!ret)
		ret = cores_prepare(f);
	return ret ? ret : calls_open(f);
}

static int op_mac(char **part, struct fault *f)
{
	return net_rename(part[0], part[1], f);
}

static int op_net(char **part, struct fault *f)
{
	return net_configure(part[0], part[1], part[2], part[3], f);
}

static const struct operation operations[] = {
	{"time", 1, op_time},	    {"hostname", 1, op_hostname}, {"mkdir", 2, op_mkdir},
	{"symlink", 2, op_symlink}, {"mount", 5, op_mount},	  {"newroot", 1, op_newroot},
	{"write", 2, op_write},	    {"net", 4, op_net},		  {"disk", 1, op_disk},
	{"seed", 1, op_seed},	    {"mac", 2, op_mac},		  {"share", 5, op_share},
	{"shares", 1, op_shares},   {"keep", 1, op_keep},
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
	const char *nonce;
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
	nonce = frame_get(&setup.frame, "nonce");
	finish(f.error && ret ? f.error : 0, ret ? f.text : nonce ? nonce : "");
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
