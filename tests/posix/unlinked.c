/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are open and have no name any more. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static struct stat st;

static long links(int fd)
{
	return fstat(fd, &st) < 0 ? -1 : (long)st.st_nlink;
}

static void reading_and_writing(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0644));

	MUST(write(fd, "before", 6));
	FACT("unlink", unlink("file"));
	FACT("stat by name", exists("file"));
	FACT("links", links(fd));
	FACT("size", st.st_size);
	MUST(lseek(fd, 0, SEEK_SET));
	FACT_TEXT("read", next(fd, 20));
	FACT("write", write(fd, " after", 6));
	FACT("ftruncate to more", ftruncate(fd, 100000));
	FACT("write far on", pwrite(fd, "x", 1, 200000));
	MUST(fstat(fd, &st));
	FACT("size after those", st.st_size);
	MUST(lseek(fd, 0, SEEK_SET));
	FACT_TEXT("read again", next(fd, 12));
	FACT("fchmod", fchmod(fd, 0600));
	FACT("fsync", fsync(fd));
	FACT("futimens", futimens(fd, (struct timespec[]){{1, 0}, {2, 0}}));
	MUST(fstat(fd, &st));
	FACT_OCTAL("mode", st.st_mode & 07777);
	FACT("mtime", st.st_mtim.tv_sec);
	FACT("close", close(fd));
}

/* A new file of the same name is another one. */
static void namesake(void)
{
	int fd, copy;

	MUST(put("name", "old"));
	fd = MUST(open("name", O_RDWR));
	MUST(unlink("name"));
	MUST(put("name", "new"));
	FACT_TEXT("the new one", get("name"));
	FACT_TEXT("the old one", next(fd, 10));
	copy = MUST(dup(fd));
	close(fd);
	FACT("write to the old one by a duplicate", write(copy, "!", 1));
	FACT_TEXT("the new one after that", get("name"));
	MUST(lseek(copy, 0, SEEK_SET));
	FACT_TEXT("the old one after that", next(copy, 10));
	close(copy);
	FACT_TEXT("the new one in the end", get("name"));
}

static void names(void)
{
	int fd;

	MUST(put("one", "text"));
	MUST_IF_OFFERED(link("one", "two"));
	fd = MUST(open("one", O_RDONLY));
	MUST(unlink("one"));
	FACT("links with a name left", links(fd));
	MUST(tree_remove("two"));
	FACT("links without", links(fd));
	close(fd);
	/* It is gone, and so is what it took. */
	MUST(put("one", "x"));
	fd = MUST(open("one", O_RDWR | O_TRUNC));
	MUST(unlink("one"));
	FACT("O_TRUNC and unlink", links(fd));
	close(fd);
	FACT_TEXT("names left", names_in("."));
}

static void many(void)
{
	char name[24];
	int fds[100], right = 0;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		fds[i] = MUST(open(name, O_RDWR | O_CREAT, 0644));
		MUST(write(fds[i], name, strlen(name)));
		MUST(unlink(name));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		MUST(lseek(fds[i], 0, SEEK_SET));
		const char *text = next(fds[i], 20);
		right += text && strcmp(text, name) == 0;
		close(fds[i]);
	}
	FACT("a hundred at once", right);
	FACT_TEXT("names of those", names_in("."));
}

static void directories(void)
{
	int fd;

	MUST(mkdir("dir", 0755));
	fd = MUST(open("dir", O_RDONLY | O_DIRECTORY));
	MUST(rmdir("dir"));
	FACT("links of a directory that is gone", links(fd));
	FACT("openat of . in it", shut(openat(fd, ".", O_RDONLY)));
	FACT("mkdirat in it", mkdirat(fd, "d", 0755));
	FACT("symlinkat in it", symlinkat("x", fd, "l"));
	FACT("linkat into it", linkat(AT_FDCWD, "name", fd, "l", 0));
	FACT("renameat into it", renameat(AT_FDCWD, "name", fd, "l"));
	FACT("fstatat of a name in it", fstatat(fd, "x", &st, 0));
	FACT("unlinkat in it", unlinkat(fd, "x", 0));
	FACT("fchmod of it", fchmod(fd, 0700));
	MUST(mkdir("dir", 0755));
	MUST(put("dir/file", ""));
	FACT("fstatat in it when there is a new one", fstatat(fd, "file", &st, 0));
	close(fd);
}

void chapter_unlinked(void)
{
	reading_and_writing();
	namesake();
	MUST(unlink("name"));
	names();
	many();
	MUST(put("name", "name"));
	directories();
}
