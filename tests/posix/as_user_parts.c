/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the chapter as_user that children with another user run. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/as_user.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void nothing(const char *fact)
{
	(void)fact;
}

/* Which of r, w and x there are, by opening and asking. */
static void allowed(const char *fact)
{
	char text[8];
	bool r = shut(open("file", O_RDONLY)) == 0, w = shut(open("file", O_WRONLY)) == 0;

	snprintf(text, sizeof(text), "%c%c%c", r ? 'r' : '-', w ? 'w' : '-', access("file", X_OK) == 0 ? 'x' : '-');
	FACT_TEXT(fact, text);
}

static void change_mode(const char *fact)
{
	FACT(fact, chmod("file", 0600));
}

static void identity(const char *fact)
{
	char text[64];
	struct stat st;

	snprintf(text, sizeof(text), "%u %u %d", (unsigned)geteuid(), (unsigned)getegid(), getgroups(0, NULL));
	FACT_TEXT(fact, text);
	FACT("stat of the working directory", stat(".", &st));
}

static void directory_0755(const char *fact)
{
	(void)fact;
	FACT("new file in a directory 0755", put("dir/new", ""));
	FACT("mkdir in it", mkdir("dir/d", 0755));
	FACT("unlink in it", unlink("dir/file"));
	FACT("unlink of a missing file in it", unlink("dir/none"));
	FACT("rename in it", rename("dir/file", "dir/x"));
	FACT("symlink in it", symlink("x", "dir/x"));
	FACT("mkfifo in it", mkfifo("dir/x", 0644));
	FACT("mkdir of one that is there", mkdir("dir/file", 0755));
	FACT("O_CREAT of a file that is there", shut(open("dir/file", O_RDONLY | O_CREAT, 0644)));
	FACT("O_CREAT of a file that is there, to write", shut(open("dir/file", O_WRONLY | O_CREAT, 0644)));
	FACT("access W_OK of it", access("dir", W_OK));
	FACT("access X_OK of it", access("dir", X_OK));
}

static void directory_0744(const char *fact)
{
	(void)fact;
	FACT_TEXT("list of a directory 0744", names_in("dir"));
	FACT("stat in it", exists("dir/file"));
	FACT("stat of a missing file in it", exists("dir/none"));
	FACT("open in it", shut(open("dir/file", O_RDONLY)));
	FACT("chdir to it", chdir("dir"));
	FACT("stat of dir/.", exists("dir/."));
	FACT("stat of dir/..", exists("dir/.."));
	FACT("stat of dir", exists("dir"));
}

static void directory_0711(const char *fact)
{
	int fd;

	(void)fact;
	FACT_TEXT("list of a directory 0711", names_in("dir"));
	FACT_TEXT("read in it", get("dir/file"));
	FACT("chdir to it, 0711", chdir("dir"));
	FACT("stat from it", exists("file"));
	MUST(chdir(".."));
	fd = open("dir", O_PATH | O_DIRECTORY);
	FACT("openat in it", shut(openat(fd, "file", O_RDONLY)));
	FACT("openat of itself to be listed", shut(openat(fd, ".", O_RDONLY)));
}

static void directory_0777(const char *fact)
{
	(void)fact;
	FACT("rename of somebody's file in a directory 0777", rename("dir/file", "dir/x"));
	FACT("unlink of somebody's file in it", unlink("dir/x"));
	FACT("new file in it", put("dir/mine", "x"));
	FACT("rename out of it", rename("dir/mine", "mine"));
	FACT("link out of it", link("dir/mine", "mine"));
}

static void directory_0700(const char *fact)
{
	(void)fact;
	FACT("stat below a directory 0700", exists("closed/open"));
	FACT("stat of a missing file below it", exists("closed/none"));
	FACT("new file further down", put("closed/open/file", "x"));
	FACT("new file further down through a link", put("through/file", "x"));
	FACT_TEXT("text of that link", link_text("through"));
	FACT("chdir further down", chdir("closed/open"));
	FACT("rename into it", rename("file", "closed/open/file"));
}

static void sticky_make(const char *fact)
{
	(void)fact;
	FACT("new file in a sticky directory", put("tmp/own", "x"));
	FACT("mkdir in a sticky directory", mkdir("tmp/dir", 0755));
}

