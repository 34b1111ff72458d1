/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks of byte ranges that belong to an open file description (POSIX.1-2024). */
#include <fcntl.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/locks.h"

void chapter_locks_ofd(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_pid = 0};
	int a, b, copy, reader;

	MUST(put("file", "text"));
	a = MUST(open("file", O_RDWR));
	b = MUST(open("file", O_RDWR));
	FACT("write lock", lock_set(a, F_OFD_SETLK, "w 0 10"));
	FACT("write lock of a second open", lock_set(b, F_OFD_SETLK, "w 5 1"));
	FACT("read lock of a second open", lock_set(b, F_OFD_SETLK, "r 5 1"));
	FACT("write lock of a second open beside it", lock_set(b, F_OFD_SETLK, "w 10 5"));
	FACT("the first over that", lock_set(a, F_OFD_SETLK, "w 0 11"));
	FACT_TEXT("F_OFD_GETLK of the second", lock_get(b, F_OFD_GETLK, "w 0 5"));
	MUST(fcntl(b, F_OFD_GETLK, &lock));
	FACT("its pid", lock.l_pid == -1 ? 1 : 0);
	FACT("the process's own lock over it", lock_set(a, F_SETLK, "w 0 1"));
	FACT("lock of another process over it", child_run("lock", "file", "w 0 1", NULL, NULL));
	copy = MUST(dup(a));
	FACT("the same lock by a duplicate", lock_set(copy, F_OFD_SETLK, "w 0 5"));
	reader = MUST(open("file", O_RDONLY));
	FACT("close of another open", close(reader));
	FACT("lock of another process after that", child_run("lock", "file", "w 0 1", NULL, NULL));
	FACT("close of one duplicate", close(a));
	FACT("lock of another process after that too", child_run("lock", "file", "w 0 1", NULL, NULL));
	FACT("unlock of a part by the other", lock_set(copy, F_OFD_SETLK, "u 0 5"));
	FACT("lock of another process in that part", child_run("lock", "file", "w 0 5", NULL, NULL));
	FACT("lock of another process behind that part", child_run("lock", "file", "w 5 1", NULL, NULL));
	FACT("close of the last", close(copy));
	FACT("lock of another process in the end", child_run("lock", "file", "w 5 1", NULL, NULL));
	FACT("made a read lock", lock_set(b, F_OFD_SETLK, "r 10 5"));
	FACT("read lock of another process over it", child_run("lock", "file", "r 10 5", NULL, NULL));
	lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_pid = getpid()};
	FACT("with a pid", fcntl(b, F_OFD_SETLK, &lock));
	reader = MUST(open("file", O_RDONLY));
	FACT("write lock by a read-only descriptor", lock_set(reader, F_OFD_SETLK, "w 100 1"));
	FACT("read lock by a read-only descriptor", lock_set(reader, F_OFD_SETLK, "r 100 1"));
	close(reader);
	close(b);
	FACT("closed descriptor", lock_set(b, F_OFD_SETLK, "r 0 0"));
}
