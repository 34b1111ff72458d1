/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux: files are there. */
#include "tests/posix/system.h"

#include <sys/resource.h>

#define DESCRIPTORS 256 /* as on Veridian, so that it does not take long to open so many */

bool system_prepare(int argc, char **argv, int *status)
{
	struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};

	(void)argc, (void)argv;
	*status = 1;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0;
}
