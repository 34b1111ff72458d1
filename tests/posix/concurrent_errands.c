/* SPDX-License-Identifier: BSD-2-Clause */
/* What several children do at once. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/concurrent.h"
#include "tests/posix/files.h"
#include "tests/posix/locks.h"

/* WORD: adds it, a line at a time */
static long errand_add(int argc, char **argv)
{
	int fd = open("log", O_WRONLY | O_APPEND);
	char line[RECORD + 1];

	if (argc != 1 || fd < 0)
		return -1;
	memset(line, argv[0][0], RECORD);
	line[RECORD - 1] = '\n';
	for (int i = 0; i < ROUNDS; i++) {
		if (write(fd, line, RECORD) != RECORD)
			return -1;
	}
	return 0;
}

/* How many of the names were made by this child and no other */
static long errand_claim(int argc, char **argv)
{
	char name[24];
	long mine = 0;

	(void)argc, (void)argv;
	for (int i = 0; i < ROUNDS; i++) {
		int fd;

		snprintf(name, sizeof(name), "claim%d", i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
		mine += fd >= 0;
		if (fd < 0 && errno != EEXIST)
			return -1;
		if (fd >= 0)
			close(fd);
	}
	return mine;
}

/* WORD: puts a whole new file under the name again and again */
static long errand_replace(int argc, char **argv)
{
	char name[24], text[WHOLE + 1];

	if (argc != 1)
		return -1;
	snprintf(name, sizeof(name), "new%s", argv[0]);
	memset(text, argv[0][0], WHOLE);
	text[WHOLE] = '\0';
	for (int i = 0; i < ROUNDS; i++) {
		if (put(name, text) < 0 || rename(name, "current") < 0)
			return -1;
	}
	return 0;
}

/* Adds one to the number in the file, by a lock of the kind. */
static long errand_count_up(int argc, char **argv)
{
	int fd = open("number", O_RDWR);
	char text[16];

	if (argc != 1 || fd < 0)
		return -1;
	for (int i = 0; i < ROUNDS; i++) {
		ssize_t n;

		if ((argv[0][0] == 'f' ? flock(fd, LOCK_EX) : lock_set(fd, F_SETLKW, "w 0 0")) < 0)
			return -1;
		n = pread(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			return -1;
		text[n] = '\0';
		n = snprintf(text, sizeof(text), "%d", atoi(text) + 1);
		if (pwrite(fd, text, (size_t)n, 0) != n)
			return -1;
		if ((argv[0][0] == 'f' ? flock(fd, LOCK_UN) : lock_set(fd, F_SETLK, "u 0 0")) < 0)
			return -1;
	}
	return 0;
}

/* WORD: makes, renames and removes in a directory that others use too */
static long errand_churn(int argc, char **argv)
{
	char a[48], b[48];

	if (argc != 1)
		return -1;
	snprintf(a, sizeof(a), "churn/%s-a", argv[0]);
	snprintf(b, sizeof(b), "churn/%s-b", argv[0]);
	for (int i = 0; i < ROUNDS; i++) {
		if (put(a, "x") < 0 || rename(a, b) < 0 || link(b, a) < 0 || unlink(b) < 0 || mkdir(b, 0755) < 0 ||
		    rmdir(b) < 0 || unlink(a) < 0)
			return -1;
	}
	return put(a, argv[0]);
}

const struct errand concurrent_errands[] = {
	{"add", errand_add},           {"claim", errand_claim}, {"replace", errand_replace},
	{"count_up", errand_count_up}, {"churn", errand_churn}, {NULL, NULL},
};
