/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell is /bin/sh; where nobody has made that name it is the system's own. */
#include "sys/posix/shell.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const shells[] = {"/bin/sh", "/bin/vsh"};

#define SHELLS (sizeof(shells) / sizeof(shells[0]))

int shell_start(const char *command, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		pid_t *pid)
{
	/* posix_spawn takes strings that it may not change as if it might. A command may begin with a minus. */
	union {
		const char *constant[5];
		char *plain[5];
	} argv = {{"sh", "-c", "--", command, NULL}};
	int error = ENOENT;

	for (size_t i = 0; i < SHELLS && error == ENOENT; i++)
		error = posix_spawn(pid, shells[i], actions, attributes, argv.plain, environ);
	return error;
}

int shell_available(void)
{
	for (size_t i = 0; i < SHELLS; i++) {
		if (access(shells[i], X_OK) == 0)
			return 1;
	}
	return 0;
}

int shell_wait(pid_t pid)
{
	int status;
	pid_t ended;

	do
		ended = waitpid(pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	return ended < 0 ? -1 : status;
}
