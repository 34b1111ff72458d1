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

/* Which of mtime and ctime an action changes. */
static const char *marks(const char *path, int (*action)(void))
{
	const struct timespec past[2] = {{PAST, 0}, {PAST, 0}};
	struct stat before, after;

	MUST(utimensat(AT_FDCWD, path, past, AT_SYMLINK_NOFOLLOW));
	MUST(lstat(path, &before));
	usleep(STEP_US);
	MUST(action());
	MUST(lstat(path, &after));
	bool modified = after.st_mtim.tv_sec != PAST;
	bool changed = after.st_ctim.tv_sec != before.st_ctim.tv_sec || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec;

	return modified ? (changed ? "mtime ctime" : "mtime") : (changed ? "ctime" : "");
}

static int do_write(void)
{
	return write(fd, "x", 1) == 1 ? 0 : -1;
}
static int do_write_nothing(void)
{
	return (int)write(fd, "x", 0);
}
static int do_pwrite(void)
{
	return pwrite(fd, "x", 1, 0) == 1 ? 0 : -1;
}
static int do_ftruncate(void)
{
	return ftruncate(fd, 100);
}
static int do_ftruncate_same(void)
{
	return ftruncate(fd, 100);
}
static int do_truncate(void)
{
	return truncate("file", 5);
}
static int do_open(void)
{
	return shut(open("file", O_RDWR));
}
static int do_open_cut(void)
{
	return shut(open("file", O_RDWR | O_TRUNC));
}
static int do_chmod(void)
{
	return chmod("file", 0640);
}
static int do_chmod_same(void)
{
	return chmod("file", 0640);
}
static int do_chown(void)
{
	return chown("file", geteuid(), getegid());
}
static int do_link(void)
{
	return link("file", "dir/hard");
}
static int do_unlink(void)
{
	return unlink("dir/hard");
}
static int do_rename(void)
{
	return rename("dir/a", "dir/b");
}
static int do_rename_file(void)
{
	return rename("file", "file2") < 0 ? -1 : rename("file2", "file");
}
static int do_create(void)
{
	return put("dir/a", "");
}
static int do_put_inner(void)
{
	return put("dir/b", "more");
}
static int do_mkdir(void)
{
	return mkdir("dir/d", 0755);
}
static int do_rmdir(void)
{
	return rmdir("dir/d");
}
static int do_symlink(void)
{
	return symlink("to", "dir/link");
}
static int do_readlink(void)
{
	return link_text("link") ? 0 : -1;
}
static int do_chmod_inner(void)
{
	return chmod("dir/b", 0600);
}
static int do_list(void)
{
	return names_in("dir") ? 0 : -1;
}
static int do_read(void)
{
	return pread(fd, (char[4]){0}, 4, 0) < 0 ? -1 : 0;
}
static int do_utime(void)
{
	return utimensat(AT_FDCWD, "file", (struct timespec[]){{PAST, 0}, {PAST, 0}}, 0);
}
static int do_utime_omit(void)
{
	return utimensat(AT_FDCWD, "file", (struct timespec[]){{0, UTIME_OMIT}, {0, UTIME_OMIT}}, 0);
}

static void changes(void)
{
	FACT_TEXT("write", marks("file", do_write));
	FACT_TEXT("write of nothing", marks("file", do_write_nothing));
	FACT_TEXT("pwrite", marks("file", do_pwrite));
	FACT_TEXT("read", marks("file", do_read));
	FACT_TEXT("ftruncate", marks("file", do_ftruncate));
	FACT_TEXT("ftruncate to the same size", marks("file", do_ftruncate_same));
	FACT_TEXT("truncate", marks("file", do_truncate));
	FACT_TEXT("open", marks("file", do_open));
	FACT_TEXT("open with O_TRUNC", marks("file", do_open_cut));
	FACT_TEXT("chmod", marks("file", do_chmod));
	FACT_TEXT("chmod to the same mode", marks("file", do_chmod_same));
	FACT_TEXT("chown", marks("file", do_chown));
	FACT_TEXT("rename of a file, the file", marks("file", do_rename_file));
	FACT_TEXT("utimensat", marks("file", do_utime));
	FACT_TEXT("utimensat with both omitted", marks("file", do_utime_omit));
	FACT_TEXT("link, the file", marks("file", do_link));
	FACT_TEXT("unlink, the file with a name left", marks("file", do_unlink));
	FACT_TEXT("link, the directory", marks("dir", do_link));
	FACT_TEXT("unlink, the directory", marks("dir", do_unlink));
	FACT_TEXT("new file, the directory", marks("dir", do_create));
	FACT_TEXT("rename, the directory", marks("dir", do_rename));
	FACT_TEXT("write to a file, the directory", marks("dir", do_put_inner));
	FACT_TEXT("chmod of a file, the directory", marks("dir", do_chmod_inner));
	FACT_TEXT("mkdir, the directory above", marks("dir", do_mkdir));
	FACT_TEXT("rmdir, the directory above", marks("dir", do_rmdir));
	FACT_TEXT("symlink, the directory", marks("dir", do_symlink));
	FACT_TEXT("readdir", marks("dir", do_list));
	FACT_TEXT("readlink", marks("link", do_readlink));
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
	MUST(symlink("nowhere", "link"));
	fd = MUST(open("file", O_RDWR | O_CREAT, 0644));
	changes();
	setting();
	attributes();
	close(fd);
}
