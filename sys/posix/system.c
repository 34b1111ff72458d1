/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system. While commands run, their starter takes no notice of the terminal's keys: the first of several at a time puts that in force, the last one takes it back.
 * Takes the place of picolibc's, which needs fork (--wrap, see libc_dep).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/shell.h"

#define NOT_RUN (127 << 8) /* as a shell that could not be started */

static struct mutex lock;
static unsigned running; /* lock */
static _sig_func_ptr interrupt, quit;

static void keys_ignore(void)
{
	mutex_lock(&lock);
	if (running++ == 0) {
		interrupt = signal(SIGINT, SIG_IGN);
		quit = signal(SIGQUIT, SIG_IGN);
	}
	mutex_unlock(&lock);
}

static void keys_restore(void)
{
	mutex_lock(&lock);
	if (--running == 0) {
		(void)signal(SIGINT, interrupt);
		(void)signal(SIGQUIT, quit);
	}
	mutex_unlock(&lock);
}

int __wrap_system(const char *command);

int __wrap_system(const char *command)
{
	int status, error;
	pid_t pid;

	if (!command)
		return shell_available();
	keys_ignore();
	error = shell_start(command, NULL, NULL, &pid);
	if (error == 0)
		status = shell_wait(pid);
	else if (error == ENOMEM || error == EAGAIN)
		status = (int)posix_result(-error);
	else
		status = NOT_RUN;
	error = errno;
	keys_restore();
	errno = error;
	return status;
}
