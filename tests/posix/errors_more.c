/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors that need another file system, a full device, or large numbers; and temporary files. */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

/* /dev is a file system of its own on both systems. */
static void elsewhere(void)
{
	int dev = MUST(open("/dev", O_RDONLY | O_DIRECTORY));

	FACT("link of a file elsewhere", link("/dev/null", "null"));
	FACT("link to a place elsewhere", linkat(AT_FDCWD, "file", dev, "veridian-facts", 0));
	FACT("rename to a place elsewhere", rename("file", "/dev/veridian-facts"));
	FACT("rename of a directory to there", rename("dir", "/dev/veridian-facts"));
	FACT("rename of a missing file to there", rename("none", "/dev/veridian-facts"));
	FACT_TEXT("nothing has moved", names_in("."));
	close(dev);
}

static void full(void)
{
	int fd = MUST(open("/dev/full", O_RDWR));
	char byte = 1;

	FACT("write where there is no space", write(fd, "x", 1));
	FACT("write of nothing there", write(fd, "", 0));
	FACT("writev there", writev(fd, (struct iovec[]){{&byte, 1}, {&byte, 1}}, 2));
	FACT("read there", read(fd, &byte, 1));
	FACT("what it reads", byte);
	close(fd);
	fd = MUST(open("/dev/null", O_RDWR));
	FACT("write into nothing", write(fd, "x", 1));
	FACT("read from nothing", read(fd, &byte, 1));
	close(fd);
}

static void numbers(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = INT64_MAX, .l_len = 2};
	int fd = MUST(open("file", O_RDWR));
	volatile int minus_one = -1; /* compilers know that it is wrong */

	FACT("lock that ends behind everything", fcntl(fd, F_SETLK, &lock));
	lock.l_len = 1;
	FACT("lock of the last byte", fcntl(fd, F_SETLK, &lock));
	MUST(lseek(fd, 10, SEEK_SET));
	lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = INT64_MAX, .l_len = 1};
	FACT("lock that begins behind everything", fcntl(fd, F_SETLK, &lock));
	FACT("readv of no vectors", readv(fd, NULL, 0));
	FACT("readv of -1 vectors", readv(fd, (struct iovec[]){{NULL, 0}}, minus_one));
	FACT("pread of nothing", pread(fd, NULL, 0, 0));
	FACT("pwrite of nothing", pwrite(fd, NULL, 0, 1000));
	FACT("size after that", size_of("file"));
	FACT("posix_fallocate behind everything", as_errno(posix_fallocate(fd, INT64_MAX, 1)));
	close(fd);
}

static void temporary(void)
{
	char a[] = "dir/aXXXXXX", b[] = "dir/aXXXXXX", none[] = "none/XXXXXX", few[] = "dir/XXXXX",
	     behind[] = "dir/XXXXXXa";
	char below[] = "file/XXXXXX", made[] = "dir/dXXXXXX";
	int fd, other;

	umask(0);
	fd = mkstemp(a);
	FACT("mkstemp", fd < 0 ? -1 : 0);
	FACT_OCTAL("its mode", mode_of(a));
	FACT("write to it", write(fd, "x", 1));
	other = mkstemp(b);
	FACT("another", other < 0 ? -1 : 0);
	FACT_YES("it has another name", strcmp(a, b) != 0);
	FACT("mkstemp in a missing directory", shut(mkstemp(none)));
	FACT("below a file", shut(mkstemp(below)));
	FACT("with five places", shut(mkstemp(few)));
	FACT("with places that are not at the end", shut(mkstemp(behind)));
	FACT("files that there are", entries_of("dir"));
	FACT_TEXT("mkdtemp", mkdtemp(made) ? "made" : NULL);
	FACT_OCTAL("mode of that", mode_of(made));
	umask(022);
	close(fd);
	close(other);
}

void chapter_errors_more(void)
{
	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	elsewhere();
	full();
	numbers();
	temporary();
}
