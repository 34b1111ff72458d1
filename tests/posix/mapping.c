/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap of files */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define PAGE 4096

static int result(void *mapped)
{
	return mapped == MAP_FAILED ? -1 : munmap(mapped, PAGE);
}

static void contents(int fd)
{
	char *map = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0), *second;

	FACT("private, to read", map == MAP_FAILED ? -1 : 0);
	MUST_BE(map != MAP_FAILED);
	FACT_TEXT("its start", bytes(map, 5));
	FACT_TEXT("its second page", bytes(map + PAGE, 5));
	FACT_TEXT("behind the end of the file", bytes(map + 2 * PAGE + 10, 5));
	FACT("munmap", munmap(map, 3 * PAGE));
	second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	MUST_BE(second != MAP_FAILED);
	FACT_TEXT("from the second page on", bytes(second, 5));
	MUST(munmap(second, PAGE));
}

/* What is written to a private mapping is nobody else's. */
static void private(int fd)
{
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	FACT("private, to write", map == MAP_FAILED ? -1 : 0);
	MUST_BE(map != MAP_FAILED);
	memcpy(map, "WRITE", 5);
	FACT_TEXT("what was written", bytes(map, 5));
	char text[5];
	MUST(pread(fd, text, 5, 0));
	FACT_TEXT("the file after that", bytes(text, 5));
	MUST(munmap(map, PAGE));
}

static void lifetime(void)
{
	int fd;
	char *map;

	MUST(put("short", "contents"));
	fd = MUST(open("short", O_RDONLY));
	map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	MUST_BE(map != MAP_FAILED);
	FACT_TEXT("mapping", bytes(map, 8));
	close(fd);
	FACT_TEXT("mapping after close", bytes(map, 8));
	MUST(unlink("short"));
	FACT_TEXT("mapping after unlink", bytes(map, 8));
	MUST(munmap(map, PAGE));
}

static void refused(int fd)
{
	int writer = MUST(open("file", O_WRONLY)), reader = MUST(open("file", O_RDONLY)),
	    dir = MUST(open(".", O_RDONLY));

	FACT("read-only descriptor, private to write",
	     result(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0)));
	FACT("read-only descriptor, shared to write",
	     result(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0)));
	FACT("write-only descriptor", result(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0)));
	FACT("directory", result(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0)));
	FACT("offset that is not aligned", result(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100)));
	FACT("no length", result(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0)));
	FACT("neither private nor shared", result(mmap(NULL, PAGE, PROT_READ, 0, fd, 0)));
	close(writer);
	close(reader);
	close(dir);
	FACT("closed descriptor", result(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0)));
}

void chapter_mapping(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0644));

	MUST(write(fd, "first", 5));
	MUST(pwrite(fd, "second", 6, PAGE));
	MUST(pwrite(fd, "third", 5, 2 * PAGE));
	contents(fd);
	private(fd);
	lifetime();
	refused(fd);
	close(fd);
}
