/* SPDX-License-Identifier: BSD-2-Clause */
/* Every function that docs/posix.md lists under "ENOSYS:" says so; names.py compares the two lists. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
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
#define CALL(name, ...) (errno = 0, (void)(name(__VA_ARGS__)), report(#name, errno == ENOSYS))

int main(void)
{
	char *const words[] = {NULL};
	struct timespec now = {0};

	CALL(fork);
	CALL(vfork);
	CALL(execv, "/bin/vsh", words);
	CALL(execve, "/bin/vsh", words, words);
	CALL(execvp, "vsh", words);
	CALL(clock_settime, CLOCK_REALTIME, &now);
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
