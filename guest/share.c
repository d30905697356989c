// SPDX-License-Identifier: GPL-2.0-only
#include "guest/share.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/auto_fs.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest/loop.h"
#include "guest/mounts.h"
#include "guest/port.h"

#define SHARES_MAX 4

struct share {
	char type[16], source[48], target[512], flags[64], options[256];
	int trap; /* the root of the autofs mount under it; -1: none */
	int mounted;
	struct watch requests; /* of the kernel, when somebody looks */
};

static struct share shares[SHARES_MAX];
static int nshares;

static void share_requested(struct watch *w, uint32_t events);

static int share_mount(struct share *s, struct fault *f)
{
	int ret =
		s->mounted ? 0 : mount_add(s->type, s->source, s->target, s->flags, s->options, f);

	s->mounted |= !ret;
	return ret;
}

/* Whoever looks sleeps until it is told; the agent itself, whose mount it is, does not. */
static void share_requested(struct watch *w, uint32_t events)
{
	struct share *s = (struct share *)((char *)w - offsetof(struct share, requests));
	union autofs_v5_packet_union packet;
	struct fault f = {0};
	int failed;

	(void)events;
	if (read(w->fd, &packet, sizeof(packet)) != (ssize_t)sizeof(packet)) {
		loop_remove(w);
		return;
	}
	failed = packet.hdr.type == autofs_ptype_missing_direct ? share_mount(s, &f) : -EINVAL;
	if (failed)
		port_log("%s", f.text);
	ioctl(s->trap, failed ? AUTOFS_IOC_FAIL : AUTOFS_IOC_READY,
	      packet.v5_packet.wait_queue_token);
}

static int set_trap(struct share *s)
{
	char options[96];
	int pipefd[2];
	int failed;

	if (mkdir_p(s->target, 0755) || pipe2(pipefd, O_CLOEXEC))
		return -errno;
	/* The kernel tells its manager from all others by the process group. */
	snprintf(options, sizeof(options), "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", pipefd[1],
		 (int)getpgrp());
	failed = mount("ktest", s->target, "autofs", MS_NOSUID | MS_NODEV, options);
	close(pipefd[1]);
	s->trap = failed ? -1 : open(s->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->trap < 0) {
		close(pipefd[0]);
		if (!failed)
			umount2(s->target, MNT_DETACH);
		return -ENODEV;
	}
	s->requests = (struct watch){pipefd[0], share_requested};
	return loop_add(&s->requests, EPOLLIN);
}

int share_add(const char *type, const char *source, const char *target, const char *flags,
	      const char *options, struct fault *f)
{
	struct share *s = &shares[nshares];

	if (nshares == SHARES_MAX || strlen(type) >= sizeof(s->type) ||
	    strlen(source) >= sizeof(s->source) || strlen(target) >= sizeof(s->target) ||
	    strlen(flags) >= sizeof(s->flags) || strlen(options) >= sizeof(s->options))
		return fault_set(f, E2BIG, "share %s: too many, or a name too long", target);
	nshares++;
	memset(s, 0, sizeof(*s));
	strcpy(s->type, type);
	strcpy(s->source, source);
	strcpy(s->target, target);
	strcpy(s->flags, flags);
	strcpy(s->options, options);
	s->trap = -1;
	return set_trap(s) ? share_mount(s, f) : 0;
}

int shares_release(struct fault *f)
{
	int ret = 0;

	for (int i = nshares - 1; !ret && i >= 0; i--) {
		struct share *s = &shares[i];

		if (!s->mounted)
			continue;
		if (umount2(s->target, UMOUNT_NOFOLLOW))
			ret = errno == EBUSY ? fault_set(f, EBUSY,
							 "a process of the init hooks "
							 "holds on to %s",
							 s->target)
					     : fault_errno(f, "unmount %s", s->target);
		else
			s->mounted = 0;
	}
	return ret;
}

int shares_resume(struct fault *f)
{
	int ret = 0;

	for (int i = 0; !ret && i < nshares; i++)
		if (shares[i].trap < 0)
			ret = share_mount(&shares[i], f);
	return ret;
}
