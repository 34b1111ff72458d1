/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading directories: entries, streams and their descriptors. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void entries(void)
{
	struct dirent *e;
	int dots = 0, right = 0;
	DIR *dir;

	MUST(mkdir("kinds", 0755));
	MUST(put("kinds/file", ""));
	MUST(mkdir("kinds/dir", 0755));
	MUST_IF_OFFERED(symlink("file", "kinds/link"));
	MUST_IF_OFFERED(mkfifo("kinds/fifo", 0644));
	dir = opendir("kinds");
	MUST_BE(dir != NULL);
	while ((e = readdir(dir)) != NULL) {
		struct stat st;

		dots += strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
		MUST(fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW));
		if (strcmp(e->d_name, "..") != 0)
			right += st.st_ino == e->d_ino;
		if (e->d_type != DT_UNKNOWN)
			right += e->d_type == (S_ISDIR(st.st_mode)   ? DT_DIR
					       : S_ISREG(st.st_mode) ? DT_REG
					       : S_ISLNK(st.st_mode) ? DT_LNK
								     : DT_FIFO);
	}
	FACT("dots in a directory", dots);
	FACT("kinds and numbers that are right", right);
	FACT("readdir at the end again", readdir(dir) == NULL ? 0 : 1);
	FACT("closedir", closedir(dir));
	FACT_TEXT("the names", names_in("kinds"));
	FACT("opendir of a file", opendir("kinds/file") ? 0 : -1);
	FACT("opendir of a missing directory", opendir("none") ? 0 : -1);
	FACT("opendir of an empty path", opendir("") ? 0 : -1);
	FACT("opendir of a link to itself", (MUST_IF_OFFERED(symlink("loop", "loop")), opendir("loop") ? 0 : -1));
}

static void descriptors(void)
{
	int fd = MUST(open("kinds/file", O_RDONLY));
	DIR *dir;

	FACT("fdopendir of a file", fdopendir(fd) ? 0 : -1);
	close(fd);
	FACT("fdopendir of a closed descriptor", fdopendir(fd) ? 0 : -1);
	fd = MUST(open("kinds", O_RDONLY | O_DIRECTORY));
	dir = fdopendir(fd);
	FACT_YES("fdopendir", dir != NULL);
	MUST_BE(dir != NULL);
	FACT_YES("dirfd is that descriptor", dirfd(dir) == fd);
	MUST(closedir(dir));
	FACT("closedir closes it", fcntl(fd, F_GETFD));
	dir = opendir("kinds");
	MUST_BE(dir != NULL);
	FACT_YES("opendir's is closed on exec", fcntl(dirfd(dir), F_GETFD) & FD_CLOEXEC);
	MUST(rename("kinds", "other"));
	int count = 0;
	while (readdir(dir))
		count++;
	FACT("entries after rename of the directory", count);
	MUST(closedir(dir));
}

static void removed_directory(void)
{
	int count = 0;
	DIR *dir;

	MUST(mkdir("gone", 0755));
	dir = opendir("gone");
	MUST_BE(dir != NULL);
	FACT("rmdir of a directory that is open to be read", rmdir("gone"));
	while (readdir(dir))
		count++;
	FACT("entries of one that is gone", count);
	FACT("closedir of one that is gone", closedir(dir));
}

void chapter_directories(void)
{
	entries();
	descriptors();
	removed_directory();
}
