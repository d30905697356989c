// SPDX-License-Identifier: GPL-2.0-only
/* From a configuration to a QEMU that runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "vm/ends.h"
#include "vm/parts.h"

static void log_command(const struct strv *argv)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	for (size_t i = 0; i < argv->n; i++) {
		strbuf_puts(&b, i ? " " : "");
		strbuf_shell_quote(&b, argv->v[i]);
	}
	log_debug("%s", b.s);
}

static int spawn(struct vm *vm, const struct ends *e, const char *keeper, struct err *err)
{
	const struct vm_config *c = vm->config;
	struct vm_fds fds = {e->theirs[END_QMP], e->user_qmp, e->theirs[END_AGENT],
			     e->theirs[END_SERIAL]};
	_cleanup_free_ char *view_dir = NULL;
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	struct net *net = net_wanted(c) ? &vm->net : NULL;
	const char *why;
	int r;

	vm->sandbox = sandbox_probe(keeper, &why);
	r = net ? net_prepare(c, net, err) : 0;
	if (r == 0)
		r = sandbox_view(vm->sandbox, c, &view_dir, &vm->binds, err);
	if (r == 0)
		r = sandbox_argv(vm->sandbox, c, keeper, net, &argv, err);
	if (r == 0)
		r = vm_args(c, &fds, view_dir, &vm->binds, &argv, err);
	if (r < 0)
		return r;
	log_command(&argv);
	spec.fd_out = spec.fd_err = e->log;
	spec.nice = c->nice;
	spec.own_session = true;
	for (int i = 0; i < ENDS; i++)
		spec.fds[spec.nfds++] = e->theirs[i];
	spec.fds[spec.nfds++] = e->user_qmp;
	if (vm->state >= 0)
		spec.fds[spec.nfds++] = vm->state;
	if (net) {
		spec.fds[spec.nfds++] = net->info[1];
		spec.fds[spec.nfds++] = net->block[0];
	}
	r = proc_spawn(&spec, &vm->pid, err);
	return r < 0 || !net ? r : net_connect(c, keeper, net, err);
}

/* QEMU opens the pipe for reading and would wait for a writer: we are that from the start. */
static int open_console(struct vm *vm, struct err *err)
{
	_cleanup_free_ char *out = xasprintf("%s/" VM_CONSOLE, vm->config->dir);
	_cleanup_free_ char *in = xasprintf("%s/" VM_CONSOLE_IN, vm->config->dir);

	if (mkfifo(in, 0600) < 0)
		return err_errno(err, "%s", in);
	vm->console_in = open(in, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (vm->console_in < 0)
		return err_errno(err, "%s", in);
	return tail_open(vm->loop, out, vm_on_console, vm, &vm->console, err);
}

static void start_failed(void *arg, const json_t *result, const char *error)
{
	struct vm *vm = arg;

	/* When QEMU has ended, its end will say how. */
	if (!result && !vm->ending && vm->pid && strcmp(error, QMP_PEER_GONE) != 0)
		vm_raise(vm, VM_BROKEN, error);
}

/*
 * A file to write and a pipe to read is a character device that QEMU before 8 takes by QMP only.
 * Then the guest runs.
 */
static void start_guest(struct vm *vm)
{
	const char *dir = vm->config->dir;

	qmp_call(vm->qmp, "chardev-add",
		 json_pack("{s:s, s:{s:s, s:{s:s+, s:s+}}}", "id", "console", "backend", "type",
			   "file", "data", "out", dir, "/" VM_CONSOLE, "in", dir,
			   "/" VM_CONSOLE_IN),
		 start_failed, vm);
	qmp_call(vm->qmp, "device_add",
		 json_pack("{s:s, s:s, s:s, s:i, s:s}", "driver", "virtconsole", "id", "console0",
			   "bus", "serial0.0", "nr", 0, "chardev", "console"),
		 start_failed, vm);
	if (vm->config->state)
		vm_restore(vm);
	else if (!vm->config->paused)
		qmp_call(vm->qmp, "cont", NULL, start_failed, vm);
}

static int open_state(struct vm *vm, struct err *err)
{
	const char *path = vm->config->state;

	if (!path)
		return 0;
	vm->state = open(path, O_RDONLY | O_CLOEXEC);
	return vm->state < 0 ? err_errno(err, "%s", path) : 0;
}

static void adopt(struct vm *vm, const struct ends *e)
{
	const struct qmp_handler qh = {vm_on_qmp_event, vm_on_qmp_closed, vm};
	const struct agent_handler ah = {vm_on_frame, vm_on_agent_closed, vm};

	vm->qmp = qmp_new(vm->loop, e->ours[END_QMP], &qh);
	vm->agent = agent_new(vm->loop, e->ours[END_AGENT], &ah);
	vm->serial = e->ours[END_SERIAL];
	vm->serial_source = loop_io(vm->loop, vm->serial, EPOLLIN, vm_on_serial, vm);
	vm->child = loop_child(vm->loop, vm->pid, vm_on_child, vm);
	vm->stopped = vm->config->paused;
	start_guest(vm);
}

int vm_start(struct loop *loop, const struct vm_config *config, const char *keeper,
	     const struct vm_handler *handler, struct vm **out, struct err *err)
{
	struct vm *vm = xcalloc(1, sizeof(*vm));
	struct ends e;
	int r;

	vm->loop = loop;
	vm->config = config;
	vm->handler = *handler;
	vm->console_in = vm->serial = vm->state = -1;
	vm->net = (struct net)NET_INIT;
	r = ends_open(config->dir, &e, err);
	if (r == 0)
		r = open_console(vm, err);
	if (r == 0)
		r = open_state(vm, err);
	if (r == 0)
		r = spawn(vm, &e, keeper, err);
	ends_close_theirs(&e);
	if (r < 0) {
		ends_close_ours(&e);
		vm_free(vm);
		return err_wrap(err, "cannot start the VM");
	}
	adopt(vm, &e);
	*out = vm;
	return 0;
}
