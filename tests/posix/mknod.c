/* SPDX-License-Identifier: BSD-2-Clause */
/* mknod, and the whole life of a socket's name. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void kinds(void)
{
	umask(027);
	FACT("regular file", mknod("file", S_IFREG | 0666, 0));
	FACT_OCTAL("its mode", mode_of("file"));
	FACT_TEXT("its type", type_of("file"));
	FACT("no type", mknod("none", 0600, 0));
	FACT_TEXT("what that makes", type_of("none"));
	FACT("FIFO", mknod("fifo", S_IFIFO | 0666, 0));
	FACT_TEXT("what it is", type_of("fifo"));
	FACT("socket", mknodat(AT_FDCWD, "socket", S_IFSOCK | 0777, 0));
	FACT_OCTAL("mode of it", mode_of("socket"));
	umask(022);
	FACT("directory", mknod("dir", S_IFDIR | 0755, 0));
	FACT("link", mknod("link", S_IFLNK | 0777, 0));
	FACT("unknown type", mknod("what", 0150000, 0));
	FACT("name that is there", mknod("socket", S_IFREG | 0666, 0));
	FACT("in a missing directory", mknod("missing/x", S_IFSOCK | 0666, 0));
	FACT("below a file", mknod("file/x", S_IFSOCK | 0666, 0));
	FACT("empty path", mknod("", S_IFSOCK | 0666, 0));
	FACT("with a slash behind", mknod("slash/", S_IFSOCK | 0666, 0));
}

static long type_listed(const char *wanted)
{
	DIR *dir = opendir(".");
	struct dirent *d;
	long found = -1;

	if (!dir)
		return -1;
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, wanted) == 0)
			found = d->d_type == DT_SOCK;
	}
	closedir(dir);
	return found;
}

static void life(void)
{
	struct stat st;
	int fd;

	FACT("stat", stat("socket", &st));
	FACT_YES("S_ISSOCK", S_ISSOCK(st.st_mode));
	FACT("size of it", st.st_size);
	FACT("links of it", (long)st.st_nlink);
	FACT("as a directory lists it", type_listed("socket"));
	FACT("open to read", shut(open("socket", O_RDONLY)));
	FACT("open to write", shut(open("socket", O_WRONLY)));
	FACT("open for both, without waiting", shut(open("socket", O_RDWR | O_NONBLOCK)));
	FACT("open with O_CREAT", shut(open("socket", O_RDWR | O_CREAT, 0600)));
	FACT("open with O_CREAT and O_EXCL", shut(open("socket", O_RDWR | O_CREAT | O_EXCL, 0600)));
	FACT("open with O_TRUNC", shut(open("socket", O_WRONLY | O_TRUNC)));
	FACT("open with O_DIRECTORY", shut(open("socket", O_RDONLY | O_DIRECTORY)));
	FACT("open with a slash behind", shut(open("socket/", O_RDONLY)));
	fd = open("socket", O_PATH);
	FACT("O_PATH", fd < 0 ? -1 : 0);
	FACT("fstat of that", fstat(fd, &st));
	FACT_YES("still S_ISSOCK", S_ISSOCK(st.st_mode));
	close(fd);
	FACT("truncate", truncate("socket", 0));
	FACT("chdir", chdir("socket"));
	FACT("opendir", opendir("socket") ? 0 : -1);
	FACT("readlink", readlink("socket", (char[8]){0}, 8));
	FACT("rmdir", rmdir("socket"));
	FACT("mkdir of its name", mkdir("socket", 0755));
	FACT("access", access("socket", R_OK | W_OK));
	FACT("chmod", chmod("socket", 0600));
	FACT_OCTAL("mode then", mode_of("socket"));
	FACT("utimensat", utimensat(AT_FDCWD, "socket", (struct timespec[]){{1, 0}, {2, 0}}, 0));
	FACT("link to it", link("socket", "second"));
	FACT_YES("both names are the same", same_file("socket", "second"));
	FACT("rename", rename("socket", "third"));
	FACT_TEXT("type of the new name", type_of("third"));
	FACT("rename onto a file", rename("third", "file"));
	FACT_TEXT("type of that name", type_of("file"));
	FACT("rename of a file onto it", rename("none", "file"));
	FACT_TEXT("type of that name then", type_of("file"));
	FACT("links of the last name", links_of("second"));
	FACT("unlink", unlink("second"));
	FACT_TEXT("names in the end", names_in("."));
}

void chapter_mknod(void)
{
	if (mkfifo("probe", 0600) < 0)
		chapter_leave_out();
	MUST(unlink("probe"));
	kinds();
	life();
}
