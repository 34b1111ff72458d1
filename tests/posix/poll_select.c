/* SPDX-License-Identifier: BSD-2-Clause */
/* select and pselect. */
#include <fcntl.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/posix/check.h"
#include "tests/posix/files.h"
#include "tests/posix/poll_parts.h"

static fd_set reads, writes, others;

static void want(int reader, int writer, int other)
{
	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_ZERO(&others);
	if (reader >= 0)
		FD_SET(reader, &reads);
	if (writer >= 0)
		FD_SET(writer, &writes);
	if (other >= 0)
		FD_SET(other, &others);
}

static int chosen(int count)
{
	struct timeval now = {0};

	return select(count, &reads, &writes, &others, &now);
}

void poll_select(void)
{
	struct timeval span = {.tv_usec = 2000}, bad = {.tv_sec = -1};
	struct timespec exact = {.tv_nsec = 2000000}, worse = {.tv_nsec = -1};
	int fds[2], top, copy;

	FACT_YES("FD_SETSIZE", FD_SETSIZE >= 1024 && sizeof(fd_set) * 8 >= 1024);
	MUST(pipe(fds));
	top = (fds[0] > fds[1] ? fds[0] : fds[1]) + 1;
	want(fds[0], fds[1], fds[0]);
	FACT("select of an empty pipe", chosen(top));
	FACT_YES("it can be written",
		 FD_ISSET(fds[1], &writes) && !FD_ISSET(fds[0], &reads) && !FD_ISSET(fds[0], &others));
	MUST(write(fds[1], "x", 1));
	want(fds[0], fds[1], fds[0]);
	FACT("with something in it", chosen(top));
	FACT_YES("it can be read and written",
		 FD_ISSET(fds[1], &writes) && FD_ISSET(fds[0], &reads) && !FD_ISSET(fds[0], &others));
	want(fds[0], fds[1], -1);
	FACT("only of lower descriptors", chosen(fds[0]));
	FACT("without sets", select(0, NULL, NULL, NULL, &span));
	MUST(read(fds[0], &span, 1));
	span = (struct timeval){.tv_usec = 2000};
	want(fds[0], -1, -1);
	FACT("select to the end of the time", select(top, &reads, NULL, NULL, &span));
	FACT_YES("empties the set", !FD_ISSET(fds[0], &reads));
	want(fds[0], -1, -1);
	FACT("pselect, the same", pselect(top, &reads, NULL, NULL, &exact, NULL));
	FACT("a negative number of descriptors", chosen(-1));
	FACT("a negative time", select(top, NULL, NULL, NULL, &bad));
	FACT("pselect, a time that is none", pselect(top, NULL, NULL, NULL, &worse, NULL));
	copy = MUST(dup(fds[0]));
	close(copy);
	want(fds[0], copy, -1);
	FACT("a closed descriptor", chosen((top > copy ? top : copy) + 1));
	want(1000, -1, -1);
	FACT("a high one that was never opened", chosen(1001));
	close(fds[1]);
	want(fds[0], -1, fds[0]);
	FACT("after the last writer", chosen(top));
	FACT_YES("it can be read", FD_ISSET(fds[0], &reads) && !FD_ISSET(fds[0], &others));
	want(-1, -1, fds[0]);
	FACT("that is nothing else", chosen(top));
	close(fds[0]);
	MUST(pipe(fds));
	close(fds[0]);
	want(-1, fds[1], -1);
	FACT("after the last reader", chosen(fds[1] + 1));
	close(fds[1]);
	fds[0] = MUST(open("file", O_RDWR | O_CREAT, 0644));
	want(fds[0], fds[0], fds[0]);
	FACT("a regular file", chosen(fds[0] + 1));
	close(fds[0]);
}
