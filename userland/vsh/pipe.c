/* SPDX-License-Identifier: BSD-2-Clause */
/* libc has no pipe() yet. This goes when it has. */
#include <errno.h>
#include <unistd.h>

int pipe(int ends[2])
{
	(void)ends;
	errno = ENOSYS;
	return -1;
}
