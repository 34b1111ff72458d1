/* SPDX-License-Identifier: BSD-2-Clause */
/* Every function that docs/posix.md lists under "ENOSYS:" says so; names.py compares the two lists. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef TCOON
#define TCOON 1
#endif

static unsigned passed, failed;

static void report(const char *name, bool good)
{
	printf("%s %s\n", good ? "PASS" : "FAIL", name);
	if (good)
		passed++;
	else
		failed++;
}

/* Answers its error in errno, or itself. */
#define CALL(name, ...)      (errno = 0, (void)(name(__VA_ARGS__)), report(#name, errno == ENOSYS))
#define CALL_TELL(name, ...) (errno = 0, report(#name, name(__VA_ARGS__) == ENOSYS))

int main(void)
{
	char *const words[] = {NULL};
	struct timespec now = {0};
	sigset_t set = 0;

	CALL(fork);
	CALL(vfork);
	CALL(execv, "/bin/vsh", words);
	CALL(execve, "/bin/vsh", words, words);
	CALL(execvp, "vsh", words);
	CALL(sigaction, SIGTERM, NULL, NULL);
	CALL(sigprocmask, SIG_BLOCK, &set, NULL);
	CALL(sigpending, &set);
	CALL(sigsuspend, &set);
	CALL(alarm, 1);
	CALL(pause);
	CALL(clock_settime, CLOCK_REALTIME, &now);
	CALL_TELL(pthread_cancel, pthread_self());
	CALL_TELL(pthread_kill, pthread_self(), SIGTERM);
	CALL(sem_open, "/name", 0);
	CALL(sem_close, NULL);
	CALL(sem_unlink, "/name");
	CALL(mlock, words, sizeof(words));
	CALL(munlock, words, sizeof(words));
	CALL(mlockall, 1);
	CALL(munlockall);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
