/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux: files are there. */
#include "tests/posix/system.h"

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS 256 /* as on Veridian, so that it does not take long to open so many */

bool system_prepare(int argc, char **argv, int *status)
{
	struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};

	(void)argc, (void)argv;
	*status = 1;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0;
}

int system_become(uid_t user, gid_t group, const gid_t *groups, size_t count)
{
	if (setgroups(count, groups) < 0 || setgid(group) < 0)
		return -1;
	return setuid(user);
}
