/* SPDX-License-Identifier: BSD-2-Clause */
/* What others than user 0 and the owner may do: the process becomes another user, and user 0 again. */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

enum { OWNER = 1001, GROUP = 2001, MEMBER = 1002, OTHER = 1003, SECOND = 2002 };

/* gid with SECOND as supplementary group if the caller asks */
static void become(uid_t user, gid_t group, bool second)
{
	gid_t groups[1] = {SECOND};

	MUST(seteuid(0));
	MUST(setgroups(second ? 1 : 0, groups));
	MUST(setegid(group));
	MUST(seteuid(user));
}

static void again_root(void)
{
	gid_t none = 0;

	MUST(seteuid(0));
	MUST(setegid(0));
	MUST(setgroups(0, &none));
}

/* Which of r, w and x there are, by opening and asking. */
static const char *allowed(const char *path)
{
	static char text[8];
	bool r = shut(open(path, O_RDONLY)) == 0, w = shut(open(path, O_WRONLY)) == 0;
	bool x = faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;

	snprintf(text, sizeof(text), "%c%c%c", r ? 'r' : '-', w ? 'w' : '-', x ? 'x' : '-');
	return text;
}

static void classes(void)
{
	MUST(put("file", "text"));
	MUST(chown("file", OWNER, GROUP));
	MUST(chmod("file", 0751));
	become(OWNER, OWNER, false);
	FACT_TEXT("owner of 0751", allowed("file"));
	become(MEMBER, GROUP, false);
	FACT_TEXT("group of 0751", allowed("file"));
	become(OTHER, OTHER, false);
	FACT_TEXT("others of 0751", allowed("file"));
	again_root();
	MUST(chmod("file", 0077));
	become(OWNER, GROUP, false);
	FACT_TEXT("owner of 0077", allowed("file"));
	FACT("chmod by the owner", chmod("file", 0707));
	become(MEMBER, GROUP, false);
	FACT_TEXT("group of 0707", allowed("file"));
	FACT("chmod by the group", chmod("file", 0777));
	again_root();
	MUST(chown("file", OWNER, SECOND));
	MUST(chmod("file", 0060));
	become(MEMBER, GROUP, true);
	FACT_TEXT("second group of 0060", allowed("file"));
	become(MEMBER, GROUP, false);
	FACT_TEXT("others of 0060", allowed("file"));
	again_root();
}

static void directories(void)
{
	MUST(mkdir("dir", 0755));
	MUST(put("dir/file", "text"));
	become(OTHER, OTHER, false);
	FACT("new file in a directory 0755", put("dir/new", ""));
	FACT("mkdir in it", mkdir("dir/d", 0755));
	FACT("unlink in it", unlink("dir/file"));
	FACT("unlink of a missing file in it", unlink("dir/none"));
	FACT("rename in it", rename("dir/file", "dir/x"));
	FACT("symlink in it", symlink("x", "dir/x"));
	FACT("mkfifo in it", mkfifo("dir/x", 0644));
	FACT("O_CREAT of a file that is there", shut(open("dir/file", O_RDONLY | O_CREAT, 0644)));
	again_root();
	MUST(chmod("dir", 0744));
	become(OTHER, OTHER, false);
	FACT_TEXT("list of a directory 0744", names_in("dir"));
	FACT("stat in it", exists("dir/file"));
	FACT("stat of a missing file in it", exists("dir/none"));
	FACT("chdir to it", chdir("dir"));
	FACT("stat of dir/.", exists("dir/."));
	again_root();
	MUST(chmod("dir", 0711));
	become(OTHER, OTHER, false);
	FACT_TEXT("list of a directory 0711", names_in("dir"));
	FACT_TEXT("read in it", get("dir/file"));
	FACT("O_PATH of it", shut(open("dir", O_PATH | O_DIRECTORY)));
	FACT("chdir to a directory 0711", chdir("dir"));
	again_root();
	MUST(chdir(".."));
	MUST(chmod("dir", 0777));
	become(OTHER, OTHER, false);
	FACT("unlink of somebody's file in a directory 0777", unlink("dir/file"));
	again_root();
}

static void sticky(void)
{
	MUST(mkdir("tmp", 01777));
	MUST(chmod("tmp", 01777));
	become(OWNER, GROUP, false);
	MUST(put("tmp/own", "x"));
	MUST(mkdir("tmp/dir", 0755));
	become(OTHER, OTHER, false);
	FACT("unlink of somebody's file in a sticky directory", unlink("tmp/own"));
	FACT("rename of it", rename("tmp/own", "tmp/x"));
	FACT("rmdir of somebody's directory", rmdir("tmp/dir"));
	MUST(put("tmp/other", "x"));
	FACT("rename onto somebody's file", rename("tmp/other", "tmp/own"));
	FACT("rename of an own file", rename("tmp/other", "tmp/another"));
	FACT("unlink of an own file", unlink("tmp/another"));
	become(OWNER, GROUP, false);
	FACT("unlink by the owner", unlink("tmp/own"));
	again_root();
}

static void changing(void)
{
	const struct timespec times[2] = {{1, 0}, {1, 0}};

	MUST(put("theirs", "x"));
	MUST(chown("theirs", OWNER, GROUP));
	MUST(chmod("theirs", 0666));
	become(OTHER, OTHER, false);
	FACT("chmod of somebody's file", chmod("theirs", 0666));
	FACT("chown of somebody's file", chown("theirs", OTHER, (gid_t)-1));
	FACT("chown of nothing of somebody's file", chown("theirs", (uid_t)-1, (gid_t)-1));
	FACT("utimensat to given times of somebody's file", utimensat(AT_FDCWD, "theirs", times, 0));
	FACT("utimensat to now of somebody's file that may be written", utimensat(AT_FDCWD, "theirs", NULL, 0));
	FACT("truncate of somebody's file that may be written", truncate("theirs", 5));
	again_root();
	MUST(chmod("theirs", 0644));
	become(OTHER, OTHER, false);
	FACT("utimensat to now of somebody's file", utimensat(AT_FDCWD, "theirs", NULL, 0));
	FACT("truncate of somebody's file", truncate("theirs", 0));
	FACT("open with O_TRUNC to read", shut(open("theirs", O_RDONLY | O_TRUNC)));
	become(OWNER, GROUP, true);
	FACT("chown by the owner to another user", chown("theirs", OTHER, (gid_t)-1));
	FACT("chown by the owner to another group", chown("theirs", (uid_t)-1, OTHER));
	FACT("chown by the owner to a group of his", chown("theirs", (uid_t)-1, SECOND));
	FACT("chmod by the owner to 06755", chmod("theirs", 06755));
	FACT_OCTAL("its mode", mode_of("theirs"));
	int fd = MUST(open("theirs", O_WRONLY));
	MUST(write(fd, "x", 1));
	close(fd);
	FACT_OCTAL("mode after a write by the owner", mode_of("theirs"));
	again_root();
	MUST(chown("theirs", OWNER, OTHER));
	become(OWNER, GROUP, false);
	MUST(chmod("theirs", 02755));
	FACT_OCTAL("set-group-ID for a group that is not the owner's", mode_of("theirs"));
	again_root();
}

void chapter_as_user(void)
{
	char path[512];

	/* As another user this very directory must be there. */
	if (geteuid() != 0 || !getcwd(path, sizeof(path)))
		chapter_leave_out();
	become(OTHER, OTHER, false);
	int error = exists(path) < 0 ? errno : 0;
	again_root();
	if (error)
		chapter_leave_out();
	classes();
	directories();
	sticky();
	changing();
}
