/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap of files, shared: the file and its memory are one */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define PAGE 4096

static const char *in_file(int fd, off_t at, size_t len)
{
	static char text[64];

	memset(text, 0, sizeof(text));
	return pread(fd, text, len, at) < 0 ? "?" : bytes(text, len);
}

static void both_ways(int fd)
{
	char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *other;
	struct stat st;

	FACT("shared, to read and write", map == MAP_FAILED ? -1 : 0);
	MUST_BE(map != MAP_FAILED);
	FACT_TEXT("its start", bytes(map, 5));
	FACT_TEXT("behind the end of the file", bytes(map + PAGE + 10, 5));
	memcpy(map, "MEMORY", 6);
	FACT_TEXT("the file after a write to memory", in_file(fd, 0, 8));
	MUST(pwrite(fd, "file", 4, 2));
	FACT_TEXT("memory after a write to the file", bytes(map, 8));
	memcpy(map + PAGE + 4, "behind the end", 14); /* what becomes of that is each file system's own */
	MUST(fstat(fd, &st));
	FACT("size after a write behind the end", (int)st.st_size);
	MUST(ftruncate(fd, 2 * PAGE));
	MUST(pwrite(fd, "third", 5, 2 * PAGE));
	FACT_TEXT("a page that was behind the end when it was mapped", bytes(map + 2 * PAGE, 5));
	other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	MUST_BE(other != MAP_FAILED);
	map[2 * PAGE] = 'T';
	FACT_TEXT("another mapping", bytes(other, 5));
	FACT("msync", msync(map, 4 * PAGE, MS_SYNC));
	FACT("msync, asynchronous", msync(map, 4 * PAGE, MS_ASYNC));
	FACT("msync, both ways", msync(map, 4 * PAGE, MS_SYNC | MS_ASYNC));
	FACT("msync of an address that is not aligned", msync(map + 1, PAGE, MS_SYNC));
	MUST(munmap(other, PAGE));
	MUST(munmap(map, 4 * PAGE));
	FACT_TEXT("the file after munmap", in_file(fd, 2 * PAGE, 5));
	FACT("msync of what is not mapped", msync(map, PAGE, MS_SYNC));
}

/* A private mapping shows the file until it is written. */
static void beside_private(int fd)
{
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
	     *private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	MUST_BE(shared != MAP_FAILED && private != MAP_FAILED);
	private[1] = 'p';
	shared[2] = 's';
	FACT_TEXT("private, after both were written", bytes(private, 2));
	FACT_TEXT("shared, after both were written", bytes(shared, 3));
	FACT_TEXT("the file, after both were written", in_file(fd, 0, 3));
	MUST(munmap(shared, PAGE));
	MUST(munmap(private, PAGE));
}

static void lifetime(void)
{
	int fd;
	char *map;

	MUST(put("mapped", "contents"));
	fd = MUST(open("mapped", O_RDWR));
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST_BE(map != MAP_FAILED);
	close(fd);
	map[0] = 'C';
	fd = MUST(open("mapped", O_RDONLY));
	FACT_TEXT("the file, written through memory after close", in_file(fd, 0, 8));
	MUST(ftruncate(MUST(open("mapped", O_WRONLY)), 3));
	FACT_TEXT("memory after the file was cut", bytes(map, 5));
	MUST(unlink("mapped"));
	map[1] = 'O';
	FACT_TEXT("the file, written through memory after unlink", in_file(fd, 0, 8));
	close(fd);
	FACT_TEXT("memory after unlink and close", bytes(map, 3));
	MUST(munmap(map, PAGE));
}

/* read and write from and to pages that nobody has touched yet. */
static void copied(int fd)
{
	static char page[PAGE];
	int other = MUST(open("other", O_RDWR | O_CREAT | O_TRUNC, 0600));
	char *map, *into;

	MUST(ftruncate(fd, 0));
	for (int i = 0; i < 40; i++) {
		memset(page, 'a' + i % 26, PAGE);
		MUST(write(fd, page, 0) == 0 && pwrite(fd, page, PAGE, i * PAGE) == PAGE ? 0 : -1);
	}
	map = mmap(NULL, 40 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	MUST_BE(map != MAP_FAILED);
	FACT("write of what is mapped", (int)write(other, map, 40 * PAGE));
	FACT("its contents", memcmp(map, mmap(NULL, 40 * PAGE, PROT_READ, MAP_PRIVATE, other, 0), 40 * PAGE));
	MUST(ftruncate(other, 0));
	MUST(ftruncate(other, 40 * PAGE));
	into = mmap(NULL, 40 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	MUST_BE(into != MAP_FAILED);
	FACT("read into what is mapped", (int)pread(fd, into + 100, 39 * PAGE, 50));
	FACT("what was read", memcmp(into + 100, map + 50, 39 * PAGE));
	FACT("write of a mapping to its own file", (int)pwrite(other, into + PAGE, 2 * PAGE, 0));
	FACT("what that gives", memcmp(into, map + PAGE - 50, PAGE / 2));
	FACT("read into memory that can only be read", (int)pread(fd, map, PAGE, 0));
	MUST(munmap(map, 40 * PAGE));
	MUST(munmap(into, 40 * PAGE));
	close(other);
	MUST(unlink("other"));
}

static void times(int fd)
{
	struct stat before, after;
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	MUST_BE(map != MAP_FAILED);
	MUST(futimens(fd, old));
	MUST(fstat(fd, &before));
	map[0]++;
	MUST(msync(map, PAGE, MS_SYNC));
	MUST(fstat(fd, &after));
	FACT("modified by a write to memory", after.st_mtime != before.st_mtime);
	MUST(munmap(map, PAGE));
}

static void refused(int fd)
{
	int reader = MUST(open("shared", O_RDONLY)), writer = MUST(open("shared", O_WRONLY));
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);

	FACT("shared, of a read-only descriptor", map == MAP_FAILED ? -1 : 0);
	FACT("made writable", mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	MUST(munmap(map, PAGE));
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	MUST_BE(map != MAP_FAILED);
	FACT("made writable, of one to write", mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	MUST(munmap(map, PAGE));
	FACT("write-only descriptor", mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, writer, 0) == MAP_FAILED ? -1 : 0);
	close(reader);
	close(writer);
}

void chapter_mapping_shared(void)
{
	int fd = MUST(open("shared", O_RDWR | O_CREAT, 0644));

	MUST(write(fd, "first", 5));
	MUST(pwrite(fd, "end", 3, PAGE));
	both_ways(fd);
	beside_private(fd);
	lifetime();
	copied(fd);
	times(fd);
	refused(fd);
	close(fd);
}
