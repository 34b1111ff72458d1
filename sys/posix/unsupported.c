/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that exist so that programs link, and say ENOSYS: docs/posix.md lists them. A function
 * moves out of here when what it needs is there. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int unsupported(void)
{
	errno = ENOSYS;
	return -1;
}

/* Processes are made by posix_spawn only. */
pid_t fork(void)
{
	return unsupported();
}

pid_t vfork(void)
{
	return unsupported();
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	(void)path, (void)argv, (void)envp;
	return unsupported();
}

int execv(const char *path, char *const argv[])
{
	(void)path, (void)argv;
	return unsupported();
}

int execvp(const char *file, char *const argv[])
{
	(void)file, (void)argv;
	return unsupported();
}
