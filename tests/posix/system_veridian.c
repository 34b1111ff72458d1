/* SPDX-License-Identifier: BSD-2-Clause */
/* Veridian: the first process of a test starts a vfs, and then this program again. */
#include "sys/posix/test/files_up.h"
#include "tests/posix/system.h"

#define PROGRAM "/system/test/posix-facts"

bool system_prepare(int argc, char **argv, int *status)
{
	(void)argc;
	if (files_given())
		return false;
	argv[0] = PROGRAM;
	*status = files_run(PROGRAM + sizeof("/system/") - 1, argv);
	return true;
}
