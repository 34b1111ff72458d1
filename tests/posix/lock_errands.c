/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks in words, and what children do with locks. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/locks.h"

static struct flock lock_of(const char *what)
{
	char type = 'u';
	long start = 0, length = 0;

	sscanf(what, "%c %ld %ld", &type, &start, &length);
	return (struct flock){
		.l_type = type == 'r'   ? F_RDLCK
			  : type == 'w' ? F_WRLCK
					: F_UNLCK,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length,
	};
}

long lock_set(int fd, int command, const char *what)
{
	struct flock lock = lock_of(what);

	return fcntl(fd, command, &lock);
}

const char *lock_get(int fd, int command, const char *what)
{
	static char text[64];
	struct flock lock = lock_of(what);

	if (fcntl(fd, command, &lock) < 0)
		return NULL;
	if (lock.l_type == F_UNLCK)
		return "none";
	snprintf(text, sizeof(text), "%c %ld %ld", lock.l_type == F_RDLCK ? 'r' : 'w', (long)lock.l_start,
		 (long)lock.l_len);
	return text;
}

/* PATH WHAT: EAGAIN and EACCES are both right, and the same here. */
static long errand_lock(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[0], argv[1][0] == 'r' ? O_RDONLY : O_RDWR) : -1;
	long result = fd < 0 ? -1 : lock_set(fd, F_SETLK, argv[1]);

	if (result == -1 && errno == EACCES)
		errno = EAGAIN;
	return result;
}

/* PATH WHAT MARK END: holds a lock from the mark on until there is an end, and ends with it. */
static long errand_hold(int argc, char **argv)
{
	int fd = argc == 4 ? open(argv[0], O_RDWR) : -1;

	if (fd < 0 || lock_set(fd, F_SETLK, argv[1]) < 0 || put(argv[2], "") < 0)
		return -1;
	return file_await(argv[3]);
}

/* PATH WHAT MARK: waits for a lock, and then adds a word to the log. */
static long errand_wait(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[0], O_RDWR) : -1, log;

	if (fd < 0 || put(argv[2], "") < 0 || lock_set(fd, F_SETLKW, argv[1]) < 0)
		return -1;
	log = open("log", O_WRONLY | O_APPEND);
	return write(log, " child", 6) == 6 ? 0 : -1;
}

/* PATH HELD WANTED MARK: holds one lock from the mark on, and waits for another. */
static long errand_cross(int argc, char **argv)
{
	int fd = argc == 4 ? open(argv[0], O_RDWR) : -1;

	if (fd < 0 || lock_set(fd, F_SETLK, argv[1]) < 0 || put(argv[3], "") < 0)
		return -1;
	return lock_set(fd, F_SETLKW, argv[2]);
}

/* PATH s|x: flock that does not wait */
static long errand_flock(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[0], O_RDONLY) : -1;

	return fd < 0 ? -1 : flock(fd, (argv[1][0] == 's' ? LOCK_SH : LOCK_EX) | LOCK_NB);
}

/* PATH MARK: waits for flock, and then adds a word to the log. */
static long errand_flock_wait(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[0], O_RDONLY) : -1, log;

	if (fd < 0 || put(argv[1], "") < 0 || flock(fd, LOCK_EX) < 0)
		return -1;
	log = open("log", O_WRONLY | O_APPEND);
	return write(log, " child", 6) == 6 ? 0 : -1;
}

/* flock of descriptor 3, which the parent gave: s, x or u */
static long errand_flock_given(int argc, char **argv)
{
	int kind = argc == 1 && argv[0][0] == 's' ? LOCK_SH : argc == 1 && argv[0][0] == 'u' ? LOCK_UN : LOCK_EX;

	return flock(3, kind | LOCK_NB);
}

/* A lock of the child's own on descriptor 3 */
static long errand_lock_given(int argc, char **argv)
{
	return argc == 1 ? lock_set(3, F_SETLK, argv[0]) : -1;
}

const struct errand lock_errands[] = {
	{"lock", errand_lock},
	{"hold", errand_hold},
	{"wait", errand_wait},
	{"cross", errand_cross},
	{"flock", errand_flock},
	{"flock_wait", errand_flock_wait},
	{"flock_given", errand_flock_given},
	{"lock_given", errand_lock_given},
	{NULL, NULL},
};
