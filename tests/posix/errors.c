/* SPDX-License-Identifier: BSD-2-Clause */
/* Each call that takes a path, with each kind of path that is wrong. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static long call_open(const char *path)
{
	return shut(open(path, O_RDONLY));
}
static long call_open_write(const char *path)
{
	return shut(open(path, O_WRONLY));
}
static long call_create(const char *path)
{
	return shut(open(path, O_RDWR | O_CREAT, 0644));
}
static long call_open_directory(const char *path)
{
	return shut(open(path, O_RDONLY | O_DIRECTORY));
}
static long call_stat(const char *path)
{
	return stat(path, &(struct stat){0});
}
static long call_lstat(const char *path)
{
	return lstat(path, &(struct stat){0});
}
static long call_access(const char *path)
{
	return access(path, F_OK);
}
static long call_chmod(const char *path)
{
	return chmod(path, 0700);
}
static long call_chown(const char *path)
{
	return chown(path, (uid_t)-1, (gid_t)-1);
}
static long call_lchown(const char *path)
{
	return lchown(path, (uid_t)-1, (gid_t)-1);
}
static long call_utimensat(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0);
}
static long call_truncate(const char *path)
{
	return truncate(path, 0);
}
static long call_chdir(const char *path)
{
	return chdir(path);
}
static long call_mkdir(const char *path)
{
	return mkdir(path, 0755);
}
static long call_mkfifo(const char *path)
{
	return mkfifo(path, 0644);
}
static long call_rmdir(const char *path)
{
	return rmdir(path);
}
static long call_unlink(const char *path)
{
	return unlink(path);
}
static long call_remove(const char *path)
{
	return remove(path);
}
static long call_link(const char *path)
{
	return link(path, "new");
}
static long call_link_to(const char *path)
{
	return link("file", path);
}
static long call_symlink(const char *path)
{
	return symlink("text", path);
}
static long call_readlink(const char *path)
{
	return readlink(path, (char[8]){0}, 8);
}
static long call_rename(const char *path)
{
	return rename(path, "new");
}
static long call_rename_to(const char *path)
{
	return rename("spare", path);
}
static long call_rename_directory_to(const char *path)
{
	return rename("sparedir", path);
}
static long call_opendir(const char *path)
{
	DIR *dir = opendir(path);

	return dir ? closedir(dir) : -1;
}

static long call_mknod(const char *path)
{
	return mknod(path, S_IFSOCK | 0644, 0);
}
static long call_statvfs(const char *path)
{
	struct statvfs v;

	return statvfs(path, &v);
}
static long call_pathconf(const char *path)
{
	return pathconf(path, _PC_NAME_MAX);
}
static long call_realpath(const char *path)
{
	char *found = realpath(path, NULL);

	free(found);
	return found ? 0 : -1;
}

static const struct {
	const char *name;
	long (*call)(const char *path);
} calls[] = {
	{"open", call_open},           {"open to write", call_open_write},
	{"open O_CREAT", call_create}, {"open O_DIRECTORY", call_open_directory},
	{"stat", call_stat},           {"lstat", call_lstat},
	{"access", call_access},       {"chmod", call_chmod},
	{"chown", call_chown},         {"lchown", call_lchown},
	{"utimensat", call_utimensat}, {"truncate", call_truncate},
	{"chdir", call_chdir},         {"opendir", call_opendir},
	{"mknod", call_mknod},         {"statvfs", call_statvfs},
	{"pathconf", call_pathconf},   {"realpath", call_realpath},
	{"mkdir", call_mkdir},         {"mkfifo", call_mkfifo},
	{"rmdir", call_rmdir},         {"unlink", call_unlink},
	{"remove", call_remove},       {"link", call_link},
	{"link to", call_link_to},     {"symlink", call_symlink},
	{"readlink", call_readlink},   {"rename", call_rename},
	{"rename to", call_rename_to}, {"rename of a directory to", call_rename_directory_to},
};

/* NAME_MAX + 1 bytes, and the same with something below */
static char long_name[257], long_below[260];

static const struct {
	const char *name, *path;
} wrong[] = {
	{"an empty path", ""},
	{"a name in a missing directory", "none/x"},
	{"a name below a file", "file/x"},
	{"a name below a FIFO", "fifo/x"},
	{"a name below a link to nothing", "dangling/x"},
	{"a name below a link to itself", "loop/x"},
	{"a name of 256 bytes", long_name},
	{"a name below one of 256 bytes", long_below},
};

void chapter_errors(void)
{
	char name[128];

	memset(long_name, 'n', 256);
	snprintf(long_below, sizeof(long_below), "%s/x", long_name);
	MUST(put("file", "text"));
	MUST(put("spare", "text"));
	MUST(mkdir("sparedir", 0755));
	MUST_IF_OFFERED(mkfifo("fifo", 0644));
	MUST_IF_OFFERED(symlink("none", "dangling"));
	MUST_IF_OFFERED(symlink("loop", "loop"));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
			snprintf(name, sizeof(name), "%s, %s", calls[i].name, wrong[k].name);
			FACT(name, calls[i].call(wrong[k].path));
		}
	}
	FACT_TEXT("none of those did anything", names_in("."));
}
