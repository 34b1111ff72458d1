/* SPDX-License-Identifier: BSD-2-Clause */
/* Each call that takes a descriptor, with descriptors that are wrong; and when there are no more of them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define MOST 1024 /* more descriptors than there may be */

static char buffer[8];

static long call_read(int fd)
{
	return read(fd, buffer, 4);
}
static long call_write(int fd)
{
	return write(fd, buffer, 4);
}
static long call_pread(int fd)
{
	return pread(fd, buffer, 4, 0);
}
static long call_pwrite(int fd)
{
	return pwrite(fd, buffer, 4, 0);
}
static long call_readv(int fd)
{
	return readv(fd, &(struct iovec){buffer, 4}, 1);
}
static long call_writev(int fd)
{
	return writev(fd, &(struct iovec){buffer, 4}, 1);
}
static long call_lseek(int fd)
{
	return lseek(fd, 0, SEEK_SET);
}
static long call_ftruncate(int fd)
{
	return ftruncate(fd, 4);
}
static long call_fstat(int fd)
{
	return fstat(fd, &(struct stat){0});
}
static long call_fchmod(int fd)
{
	return fchmod(fd, 0755);
}
static long call_fchown(int fd)
{
	return fchown(fd, (uid_t)-1, (gid_t)-1);
}
static long call_fchdir(int fd)
{
	return fchdir(fd);
}
static long call_fsync(int fd)
{
	return fsync(fd);
}
static long call_fdatasync(int fd)
{
	return fdatasync(fd);
}
static long call_futimens(int fd)
{
	return futimens(fd, NULL);
}
static long call_dup(int fd)
{
	return shut(dup(fd));
}
static long call_getfl(int fd)
{
	return fcntl(fd, F_GETFL) < 0 ? -1 : 0;
}
static long call_isatty(int fd)
{
	return isatty(fd) ? 1 : -1;
}
static long call_openat(int fd)
{
	return shut(openat(fd, "none", O_RDONLY));
}
static long call_fdopendir(int fd)
{
	int copy = dup(fd);
	DIR *dir = fdopendir(copy);

	if (dir)
		return closedir(dir);
	int error = errno;
	if (copy >= 0)
		close(copy);
	errno = error;
	return -1;
}

static const struct {
	const char *name;
	long (*call)(int fd);
} calls[] = {
	{"read", call_read},     {"write", call_write},         {"pread", call_pread},
	{"pwrite", call_pwrite}, {"readv", call_readv},         {"writev", call_writev},
	{"lseek", call_lseek},   {"ftruncate", call_ftruncate}, {"fstat", call_fstat},
	{"fchmod", call_fchmod}, {"fchown", call_fchown},       {"fchdir", call_fchdir},
	{"fsync", call_fsync},   {"fdatasync", call_fdatasync}, {"futimens", call_futimens},
	{"dup", call_dup},       {"F_GETFL", call_getfl},       {"isatty", call_isatty},
	{"openat", call_openat}, {"fdopendir", call_fdopendir},
};

static void each(const char *what, int fd)
{
	char name[128];

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		snprintf(name, sizeof(name), "%s of %s", calls[i].name, what);
		FACT(name, calls[i].call(fd));
	}
}

static void no_more(void)
{
	static int fds[MOST];
	int count = 0;

	MUST(exists("file"));
	while (count < MOST && (fds[count] = open("file", O_RDONLY)) >= 0)
		count++;
	FACT("open without a descriptor", shut(open("file", O_RDONLY)));
	FACT("open of a missing file without a descriptor", shut(open("none", O_RDONLY)));
	FACT("creat without a descriptor", shut(open("new", O_RDWR | O_CREAT, 0644)));
	FACT("what that made", exists("new"));
	FACT("opendir without a descriptor", opendir(".") ? 0 : -1);
	FACT("dup without a descriptor", dup(fds[0]));
	FACT("F_DUPFD without a descriptor", fcntl(fds[0], F_DUPFD, 0));
	FACT_YES("dup2 without a descriptor", dup2(fds[0], fds[1]) == fds[1]);
	FACT("stat without a descriptor", exists("file"));
	MUST(close(fds[--count]));
	FACT("open after one was closed", shut(open("file", O_RDONLY)));
	while (count > 0)
		close(fds[--count]);
}

void chapter_errors_fd(void)
{
	int closed, file, dir, fifo;

	MUST(put("file", "text"));
	MUST_IF_OFFERED(mkfifo("fifo", 0644));
	closed = MUST(open("file", O_RDWR));
	close(closed);
	each("a closed descriptor", closed);
	each("descriptor -1", -1);
	each("descriptor 1000000", 1000000);
	FACT("close of descriptor -1", close(-1));
	FACT("close of descriptor 1000000", close(1000000));
	file = MUST(open("file", O_RDONLY));
	each("a read-only file", file);
	close(file);
	file = MUST(open("file", O_WRONLY));
	each("a write-only file", file);
	close(file);
	dir = MUST(open(".", O_RDONLY));
	each("a directory", dir);
	close(dir);
	no_more();
	FACT("open of a FIFO", shut(open("fifo", O_RDWR | O_NONBLOCK)));
	fifo = open("fifo", O_RDWR | O_NONBLOCK);
	each("a FIFO", fifo);
	if (fifo >= 0)
		close(fifo);
}
