// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include "cmd/cmd.h"
int cmd_gdb(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	return err_set(err, ENOSYS, "later");
}
int cmd_kgdb(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	return err_set(err, ENOSYS, "later");
}
