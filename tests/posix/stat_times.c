/* SPDX-License-Identifier: BSD-2-Clause */
/* stat, and when the three times change. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define PAST 1000000000

/* Longer than the steps of a clock that times are taken from. */
#define STEP_US 20000

static int fd; /* of "file" */

/* Which of mtime and ctime a call changes. */
#define MARKS(name, path, call) (marks_begin(path), MUST_IF_OFFERED(call), FACT_TEXT(name, marks_end(path)))

static struct stat before;

static void marks_begin(const char *path)
{
	const struct timespec past[2] = {{PAST, 0}, {PAST, 0}};

	MUST_IF_OFFERED(utimensat(AT_FDCWD, path, past, AT_SYMLINK_NOFOLLOW));
	MUST_IF_OFFERED(lstat(path, &before));
	usleep(STEP_US);
}

static const char *marks_end(const char *path)
{
	struct stat after = before;
	bool modified, changed;

	MUST_IF_OFFERED(lstat(path, &after));
	modified = after.st_mtim.tv_sec != PAST;
	changed = after.st_ctim.tv_sec != before.st_ctim.tv_sec || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec;
	return modified ? (changed ? "mtime ctime" : "mtime") : (changed ? "ctime" : "");
}

static void changes(void)
{
	const struct timespec past[2] = {{PAST, 0}, {PAST, 0}}, omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
	char buffer[4];

	MARKS("write", "file", write(fd, "x", 1));
	MARKS("write of nothing", "file", write(fd, "x", 0));
	MARKS("pwrite", "file", pwrite(fd, "x", 1, 0));
	MARKS("read", "file", pread(fd, buffer, 4, 0));
	MARKS("ftruncate", "file", ftruncate(fd, 100));
	MARKS("ftruncate to the same size", "file", ftruncate(fd, 100));
	MARKS("truncate", "file", truncate("file", 5));
	MARKS("open", "file", shut(open("file", O_RDWR)));
	MARKS("open with O_TRUNC", "file", shut(open("file", O_RDWR | O_TRUNC)));
	MARKS("chmod", "file", chmod("file", 0640));
	MARKS("chmod to the same mode", "file", chmod("file", 0640));
	MARKS("chown", "file", chown("file", geteuid(), getegid()));
	MARKS("rename of a file, the file", "file", rename("file", "file2") < 0 ? -1 : rename("file2", "file"));
	MARKS("utimensat", "file", utimensat(AT_FDCWD, "file", past, 0));
	MARKS("utimensat with both omitted", "file", utimensat(AT_FDCWD, "file", omit, 0));
	MARKS("link, the file", "file", link("file", "dir/hard"));
	MARKS("unlink, the file with a name left", "file", unlink("dir/hard"));
	MARKS("link, the directory", "dir", link("file", "dir/hard"));
	MARKS("unlink, the directory", "dir", unlink("dir/hard"));
	MARKS("new file, the directory", "dir", put("dir/a", ""));
	MARKS("rename, the directory", "dir", rename("dir/a", "dir/b"));
	MARKS("write to a file, the directory", "dir", put("dir/b", "more"));
	MARKS("chmod of a file, the directory", "dir", chmod("dir/b", 0600));
	MARKS("mkdir, the directory above", "dir", mkdir("dir/d", 0755));
	MARKS("rmdir, the directory above", "dir", rmdir("dir/d"));
	MARKS("symlink, the directory", "dir", symlink("to", "dir/link"));
	MARKS("readdir", "dir", names_in("dir") ? 0 : -1);
	MARKS("readlink", "link", link_text("link") ? 0 : -1);
}

