/* SPDX-License-Identifier: BSD-2-Clause */
/* FIFOs between processes: who waits for whom, what stays together, and callers that die while they wait. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/fifo.h"
#include "tests/posix/files.h"

#define MANY    200000 /* bytes: more than a FIFO holds */
#define RECORD  512
#define RECORDS 100
#define WRITERS 4
#define LONG_US 100000 /* for a child to come to where it waits; if it does not, the results are the same */

static char buffer[8192];

/* To the end: bytes; -1. */
static long drain(int fd, bool *right)
{
	long total = 0, n;

	*right = true;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < n; i++)
			*right = *right && buffer[i] == (char)((total + i) % 251);
		total += n;
	}
	return n < 0 ? -1 : total;
}

static long fill(int fd)
{
	static char all[MANY];

	for (long i = 0; i < MANY; i++)
		all[i] = (char)(i % 251);
	return write(fd, all, MANY);
}

/* Reads all: 1 if that was what `fill` writes */
static long errand_drain(int argc, char **argv)
{
	int fd = open("fifo", O_RDONLY);
	bool right;

	(void)argc, (void)argv;
	return fd < 0 ? -1 : drain(fd, &right) == MANY && right ? 1 : 0;
}

static long errand_fill(int argc, char **argv)
{
	int fd = open("fifo", O_WRONLY);

	(void)argc, (void)argv;
	return fd < 0 ? -1 : fill(fd) == MANY ? 1 : 0;
}

/* LETTER: records of it */
static long errand_records(int argc, char **argv)
{
	int fd = open("fifo", O_WRONLY);
	char record[RECORD];

	if (argc != 1 || fd < 0)
		return -1;
	memset(record, argv[0][0], sizeof(record));
	for (int i = 0; i < RECORDS; i++) {
		if (write(fd, record, sizeof(record)) != (long)sizeof(record))
			return -1;
	}
	return 0;
}

/* Says that it is there, and then waits in open (r, w) or in read (R) */
static long errand_wait(int argc, char **argv)
{
	int fd = argc == 1 && argv[0][0] == 'R' ? open("fifo", O_RDONLY) : -1;
	char byte;

	if (argc != 1 || put("there", "") < 0)
		return -1;
	if (argv[0][0] != 'R')
		return shut(open("fifo", argv[0][0] == 'r' ? O_RDONLY : O_WRONLY));
	return read(fd, &byte, 1);
}

const struct errand fifo_errands[] = {
	{"fifo-drain", errand_drain},
	{"fifo-fill", errand_fill},
	{"fifo-records", errand_records},
	{"fifo-wait", errand_wait},
	{NULL, NULL},
};

static void both_ways(void)
{
	pid_t child = MUST(child_start(NULL, "fifo-drain", NULL, NULL, NULL, NULL));
	int fd = open("fifo", O_WRONLY);
	bool right;

	FACT("open to write waits for a reader", fd < 0 ? -1 : 0);
	FACT("write of more than it holds", fill(fd));
	close(fd);
	FACT("the child got all of it", child_result(child));
	child = MUST(child_start(NULL, "fifo-fill", NULL, NULL, NULL, NULL));
	fd = open("fifo", O_RDONLY);
	FACT("open to read waits for a writer", fd < 0 ? -1 : 0);
	FACT("read of all that a child writes", drain(fd, &right));
	FACT_YES("as it was written", right);
	FACT("the child wrote all of it", child_result(child));
	close(fd);
}

static void records(void)
{
	pid_t children[WRITERS];
	long counts[WRITERS] = {0}, torn = 0, failed = 0;
	int fd;

	for (int i = 0; i < WRITERS; i++)
		children[i] = MUST(child_start(NULL, "fifo-records", (const char *const[]){"a", "b", "c", "d"}[i], NULL,
					       NULL, NULL));
	fd = MUST(open("fifo", O_RDONLY));
	for (long have = 0, n = 1; n > 0 || have == RECORD;) {
		/* A writer that has not come yet has not gone: only when all were there is the end the end. */
		bool all = counts[0] + counts[1] + counts[2] + counts[3] + torn >= (long)WRITERS * RECORDS;

		n = read(fd, buffer + have, (size_t)(RECORD - have));
		have += n > 0 ? n : 0;
		if (n == 0 && !all) {
			usleep(1000);
			n = 1;
		}
		if (have < RECORD)
			continue;
		bool whole = buffer[0] >= 'a' && buffer[0] < 'a' + WRITERS;

		for (int i = 1; i < RECORD; i++)
			whole = whole && buffer[i] == buffer[0];
		if (whole)
			counts[buffer[0] - 'a']++;
		else
			torn++;
		have = 0;
	}
	close(fd);
	for (int i = 0; i < WRITERS; i++)
		failed += child_result(children[i]) != 0;
	FACT("writers that failed", failed);
	FACT("torn records", torn);
	FACT_YES("each has its records",
		 counts[0] == RECORDS && counts[1] == RECORDS && counts[2] == RECORDS && counts[3] == RECORDS);
}

/* A child waits, and ends there. */
static void waits_and_dies(const char *how)
{
	pid_t child;

	MUST(tree_remove("there"));
	child = MUST(child_start(NULL, "fifo-wait", how, NULL, NULL, NULL));
	MUST(file_await("there"));
	usleep(LONG_US);
	MUST(kill(child, SIGKILL));
	MUST(waitpid(child, NULL, 0));
}

static void deaths(void)
{
	int both;
	pid_t child;

	waits_and_dies("r");
	FACT("to write when the reader that waited is dead", shut(open("fifo", O_WRONLY | O_NONBLOCK)));
	waits_and_dies("w");
	both = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	FACT("read when the writer that waited is dead", read(both, buffer, 1));
	close(both);
	both = MUST(open("fifo", O_RDWR));
	waits_and_dies("R");
	MUST(write(both, "kept", 4));
	FACT_TEXT("bytes that a dead reader waited for", next(both, 10));
	MUST(tree_remove("there"));
	child = MUST(child_start(NULL, "fifo-wait", "R", NULL, NULL, NULL));
	MUST(file_await("there"));
	MUST(write(both, "x", 1));
	FACT("a reader that lives gets them", child_result(child));
	close(both);
}

void fifo_children(void)
{
	both_ways();
	records();
	deaths();
}
