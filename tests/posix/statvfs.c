/* SPDX-License-Identifier: BSD-2-Clause */
/* statvfs, pathconf. */
#include <fcntl.h>
#include <limits.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void sizes(int fd, int dir)
{
	struct statvfs v, other;

	FACT("statvfs", statvfs("file", &v));
	FACT_YES("blocks have a size", v.f_bsize > 0 && v.f_frsize > 0);
	FACT_YES("no more is free than there is", v.f_bfree <= v.f_blocks && v.f_bavail <= v.f_bfree);
	FACT_YES("nor are files", v.f_ffree <= v.f_files && v.f_favail <= v.f_ffree);
	FACT("longest name", v.f_namemax);
	FACT_YES("read-only", v.f_flag & ST_RDONLY);
	FACT("fstatvfs", fstatvfs(fd, &other));
	FACT_YES("it says the same", other.f_blocks == v.f_blocks && other.f_bsize == v.f_bsize);
	FACT("fstatvfs of a directory", fstatvfs(dir, &other));
	FACT("statvfs of the working directory", statvfs(".", &other));
	FACT("statvfs of a missing file", statvfs("none", &v));
	FACT("statvfs of an empty path", statvfs("", &v));
	FACT("statvfs below a file", statvfs("file/x", &v));
	FACT("statvfs of a link to nothing", statvfs("dangling", &v));
	FACT("statvfs of a link to itself", statvfs("loop", &v));
	FACT("fstatvfs of a closed descriptor", fstatvfs(-1, &v));
}

static void limits(int fd)
{
	FACT("pathconf _PC_NAME_MAX", pathconf(".", _PC_NAME_MAX));
	FACT_YES("pathconf _PC_PATH_MAX", pathconf(".", _PC_PATH_MAX) >= _POSIX_PATH_MAX);
	FACT("pathconf _PC_NO_TRUNC", pathconf(".", _PC_NO_TRUNC));
	FACT_YES("pathconf _PC_LINK_MAX", pathconf(".", _PC_LINK_MAX) >= _POSIX_LINK_MAX);
	FACT("fpathconf _PC_NAME_MAX", fpathconf(fd, _PC_NAME_MAX));
	FACT("pathconf of an unknown name", pathconf(".", 12345));
	FACT("fpathconf of an unknown name", fpathconf(fd, 12345));
	FACT("fpathconf of a closed descriptor", fpathconf(-1, _PC_NAME_MAX));
}

void chapter_statvfs(void)
{
	int fd, dir;

	MUST(put("file", "text"));
	MUST_IF_OFFERED(symlink("none", "dangling"));
	MUST_IF_OFFERED(symlink("loop", "loop"));
	fd = MUST(open("file", O_RDWR));
	dir = MUST(open(".", O_RDONLY | O_DIRECTORY));
	sizes(fd, dir);
	limits(fd);
	close(fd);
	close(dir);
}
