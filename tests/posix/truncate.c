/* SPDX-License-Identifier: BSD-2-Clause */
/* truncate, ftruncate, posix_fallocate */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void sizes(void)
{
	MUST(put("file", "0123456789"));
	FACT("truncate to less", truncate("file", 4));
	FACT_TEXT("contents after truncate to less", get("file"));
	FACT("truncate to more", truncate("file", 8));
	FACT_TEXT("contents after truncate to more", get("file"));
	FACT("truncate to the same", truncate("file", 8));
	FACT("truncate to nothing", truncate("file", 0));
	FACT("truncate to a negative size", truncate("file", -1));
	FACT("truncate of a missing file", truncate("none", 0));
	FACT("truncate of a directory", truncate("dir", 0));
	FACT("truncate of a link", truncate("link", 3));
	FACT("size of its target", size_of("file"));
	FACT("truncate of a link to nothing", truncate("dangling", 0));
	FACT("truncate of an empty path", truncate("", 0));
	FACT("truncate with a slash behind", truncate("file/", 0));
	FACT("truncate below a file", truncate("file/x", 0));
	FACT("truncate of a FIFO", truncate("fifo", 0));
	FACT("truncate of a link to itself", truncate("loop", 0));
}

static void descriptors(void)
{
	int fd = MUST(open("file", O_RDWR | O_TRUNC)), reader = MUST(open("file", O_RDONLY)), dir;

	MUST(write(fd, "0123456789", 10));
	FACT("ftruncate to less", ftruncate(fd, 4));
	FACT("position after ftruncate", lseek(fd, 0, SEEK_CUR));
	FACT("write after ftruncate", write(fd, "x", 1));
	FACT_TEXT("contents after that", get("file"));
	FACT("ftruncate to a negative size", ftruncate(fd, -1));
	FACT("ftruncate of a read-only descriptor", ftruncate(reader, 0));
	dir = MUST(open("dir", O_RDONLY));
	FACT("ftruncate of a directory", ftruncate(dir, 0));
	FACT("size after those", size_of("file"));
	close(dir);
	close(fd);
	close(reader);
	FACT("ftruncate of a closed descriptor", ftruncate(fd, 0));
}

/* What was cut off must not come back when the file grows again. */
static void leftovers(void)
{
	static char data[10000], back[10000];
	int fd = MUST(open("left", O_RDWR | O_CREAT, 0644));
	bool zero = true;

	memset(data, 'x', sizeof(data));
	MUST(write(fd, data, sizeof(data)));
	MUST(ftruncate(fd, 5000));
	MUST(ftruncate(fd, 10000));
	MUST(pread(fd, back, sizeof(back), 0));
	for (size_t i = 5000; i < sizeof(back); i++)
		zero = zero && back[i] == 0;
	FACT_YES("zeros where the file was cut and grew", zero);
	FACT_YES("the rest is there", memcmp(data, back, 5000) == 0);
	MUST(ftruncate(fd, 5000));
	MUST(pwrite(fd, "y", 1, 9000));
	MUST(pread(fd, back, 9001, 0));
	zero = true;
	for (size_t i = 5000; i < 9000; i++)
		zero = zero && back[i] == 0;
	FACT_YES("zeros where the file was cut and written further on", zero);
	close(fd);
}

static void modes(void)
{
	MUST(put("special", "text"));
	MUST_IF_OFFERED(chmod("special", 04755));
	MUST(truncate("special", 2));
	FACT("truncate of a file with set-user-ID", size_of("special"));
	FACT("truncate of a file that is open to append",
	     (MUST(put("log", "text")), shut(MUST(open("log", O_WRONLY | O_APPEND)))) < 0 ? -1 : truncate("log", 1));
}

static void allocating(void)
{
	struct stat st;
	int fd = MUST(open("room", O_RDWR | O_CREAT, 0644)), reader = MUST(open("room", O_RDONLY));

	FACT("posix_fallocate", as_errno(posix_fallocate(fd, 0, 100000)));
	FACT("size after posix_fallocate", size_of("room"));
	MUST(fstat(fd, &st));
	FACT_YES("posix_fallocate takes room", (long long)st.st_blocks * 512 >= 100000);
	MUST(pwrite(fd, "x", 1, 10));
	FACT("posix_fallocate of what is there", as_errno(posix_fallocate(fd, 0, 50)));
	FACT("size after posix_fallocate of less", size_of("room"));
	FACT("posix_fallocate of nothing", as_errno(posix_fallocate(fd, 0, 0)));
	FACT("posix_fallocate at a negative offset", as_errno(posix_fallocate(fd, -1, 10)));
	FACT("posix_fallocate of a read-only descriptor", as_errno(posix_fallocate(reader, 0, 10)));
	FACT("posix_fallocate of a closed descriptor", (close(reader), as_errno(posix_fallocate(reader, 0, 10))));
	close(fd);
}

void chapter_truncate(void)
{
	MUST(mkdir("dir", 0755));
	MUST_IF_OFFERED(symlink("file", "link"));
	MUST_IF_OFFERED(symlink("none", "dangling"));
	MUST_IF_OFFERED(symlink("loop", "loop"));
	MUST_IF_OFFERED(mkfifo("fifo", 0644));
	sizes();
	descriptors();
	leftovers();
	modes();
	allocating();
}
