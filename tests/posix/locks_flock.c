/* SPDX-License-Identifier: BSD-2-Clause */
/* flock's locks, which belong to an open file description. */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/locks.h"

static long other(const char *kind)
{
	return child_run("flock", "file", kind, NULL, NULL);
}

static long given(int fd, const char *kind)
{
	posix_spawn_file_actions_t actions;
	long result;

	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, fd, 3)));
	result = child_result(child_start(&actions, "flock_given", kind, NULL, NULL, NULL));
	posix_spawn_file_actions_destroy(&actions);
	return result;
}

static void conflicts(int a, int b)
{
	FACT("LOCK_SH", flock(a, LOCK_SH));
	FACT("LOCK_SH of a second open", flock(b, LOCK_SH | LOCK_NB));
	FACT("LOCK_SH of another process", other("s"));
	FACT("LOCK_EX of another process", other("x"));
	FACT("LOCK_EX by one of two that share", flock(a, LOCK_EX | LOCK_NB));
	FACT("LOCK_UN of the other", flock(b, LOCK_UN));
	FACT("LOCK_EX when it is alone", flock(a, LOCK_EX | LOCK_NB));
	FACT("LOCK_SH of a second open over LOCK_EX", flock(b, LOCK_SH | LOCK_NB));
	FACT("LOCK_SH of another process over LOCK_EX", other("s"));
	FACT("LOCK_EX again", flock(a, LOCK_EX | LOCK_NB));
	FACT("down to LOCK_SH", flock(a, LOCK_SH | LOCK_NB));
	FACT("LOCK_SH of another process then", other("s"));
	FACT("LOCK_UN", flock(a, LOCK_UN));
	FACT("LOCK_UN of what is not locked", flock(a, LOCK_UN));
	FACT("LOCK_EX of another process then", other("x"));
}

static void ends(void)
{
	int fd = MUST(open("file", O_RDWR)), copy = MUST(dup(fd)), second = MUST(open("file", O_RDONLY));

	MUST(flock(fd, LOCK_EX));
	FACT("the same lock by a duplicate", flock(copy, LOCK_EX | LOCK_NB));
	FACT("close of another open", close(second));
	FACT("the lock after that", other("x"));
	FACT("close of one duplicate", close(fd));
	FACT("the lock after that too", other("x"));
	FACT("unlock by the other duplicate", flock(copy, LOCK_UN));
	FACT("the lock then", other("x"));
	MUST(flock(copy, LOCK_EX));
	FACT("close of the last", close(copy));
	FACT("the lock in the end", other("x"));
}

/* The description is the same in a child that was given the descriptor. */
static void handed_over(void)
{
	int fd = MUST(open("file", O_RDWR));

	MUST(flock(fd, LOCK_EX));
	FACT("the same lock by a child with the descriptor", given(fd, "x"));
	FACT("the lock after the child's end", other("x"));
	FACT("unlock by a child with the descriptor", given(fd, "u"));
	FACT("the lock after unlock by a child", other("x"));
	FACT("lock by a child with the descriptor", given(fd, "x"));
	FACT("the lock after the end of the child that took it", other("x"));
	FACT("and in the parent", flock(fd, LOCK_UN));
	close(fd);
}

static void waiting(void)
{
	int fd = MUST(open("file", O_RDWR)), log;
	pid_t child;

	MUST(put("log", ""));
	log = MUST(open("log", O_WRONLY | O_APPEND));
	MUST(flock(fd, LOCK_SH));
	child = MUST(child_start(NULL, "flock_wait", "file", "waits", NULL, NULL));
	MUST(file_await("waits"));
	usleep(50000); /* so that a lock that does not wait shows */
	MUST(write(log, "parent", 6));
	MUST(flock(fd, LOCK_UN));
	FACT("LOCK_EX that waits in a child", child_result(child));
	FACT_TEXT("it waited", get("log"));
	close(log);
	close(fd);
}

/* The two kinds of locks know nothing of each other. */
static void apart(void)
{
	int fd = MUST(open("file", O_RDWR));

	MUST(flock(fd, LOCK_EX));
	FACT("fcntl's lock of another process beside flock's", child_run("lock", "file", "w 0 0", NULL, NULL));
	MUST(flock(fd, LOCK_UN));
	MUST(lock_set(fd, F_SETLK, "w 0 0"));
	FACT("flock's lock of another process beside fcntl's", other("x"));
	close(fd);
}

void chapter_locks_flock(void)
{
	int a, b, dir;

	MUST(put("file", "text"));
	a = MUST(open("file", O_RDWR));
	b = MUST(open("file", O_RDONLY));
	conflicts(a, b);
	FACT("two operations", flock(a, LOCK_SH | LOCK_EX));
	FACT("no operation", flock(a, LOCK_NB));
	int writer = MUST(open("file", O_WRONLY));
	FACT("LOCK_EX of a write-only descriptor", flock(writer, LOCK_EX | LOCK_NB));
	close(writer);
	dir = MUST(open(".", O_RDONLY | O_DIRECTORY));
	FACT("LOCK_EX of a directory", flock(dir, LOCK_EX | LOCK_NB));
	close(dir);
	FACT("closed descriptor", flock(dir, LOCK_EX));
	close(a);
	close(b);
	ends();
	handed_over();
	waiting();
	apart();
}
