/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts this program as its own child and takes results over the exit status. */
#include "tests/posix/child.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define STATUS_ERRORS 100 /* from here on an exit status is an error */
#define AWAIT_TURNS   60000

extern char **environ;

const char *program_path;

static const struct errand *const lists[] = {
	lock_errands, inherit_errands, user_errands,   fifo_errands,       pipe_errands,
	poll_errands, process_errands, signal_errands, concurrent_errands,
};

int errand_main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (const struct errand *e = lists[i]; e && e->name; e++) {
			if (strcmp(e->name, argv[0]) != 0)
				continue;
			long result = e->run(argc - 1, argv + 1);

			return result == -1 ? STATUS_ERRORS + error_code(errno) : (int)result;
		}
	}
	return STATUS_ERRORS + error_code(ENOSYS);
}

pid_t child_start(const posix_spawn_file_actions_t *actions, const char *errand, const char *a, const char *b,
		  const char *c, const char *d)
{
	/* posix_spawn takes strings that it may not change as if it might. */
	union {
		const char *const_strings[8];
		char *strings[8];
	} argv = {{program_path, "--errand", errand, a, b, c, d, NULL}};
	pid_t pid;

	return as_errno(posix_spawn(&pid, program_path, actions, NULL, argv.strings, environ)) < 0 ? -1 : pid;
}

long child_result(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	if (!WIFEXITED(status))
		return as_errno(EPIPE);
	status = WEXITSTATUS(status);
	return status < STATUS_ERRORS ? status : as_errno(error_from_code(status - STATUS_ERRORS));
}

long child_run(const char *errand, const char *a, const char *b, const char *c, const char *d)
{
	return child_result(child_start(NULL, errand, a, b, c, d));
}

int file_await(const char *path)
{
	for (int i = 0; i < AWAIT_TURNS; i++) {
		if (exists(path) == 0)
			return 0;
		usleep(1000);
	}
	errno = ETIMEDOUT;
	return -1;
}
