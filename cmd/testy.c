// SPDX-License-Identifier: GPL-2.0-only
/* testy: the tests that a change needs. */
#include <errno.h>

#include "cmd/cmd.h"

int cmd_testy(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	return err_set(err, ENOSYS, "not there yet");
}
