/* SPDX-License-Identifier: BSD-2-Clause */
/* fcntl's locks of byte ranges, which belong to a process. */
#include "tests/posix/locks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"

/* May another process take that lock? */
static long other(const char *what)
{
	return child_run("lock", "file", what, NULL, NULL);
}

static void conflicts(int fd)
{
	FACT("write lock", lock_set(fd, F_SETLK, "w 10 10"));
	FACT("write lock of another process over it", other("w 10 10"));
	FACT("read lock of another process over it", other("r 10 10"));
	FACT("of another process, the byte before", other("w 9 1"));
	FACT("of another process, the first byte", other("w 10 1"));
	FACT("of another process, the last byte", other("w 19 1"));
	FACT("of another process, the byte behind", other("w 20 1"));
	FACT("of another process, all the file", other("w 0 0"));
	FACT("the same lock again", lock_set(fd, F_SETLK, "w 10 10"));
	FACT("made a read lock", lock_set(fd, F_SETLK, "r 10 10"));
	FACT("read lock of another process over a read lock", other("r 0 0"));
	FACT("write lock of another process over a read lock", other("w 15 1"));
	FACT("unlock of the middle", lock_set(fd, F_SETLK, "u 13 4"));
	FACT("write lock of another process in the middle", other("w 13 4"));
	FACT("write lock of another process before the middle", other("w 12 1"));
	FACT("write lock of another process behind the middle", other("w 17 1"));
	FACT("unlock of what is not locked", lock_set(fd, F_SETLK, "u 1000 10"));
	FACT("unlock of all", lock_set(fd, F_SETLK, "u 0 0"));
	FACT("write lock of another process over all", other("w 0 0"));
	FACT("lock from 5 for ever", lock_set(fd, F_SETLK, "w 5 0"));
	FACT("of another process, far behind", other("w 1000000000 1"));
	FACT("of another process, before it", other("w 0 5"));
	FACT("unlock from 100 for ever", lock_set(fd, F_SETLK, "u 100 0"));
	FACT("of another process, far behind now", other("w 1000000000 1"));
	FACT("of another process, the last that is locked", other("w 99 1"));
	MUST(lock_set(fd, F_SETLK, "u 0 0"));
	FACT("negative length", lock_set(fd, F_SETLK, "w 20 -5"));
	FACT("of another process, the first byte of it", other("w 15 1"));
	FACT("of another process, the byte behind it", other("w 20 1"));
	MUST(lock_set(fd, F_SETLK, "u 0 0"));
}

/* A lock ends with any descriptor of the process for the file, and with the process. */
static void ends(void)
{
	int fd = MUST(open("file", O_RDWR)), second = MUST(open("file", O_RDONLY)), third = MUST(dup(fd));
	pid_t holder;

	MUST(lock_set(fd, F_SETLK, "w 0 0"));
	FACT("close of another descriptor of the file", close(second));
	FACT("the lock after that", other("w 0 0"));
	MUST(lock_set(fd, F_SETLK, "w 0 0"));
	FACT("close of a duplicate", close(third));
	FACT("the lock after that too", other("w 0 0"));
	holder = MUST(child_start(NULL, "hold", "file", "w 0 5", "held", "end"));
	MUST(file_await("held"));
	FACT("lock that a child holds", lock_set(fd, F_SETLK, "w 0 1") == -1 && (errno == EAGAIN || errno == EACCES));
	FACT_TEXT("F_GETLK of it", lock_get(fd, F_GETLK, "w 0 0"));
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	MUST(fcntl(fd, F_GETLK, &lock));
	FACT_YES("F_GETLK tells the child's pid", lock.l_pid == holder);
	FACT_TEXT("F_GETLK behind it", lock_get(fd, F_GETLK, "w 5 0"));
	MUST(put("end", ""));
	FACT("the child ends", child_result(holder));
	FACT("lock that it held", lock_set(fd, F_SETLK, "w 0 1"));
	close(fd);
}

