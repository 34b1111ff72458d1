/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls that look up from a descriptor. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static int dir, other, file; /* descriptors of "dir", "other" and "dir/file" */
static struct stat st;

static long size_at(int fd, const char *path, int flags)
{
	return fstatat(fd, path, &st, flags) < 0 ? -1 : (long)st.st_size;
}

static void opening(void)
{
	FACT("openat", shut(openat(dir, "file", O_RDONLY)));
	FACT("openat of a new file", shut(openat(dir, "new", O_RDWR | O_CREAT, 0644)));
	FACT_TEXT("it is in that directory", type_of("dir/new"));
	FACT("openat of a missing file", shut(openat(dir, "none", O_RDONLY)));
	FACT("openat of ..", shut(openat(dir, "..", O_RDONLY)));
	FACT("openat of a file beside", shut(openat(dir, "../top", O_RDONLY)));
	FACT("openat of an absolute path", shut(openat(dir, "/", O_RDONLY)));
	FACT("openat of an absolute path from nothing", shut(openat(-1, "/", O_RDONLY)));
	FACT("openat of an absolute path from a file", shut(openat(file, "/", O_RDONLY)));
	FACT("openat of an empty path", shut(openat(dir, "", O_RDONLY)));
	FACT("openat from a file", shut(openat(file, "x", O_RDONLY)));
	FACT("openat of . from a file", shut(openat(file, ".", O_RDONLY)));
	FACT("openat from nothing", shut(openat(-1, "file", O_RDONLY)));
	FACT("openat from a descriptor that is too large", shut(openat(100000, "file", O_RDONLY)));
	FACT("openat AT_FDCWD", shut(openat(AT_FDCWD, "dir/file", O_RDONLY)));
	FACT("openat O_EXCL of a file", shut(openat(dir, "file", O_RDWR | O_CREAT | O_EXCL, 0644)));
	FACT("openat of a link in it", shut(openat(dir, "soft", O_RDONLY)));
	FACT("openat O_NOFOLLOW of a link in it", shut(openat(dir, "soft", O_RDONLY | O_NOFOLLOW)));
}

static void asking(void)
{
	char buffer[32] = "";

	FACT("fstatat", size_at(dir, "file", 0));
	FACT("fstatat of a link", size_at(dir, "soft", 0));
	FACT("fstatat of a link itself", size_at(dir, "soft", AT_SYMLINK_NOFOLLOW));
	FACT("fstatat from nothing", size_at(-1, "file", 0));
	FACT("fstatat from a file", size_at(file, "x", 0));
	FACT("fstatat of an empty path", size_at(dir, "", 0));
	FACT("fstatat with unknown flags", size_at(dir, "file", 0x40000000));
	FACT("faccessat", faccessat(dir, "file", R_OK, 0));
	FACT("faccessat of a missing file", faccessat(dir, "none", F_OK, 0));
	FACT("faccessat AT_EACCESS", faccessat(dir, "file", R_OK | W_OK, AT_EACCESS));
	FACT("faccessat with unknown flags", faccessat(dir, "file", R_OK, 0x40000000));
	FACT("faccessat with an unknown mode", faccessat(dir, "file", 0x100, 0));
	FACT("faccessat from nothing", faccessat(-1, "file", F_OK, 0));
	FACT("faccessat from a file", faccessat(file, "x", F_OK, 0));
	FACT("readlinkat", readlinkat(dir, "soft", buffer, sizeof(buffer)));
	FACT_TEXT("its text", bytes(buffer, 4));
	FACT("readlinkat of a file", readlinkat(dir, "file", buffer, sizeof(buffer)));
	FACT("readlinkat from nothing", readlinkat(-1, "soft", buffer, sizeof(buffer)));
	FACT("readlinkat from a file", readlinkat(file, "soft", buffer, sizeof(buffer)));
}

static void making(void)
{
	FACT("mkdirat", mkdirat(dir, "d", 0755));
	FACT("mkdirat of one that is there", mkdirat(dir, "d", 0755));
	FACT("mkdirat from nothing", mkdirat(-1, "d", 0755));
	FACT("mkdirat from a file", mkdirat(file, "d", 0755));
	FACT("mkfifoat", mkfifoat(dir, "fifo", 0644));
	FACT("mkfifoat from nothing", mkfifoat(-1, "fifo", 0644));
	FACT("symlinkat", symlinkat("file", dir, "soft2"));
	FACT("symlinkat from nothing", symlinkat("file", -1, "soft2"));
	FACT("symlinkat from a file", symlinkat("file", file, "soft2"));
	FACT("linkat", linkat(dir, "file", other, "hard", 0));
	FACT("linkat from nothing", linkat(-1, "file", other, "hard2", 0));
	FACT("linkat to nothing", linkat(dir, "file", -1, "hard2", 0));
	FACT("linkat from a file", linkat(file, "file", other, "hard2", 0));
	FACT_TEXT("what is in one", names_in("dir"));
	FACT_TEXT("what is in the other", names_in("other"));
}

