/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes between processes: who has which end, what stays together, and processes that are killed. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/pipe.h"

#define MANY    300000 /* bytes: more than a pipe holds */
#define RECORD  1000
#define RECORDS 200
#define WRITERS 4
#define IN      50 /* descriptors of children */
#define OUT     51

static char buffer[8192];

/* All that comes: bytes, or -1 */
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

static long errand_fill(int argc, char **argv)
{
	static char all[MANY];

	(void)argc, (void)argv;
	for (long i = 0; i < MANY; i++)
		all[i] = (char)(i % 251);
	return write(OUT, all, MANY) == MANY ? 1 : 0;
}

static long errand_drain(int argc, char **argv)
{
	bool right;

	(void)argc, (void)argv;
	return drain(IN, &right) == MANY && right ? 1 : 0;
}

/* What comes in goes out, until that ends. */
static long errand_echo(int argc, char **argv)
{
	ssize_t n;

	(void)argc, (void)argv;
	while ((n = read(IN, buffer, sizeof(buffer))) > 0) {
		if (write(OUT, buffer, (size_t)n) != n)
			return -1;
	}
	return n;
}

/* LETTER */
static long errand_records(int argc, char **argv)
{
	char record[RECORD];

	if (argc != 1)
		return -1;
	memset(record, argv[0][0], sizeof(record));
	for (int i = 0; i < RECORDS; i++) {
		if (write(OUT, record, sizeof(record)) != (ssize_t)sizeof(record))
			return -1;
	}
	return 0;
}

/* Counts the bytes of its share of what comes: some thousands */
static long errand_share(int argc, char **argv)
{
	long total = 0;
	ssize_t n;

	(void)argc, (void)argv;
	while ((n = read(IN, buffer, RECORD)) > 0)
		total += n;
	return n < 0 ? -1 : write(OUT, &total, sizeof(total)) == (ssize_t)sizeof(total) ? 0 : -1;
}

/* Says that it is there, and reads for ever. */
static long errand_wait(int argc, char **argv)
{
	char byte;

	(void)argc, (void)argv;
	if (put("there", "") < 0)
		return -1;
	return read(IN, &byte, 1);
}

const struct errand pipe_errands[] = {
	{"pipe-fill", errand_fill},
	{"pipe-drain", errand_drain},
	{"pipe-echo", errand_echo},
	{"pipe-records", errand_records},
	{"pipe-share", errand_share},
	{"pipe-wait", errand_wait},
	{NULL, NULL},
};

/* A child that has those two at IN and OUT; -1: not. */
static pid_t start(int in, int out, const char *errand, const char *a)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	if (in >= 0)
		MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, in, IN)));
	if (out >= 0)
		MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, out, OUT)));
	pid = child_start(&actions, errand, a, NULL, NULL, NULL);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void both_ways(void)
{
	int to[2], from[2];
	pid_t child;
	bool right;

	MUST(pipe2(from, O_CLOEXEC));
	child = MUST(start(-1, from[1], "pipe-fill", NULL));
	close(from[1]);
	FACT("read of all that a child writes", drain(from[0], &right));
	FACT_YES("as it was written", right);
	FACT("the child wrote all of it", child_result(child));
	close(from[0]);
	MUST(pipe2(to, O_CLOEXEC));
	child = MUST(start(to[0], -1, "pipe-drain", NULL));
	close(to[0]);
	for (long i = 0; i < MANY; i += 3000) {
		for (long k = 0; k < 3000; k++)
			buffer[k] = (char)((i + k) % 251);
		MUST_BE(write(to[1], buffer, 3000) == 3000);
	}
	close(to[1]);
	FACT("a child read all of it", child_result(child));
	MUST(pipe2(to, O_CLOEXEC));
	MUST(pipe2(from, O_CLOEXEC));
	child = MUST(start(to[0], from[1], "pipe-echo", NULL));
	close(to[0]);
	close(from[1]);
	right = true;
	for (int i = 0; i < 100; i++) {
		char out = (char)i, in = -1;

		right = right && write(to[1], &out, 1) == 1 && read(from[0], &in, 1) == 1 && in == out;
	}
	FACT_YES("a hundred bytes there and back", right);
	close(to[1]);
	FACT("its end after ours", read(from[0], buffer, 1));
	FACT("the child heard of it", child_result(child));
	close(from[0]);
}