static const char *times_of(const char *path)
{
	static char text[128];
	struct stat st;

	if (lstat(path, &st) < 0)
		return NULL;
	snprintf(text, sizeof(text), "%lld.%09ld %lld.%09ld", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return text;
}

static int set(const char *path, long a, long a_ns, long m, long m_ns, int flags)
{
	return utimensat(AT_FDCWD, path, (struct timespec[]){{a, a_ns}, {m, m_ns}}, flags);
}

static void setting(void)
{
	struct stat st;

	FACT("utimensat to given times", set("file", 1, 2, 1700000000, 999999999, 0));
	FACT_TEXT("what that gives", times_of("file"));
	FACT("utimensat before 1970", set("file", -2, 500, -1, 0, 0));
	FACT_TEXT("what before 1970 gives", times_of("file"));
	FACT("utimensat, atime only", set("file", 7, 8, 0, UTIME_OMIT, 0));
	FACT_TEXT("what atime only gives", times_of("file"));
	FACT("utimensat with UTIME_NOW", set("file", 7, 8, 0, UTIME_NOW, 0));
	MUST(lstat("file", &st));
	FACT_YES("now is not the past", st.st_mtim.tv_sec != -1 && st.st_atim.tv_sec == 7);
	FACT("utimensat with too many nanoseconds", set("file", 0, 1000000000, 0, 0, 0));
	FACT("utimensat with negative nanoseconds", set("file", 0, 0, 0, -5, 0));
	FACT("utimensat of a missing file", set("none", 0, 0, 0, 0, 0));
	FACT("utimensat of a missing file with both omitted", set("none", 0, UTIME_OMIT, 0, UTIME_OMIT, 0));
	FACT("utimensat of a link to nothing", set("link", 1, 0, 2, 0, 0));
	FACT("utimensat of a link itself", set("link", 3, 4, 5, 6, AT_SYMLINK_NOFOLLOW));
	FACT_TEXT("what that gives the link", times_of("link"));
	FACT("utimensat with unknown flags", set("file", 1, 0, 1, 0, 0x40000000));
	FACT("utimensat without times", utimensat(AT_FDCWD, "file", NULL, 0));
	FACT("utimensat below a file", set("file/x", 0, 0, 0, 0, 0));
	FACT("utimensat of an empty path", set("", 0, 0, 0, 0, 0));
	FACT("futimens", futimens(fd, (struct timespec[]){{10, 11}, {12, 13}}));
	FACT_TEXT("what futimens gives", times_of("file"));
	FACT("futimens of a closed descriptor", futimens(-1, NULL));
	FACT("utimes", utimes("file", (struct timeval[]){{20, 21}, {22, 999999}}));
	FACT_TEXT("what utimes gives", times_of("file"));
	FACT("utimes with too many microseconds", utimes("file", (struct timeval[]){{20, 1000000}, {22, 0}}));
	FACT("utime", utime("file", &(struct utimbuf){30, 31}));
	FACT_TEXT("what utime gives", times_of("file"));
}

static void attributes(void)
{
	struct stat st, other;

	MUST(put("plain", "12345"));
	MUST(stat("plain", &st));
	FACT("size", st.st_size);
	FACT("links", st.st_nlink);
	FACT_YES("block size is not 0", st.st_blksize > 0);
	FACT_YES("new files have all three times alike",
		 st.st_mtim.tv_sec - st.st_ctim.tv_sec <= 1 && st.st_atim.tv_sec - st.st_mtim.tv_sec <= 1);
	MUST(stat(".", &other));
	FACT_YES("directory and file are on one device", st.st_dev == other.st_dev);
	FACT_YES("and are not the same", st.st_ino != other.st_ino);
	FACT("stat of a missing file", stat("none", &st));
	FACT("stat of a link to nothing", stat("link", &st));
	FACT("lstat of a link to nothing", lstat("link", &st));
	FACT("size of a link", st.st_size);
	FACT_YES("type of a link", S_ISLNK(st.st_mode));
	FACT("fstat", fstat(fd, &st));
	FACT("fstat of a closed descriptor", fstat(-1, &st));
	FACT_YES("fstat and stat agree",
		 (MUST(stat("file", &other)), st.st_ino == other.st_ino && st.st_size == other.st_size));
}

void chapter_stat_times(void)
{
	MUST(mkdir("dir", 0755));
	MUST_IF_OFFERED(symlink("nowhere", "link"));
	fd = MUST(open("file", O_RDWR | O_CREAT, 0644));
	changes();
	setting();
	attributes();
	close(fd);
}
