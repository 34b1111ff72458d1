/* SPDX-License-Identifier: BSD-2-Clause */
/* fsync, fdatasync, sync, O_SYNC: what can be seen of them without cutting the power. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

void chapter_sync(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0644)), reader = MUST(open("file", O_RDONLY)), dir;

	FACT("fsync of an empty file", fsync(fd));
	MUST(write(fd, "text", 4));
	FACT("fsync", fsync(fd));
	FACT("fdatasync", fdatasync(fd));
	FACT("fsync again", fsync(fd));
	FACT("fsync of a read-only descriptor", fsync(reader));
	FACT("fdatasync of a read-only descriptor", fdatasync(reader));
	dir = MUST(open(".", O_RDONLY | O_DIRECTORY));
	FACT("fsync of a directory", fsync(dir));
	FACT("fdatasync of a directory", fdatasync(dir));
	close(dir);
	close(reader);
	close(fd);
	FACT("fsync of a closed descriptor", fsync(fd));
	FACT("fdatasync of a closed descriptor", fdatasync(fd));
	fd = MUST(open("sync", O_RDWR | O_CREAT | O_SYNC, 0644));
	FACT("write with O_SYNC", write(fd, "text", 4));
	FACT("ftruncate with O_SYNC", ftruncate(fd, 2));
	FACT_TEXT("contents", get("sync"));
	close(fd);
	sync();
	FACT_TEXT("contents after sync", get("file"));
}
