/* SPDX-License-Identifier: BSD-2-Clause */
/* poll that waits for what other processes and threads do. */
#include <poll.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/poll_parts.h"

#define IN      50 /* descriptors of children */
#define OUT     51
#define SOON_US 20000 /* for somebody to come to where he waits; if he does not, the results are the same */
#define THREADS 4
#define LONG_MS 60000

/* Waits until IN can be read, and does not: 1 */
static long errand_look(int argc, char **argv)
{
	struct pollfd entry = {.fd = IN, .events = POLLIN};

	(void)argc, (void)argv;
	if (write(OUT, "h", 1) != 1)
		return -1;
	return poll(&entry, 1, -1) == 1 && entry.revents == POLLIN ? 1 : 0;
}

/* After a while a byte, and after a while the end */
static long errand_late(int argc, char **argv)
{
	(void)argc, (void)argv;
	usleep(SOON_US);
	if (write(OUT, "x", 1) != 1)
		return -1;
	usleep(SOON_US);
	return 0;
}

static long errand_stay(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (write(OUT, "h", 1) != 1)
		return -1;
	for (;;)
		usleep(SOON_US);
}

const struct errand poll_errands[] = {
	{"poll-look", errand_look},
	{"poll-late", errand_late},
	{"poll-stay", errand_stay},
	{NULL, NULL},
};

static pid_t start(int in, int out, const char *errand)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	if (in >= 0)
		MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, in, IN)));
	if (out >= 0)
		MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, out, OUT)));
	pid = child_start(&actions, errand, NULL, NULL, NULL, NULL);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

void poll_children(void)
{
	struct pollfd entry = {.events = POLLIN};
	int fds[2], said[2];
	pid_t child, children[2];
	char byte;

	MUST(pipe2(fds, O_CLOEXEC));
	entry.fd = fds[0];
	child = MUST(start(-1, fds[1], "poll-late"));
	close(fds[1]);
	FACT("until a child writes", poll(&entry, 1, -1));
	FACT_TEXT("which can be read", events_text(entry.revents));
	MUST(read(fds[0], &byte, 1));
	FACT("until it ends", poll(&entry, 1, LONG_MS));
	FACT_TEXT("which is a hang-up", events_text(entry.revents));
	FACT("the child", child_result(child));
	close(fds[0]);
	MUST(pipe2(fds, O_CLOEXEC));
	entry.fd = fds[0];
	child = MUST(start(-1, fds[1], "poll-stay"));
	close(fds[1]);
	MUST_BE(read(fds[0], &byte, 1) == 1);
	FACT("while it is there", poll(&entry, 1, 5));
	MUST(kill(child, SIGKILL));
	FACT("until it is killed", poll(&entry, 1, -1));
	FACT_TEXT("which is a hang-up too", events_text(entry.revents));
	MUST(waitpid(child, NULL, 0));
	close(fds[0]);
	/* One description in three processes, each of which polls it. */
	MUST(pipe2(fds, O_CLOEXEC));
	MUST(pipe2(said, O_CLOEXEC));
	entry.fd = fds[0];
	for (int i = 0; i < 2; i++) {
		children[i] = MUST(start(fds[0], said[1], "poll-look"));
		MUST_BE(read(said[0], &byte, 1) == 1);
	}
	FACT("one that children poll too", poll(&entry, 1, 5));
	usleep(SOON_US);
	MUST(write(fds[1], "x", 1));
	FACT("here", poll(&entry, 1, -1));
	FACT("in the first child", child_result(children[0]));
	FACT("in the second child", child_result(children[1]));
	close(fds[0]);
	close(fds[1]);
	close(said[0]);
	close(said[1]);
}

static int shared[2];

static void *look(void *argument)
{
	struct pollfd entry = {.fd = shared[0], .events = POLLIN};

	*(int *)argument = poll(&entry, 1, -1) == 1 && entry.revents == POLLIN;
	return argument;
}

static void *close_it(void *argument)
{
	usleep(SOON_US);
	close(*(int *)argument);
	usleep(SOON_US);
	MUST_BE(write(shared[1], "x", 1) == 1);
	return NULL;
}

void poll_threads(void)
{
	struct pollfd entries[2];
	pthread_t threads[THREADS];
	int results[THREADS], other[2], all = 0;

	MUST(pipe(shared));
	for (int i = 0; i < THREADS; i++)
		MUST(as_errno(pthread_create(&threads[i], NULL, look, &results[i])));
	usleep(SOON_US);
	MUST(write(shared[1], "x", 1));
	for (int i = 0; i < THREADS; i++) {
		MUST(as_errno(pthread_join(threads[i], NULL)));
		all += results[i];
	}
	FACT("threads that poll one descriptor", all);
	MUST_BE(read(shared[0], &all, 1) == 1);
	/* One of two is closed while both are polled: the other goes on. */
	MUST(pipe(other));
	entries[0] = (struct pollfd){.fd = other[0], .events = POLLIN};
	entries[1] = (struct pollfd){.fd = shared[0], .events = POLLIN};
	MUST(as_errno(pthread_create(&threads[0], NULL, close_it, &other[0])));
	(void)poll(entries, 2, -1);
	FACT_TEXT("one is closed, the other", events_text(entries[1].revents));
	MUST(as_errno(pthread_join(threads[0], NULL)));
	close(other[1]);
	close(shared[0]);
	close(shared[1]);
}