static void changing(void)
{
	FACT("fchmodat", fchmodat(dir, "file", 0600, 0));
	FACT_OCTAL("its mode", mode_of("dir/file"));
	FACT("fchmodat of a missing file", fchmodat(dir, "none", 0600, 0));
	FACT("fchmodat from nothing", fchmodat(-1, "file", 0600, 0));
	FACT("fchmodat with unknown flags", fchmodat(dir, "file", 0600, 0x40000000));
	FACT("fchownat to the same", fchownat(dir, "file", geteuid(), getegid(), 0));
	FACT("fchownat of nothing", fchownat(dir, "file", (uid_t)-1, (gid_t)-1, 0));
	FACT("fchownat of a link itself", fchownat(dir, "soft", (uid_t)-1, (gid_t)-1, AT_SYMLINK_NOFOLLOW));
	FACT("fchownat from nothing", fchownat(-1, "file", (uid_t)-1, (gid_t)-1, 0));
	FACT("fchownat with unknown flags", fchownat(dir, "file", (uid_t)-1, (gid_t)-1, 0x40000000));
	FACT("utimensat", utimensat(dir, "file", (struct timespec[]){{1, 0}, {2, 0}}, 0));
	FACT("utimensat from nothing", utimensat(-1, "file", NULL, 0));
	FACT("utimensat from a file", utimensat(file, "x", NULL, 0));
	FACT_YES("its time", fstatat(dir, "file", &st, 0) == 0 && st.st_mtim.tv_sec == 2);
}

static void removing(void)
{
	FACT("renameat", renameat(dir, "new", other, "newer"));
	FACT("renameat of a missing file", renameat(dir, "new", other, "newer"));
	FACT("renameat from nothing", renameat(-1, "file", other, "x"));
	FACT("renameat to nothing", renameat(dir, "file", -1, "x"));
	FACT("renameat from a file", renameat(file, "file", other, "x"));
	FACT("renameat to a file", renameat(dir, "file", file, "x"));
	FACT("renameat of a directory into the other", renameat(dir, "d", other, "d"));
	FACT("unlinkat", unlinkat(other, "newer", 0));
	FACT("unlinkat again", unlinkat(other, "newer", 0));
	FACT("unlinkat of a directory", unlinkat(other, "d", 0));
	FACT("unlinkat AT_REMOVEDIR of a file", unlinkat(dir, "file", AT_REMOVEDIR));
	FACT("unlinkat AT_REMOVEDIR", unlinkat(other, "d", AT_REMOVEDIR));
	FACT("unlinkat AT_REMOVEDIR of one that is not empty", unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR));
	FACT("unlinkat with unknown flags", unlinkat(dir, "file", 0x40000000));
	FACT("unlinkat from nothing", unlinkat(-1, "file", 0));
	FACT("unlinkat from a file", unlinkat(file, "file", 0));
	FACT_TEXT("what is left in one", names_in("dir"));
	FACT_TEXT("what is left in the other", names_in("other"));
}

/* The descriptor is the directory, whatever it is called now. */
static void moved(void)
{
	MUST(rename("dir", "elsewhere"));
	FACT("openat after rename of the directory", shut(openat(dir, "file", O_RDONLY)));
	MUST(mkdir("dir", 0755));
	FACT("openat is not misled by a new one of that name", shut(openat(dir, "file", O_RDONLY)));
	FACT("mkdirat after rename", mkdirat(dir, "late", 0755));
	FACT_TEXT("is where the directory is now", type_of("elsewhere/late"));
}

static void places(void)
{
	int place = MUST(open("elsewhere", O_PATH | O_DIRECTORY)), thing = MUST(open("top", O_PATH));

	FACT("openat from O_PATH", shut(openat(place, "file", O_RDONLY)));
	FACT("read of O_PATH", read(thing, (char[4]){0}, 4));
	FACT("write of O_PATH", write(thing, "x", 1));
	FACT("lseek of O_PATH", lseek(thing, 0, SEEK_SET));
	FACT("fstat of O_PATH", fstat(thing, &st));
	FACT("ftruncate of O_PATH", ftruncate(thing, 0));
	FACT("fchmod of O_PATH", fchmod(thing, 0644));
	FACT("fchown of O_PATH", fchown(thing, (uid_t)-1, (gid_t)-1));
	FACT("fsync of O_PATH", fsync(thing));
	FACT("O_PATH of a link with O_NOFOLLOW", shut(open("elsewhere/soft", O_PATH | O_NOFOLLOW)));
	FACT("O_PATH of a missing file", shut(open("none", O_PATH)));
	FACT("fchdir to O_PATH", fchdir(place));
	FACT_TEXT("what is there", type_of("late"));
	MUST(chdir(".."));
	close(place);
	close(thing);
}

void chapter_at_family(void)
{
	MUST(put("top", "top"));
	MUST(mkdir("dir", 0755));
	MUST(mkdir("other", 0755));
	MUST(put("dir/file", "12345"));
	MUST_IF_OFFERED(symlink("file", "dir/soft"));
	dir = MUST(open("dir", O_RDONLY | O_DIRECTORY));
	other = MUST(open("other", O_RDONLY | O_DIRECTORY));
	file = MUST(open("dir/file", O_RDWR));
	opening();
	asking();
	making();
	changing();
	removing();
	moved();
	places();
	close(dir);
	close(other);
	close(file);
}
