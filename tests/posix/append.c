/* SPDX-License-Identifier: BSD-2-Clause */
/* O_APPEND */
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void one_descriptor(void)
{
	int fd = MUST(open("log", O_RDWR | O_CREAT | O_APPEND, 0644));

	FACT("position after open", lseek(fd, 0, SEEK_CUR));
	MUST(write(fd, "one", 3));
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("write after a seek to the start", write(fd, "two", 3));
	FACT("position after that write", lseek(fd, 0, SEEK_CUR));
	FACT_TEXT("contents after both", get("log"));
	MUST(lseek(fd, 1, SEEK_SET));
	FACT_TEXT("read where the position is", next(fd, 2));
	MUST(lseek(fd, 100, SEEK_SET));
	FACT("write after a seek behind the end", write(fd, "!", 1));
	FACT("size after that", size_of("log"));
	FACT("write of nothing", write(fd, "", 0));
	FACT("writev", writev(fd, (struct iovec[]){{"<", 1}, {">", 1}}, 2));
	FACT_TEXT("contents after writev", get("log"));
	FACT("pwrite at offset 0", pwrite(fd, "P", 1, 0));
	FACT_TEXT("contents after pwrite", get("log"));
	MUST(ftruncate(fd, 0));
	MUST(write(fd, "on", 2));
	FACT("ftruncate", ftruncate(fd, 1));
	FACT("write after ftruncate", write(fd, "ff", 2));
	FACT_TEXT("contents after ftruncate and write", get("log"));
	close(fd);
	fd = MUST(open("log", O_WRONLY | O_APPEND));
	FACT("position after open of a file with contents", lseek(fd, 0, SEEK_CUR));
	close(fd);
}

static void two_descriptors(void)
{
	int a = MUST(open("both", O_WRONLY | O_CREAT | O_APPEND, 0644)), b = MUST(open("both", O_WRONLY | O_APPEND));

	for (int i = 0; i < 3; i++) {
		MUST(write(a, "a", 1));
		MUST(write(b, "bb", 2));
	}
	FACT_TEXT("two descriptors take turns", get("both"));
	FACT("position of the first", lseek(a, 0, SEEK_CUR));
	FACT("position of the second", lseek(b, 0, SEEK_CUR));
	close(a);
	close(b);
}

static void flag(void)
{
	int fd = MUST(open("flag", O_RDWR | O_CREAT, 0644)), copy = MUST(dup(fd));

	MUST(write(fd, "abc", 3));
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("F_SETFL O_APPEND", fcntl(fd, F_SETFL, O_APPEND));
	FACT_YES("F_GETFL shows it", fcntl(fd, F_GETFL) & O_APPEND);
	FACT_YES("F_GETFL of the duplicate shows it", fcntl(copy, F_GETFL) & O_APPEND);
	FACT("write with it set", write(copy, "d", 1));
	FACT("F_SETFL 0", fcntl(copy, F_SETFL, 0));
	FACT_YES("F_GETFL after that", fcntl(fd, F_GETFL) & O_APPEND);
	MUST(lseek(fd, 0, SEEK_SET));
	FACT("write with it cleared", write(fd, "A", 1));
	FACT_TEXT("contents", get("flag"));
	FACT("F_SETFL with the access mode changed", fcntl(fd, F_SETFL, O_RDONLY | O_APPEND));
	FACT_YES("the access mode stays", (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	FACT("F_SETFL with O_TRUNC", fcntl(fd, F_SETFL, O_TRUNC | O_CREAT));
	FACT("size after O_TRUNC by F_SETFL", size_of("flag"));
	FACT("F_SETFL O_NONBLOCK", fcntl(fd, F_SETFL, O_NONBLOCK));
	FACT_YES("it is there", fcntl(fd, F_GETFL) & O_NONBLOCK);
	FACT("write with O_NONBLOCK", write(fd, "B", 1));
	close(fd);
	close(copy);
}

static void truncating(void)
{
	MUST(put("cut", "0123456789"));
	int fd = MUST(open("cut", O_WRONLY | O_APPEND | O_TRUNC));

	FACT("O_APPEND with O_TRUNC", size_of("cut"));
	MUST(write(fd, "new", 3));
	FACT("size of what it wrote", size_of("cut"));
	MUST(truncate("cut", 6));
	MUST(write(fd, "x", 1));
	FACT_TEXT("write after truncate to more", get("cut"));
	close(fd);
}

void chapter_append(void)
{
	one_descriptor();
	two_descriptors();
	flag();
	truncating();
}
