/* SPDX-License-Identifier: BSD-2-Clause */
/* lseek, holes, SEEK_DATA and SEEK_HOLE. Pieces are 64 KiB: no file system has larger blocks. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define PIECE 65536

static long pieces_used(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (long)(((long long)st.st_blocks * 512 + PIECE - 1) / PIECE);
}

/* An offset in pieces. */
static long in_pieces(off_t offset)
{
	return offset < 0 || offset % PIECE ? (long)offset : (long)(offset / PIECE);
}

static void seeking(void)
{
	int fd = MUST(open("seek", O_RDWR | O_CREAT, 0644));

	MUST(write(fd, "0123456789", 10));
	FACT("SEEK_SET", lseek(fd, 4, SEEK_SET));
	FACT("SEEK_CUR", lseek(fd, 3, SEEK_CUR));
	FACT("SEEK_CUR back", lseek(fd, -5, SEEK_CUR));
	FACT("SEEK_END", lseek(fd, -1, SEEK_END));
	FACT("SEEK_END behind it", lseek(fd, 5, SEEK_END));
	FACT("SEEK_SET to a negative offset", lseek(fd, -1, SEEK_SET));
	FACT("SEEK_CUR to a negative offset", lseek(fd, -100, SEEK_CUR));
	FACT("SEEK_END to a negative offset", lseek(fd, -11, SEEK_END));
	FACT("position after those", lseek(fd, 0, SEEK_CUR));
	FACT("from an unknown place", lseek(fd, 0, 77));
	FACT("SEEK_CUR beyond all offsets",
	     lseek(fd, INT64_MAX, SEEK_CUR) == -1 && (errno == EINVAL || errno == EOVERFLOW));
	FACT("size after seeking only", size_of("seek"));
	FACT("SEEK_DATA at the start", lseek(fd, 0, SEEK_DATA));
	FACT("SEEK_DATA in the middle", lseek(fd, 3, SEEK_DATA));
	FACT("SEEK_HOLE at the start", lseek(fd, 0, SEEK_HOLE));
	FACT("SEEK_HOLE in the middle", lseek(fd, 3, SEEK_HOLE));
	FACT("position after SEEK_HOLE", lseek(fd, 0, SEEK_CUR));
	FACT("SEEK_DATA at the end", lseek(fd, 10, SEEK_DATA));
	FACT("SEEK_HOLE at the end", lseek(fd, 10, SEEK_HOLE));
	FACT("SEEK_DATA behind the end", lseek(fd, 100, SEEK_DATA));
	FACT("SEEK_HOLE behind the end", lseek(fd, 100, SEEK_HOLE));
	FACT("SEEK_DATA at a negative offset", lseek(fd, -1, SEEK_DATA));
	FACT("SEEK_HOLE at a negative offset", lseek(fd, -1, SEEK_HOLE));
	close(fd);
}

static bool all_zero(int fd, off_t from, size_t size)
{
	static char buffer[PIECE];

	if (pread(fd, buffer, size, from) != (ssize_t)size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (buffer[i])
			return false;
	}
	return true;
}

/* Data in pieces 4 and 8 of 12. */
static void holes(void)
{
	static char data[PIECE];
	int fd = MUST(open("holes", O_RDWR | O_CREAT, 0644));

	memset(data, 'd', sizeof(data));
	FACT("write behind a hole", pwrite(fd, data, PIECE, 4 * PIECE));
	FACT("size with a hole", size_of("holes"));
	FACT("pieces that are used", pieces_used("holes"));
	MUST(pwrite(fd, data, PIECE, 8 * PIECE));
	FACT("ftruncate to more", ftruncate(fd, 12 * PIECE));
	FACT("pieces that are used with two of data", pieces_used("holes"));
	FACT_YES("the first hole reads as zeros", all_zero(fd, 0, PIECE));
	FACT_YES("the last hole reads as zeros", all_zero(fd, 11 * PIECE, PIECE));
	FACT("read of the last byte", pread(fd, data, 2, 12 * PIECE - 1));
	FACT("data from 0", in_pieces(lseek(fd, 0, SEEK_DATA)));
	FACT("data from 4", in_pieces(lseek(fd, 4 * PIECE, SEEK_DATA)));
	FACT("data from 5", in_pieces(lseek(fd, 5 * PIECE, SEEK_DATA)));
	FACT("data from 9", in_pieces(lseek(fd, 9 * PIECE, SEEK_DATA)));
	FACT("hole from 0", in_pieces(lseek(fd, 0, SEEK_HOLE)));
	FACT("hole from 4", in_pieces(lseek(fd, 4 * PIECE, SEEK_HOLE)));
	FACT("hole from 6", in_pieces(lseek(fd, 6 * PIECE, SEEK_HOLE)));
	FACT("hole from 8", in_pieces(lseek(fd, 8 * PIECE, SEEK_HOLE)));
	FACT("hole from 12", in_pieces(lseek(fd, 12 * PIECE, SEEK_HOLE)));
	MUST(pwrite(fd, data, PIECE, 2 * PIECE));
	FACT("data from 0 after filling 2", in_pieces(lseek(fd, 0, SEEK_DATA)));
	FACT("hole from 2 after filling 2", in_pieces(lseek(fd, 2 * PIECE, SEEK_HOLE)));
	MUST(ftruncate(fd, 4 * PIECE));
	FACT("pieces after cutting the rest off", pieces_used("holes"));
	FACT("data from 3 after cutting", in_pieces(lseek(fd, 3 * PIECE, SEEK_DATA)));
	close(fd);
}

/* What is far from the start costs no more than what is written. */
static void far(void)
{
	const off_t at = (off_t)1 << 40;
	char byte = 0;
	int fd = MUST(open("far", O_RDWR | O_CREAT, 0644));

	FACT("byte at 1 TiB", pwrite(fd, "x", 1, at));
	FACT("size with it", size_of("far"));
	FACT("pieces that are used with it", pieces_used("far"));
	FACT("read of it", pread(fd, &byte, 1, at));
	FACT_YES("it is the same", byte == 'x');
	FACT_YES("zeros before it", all_zero(fd, at - PIECE, PIECE));
	FACT("data from 0 of it", in_pieces(lseek(fd, 0, SEEK_DATA)));
	FACT("cut to nothing", ftruncate(fd, 0));
	FACT("pieces after that", pieces_used("far"));
	close(fd);
}

static void kinds(void)
{
	int fd = MUST(open("empty", O_RDWR | O_CREAT, 0644));

	FACT("SEEK_DATA in an empty file", lseek(fd, 0, SEEK_DATA));
	FACT("SEEK_HOLE in an empty file", lseek(fd, 0, SEEK_HOLE));
	MUST(ftruncate(fd, 3 * PIECE));
	FACT("SEEK_DATA in a file of holes", lseek(fd, 0, SEEK_DATA));
	FACT("SEEK_HOLE in a file of holes", lseek(fd, PIECE, SEEK_HOLE) / PIECE);
	close(fd);
	fd = MUST(open(".", O_RDONLY | O_DIRECTORY));
	FACT("SEEK_SET 0 of a directory", lseek(fd, 0, SEEK_SET));
	close(fd);
}

void chapter_sparse_seek(void)
{
	seeking();
	holes();
	far();
	kinds();
}