static void sticky_others(const char *fact)
{
	(void)fact;
	FACT("unlink of somebody's file in a sticky directory", unlink("tmp/own"));
	FACT("rename of it", rename("tmp/own", "tmp/x"));
	FACT("rmdir of somebody's directory", rmdir("tmp/dir"));
	MUST(put("tmp/other", "x"));
	FACT("rename onto somebody's file", rename("tmp/other", "tmp/own"));
	FACT("rename of an own file", rename("tmp/other", "tmp/another"));
	FACT("unlink of an own file", unlink("tmp/another"));
}

static void sticky_owner(const char *fact)
{
	char name[64];

	snprintf(name, sizeof(name), "unlink by the owner%s", fact);
	FACT(name, unlink("tmp/own"));
}

static void change_0666(const char *fact)
{
	const struct timespec times[2] = {{1, 0}, {1, 0}};
	const struct timespec half[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};

	(void)fact;
	FACT("chmod of somebody's file", chmod("theirs", 0666));
	FACT("chown of somebody's file", chown("theirs", geteuid(), (gid_t)-1));
	FACT("chown of nothing of somebody's file", chown("theirs", (uid_t)-1, (gid_t)-1));
	FACT("utimensat to given times of somebody's file", utimensat(AT_FDCWD, "theirs", times, 0));
	FACT("utimensat to now of somebody's file that may be written", utimensat(AT_FDCWD, "theirs", NULL, 0));
	FACT("utimensat to now of one time only", utimensat(AT_FDCWD, "theirs", half, 0));
	FACT("truncate of somebody's file that may be written", truncate("theirs", 5));
}

static void change_0644(const char *fact)
{
	(void)fact;
	FACT("utimensat to now of somebody's file", utimensat(AT_FDCWD, "theirs", NULL, 0));
	FACT("truncate of somebody's file", truncate("theirs", 0));
	FACT("open with O_TRUNC to read", shut(open("theirs", O_RDONLY | O_TRUNC)));
	FACT("size after those", size_of("theirs"));
}

static void change_own(const char *fact)
{
	int fd;

	(void)fact;
	FACT("chown by the owner to another user", chown("theirs", geteuid() + 1, (gid_t)-1));
	FACT("chown by the owner to another group", chown("theirs", (uid_t)-1, getegid() + 999));
	FACT("chown by the owner to a group of his", chown("theirs", (uid_t)-1, getegid() + 1));
	FACT("chmod by the owner to 06755", chmod("theirs", 06755));
	FACT_OCTAL("its mode", mode_of("theirs"));
	fd = MUST(open("theirs", O_WRONLY));
	MUST(write(fd, "x", 1));
	FACT_OCTAL("mode after a write by the owner", mode_of("theirs"));
	MUST(chmod("theirs", 06755));
	MUST(ftruncate(fd, 0));
	FACT_OCTAL("mode after ftruncate by the owner", mode_of("theirs"));
	MUST(chmod("theirs", 06755));
	MUST(chown("theirs", (uid_t)-1, getegid()));
	FACT_OCTAL("mode after chown by the owner", mode_of("theirs"));
	close(fd);
}

static void change_group(const char *fact)
{
	(void)fact;
	MUST(chmod("theirs", 02755));
}

static void set_group_id(const char *fact)
{
	struct stat st;

	(void)fact;
	MUST(put("shared/file", "x"));
	MUST(stat("shared/file", &st));
	FACT("group of a new file in a directory of another group", st.st_gid);
	FACT("mode with set-group-ID of that", chmod("shared/file", 02755));
	FACT_OCTAL("what that gives", mode_of("shared/file"));
	MUST(mkdir("shared/dir", 0755));
	FACT_OCTAL("new directory in it", mode_of("shared/dir"));
	FACT("chmod of that to 02700", chmod("shared/dir", 02700));
	FACT_OCTAL("what that gives the directory", mode_of("shared/dir"));
}

const struct user_part user_parts[] = {
	{"nothing", nothing},
	{"allowed", allowed},
	{"chmod", change_mode},
	{"identity", identity},
	{"directory 0755", directory_0755},
	{"directory 0744", directory_0744},
	{"directory 0711", directory_0711},
	{"directory 0777", directory_0777},
	{"directory 0700", directory_0700},
	{"sticky make", sticky_make},
	{"sticky others", sticky_others},
	{"sticky owner", sticky_owner},
	{"change 0666", change_0666},
	{"change 0644", change_0644},
	{"change own", change_own},
	{"change group", change_group},
	{"set-group-ID directory", set_group_id},
	{NULL, NULL},
};
