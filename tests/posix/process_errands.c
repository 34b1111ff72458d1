/* SPDX-License-Identifier: BSD-2-Clause */
/* What children of the chapters of processes do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/process.h"

extern char **environ;

pid_t process_start(const posix_spawnattr_t *attr, const char *errand, const char *argument)
{
	union {
		const char *const_strings[5];
		char *strings[5];
	} argv = {{program_path, "--errand", errand, argument, NULL}};
	pid_t pid;

	return as_errno(posix_spawn(&pid, program_path, NULL, attr, argv.strings, environ)) < 0 ? -1 : pid;
}

void process_end(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static long errand_leave(int argc, char **argv)
{
	return argc > 0 ? atoi(argv[0]) : 0;
}

/* Until it is killed, but not for ever. */
static long errand_stay(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (int i = 0; i < 600; i++)
		usleep(100000);
	return 1;
}

/* Who it is: 1 leads its group, 2 leads its session, 4 its parent is the one named, 8 is in the session of its parent, 16 in its group. */
static long errand_who(int argc, char **argv)
{
	pid_t parent = argc > 0 ? atoi(argv[0]) : 0;

	return (getpgrp() == getpid() ? 1 : 0) | (getsid(0) == getpid() ? 2 : 0) | (getppid() == parent ? 4 : 0) |
	       (getsid(0) == getsid(parent) ? 8 : 0) | (getpgrp() == getpgid(parent) ? 16 : 0);
}

static long errand_new_session(int argc, char **argv)
{
	pid_t session = setsid();

	(void)argc, (void)argv;
	return session == getpid() && getsid(0) == session && getpgrp() == session && setsid() == -1 ? 7 : 8;
}

static long errand_new_group(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (setpgid(0, 0) != 0 || getpgrp() != getpid())
		return 8;
	/* Who leads a group may not leave it for a session of its own. */
	return setsid() == -1 && errno == EPERM ? 7 : 9;
}

/* Leaves a child behind; its pid goes to the file that is named. */
static long errand_orphan(int argc, char **argv)
{
	char text[32];
	int fd, len;
	pid_t pid;

	snprintf(text, sizeof(text), "%ld", (long)getpid());
	pid = process_start(NULL, "adopted", text);
	if (pid < 0 || argc < 1)
		return -1;
	fd = open(argv[0], O_WRONLY | O_CREAT | O_EXCL, 0600);
	len = snprintf(text, sizeof(text), "%ld", (long)pid);
	return fd >= 0 && write(fd, text, (size_t)len) == len && close(fd) == 0 ? 0 : -1;
}

/* Waits until it has another parent than the one that is named, and says so. */
static long errand_adopted(int argc, char **argv)
{
	pid_t parent = argc > 0 ? atoi(argv[0]) : 0;
	int fd;

	for (int i = 0; i < 60000 && getppid() == parent; i++)
		usleep(1000);
	fd = open(getppid() != parent ? "adopted" : "abandoned", O_WRONLY | O_CREAT, 0600);
	return fd >= 0 && close(fd) == 0 ? 0 : -1;
}

static long errand_limit(int argc, char **argv)
{
	struct rlimit limit;

	if (argc < 1 || getrlimit(atoi(argv[0]), &limit) < 0)
		return -1;
	return (long)(limit.rlim_cur % 90);
}

/* How many more descriptors there are. */
static long errand_descriptors(int argc, char **argv)
{
	int fds[90];
	long count = 0;

	(void)argc, (void)argv;
	while (count < 90 && (fds[count] = dup(0)) >= 0)
		count++;
	for (long i = 0; i < count; i++)
		close(fds[i]);
	return count;
}

static long errand_niceness(int argc, char **argv)
{
	(void)argc, (void)argv;
	return getpriority(PRIO_PROCESS, 0) + 20;
}

static long errand_spin(int argc, char **argv)
{
	volatile unsigned long n = 0;
	const struct rlimit limit = {1, 2};

	(void)argc, (void)argv;
	if (setrlimit(RLIMIT_CPU, &limit) < 0)
		return -1;
	for (;;)
		n++;
}

static long errand_fault(int argc, char **argv)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || argc < 1)
		return -1;
	if (strcmp(argv[0], "abort") == 0)
		abort();
	(void)signal(SIGSEGV, SIG_DFL); /* a sanitizer may have it */
	return *(volatile int *)(uintptr_t)strtoul(argv[0], NULL, 0);
}

static long errand_here(int argc, char **argv)
{
	char path[1024];

	if (argc < 1 || !getcwd(path, sizeof(path)))
		return -1;
	return strlen(path) >= strlen(argv[0]) && strcmp(path + strlen(path) - strlen(argv[0]), argv[0]) == 0;
}

const struct errand process_errands[] = {
	{"leave", errand_leave},
	{"stay", errand_stay},
	{"who", errand_who},
	{"new_session", errand_new_session},
	{"new_group", errand_new_group},
	{"orphan", errand_orphan},
	{"adopted", errand_adopted},
	{"limit", errand_limit},
	{"descriptors", errand_descriptors},
	{"niceness", errand_niceness},
	{"spin", errand_spin},
	{"fault", errand_fault},
	{"here", errand_here},
	{NULL, NULL},
};