static void waiting(int fd)
{
	pid_t child;
	int log;

	MUST(put("log", ""));
	log = MUST(open("log", O_WRONLY | O_APPEND));
	MUST(lock_set(fd, F_SETLK, "w 0 0"));
	child = MUST(child_start(NULL, "wait", "file", "w 3 1", "waits", NULL));
	MUST(file_await("waits"));
	usleep(50000); /* so that a lock that does not wait shows */
	MUST(write(log, "parent", 6));
	MUST(lock_set(fd, F_SETLK, "u 0 0"));
	FACT("F_SETLKW in a child", child_result(child));
	FACT_TEXT("it waited", get("log"));
	close(log);
	/* Each of two has what the other wants: it is one of them that is told. */
	MUST(lock_set(fd, F_SETLK, "w 0 1"));
	child = MUST(child_start(NULL, "cross", "file", "w 1 1", "w 0 1", "crossed"));
	MUST(file_await("crossed"));
	long mine = lock_set(fd, F_SETLKW, "w 1 1");
	bool told = mine == -1 && errno == EDEADLK;
	MUST(lock_set(fd, F_SETLK, "u 0 0"));
	long its = child_result(child);
	bool it_told = its == -1 && errno == EDEADLK;
	FACT("how many of two that wait for each other get EDEADLK", told + it_told);
	FACT("how many get the lock", (mine == 0) + (its == 0));
}

static void refused(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int reader = MUST(open("file", O_RDONLY)), writer = MUST(open("file", O_WRONLY));

	FACT("write lock by a read-only descriptor", lock_set(reader, F_SETLK, "w 0 0"));
	FACT("read lock by a write-only descriptor", lock_set(writer, F_SETLK, "r 0 0"));
	FACT("F_GETLK of a write lock by a read-only descriptor", lock_set(reader, F_GETLK, "w 0 0"));
	FACT("unlock by a read-only descriptor", lock_set(reader, F_SETLK, "u 0 0"));
	FACT("negative start", lock_set(fd, F_SETLK, "w -1 1"));
	FACT("negative length that reaches before 0", lock_set(fd, F_SETLK, "w 3 -4"));
	FACT("F_GETLK of an unlock", lock_set(fd, F_GETLK, "u 0 0"));
	lock.l_type = 99;
	FACT("unknown type", fcntl(fd, F_SETLK, &lock));
	lock.l_type = F_WRLCK;
	lock.l_whence = 99;
	FACT("unknown whence", fcntl(fd, F_SETLK, &lock));
	close(reader);
	close(writer);
	FACT("closed descriptor", lock_set(reader, F_SETLK, "r 0 0"));
}

/* Counted from the position, and from the end as it is now. */
static void whence(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = -2, .l_len = 4};
	int fd = MUST(open("file", O_RDWR));

	MUST(ftruncate(fd, 100));
	MUST(lseek(fd, 50, SEEK_SET));
	FACT("SEEK_CUR", fcntl(fd, F_SETLK, &lock));
	FACT("its first byte", other("w 48 1"));
	FACT("the byte before it", other("w 47 1"));
	FACT("the byte behind it", other("w 52 1"));
	MUST(lock_set(fd, F_SETLK, "u 0 0"));
	lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -1, .l_len = 0};
	FACT("SEEK_END", fcntl(fd, F_SETLK, &lock));
	FACT("the last byte of the file", other("w 99 1"));
	FACT("the byte before that", other("w 98 1"));
	MUST(ftruncate(fd, 0));
	FACT("the last byte after the file was cut", other("w 99 1"));
	close(fd);
}

static void lockf_facts(void)
{
	int fd = MUST(open("file", O_RDWR));

	MUST(lseek(fd, 10, SEEK_SET));
	FACT("lockf F_TLOCK", lockf(fd, F_TLOCK, 5));
	FACT("its first byte, of another process", other("w 10 1"));
	FACT("the byte behind it, of another process", other("w 15 1"));
	FACT("lockf F_TEST of one's own", lockf(fd, F_TEST, 5));
	FACT("lockf F_ULOCK", lockf(fd, F_ULOCK, 0));
	FACT("after that, of another process", other("w 10 1"));
	FACT("lockf with an unknown function", lockf(fd, 99, 0));
	close(fd);
	FACT("lockf of a closed descriptor", lockf(fd, F_TLOCK, 0));
}

void chapter_locks(void)
{
	int fd;

	MUST(put("file", "text"));
	fd = MUST(open("file", O_RDWR));
	conflicts(fd);
	close(fd);
	ends();
	fd = MUST(open("file", O_RDWR));
	waiting(fd);
	refused(fd);
	close(fd);
	whence();
	lockf_facts();
}