/* The first that is not 0 */
static long results(const pid_t *children)
{
	long result = 0;

	for (int i = 0; i < WRITERS; i++) {
		long one = child_result(children[i]);

		if (result == 0)
			result = one;
	}
	return result;
}

/* Records of several writers, each whole. */
static void records(void)
{
	static const char *const letters[WRITERS] = {"a", "b", "c", "d"};
	long counts[WRITERS] = {0};
	pid_t children[WRITERS];
	int fds[2];
	char record[RECORD];
	size_t have = 0;
	bool whole = true;
	ssize_t n;

	MUST(pipe2(fds, O_CLOEXEC));
	for (int i = 0; i < WRITERS; i++)
		children[i] = MUST(start(-1, fds[1], "pipe-records", letters[i]));
	close(fds[1]);
	while ((n = read(fds[0], record + have, RECORD - have)) > 0) {
		have += (size_t)n;
		if (have < RECORD)
			continue;
		for (int i = 1; i < RECORD; i++)
			whole = whole && record[i] == record[0];
		if (record[0] >= 'a' && record[0] < 'a' + WRITERS)
			counts[record[0] - 'a']++;
		have = 0;
	}
	FACT("the end of what several write", n);
	FACT_YES("each record is whole", whole && have == 0);
	FACT_YES("all of each",
		 counts[0] == RECORDS && counts[1] == RECORDS && counts[2] == RECORDS && counts[3] == RECORDS);
	FACT("what the writers say", results(children));
	close(fds[0]);
}

/* Several readers: every byte goes to one of them. */
static void shares(void)
{
	int to[2], from[2];
	pid_t children[WRITERS];
	long total = 0, share;

	MUST(pipe2(to, O_CLOEXEC));
	MUST(pipe2(from, O_CLOEXEC));
	for (int i = 0; i < WRITERS; i++)
		children[i] = MUST(start(to[0], from[1], "pipe-share", NULL));
	close(to[0]);
	close(from[1]);
	memset(buffer, 0, sizeof(buffer));
	for (int i = 0; i < 100; i++)
		MUST_BE(write(to[1], buffer, 5000) == 5000);
	close(to[1]);
	for (int i = 0; i < WRITERS; i++) {
		MUST_BE(read(from[0], &share, sizeof(share)) == (ssize_t)sizeof(share));
		total += share;
	}
	FACT("what the readers say", results(children));
	FACT("bytes of all", total);
	close(from[0]);
}

static void killed(void)
{
	int fds[2];
	pid_t child;

	MUST(pipe2(fds, O_CLOEXEC));
	child = MUST(start(fds[0], -1, "pipe-wait", NULL));
	close(fds[0]);
	MUST(file_await("there"));
	FACT("write before the reader is killed", write(fds[1], "", 0));
	MUST(kill(child, SIGKILL));
	MUST(waitpid(child, NULL, 0));
	FACT("write after it", write(fds[1], "x", 1));
	close(fds[1]);
	MUST(unlink("there"));
	MUST(pipe2(fds, O_CLOEXEC));
	/* It holds the end to write, and waits at another one's. */
	child = MUST(start(fds[0], fds[1], "pipe-wait", NULL));
	close(fds[1]);
	MUST(file_await("there"));
	MUST(kill(child, SIGKILL));
	FACT("read when the last writer is killed", read(fds[0], buffer, 1));
	MUST(waitpid(child, NULL, 0));
	close(fds[0]);
	MUST(unlink("there"));
}

void pipe_children(void)
{
	both_ways();
	records();
	shares();
	killed();
}
