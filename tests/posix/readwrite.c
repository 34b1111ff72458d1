/* SPDX-License-Identifier: BSD-2-Clause */
/* read, write, pread, pwrite, readv, writev: counts, offsets, and what they refuse. */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define LARGE (3 * 1024 * 1024 + 77)

static long position(int fd)
{
	return (long)lseek(fd, 0, SEEK_CUR);
}

static void plain(int fd)
{
	char buffer[32];

	FACT("write", write(fd, "hello, world", 12));
	FACT("position after write", position(fd));
	FACT("read at the end", read(fd, buffer, sizeof(buffer)));
	FACT("write of nothing", write(fd, buffer, 0));
	MUST(lseek(fd, 7, SEEK_SET));
	FACT("read of more than there is", read(fd, buffer, sizeof(buffer)));
	FACT_TEXT("what was read", bytes(buffer, 5));
	FACT("read at the end again", read(fd, buffer, sizeof(buffer)));
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("read of nothing", read(fd, buffer, 0));
	FACT("read of one", read(fd, buffer, 1));
	FACT("position after read", position(fd));
	MUST(lseek(fd, 5, SEEK_SET));
	FACT("write in the middle", write(fd, "!", 1));
	FACT("size after write in the middle", size_of("file"));
	FACT_TEXT("contents after write in the middle", get("file"));
	MUST(lseek(fd, 100, SEEK_SET));
	FACT("read behind the end", read(fd, buffer, sizeof(buffer)));
	FACT("write of nothing behind the end", write(fd, buffer, 0));
	FACT("size after write of nothing behind the end", size_of("file"));
}

static void at_offset(int fd)
{
	char buffer[32];

	MUST(lseek(fd, 3, SEEK_SET));
	FACT("pread", pread(fd, buffer, 5, 0));
	FACT_TEXT("what pread read", bytes(buffer, 5));
	FACT("position after pread", position(fd));
	FACT("pwrite", pwrite(fd, "J", 1, 0));
	FACT("position after pwrite", position(fd));
	FACT("pread behind the end", pread(fd, buffer, 5, 1000));
	FACT("pread at a negative offset", pread(fd, buffer, 5, -1));
	FACT("pwrite at a negative offset", pwrite(fd, buffer, 5, -1));
	FACT("pread of nothing", pread(fd, buffer, 0, 0));
	FACT("pwrite of nothing behind the end", pwrite(fd, buffer, 0, 5000));
	FACT("size after pwrite of nothing", size_of("file"));
	FACT("pwrite behind the end", pwrite(fd, "x", 1, 20));
	FACT("size after pwrite behind the end", size_of("file"));
	FACT_TEXT("contents with a gap", get("file"));
	FACT("pwrite at the largest offset", pwrite(fd, "x", 1, INT64_MAX));
	FACT("pread at the largest offset", pread(fd, buffer, 1, INT64_MAX));
}

static void access_modes(void)
{
	char byte;
	int reader = MUST(open("file", O_RDONLY)), writer = MUST(open("file", O_WRONLY)),
	    dir = MUST(open(".", O_RDONLY));

	FACT("write to a read-only descriptor", write(reader, "x", 1));
	FACT("write of nothing to a read-only descriptor", write(reader, "x", 0));
	FACT("pwrite to a read-only descriptor", pwrite(reader, "x", 1, 0));
	FACT("read from a write-only descriptor", read(writer, &byte, 1));
	FACT("pread from a write-only descriptor", pread(writer, &byte, 1, 0));
	FACT("read from a directory", read(dir, &byte, 1));
	FACT("pread from a directory", pread(dir, &byte, 1, 0));
	FACT("write to a directory", write(dir, &byte, 1));
	close(reader);
	close(writer);
	close(dir);
}

static void vectors(int fd)
{
	char a[3], b[9];
	struct iovec out[3] = {{"ab", 2}, {NULL, 0}, {"cdefg", 5}}, in[2] = {{a, sizeof(a)}, {b, sizeof(b)}};
	static struct iovec many[IOV_MAX + 1];
	volatile int minus_one = -1; /* compilers know that it is wrong */

	MUST(ftruncate(fd, 0));
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("writev", writev(fd, out, 3));
	FACT("position after writev", position(fd));
	FACT("writev of no vectors", writev(fd, out, 0));
	FACT("writev of -1 vectors", writev(fd, out, minus_one));
	FACT("writev of too many vectors", writev(fd, many, IOV_MAX + 1));
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("readv", readv(fd, in, 2));
	FACT_TEXT("the first that readv read", bytes(a, 3));
	FACT_TEXT("the second that readv read", bytes(b, 4));
	FACT("readv at the end", readv(fd, in, 2));
	FACT("preadv", preadv(fd, in, 2, 1));
	FACT_TEXT("the first that preadv read", bytes(a, 3));
	FACT("pwritev", pwritev(fd, out, 3, 7));
	FACT_TEXT("contents after pwritev", get("file"));
	FACT("preadv at a negative offset", preadv(fd, in, 2, -1));
	out[0].iov_len = SIZE_MAX;
	FACT("writev of too much", writev(fd, out, 3));
}

/* Pages apart, across their borders, and more than a buffer of a system may hold at once. */
static void large(void)
{
	static unsigned char data[LARGE], back[LARGE];
	int fd = MUST(open("large", O_RDWR | O_CREAT, 0644));

	for (size_t i = 0; i < LARGE; i++)
		data[i] = (unsigned char)(i * 31 + i / 4096);
	FACT("large write", write(fd, data, LARGE));
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("large read", read(fd, back, LARGE));
	FACT_YES("large read gives what was written", memcmp(data, back, LARGE) == 0);
	FACT("large write that is not aligned", pwrite(fd, data, 100000, 4095));
	FACT("large read that is not aligned", pread(fd, back, 100000, 4095));
	FACT_YES("that gives what was written", memcmp(data, back, 100000) == 0);
	FACT("byte before it", pread(fd, back, 1, 4094));
	FACT_YES("is still the same", back[0] == data[4094]);
	FACT("size", size_of("large"));
	close(fd);
}

/* Two descriptors of their own for one file. */
static void two_opens(void)
{
	int a = MUST(open("shared", O_RDWR | O_CREAT, 0644)), b = MUST(open("shared", O_RDWR));

	MUST(write(a, "abc", 3));
	FACT("each open has its position", position(b));
	FACT_TEXT("one reads what the other wrote", next(b, 10));
	MUST(pwrite(b, "X", 1, 1));
	MUST(lseek(a, 0, SEEK_SET));
	FACT_TEXT("and the other way round", next(a, 10));
	MUST(ftruncate(a, 1));
	FACT("read after the other has cut it", read(b, (char[8]){0}, 8));
	close(a);
	close(b);
}

void chapter_readwrite(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0644));

	plain(fd);
	at_offset(fd);
	access_modes();
	vectors(fd);
	close(fd);
	large();
	two_opens();
}
