/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes: what one process sees of them. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"
#include "tests/posix/pipe.h"

#define ATOMIC 4096 /* PIPE_BUF, on both systems */
#define HOLDS  65536

static char block[2 * HOLDS];

static void descriptors(void)
{
	struct stat st, other;
	int lowest = MUST(dup(0)), fds[2], more[2];

	close(lowest);
	FACT("pipe", pipe(fds));
	FACT_YES("the lowest two", fds[0] == lowest && fds[1] > fds[0]);
	FACT_YES("one to read", (fcntl(fds[0], F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == O_RDONLY);
	FACT_YES("one to write", (fcntl(fds[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == O_WRONLY);
	FACT("close-on-exec", fcntl(fds[0], F_GETFD));
	FACT("fstat", fstat(fds[0], &st));
	FACT_YES("it is a FIFO", S_ISFIFO(st.st_mode));
	FACT_OCTAL("its permissions", st.st_mode & 07777);
	FACT("its size", st.st_size);
	FACT_YES("its owner", st.st_uid == geteuid() && st.st_gid == getegid());
	FACT_YES("both are one file",
		 fstat(fds[1], &other) == 0 && st.st_ino == other.st_ino && st.st_dev == other.st_dev);
	FACT("a second one", pipe(more));
	FACT_YES("is another file", fstat(more[0], &other) == 0 && st.st_ino != other.st_ino);
	FACT("isatty", isatty(fds[0]));
	FACT("lseek", lseek(fds[0], 0, SEEK_CUR));
	FACT("pread", pread(fds[0], block, 1, 0));
	FACT("pwrite", pwrite(fds[1], "x", 1, 0));
	FACT("ftruncate", ftruncate(fds[1], 0));
	FACT("fsync", fsync(fds[1]));
	FACT("fchmod", fchmod(fds[0], 0640));
	FACT_OCTAL("its permissions then", fstat(fds[1], &st) == 0 ? st.st_mode & 07777 : 0);
	close(fds[0]);
	close(fds[1]);
	close(more[0]);
	close(more[1]);
	FACT("pipe2 with O_CLOEXEC", pipe2(fds, O_CLOEXEC));
	FACT_YES("both have it", fcntl(fds[0], F_GETFD) == FD_CLOEXEC && fcntl(fds[1], F_GETFD) == FD_CLOEXEC);
	close(fds[0]);
	close(fds[1]);
	FACT("pipe2 with O_NONBLOCK", pipe2(fds, O_NONBLOCK));
	FACT_YES("both have that", fcntl(fds[0], F_GETFL) & fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	close(fds[0]);
	close(fds[1]);
	FACT("pipe2 with unknown flags", pipe2(fds, O_APPEND));
}

static void bytes_through(void)
{
	int fds[2], copy;

	MUST(pipe(fds));
	FACT("write", write(fds[1], "abcde", 5));
	FACT("write of no bytes", write(fds[1], "", 0));
	FACT_TEXT("read of less", next(fds[0], 2));
	FACT("write behind it", write(fds[1], "fg", 2));
	FACT_TEXT("read of more", next(fds[0], 100));
	FACT("read of no bytes", read(fds[0], block, 0));
	FACT("read at the end that is written", read(fds[1], block, 1));
	FACT("write at the end that is read", write(fds[0], "x", 1));
	copy = MUST(dup(fds[1]));
	MUST(write(fds[1], "rest", 4));
	close(fds[1]);
	FACT("write by a duplicate", write(copy, "!", 1));
	close(copy);
	FACT_TEXT("read after all have closed", next(fds[0], 100));
	FACT("read at the end", read(fds[0], block, 10));
	FACT("and again", read(fds[0], block, 10));
	close(fds[0]);
	MUST(pipe(fds));
	MUST(write(fds[1], "gone", 4));
	close(fds[0]);
	FACT("write without a reader", write(fds[1], "x", 1));
	FACT("write of no bytes without a reader", write(fds[1], "", 0));
	close(fds[1]);
}

/* Blocks of ATOMIC bytes until no more fit. */
static long blocks_fit(int fd)
{
	long count = 0;

	while (write(fd, block, ATOMIC) == ATOMIC)
		count++;
	return count;
}

static void full(void)
{
	int fds[2];

	MUST(pipe2(fds, O_NONBLOCK));
	FACT("read of nothing yet", read(fds[0], block, 1));
	FACT("blocks that fit", blocks_fit(fds[1]));
	FACT("one more", write(fds[1], block, ATOMIC));
	FACT("one byte more", write(fds[1], block, 1));
	FACT("more than is written together", write(fds[1], block, ATOMIC + 1));
	FACT("read of one block", read(fds[0], block, ATOMIC));
	FACT("one fits again", write(fds[1], block, ATOMIC));
	FACT("read of two", read(fds[0], block, 2 * ATOMIC));
	FACT("more than there is room for", write(fds[1], block, 3 * ATOMIC));
	FACT("read of all", read(fds[0], block, sizeof(block)));
	FACT("write of more than it holds", write(fds[1], block, sizeof(block)));
	FACT("O_NONBLOCK goes", fcntl(fds[0], F_SETFL, 0));
	FACT_YES("at that end only", fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	FACT("read of more than there is", read(fds[0], block, sizeof(block)));
	close(fds[0]);
	close(fds[1]);
}

static void too_many(void)
{
	int fds[2], own[2], last = -1, fd;

	MUST(pipe(own));
	while ((fd = dup(own[0])) >= 0)
		last = fd;
	FACT("pipe without descriptors", pipe(fds));
	close(last);
	FACT("pipe with one descriptor", pipe(fds));
	FACT_YES("which is free still", dup(own[0]) == last);
	for (fd = own[1] + 1; fd <= last; fd++)
		close(fd);
	close(own[0]);
	close(own[1]);
}

void chapter_pipe(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	descriptors();
	bytes_through();
	full();
	too_many();
	pipe_children();
}
