/* SPDX-License-Identifier: BSD-2-Clause */
/* Files from a program's side, over a vfs of the test's own. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "protocols/file.h"
#include "protocols/vfs.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/test/check.h"
#include "sys/posix/test/files_up.h"

int pipe2(int fds[2], int flags); /* <unistd.h> shows it to _GNU_SOURCE only */

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	bool written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	return close(fd) == 0 && written ? 0 : -1;
}

static bool holds(const char *path, const char *text)
{
	char buffer[256];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buffer, sizeof(buffer));
	(void)close(fd);
	return n == (ssize_t)strlen(text) && memcmp(buffer, text, (size_t)n) == 0;
}

static void test_open(void)
{
	char text[32] = "";
	int fd, other;

	CHECK_FAILS(open("/tmp/a", O_RDONLY), ENOENT);
	fd = open("/tmp/a", O_RDWR | O_CREAT | O_EXCL, 0666);
	CHECK(fd == 3);
	CHECK_FAILS(open("/tmp/a", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
	CHECK(write(fd, "hello, world", 12) == 12);
	CHECK(lseek(fd, 0, SEEK_CUR) == 12);
	CHECK(lseek(fd, -5, SEEK_END) == 7);
	CHECK(read(fd, text, 32) == 5 && memcmp(text, "world", 5) == 0);
	CHECK(read(fd, text, 32) == 0);
	CHECK(pread(fd, text, 5, 0) == 5 && memcmp(text, "hello", 5) == 0);
	CHECK(pwrite(fd, "J", 1, 0) == 1);
	CHECK(lseek(fd, 0, SEEK_CUR) == 12);
	CHECK_FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_FAILS(lseek(fd, 0, 77), EINVAL);
	CHECK_FAILS(lseek(fd, 100, SEEK_DATA), ENXIO);
	other = dup(fd);
	CHECK(other == 4 && lseek(other, 3, SEEK_SET) == 3 && read(fd, text, 2) == 2 && memcmp(text, "lo", 2) == 0);
	CHECK(close(fd) == 0);
	CHECK(read(other, text, 1) == 1 && text[0] == ',');
	CHECK(close(other) == 0);
	CHECK_FAILS(read(other, text, 1), EBADF);
	CHECK(holds("/tmp/a", "Jello, world"));
	fd = open("/tmp/a", O_WRONLY);
	CHECK_FAILS(read(fd, text, 1), EBADF);
	CHECK_FAILS(pread(fd, text, 1, 0), EBADF);
	CHECK(ftruncate(fd, 3) == 0);
	CHECK_FAILS(ftruncate(fd, -1), EINVAL);
	close(fd);
	CHECK(holds("/tmp/a", "Jel"));
	fd = open("/tmp/a", O_RDONLY);
	CHECK_FAILS(write(fd, text, 1), EBADF);
	CHECK_FAILS(ftruncate(fd, 0), EINVAL);
	CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
	close(fd);
	CHECK(truncate("/tmp/a", 5) == 0 && truncate("/tmp/a", 4) == 0);
	CHECK(holds("/tmp/a", (char[]){'J', 'e', 'l', 0}) == false);
	CHECK_FAILS(truncate("/tmp", 5), EISDIR);
	CHECK_FAILS(open("/tmp", O_WRONLY), EISDIR);
	CHECK_FAILS(open("/tmp/a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_FAILS(open("/tmp/a/b", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/system/none", O_WRONLY | O_CREAT, 0666), EROFS);
	CHECK_FAILS(open("/system/etc/fstab", O_WRONLY), EROFS);
	sync();
	CHECK(unlink("/tmp/a") == 0);
}

static void test_append(void)
{
	int a = open("/tmp/log", O_WRONLY | O_CREAT | O_APPEND, 0600), b = open("/tmp/log", O_RDWR);

	CHECK(fcntl(a, F_GETFL) == (O_WRONLY | O_APPEND));
	CHECK(write(a, "one ", 4) == 4 && write(a, "two ", 4) == 4);
	CHECK(lseek(a, 0, SEEK_SET) == 0 && write(a, "three", 5) == 5);
	CHECK(fcntl(b, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
	CHECK(fcntl(b, F_GETFL) == (O_RDWR | O_APPEND | O_NONBLOCK));
	CHECK(write(b, "!", 1) == 1);
	CHECK(fcntl(b, F_SETFL, 0) == 0 && fcntl(b, F_GETFL) == O_RDWR);
	CHECK(lseek(b, 0, SEEK_SET) == 0 && write(b, "O", 1) == 1);
	CHECK(holds("/tmp/log", "One two three!"));
	close(a);
	close(b);
	CHECK(unlink("/tmp/log") == 0);
}

static void test_vectors(void)
{
	char big[6000], back[6000], a[3], b[4];
	struct iovec out[3] = {{"ab", 2}, {NULL, 0}, {"cdefg", 5}}, in[2] = {{a, 3}, {b, 4}};
	int fd = open("/tmp/v", O_RDWR | O_CREAT, 0600);

	CHECK(writev(fd, out, 3) == 7);
	CHECK(preadv(fd, in, 2, 0) == 7 && memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0);
	memset(big, 'x', sizeof(big));
	out[0] = (struct iovec){big, sizeof(big)};
	CHECK(pwritev(fd, out, 3, 0) == 6005);
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && read(fd, back, sizeof(back)) == 6000 && memcmp(big, back, 6000) == 0);
	CHECK(readv(fd, in, 2) == 5);
	CHECK_FAILS(readv(fd, in, -1), EINVAL);
	out[1].iov_len = (size_t)-1 >> 1;
	CHECK_FAILS(writev(fd, out, 3), EINVAL);
	close(fd);
	CHECK(unlink("/tmp/v") == 0);
}

/* More than one call of the protocol carries. */
static void test_large(void)
{
	enum { SIZE = 3 * 1024 * 1024 + 77 };
	unsigned char *data = malloc(SIZE), *back = malloc(SIZE + 1);
	int fd = open("/tmp/large", O_RDWR | O_CREAT, 0600);

	for (int i = 0; i < SIZE; i++)
		data[i] = (unsigned char)(i * 31 + i / 4096);
	CHECK(write(fd, data, SIZE) == SIZE);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(read(fd, back, SIZE + 1) == SIZE && memcmp(data, back, SIZE) == 0);
	CHECK(pread(fd, back, SIZE, 1024) == SIZE - 1024 && memcmp(data + 1024, back, SIZE - 1024) == 0);
	close(fd);
	CHECK(unlink("/tmp/large") == 0);
	free(data);
	free(back);
}

static void test_stat(void)
{
	struct stat st, other;
	struct timespec times[2] = {{1000000000, 5}, {-3, 999999999}};
	struct timeval tv[2] = {{7, 1}, {8, 999999}};
	int fd;

	umask(027);
	CHECK(umask(022) == 027);
	CHECK(put("/tmp/s", "12345") == 0);
	CHECK(stat("/tmp/s", &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0644 && st.st_size == 5 &&
	      st.st_nlink == 1);
	fd = open("/tmp/s", O_RDWR);
	CHECK(fstat(fd, &other) == 0 && other.st_ino == st.st_ino && other.st_dev == st.st_dev);
	CHECK(stat("/tmp", &other) == 0 && S_ISDIR(other.st_mode) && other.st_dev == st.st_dev);
	CHECK(stat("/", &other) == 0 && S_ISDIR(other.st_mode) && other.st_dev != st.st_dev);
	CHECK(chmod("/tmp/s", 0601) == 0 && stat("/tmp/s", &st) == 0 && (st.st_mode & 07777) == 0601);
	CHECK(fchmod(fd, 0640) == 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640);
	CHECK(chown("/tmp/s", 12, (gid_t)-1) == 0 && fchown(fd, (uid_t)-1, 70000) == 0);
	CHECK(fstat(fd, &st) == 0 && st.st_uid == 12 && st.st_gid == 70000);
	CHECK(futimens(fd, times) == 0 && fstat(fd, &st) == 0);
	CHECK(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 5 && st.st_mtim.tv_sec == -3 &&
	      st.st_mtim.tv_nsec == 999999999);
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_NOW;
	CHECK(utimensat(AT_FDCWD, "/tmp/s", times, 0) == 0 && fstat(fd, &st) == 0 && st.st_atim.tv_sec == 1000000000 &&
	      st.st_mtim.tv_sec >= 0);
	times[0].tv_nsec = 1000000000;
	CHECK_FAILS(futimens(fd, times), EINVAL);
	CHECK(utimes("/tmp/s", tv) == 0 && fstat(fd, &st) == 0 && st.st_atim.tv_sec == 7 &&
	      st.st_mtim.tv_nsec == 999999000);
	CHECK(utime("/tmp/s", &(struct utimbuf){20, 30}) == 0 && fstat(fd, &st) == 0 && st.st_atim.tv_sec == 20 &&
	      st.st_mtim.tv_sec == 30);
	CHECK(access("/tmp/s", R_OK | W_OK) == 0);
	CHECK_FAILS(access("/tmp/s", X_OK), EACCES);
	CHECK_FAILS(access("/system/etc/fstab", W_OK), EROFS);
	CHECK_FAILS(access("/tmp/s", 8), EINVAL);
	CHECK_FAILS(access("/tmp/none", F_OK), ENOENT);
	CHECK_FAILS(stat("/tmp/s/", &st), ENOTDIR);
	CHECK_FAILS(stat("", &st), ENOENT);
	close(fd);
	CHECK(unlink("/tmp/s") == 0);
}

static void test_names(void)
{
	char text[64], deep[1400];
	struct stat st, other;

	CHECK(mkdir("/tmp/d", 0777) == 0 && mkdir("/tmp/d/e", 0700) == 0);
	CHECK_FAILS(mkdir("/tmp/d", 0777), EEXIST);
	CHECK_FAILS(mkdir("/tmp", 0777), EEXIST);
	CHECK_FAILS(mkdir("/", 0777), EEXIST);
	CHECK_FAILS(mkdir("/tmp/x/y", 0777), ENOENT);
	CHECK_FAILS(rmdir("/tmp/d"), ENOTEMPTY);
	CHECK_FAILS(rmdir("/tmp"), EBUSY);
	CHECK_FAILS(unlink("/tmp/d"), EISDIR);
	CHECK(put("/tmp/d/f", "f") == 0);
	CHECK_FAILS(rmdir("/tmp/d/f"), ENOTDIR);
	CHECK(link("/tmp/d/f", "/tmp/d/g") == 0 && stat("/tmp/d/g", &st) == 0 && st.st_nlink == 2);
	CHECK_FAILS(link("/tmp/d/f", "/tmp/d/g"), EEXIST);
	CHECK_FAILS(link("/tmp/d/f", "/home/g"), EXDEV);
	CHECK_FAILS(rename("/tmp/d/f", "/home/f"), EXDEV);
	CHECK_FAILS(rename("/tmp", "/tmp2"), EBUSY);
	CHECK_FAILS(rename("/tmp/d", "/tmp/d/e/d"), EINVAL);
	CHECK(rename("/tmp/d/f", "/tmp/h") == 0 && holds("/tmp/h", "f"));
	CHECK_FAILS(rename("/tmp/d/f", "/tmp/h"), ENOENT);
	CHECK(symlink("../h", "/tmp/d/link") == 0 && holds("/tmp/d/link", "f"));
	CHECK(readlink("/tmp/d/link", text, sizeof(text)) == 4 && memcmp(text, "../h", 4) == 0);
	CHECK(readlink("/tmp/d/link", text, 2) == 2);
	CHECK_FAILS(readlink("/tmp/h", text, sizeof(text)), EINVAL);
	CHECK(lstat("/tmp/d/link", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 4);
	CHECK(stat("/tmp/d/link", &st) == 0 && S_ISREG(st.st_mode));
	CHECK(symlink("/tmp/h", "/home/far") == 0 && holds("/home/far", "f"));
	CHECK(symlink("/home/far", "/tmp/d/farther") == 0 && holds("/tmp/d/farther", "f"));
	CHECK(symlink("loop", "/tmp/loop") == 0);
	CHECK_FAILS(open("/tmp/loop", O_RDONLY), ELOOP);
	CHECK_FAILS(open("/tmp/d/link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK(symlink("/home/there", "/tmp/there") == 0 && symlink("/tmp/there", "/home/there") == 0);
	CHECK_FAILS(stat("/tmp/there", &st), ELOOP);
	CHECK(linkat(AT_FDCWD, "/home/far", AT_FDCWD, "/tmp/d/real", AT_SYMLINK_FOLLOW) == 0);
	CHECK(lstat("/tmp/d/real", &st) == 0 && stat("/tmp/h", &other) == 0 && st.st_ino == other.st_ino);
	CHECK(holds("/tmp/d/e/../../../tmp/d/../h", "f"));
	CHECK(mkfifo("/tmp/fifo", 0600) == 0 && stat("/tmp/fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK_FAILS(open("/tmp/fifo", O_WRONLY | O_NONBLOCK), ENXIO); /* nobody reads */
	memset(deep, 'x', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	CHECK_FAILS(open(deep, O_RDONLY), ENAMETOOLONG);
	CHECK_FAILS(mkdir(deep, 0777), ENAMETOOLONG);
	CHECK_FAILS(rename("/tmp/h", deep), ENAMETOOLONG);
	CHECK_FAILS(symlink(deep, "/tmp/l"), ENAMETOOLONG);
	CHECK_FAILS(symlink("", "/tmp/l"), ENOENT);
	const char *all[] = {"/tmp/d/g",  "/tmp/h",     "/tmp/d/link", "/home/far",   "/tmp/d/farther",
			     "/tmp/loop", "/tmp/there", "/home/there", "/tmp/d/real", "/tmp/fifo"};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		CHECK(unlink(all[i]) == 0);
	CHECK(rmdir("/tmp/d/e") == 0 && rmdir("/tmp/d/") == 0);
}

static void test_devices(void)
{
	char bytes[100];
	struct stat st;
	int fd = open("/dev/zero", O_RDWR);

	memset(bytes, 'x', sizeof(bytes));
	CHECK(fd >= 0 && read(fd, bytes, sizeof(bytes)) == sizeof(bytes) && !bytes[0] && !bytes[99]);
	CHECK(write(fd, bytes, 10) == 10 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(close(fd) == 0);
	fd = open("/dev/full", O_RDWR);
	CHECK(fd >= 0 && read(fd, bytes, 5) == 5);
	CHECK_FAILS(write(fd, bytes, 1), ENOSPC);
	CHECK(write(fd, bytes, 0) == 0 && close(fd) == 0);
	fd = open("/dev/null", O_RDWR);
	CHECK(fd >= 0 && read(fd, bytes, 5) == 0 && write(fd, bytes, 5) == 5 && close(fd) == 0);
	CHECK(stat("/dev/zero", &st) == 0 && S_ISCHR(st.st_mode) && (st.st_mode & 0777) == 0666 && st.st_size == 0);
	CHECK(stat("/dev/label", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK_FAILS(open("/dev/nothing", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/dev/new", O_RDWR | O_CREAT, 0666), EROFS);
	CHECK_FAILS(unlink("/dev/zero"), EROFS);
}

static void test_list(void)
{
	enum { COUNT = 300 };
	static bool seen[COUNT];
	char name[300];
	struct dirent *e;
	unsigned dots = 0, files = 0;
	long place = -1;
	DIR *dir;

	CHECK(mkdir("/tmp/many", 0777) == 0 && chdir("/tmp/many") == 0);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%d_%0*d", i, i % 200 + 1, i);
		CHECK(put(name, "") == 0);
	}
	dir = opendir(".");
	if (!CHECK(dir))
		return;
	while ((e = readdir(dir)) != NULL) {
		int i = atoi(e->d_name);

		if (e->d_name[0] == '.') {
			dots++;
			CHECK(e->d_type == DT_DIR);
			continue;
		}
		CHECK(e->d_type == DT_REG && !seen[i]);
		seen[i] = true;
		if (++files == 150) {
			place = telldir(dir);
			snprintf(name, sizeof(name), "%s", e->d_name);
		}
	}
	CHECK(dots == 2 && files == COUNT && place != -1);
	seekdir(dir, place);
	files = 0;
	while (readdir(dir))
		files++;
	CHECK(files >= COUNT - 150 && files <= COUNT - 150 + 2);
	rewinddir(dir);
	files = 0;
	while ((e = readdir(dir)) != NULL) {
		files++;
		if (e->d_name[0] != '.')
			CHECK(unlink(e->d_name) == 0);
	}
	CHECK(files == COUNT + 2);
	CHECK(closedir(dir) == 0);
	CHECK(chdir("/") == 0 && rmdir("/tmp/many") == 0);
	CHECK(opendir("/tmp/many") == NULL && errno == ENOENT);
}

static void test_cwd(void)
{
	char name[64], *own;
	struct stat a, b;
	int fd;

	CHECK(mkdir("/tmp/w", 0777) == 0 && mkdir("/tmp/w/x", 0777) == 0 && mkdir("/home/h", 0777) == 0);
	CHECK(chdir("/tmp/w/x") == 0 && getcwd(name, sizeof(name)) == name && strcmp(name, "/tmp/w/x") == 0);
	CHECK(put("here", "here") == 0 && holds("/tmp/w/x/here", "here") && holds("../x/here", "here"));
	CHECK(stat(".", &a) == 0 && stat("/tmp/w/x", &b) == 0 && a.st_ino == b.st_ino);
	CHECK(rename("/tmp/w/x", "/tmp/w/renamed") == 0);
	CHECK(getcwd(name, sizeof(name)) == name && strcmp(name, "/tmp/w/renamed") == 0);
	CHECK(getcwd(name, 5) == NULL && errno == ERANGE);
	CHECK((own = getcwd(NULL, 0)) != NULL && strcmp(own, "/tmp/w/renamed") == 0);
	free(own);
	CHECK(symlink("/tmp/w/renamed", "/home/h/link") == 0 && chdir("/home/h/link") == 0);
	CHECK(getcwd(name, sizeof(name)) == name && strcmp(name, "/tmp/w/renamed") == 0);
	CHECK(chdir("../../..") == 0 && getcwd(name, sizeof(name)) == name && strcmp(name, "/") == 0);
	CHECK(chdir("home/h") == 0 && getcwd(name, sizeof(name)) == name && strcmp(name, "/home/h") == 0);
	fd = open("/tmp/w", O_RDONLY | O_DIRECTORY);
	CHECK(fchdir(fd) == 0 && getcwd(name, sizeof(name)) == name && strcmp(name, "/tmp/w") == 0);
	close(fd);
	CHECK(chdir("/tmp") == 0 && getcwd(name, sizeof(name)) == name && strcmp(name, "/tmp") == 0);
	CHECK(chdir("/system/bin") == 0 && getcwd(name, sizeof(name)) == name && strcmp(name, "/system/bin") == 0);
	CHECK_FAILS(chdir("/tmp/w/renamed/here"), ENOTDIR);
	CHECK_FAILS(chdir("/none"), ENOENT);
	CHECK_FAILS(fchdir(0), ENOTDIR);
	CHECK(mkdir("/tmp/gone", 0777) == 0 && chdir("/tmp/gone") == 0 && rmdir("/tmp/gone") == 0);
	CHECK(getcwd(name, sizeof(name)) == NULL && errno == ENOENT);
	CHECK_FAILS(open("file", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK(chdir("/") == 0);
	CHECK(unlink("/home/h/link") == 0 && rmdir("/home/h") == 0 && unlink("/tmp/w/renamed/here") == 0 &&
	      rmdir("/tmp/w/renamed") == 0 && rmdir("/tmp/w") == 0);
}

static void test_at(void)
{
	struct stat st;
	char text[16];
	int dir, fd;

	CHECK(mkdir("/tmp/at", 0777) == 0);
	dir = open("/tmp/at", O_RDONLY | O_DIRECTORY);
	fd = openat(dir, "a", O_RDWR | O_CREAT, 0600);
	CHECK(fd > dir && write(fd, "at", 2) == 2 && close(fd) == 0 && holds("/tmp/at/a", "at"));
	CHECK(mkdirat(dir, "d", 0700) == 0 && fstatat(dir, "d", &st, 0) == 0 && S_ISDIR(st.st_mode));
	CHECK(symlinkat("a", dir, "l") == 0 && readlinkat(dir, "l", text, sizeof(text)) == 1);
	CHECK(fstatat(dir, "l", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
	CHECK(linkat(dir, "a", dir, "b", 0) == 0 && renameat(dir, "b", dir, "d/b") == 0 &&
	      faccessat(dir, "d/b", R_OK, 0) == 0);
	CHECK(fchmodat(dir, "a", 0400, 0) == 0 && fchownat(dir, "a", 3, 4, 0) == 0 && fstatat(dir, "a", &st, 0) == 0 &&
	      st.st_uid == 3);
	CHECK(mkfifoat(dir, "f", 0600) == 0 && utimensat(dir, "f", NULL, 0) == 0);
	CHECK(fstatat(dir, "../../home", &st, 0) == 0 && fstatat(dir, "/home", &st, 0) == 0);
	CHECK_FAILS(openat(77, "a", O_RDONLY), EBADF);
	CHECK_FAILS(openat(0, "a", O_RDONLY), ENOTDIR);
	fd = openat(dir, "a", O_RDONLY);
	CHECK_FAILS(openat(fd, "a", O_RDONLY), ENOTDIR);
	close(fd);
	fd = openat(dir, "d", O_PATH);
	CHECK(fd >= 0 && (fd < 0 || fstat(fd, &st) == 0));
	CHECK_FAILS(read(fd, text, 1), EBADF);
	CHECK(openat(fd, "b", O_RDONLY) >= 0 && close(fd + 1) == 0 && close(fd) == 0);
	CHECK_FAILS(unlinkat(dir, "d", 0), EISDIR);
	CHECK_FAILS(unlinkat(dir, "d", 77), EINVAL);
	CHECK(unlinkat(dir, "d/b", 0) == 0 && unlinkat(dir, "d", AT_REMOVEDIR) == 0);
	CHECK(unlinkat(dir, "a", 0) == 0 && unlinkat(dir, "l", 0) == 0 && unlinkat(dir, "f", 0) == 0);
	close(dir);
	CHECK(rmdir("/tmp/at") == 0);
}

#define PROGRAM "/system/test/posix-files"

static int start(const char *path, const posix_spawn_file_actions_t *actions, const char *mode)
{
	char *argv[] = {(char *)(uintptr_t) "posix-files", (char *)(uintptr_t)mode, NULL};
	int status = -1, error;
	pid_t pid;

	error = posix_spawn(&pid, path, actions, NULL, argv, environ);
	errno = error;
	if (error || waitpid(pid, &status, 0) != pid)
		return -error;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

static void test_realpath(void)
{
	char out[PATH_MAX], *own;

	CHECK(mkdir("/tmp/r", 0777) == 0 && mkdir("/tmp/r/a", 0777) == 0 && put("/tmp/r/a/f", "") == 0);
	CHECK(symlink("../a/./f", "/tmp/r/a/rel") == 0 && symlink("/tmp/r", "/home/abs") == 0 &&
	      symlink("self", "/tmp/r/self") == 0);
	CHECK(realpath("/tmp//r/./a/../a/f", out) == out && strcmp(out, "/tmp/r/a/f") == 0);
	CHECK(realpath("/home/abs/a/rel", out) == out && strcmp(out, "/tmp/r/a/f") == 0);
	CHECK(realpath("/", out) == out && strcmp(out, "/") == 0);
	CHECK(realpath("/../..", out) == out && strcmp(out, "/") == 0);
	CHECK(chdir("/home/abs/a") == 0 && realpath("..", out) == out && strcmp(out, "/tmp/r") == 0);
	CHECK((own = realpath("rel", NULL)) != NULL && strcmp(own, "/tmp/r/a/f") == 0);
	free(own);
	CHECK(realpath("none", out) == NULL && errno == ENOENT);
	CHECK(realpath("f/x", out) == NULL && errno == ENOTDIR);
	CHECK(realpath("f/", out) == NULL && errno == ENOTDIR);
	CHECK(realpath("../self", out) == NULL && errno == ELOOP);
	CHECK(realpath("", out) == NULL && errno == ENOENT);
	CHECK(chdir("/") == 0 && unlink("/tmp/r/a/f") == 0 && unlink("/tmp/r/a/rel") == 0 && unlink("/home/abs") == 0 &&
	      unlink("/tmp/r/self") == 0 && rmdir("/tmp/r/a") == 0 && rmdir("/tmp/r") == 0);
}

static void test_statvfs(void)
{
	struct statvfs v, other;
	int fd = open("/system", O_RDONLY);

	CHECK(statvfs("/tmp", &v) == 0 && strcmp(v.f_fstypename, "tmpfs") == 0 && v.f_blocks > 0 &&
	      v.f_bfree <= v.f_blocks);
	CHECK(v.f_namemax == 255 && !(v.f_flag & ST_RDONLY));
	CHECK(fstatvfs(fd, &other) == 0 && strcmp(other.f_fstypename, "bootfs") == 0 && (other.f_flag & ST_RDONLY));
	CHECK(other.f_fsid != v.f_fsid);
	CHECK_FAILS(statvfs("/tmp/none", &v), ENOENT);
	CHECK_FAILS(fstatvfs(77, &v), EBADF);
	close(fd);
}

/* ---- mappings ---- */

/* Does the child that touches this fault? */
static bool faults(const char *how)
{
	return start(PROGRAM, NULL, how) == 1000;
}

static void test_map(void)
{
	enum { SIZE = 3 * 4096 + 100 };
	static char data[SIZE];
	unsigned char *at, *other, *shared;
	int fd = open("/tmp/m", O_RDWR | O_CREAT, 0600), ro;
	long zero = 0;

	for (int i = 0; i < SIZE; i++)
		data[i] = (char)(i % 251);
	CHECK(write(fd, data, SIZE) == SIZE);
	at = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(at != MAP_FAILED && at[0] == 0 && at[99999] == 0);
	at[50000] = 7;
	CHECK(mprotect(at + 49152, 4096, PROT_READ) == 0 && at[50000] == 7);
	CHECK(munmap(at + 8192, 4096) == 0 && munmap(at, 100000) == 0);
	at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(at != MAP_FAILED && memcmp(at, data, SIZE) == 0);
	for (int i = SIZE; i < 4 * 4096; i++)
		zero += at[i];
	CHECK(zero == 0);
	at[5] = 'x'; /* seen by nobody else */
	CHECK(pread(fd, data, 6, 0) == 6 && data[5] == 5);
	CHECK(close(fd) == 0 && at[4096] == 4096 % 251);
	ro = open("/tmp/m", O_RDONLY);
	other = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, ro, 8192);
	CHECK(other != MAP_FAILED && memcmp(other, data + 8192, SIZE - 8192) == 0);
	CHECK(mprotect(other, 8192, PROT_READ | PROT_WRITE) == 0 && (other[0] = 1) == 1);
	CHECK(mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, ro, 8192) == at && at[0] == 8192 % 251 &&
	      at[4096] == 4096 % 251);
	CHECK_FAILS(mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, ro, 0), EEXIST);
	CHECK_FAILS(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
	shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0);
	CHECK(shared != MAP_FAILED && memcmp(shared, data, 4096) == 0 && munmap(shared, 4096) == 0);
	CHECK_FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, ro, 0), EINVAL);
	CHECK_FAILS(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ro, 1), EINVAL);
	CHECK_FAILS(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_SHARED, ro, 0), EINVAL);
	CHECK_FAILS(mmap(NULL, 4096, PROT_EXEC | PROT_WRITE, MAP_PRIVATE, ro, 0), ENOTSUP);
	CHECK_FAILS(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
	CHECK_FAILS(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0), ENODEV);
	CHECK_FAILS(mmap(NULL, (size_t)1 << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	CHECK_FAILS(munmap(at + 1, 4096), EINVAL);
	CHECK(munmap(at, SIZE) == 0 && munmap(other, 8192) == 0);
	CHECK_FAILS(mprotect(at, 4096, PROT_READ), ENOMEM);
	CHECK_FAILS(msync(at, 4096, MS_SYNC), ENOMEM);
	CHECK(close(ro) == 0);
	ro = open(PROGRAM, O_RDONLY);
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0);
	CHECK(at != MAP_FAILED && memcmp(at, "\177ELF", 4) == 0 && msync(at, 4096, MS_SYNC) == 0 &&
	      munmap(at, 4096) == 0);
	CHECK(close(ro) == 0);
	CHECK(faults("map_behind") && faults("map_none") && faults("map_unmapped") && faults("map_read_only"));
	CHECK(start(PROGRAM, NULL, "map_fine") == 0);
	CHECK(unlink("/tmp/m") == 0);
}

static int child_map(const char *how)
{
	int fd = open("/tmp/m", O_RDONLY);
	volatile char *at = mmap(NULL, 8 * 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		return 1;
	if (strcmp(how, "map_behind") == 0)
		return at[4 * 4096] == 77;
	if (strcmp(how, "map_none") == 0 && mprotect((void *)(uintptr_t)at, 4096, PROT_NONE) == 0)
		return at[0] == 77;
	if (strcmp(how, "map_unmapped") == 0 && munmap((void *)(uintptr_t)at, 4096) == 0)
		return at[0] == 77;
	if (strcmp(how, "map_read_only") == 0)
		at[0] = 1;
	return strcmp(how, "map_fine") == 0 && at[4 * 4096 - 1] == 0 ? 0 : 1;
}

/* ---- file systems that die ---- */

/* The handle of the process that serves /tmp; HANDLE_NONE while there is none. */
static handle_t server_open(void)
{
	static handle_t res;
	struct vfs_mount mounts[8];
	handle_t process = HANDLE_NONE;
	uint32_t count = 0;

	if (res == HANDLE_NONE && resource_create(startup_handle(HND_RES_SYSTEM), SYSTEM_PROCESS, 1, &res) != OK)
		return HANDLE_NONE;
	if (vfs_mounts(startup_handle(HND_VFS), 0, mounts, 8, &count) != OK)
		return HANDLE_NONE;
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(mounts[i].point, "/tmp") == 0 && mounts[i].pid != 0 &&
		    process_open(res, mounts[i].pid, &process) != OK)
			process = HANDLE_NONE;
	}
	return process;
}

/* vfs gives a file system up that dies too often in too short a time: there are a few more below. */
#define KILLS 3u
static _Atomic bool kill_stop;

static void *killer(void *arg)
{
	unsigned *kills = arg;

	while (*kills < KILLS && !kill_stop) {
		handle_t process;

		usleep(3000 + 1717 * *kills);
		process = server_open();
		if (process == HANDLE_NONE)
			continue;
		*kills += process_kill(process, 9) == OK;
		(void)handle_close(process);
	}
	kill_stop = true;
	return NULL;
}

/* Everything that may be made twice is done as if nothing had happened, and so are writes at the position. */
static void test_deaths(void)
{
	char line[32], back[32], path[32];
	struct stat st;
	unsigned kills = 0, lines = 0, opened = 0;
	pthread_t thread;
	int fd = open("/tmp/lines", O_RDWR | O_CREAT, 0600), cwd = open(".", O_RDONLY);

	CHECK(fd >= 0 && mkdir("/tmp/deaths", 0700) == 0 && chdir("/tmp/deaths") == 0);
	kill_stop = false;
	CHECK(pthread_create(&thread, NULL, killer, &kills) == 0);
	while ((!kill_stop || lines < 40) && good) {
		snprintf(line, sizeof(line), "line %09u\n", lines);
		if (!CHECK(write(fd, line, 15) == 15))
			break;
		lines++;
		CHECK(fstat(fd, &st) == 0 && st.st_size == 15 * (off_t)lines);
		CHECK(pread(fd, back, 15, 15 * (off_t)(lines - 1)) == 15 && memcmp(line, back, 15) == 0);
		CHECK(stat("/tmp/deaths", &st) == 0 && stat("../lines", &st) == 0);
		snprintf(path, sizeof(path), "f%u", opened++ % 16);
		CHECK(put(path, path) == 0 && holds(path, path));
	}
	CHECK(pthread_join(thread, NULL) == 0 && kills == KILLS);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	for (unsigned i = 0; i < lines && good; i++) {
		snprintf(line, sizeof(line), "line %09u\n", i);
		CHECK(read(fd, back, 15) == 15 && memcmp(line, back, 15) == 0);
	}
	close(fd);
	for (unsigned i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "f%u", i);
		CHECK(unlink(path) == 0);
	}
	CHECK(fchdir(cwd) == 0 && close(cwd) == 0 && rmdir("/tmp/deaths") == 0 && unlink("/tmp/lines") == 0);
}

/* Memory of a file while its file system dies again and again: pages are touched for the first time, written, taken away by cuts, and show what the file
 * shows; nothing is lost that was written to either side. */
static void test_deaths_mapped(void)
{
	enum { PAGES = 48, PAGE = 4096 };
	static unsigned want[PAGES];
	unsigned kills = 0, value = 0;
	pthread_t thread;
	int fd = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned *private = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (!CHECK(fd >= 0 && at != MAP_FAILED && private != MAP_FAILED && ftruncate(fd, PAGES * PAGE) == 0))
		return;
	memset(want, 0, sizeof(want));
	kill_stop = false;
	CHECK(pthread_create(&thread, NULL, killer, &kills) == 0);
	for (unsigned i = 0; (!kill_stop || i < 400) && good; i++) {
		unsigned page = (i * 7919) % PAGES, back = 0;
		volatile unsigned *word = (volatile unsigned *)(void *)(at + page * PAGE + 256);

		CHECK(*word == want[page]);
		if (i % 3) {
			*word = want[page] = ++value;
			CHECK(pread(fd, &back, 4, page * PAGE + 256) == 4 && back == value);
		} else {
			value++;
			CHECK(pwrite(fd, &value, 4, page * PAGE + 256) == 4 && *word == value);
			want[page] = value;
		}
		if (i % 64 == 63) {
			CHECK(ftruncate(fd, PAGES / 2 * PAGE) == 0 && ftruncate(fd, PAGES * PAGE) == 0);
			memset(want + PAGES / 2, 0, sizeof(want) / 2);
		}
		if (i % 50 == 0)
			CHECK(msync(at, PAGES * PAGE, MS_SYNC) == 0);
	}
	CHECK(pthread_join(thread, NULL) == 0 && kills == KILLS);
	for (unsigned page = 0; page < PAGES && good; page++) {
		unsigned back = 1;

		CHECK(pread(fd, &back, 4, page * PAGE + 256) == 4 && back == want[page]);
	}
	CHECK(munmap(at, PAGES * PAGE) == 0 && munmap(private, PAGES * PAGE) == 0 && close(fd) == 0 &&
	      unlink("/tmp/mapped") == 0);
}

static void server_kill(void)
{
	handle_t process = HANDLE_NONE;

	while (process == HANDLE_NONE) {
		process = server_open();
		if (process == HANDLE_NONE)
			usleep(1000);
	}
	CHECK(process_kill(process, 9) == OK);
	(void)handle_close(process);
}

/* Calls that wait: what they gave. */
static void *fifo_reader(void *fd)
{
	char byte = 0;

	return (void *)(intptr_t)(read(*(int *)fd, &byte, 1) == 1 ? byte : -1);
}

static void *fifo_opener(void *path)
{
	return (void *)(intptr_t)open(path, O_RDONLY);
}

/* Their bytes are lost, and that is said once; who waits goes on waiting. */
static void test_fifo_deaths(void)
{
	static char path[] = "/tmp/second";
	char back[8];
	pthread_t thread;
	void *result = NULL;
	int both, writer;

	CHECK(mkfifo("/tmp/first", 0600) == 0 && mkfifo(path, 0600) == 0);
	both = open("/tmp/first", O_RDWR | O_NONBLOCK);
	CHECK(both >= 0 && write(both, "lost", 4) == 4);
	server_kill();
	CHECK_FAILS(read(both, back, 8), EIO);
	CHECK_FAILS(read(both, back, 8), EAGAIN);
	CHECK(write(both, "new", 3) == 3 && read(both, back, 8) == 3 && memcmp(back, "new", 3) == 0);
	CHECK(fcntl(both, F_SETFL, 0) == 0);
	CHECK(pthread_create(&thread, NULL, fifo_reader, &both) == 0);
	usleep(20000);
	server_kill();
	CHECK(write(both, "x", 1) == 1 && pthread_join(thread, &result) == 0 && (intptr_t)result == 'x');
	CHECK(pthread_create(&thread, NULL, fifo_opener, path) == 0);
	usleep(20000);
	server_kill();
	writer = open(path, O_WRONLY);
	CHECK(writer >= 0 && pthread_join(thread, &result) == 0 && (intptr_t)result >= 0);
	close((int)(intptr_t)result);
	close(writer);
	close(both);
	CHECK(unlink("/tmp/first") == 0 && unlink(path) == 0);
}

/* The process of the pipes, which are mounted nowhere. */
static handle_t pipes_open(void)
{
	static handle_t processes, inspect;
	struct process_info info;
	handle_t process = HANDLE_NONE;

	if (processes == HANDLE_NONE)
		CHECK(resource_create(startup_handle(HND_RES_SYSTEM), SYSTEM_PROCESS, 1, &processes) == OK &&
		      resource_create(startup_handle(HND_RES_SYSTEM), SYSTEM_INSPECT, 1, &inspect) == OK);
	for (uint64_t at = 0; system_info(inspect, INFO_PROCESS, at, &info, sizeof(info), NULL) == OK; at = info.koid) {
		if (strncmp(info.name, "pipefs.", 7) == 0 && info.state != PROCESS_ENDED &&
		    process_open(processes, info.koid, &process) == OK)
			break;
	}
	return process;
}

static void pipes_kill(void)
{
	handle_t process = HANDLE_NONE;

	for (int tries = 0; process == HANDLE_NONE && tries < 1000; tries++) {
		process = pipes_open();
		if (process == HANDLE_NONE)
			usleep(1000);
	}
	CHECK(process_kill(process, 9) == OK);
	(void)handle_close(process);
}

static void *pipe_poller(void *fd)
{
	struct pollfd entry = {.fd = *(int *)fd, .events = POLLIN};
	int count = poll(&entry, 1, -1);

	return (void *)(intptr_t)(count == 1 ? entry.revents : -1);
}

/* The same of pipes: what is in them is lost, and they go on; who polls them asks the next instance. */
static void test_pipe_deaths(void)
{
	char back[8];
	pthread_t thread;
	void *result = NULL;
	int fds[2], more[2];
	struct pollfd entry = {.events = POLLIN};

	CHECK(pipe2(fds, O_NONBLOCK) == 0 && write(fds[1], "lost", 4) == 4);
	pipes_kill();
	CHECK_FAILS(read(fds[0], back, 8), EIO);
	CHECK_FAILS(read(fds[0], back, 8), EAGAIN);
	CHECK(write(fds[1], "new", 3) == 3 && read(fds[0], back, 8) == 3 && memcmp(back, "new", 3) == 0);
	CHECK(fcntl(fds[0], F_SETFL, 0) == 0);
	CHECK(pthread_create(&thread, NULL, fifo_reader, &fds[0]) == 0);
	usleep(20000);
	pipes_kill();
	CHECK(pipe(more) == 0 && write(more[1], "y", 1) == 1 && read(more[0], back, 8) == 1);
	CHECK(write(fds[1], "x", 1) == 1 && pthread_join(thread, &result) == 0 && (intptr_t)result == 'x');
	/* It waits, its server dies, and only the next instance knows when it has waited long enough. */
	CHECK(pthread_create(&thread, NULL, pipe_poller, &fds[0]) == 0);
	usleep(20000);
	pipes_kill();
	usleep(20000);
	CHECK(write(fds[1], "z", 1) == 1 && pthread_join(thread, &result) == 0 && (intptr_t)result == POLLIN);
	/* What was armed by a call that has returned counts no more, either. */
	entry.fd = more[0];
	CHECK(poll(&entry, 1, 0) == 0 && poll(&entry, 1, 0) == 0);
	pipes_kill();
	CHECK(write(more[1], "z", 1) == 1 && poll(&entry, 1, -1) == 1 && entry.revents == POLLIN);
	CHECK(read(more[0], back, 8) == 1);
	close(more[1]);
	CHECK(poll(&entry, 1, -1) == 1 && entry.revents == POLLHUP && read(more[0], back, 8) == 0);
	close(more[0]);
	close(fds[0]);
	close(fds[1]);
}

/* ---- mounts ---- */

static uint32_t mount_on(const char *path)
{
	handle_t point = HANDLE_NONE, root;
	uint32_t number = 0;

	CHECK(vfs_directory(startup_handle(HND_VFS), VFS_ROOT, &root, &number) == OK);
	CHECK(file_open(root, path + 1, FILE_MODE_PATH | FILE_MODE_DIRECTORY, 0, &point, NULL) == OK);
	CHECK(vfs_mount(startup_handle(HND_VFS), point, "tmpfs", "none", "size=1M", path, 0, &number) == OK);
	(void)handle_close(root);
	return number;
}

/* What is remembered of a mount ends with it, and keeps nobody from unmounting. */
static void test_mounts(void)
{
	handle_t vfs = startup_handle(HND_VFS);
	char name[64];
	struct stat st;
	uint32_t number;
	int fd;

	CHECK(mkdir("/home/mnt", 0777) == 0 && mkdir("/home/mnt/a", 0777) == 0 &&
	      put("/home/mnt/a/below", "below") == 0);
	for (int round = 0; round < 3; round++) {
		CHECK(holds("/home/mnt/a/below", "below"));
		number = mount_on("/home/mnt/a");
		CHECK(stat("/home/mnt/a", &st) == 0 && st.st_dev == number);
		CHECK_FAILS(stat("/home/mnt/a/below", &st), ENOENT);
		CHECK(put("/home/mnt/a/f", "f") == 0 && holds("/home/mnt/a/f", "f") &&
		      holds("/home/mnt/a/../a/f", "f"));
		CHECK_FAILS(rmdir("/home/mnt/a"), EBUSY);
		CHECK_FAILS(rename("/home/mnt/a", "/home/mnt/b"), EBUSY);
		CHECK_FAILS(rename("/home/mnt", "/home/b"), EBUSY);
		CHECK(rename("/home/mnt/a/f", "/home/mnt/a/g") == 0);
		CHECK(chdir("/home/mnt/a") == 0 && rename("g", "../a/h") == 0 && rename("/home/mnt/a/h", "g") == 0);
		CHECK(getcwd(name, sizeof(name)) && strcmp(name, "/home/mnt/a") == 0);
		CHECK(vfs_unmount(vfs, number, false) == ERR_BUSY); /* we are in it */
		CHECK(chdir("..") == 0 && getcwd(name, sizeof(name)) && strcmp(name, "/home/mnt") == 0);
		fd = open("a/g", O_RDONLY);
		CHECK(fd >= 0 && vfs_unmount(vfs, number, false) == ERR_BUSY);
		if (round < 2)
			CHECK(close(fd) == 0 && vfs_unmount(vfs, number, false) == OK);
		else
			CHECK(vfs_unmount(vfs, number, true) == OK);
		CHECK(chdir("/") == 0);
	}
	CHECK_FAILS(read(fd, name, 1), EIO);
	CHECK(close(fd) == 0);
	CHECK(unlink("/home/mnt/a/below") == 0 && rmdir("/home/mnt/a") == 0 && rmdir("/home/mnt") == 0);
}

/* ---- threads ---- */

static _Atomic bool race_stop;

static void *racer(void *arg)
{
	char path[32], back[64];
	uintptr_t number = (uintptr_t)arg;

	for (unsigned i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/tmp/race%u_%u", (unsigned)number, i % 3);
		if (put(path, path) != 0 || !holds(path, path) || unlink(path) != 0)
			return arg;
		/* Descriptors that other threads open and close: never anything but EBADF or what is there. */
		if (read((int)(i % 8) + 3, back, 0) != 0 && errno != EBADF && errno != EISDIR)
			return arg;
	}
	return NULL;
}

static void *wanderer(void *arg)
{
	struct stat st;

	while (!race_stop) {
		if (chdir("/tmp") != 0 || chdir("/home") != 0 || stat(".", &st) != 0 || !S_ISDIR(st.st_mode))
			return arg;
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4], other;
	struct stat st;
	void *result;

	race_stop = false;
	CHECK(pthread_create(&other, NULL, wanderer, &other) == 0);
	for (uintptr_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, racer, (void *)(i + 1)) == 0);
	for (int i = 0; i < 300; i++)
		CHECK(stat(".", &st) == 0 && S_ISDIR(st.st_mode));
	for (int i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], &result) == 0 && !result);
	race_stop = true;
	CHECK(pthread_join(other, &result) == 0 && !result);
	CHECK(chdir("/") == 0);
	CHECK(open("/system", O_RDONLY) == 3 && close(3) == 0); /* nothing was left open */
}

/* ---- children ---- */

/* In the child: descriptor 7 is a file at position 2, 8 a pair of it, 9 is not there. */
static int child_inherits(void)
{
	char text[64] = "";
	struct stat st;

	good = true;
	CHECK(umask(022) == 031);
	CHECK(getcwd(text, sizeof(text)) && strcmp(text, "/tmp/child") == 0);
	CHECK(stat("file", &st) == 0);
	memset(text, 0, sizeof(text));
	CHECK(read(7, text, 2) == 2 && strcmp(text, "cd") == 0);
	CHECK(read(8, text, 2) == 2 && strcmp(text, "ef") == 0);
	CHECK((fcntl(7, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(write(5, "x", 1) == 1 && read(5, text, 1) == 0);
	CHECK_FAILS(read(9, text, 1), EBADF);
	CHECK_FAILS(read(0, text, 1), EBADF);
	CHECK(write(7, "GH", 2) == 2);
	CHECK(printf("into the file\n") > 0 && fflush(stdout) == 0);
	return good ? 0 : 1;
}

static void test_children(void)
{
	posix_spawn_file_actions_t actions;
	struct process_info before, after;
	char text[64] = "";
	int fd, out;

	CHECK(start(PROGRAM, NULL, "exit") == 7);
	CHECK(start("/system/test/../test/posix-files", NULL, "exit") == 7);
	CHECK(start("/system/test", NULL, "exit") == -EACCES);
	CHECK(start("/system/etc/fstab", NULL, "exit") == -EACCES);
	CHECK(start("/system/test/none", NULL, "exit") == -ENOENT);
	CHECK(mkdir("/tmp/child", 0777) == 0 && chdir("/tmp/child") == 0);
	CHECK(put("file", "abcdefgh") == 0);
	CHECK(chmod("file", 0755) == 0 && start("file", NULL, "exit") == -ENOEXEC);
	CHECK(start("./", NULL, "exit") == -EACCES);
	fd = open("file", O_RDWR | O_CLOEXEC);
	CHECK(lseek(fd, 2, SEEK_SET) == 2);
	CHECK(posix_spawn_file_actions_init(&actions) == 0);
	CHECK(posix_spawn_file_actions_adddup2(&actions, fd, 7) == 0 &&
	      posix_spawn_file_actions_adddup2(&actions, 7, 8) == 0);
	CHECK(posix_spawn_file_actions_addclose(&actions, 0) == 0);
	CHECK(posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", O_RDWR, 0) == 0);
	CHECK(posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT, 0644) == 0);
	out = dup2(fd, 9);
	CHECK(out == 9 && fcntl(out, F_SETFD, FD_CLOEXEC) == 0);
	umask(031);
	CHECK(start(PROGRAM, &actions, "inherits") == 0);
	umask(022);
	CHECK(posix_spawn_file_actions_destroy(&actions) == 0);
	CHECK(lseek(fd, 0, SEEK_CUR) == 8 && pread(fd, text, 8, 0) == 8 && strcmp(text, "abcdefGH") == 0);
	CHECK(holds("out", "into the file\n"));
	close(out);
	close(fd);
	/* A program in another file system. */
	CHECK(start(PROGRAM, NULL, "copy") == 0);
	CHECK(start("/tmp/child/copy", NULL, "exit") == 7);
	CHECK(chmod("copy", 0644) == 0 && start("copy", NULL, "exit") == -EACCES);
	CHECK(chmod("copy", 0111) == 0 && start("copy", NULL, "exit") == 7);
	CHECK(process_info(HANDLE_NONE, &before) == OK);
	for (int i = 0; i < 10; i++)
		CHECK(start("./copy", NULL, "exit") == 7);
	CHECK(process_info(HANDLE_NONE, &after) == OK && after.handles == before.handles &&
	      after.mem_bytes <= before.mem_bytes + 8192);
	CHECK(unlink("copy") == 0 && unlink("file") == 0 && unlink("out") == 0 && chdir("/") == 0 &&
	      rmdir("/tmp/child") == 0);
}

static int child_copy(void)
{
	static char buffer[65536];
	int from = open(PROGRAM, O_RDONLY), to = open("copy", O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, (size_t)n) != n)
			return 2;
	}
	return n == 0 && from >= 0 ? 0 : 1;
}

/* ---- locks ---- */

static int child_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = 15, .l_len = 1};
	int fd = open("/tmp/lock", O_RDWR);

	good = true;
	CHECK_FAILS(fcntl(fd, F_SETLK, &lock), EAGAIN);
	CHECK(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_start == 10 && lock.l_len == 10 &&
	      lock.l_pid == getppid());
	CHECK(lseek(fd, 10, SEEK_SET) == 10);
	CHECK_FAILS(lockf(fd, F_TEST, 1), EACCES);
	CHECK_FAILS(lockf(fd, F_TLOCK, 0), EAGAIN);
	CHECK(lseek(fd, 20, SEEK_SET) == 20 && lockf(fd, F_TEST, 0) == 0 && lockf(fd, F_LOCK, 0) == 0 &&
	      lockf(fd, F_ULOCK, 0) == 0);
	CHECK_FAILS(lockf(fd, F_TLOCK, -1), EAGAIN); /* byte 19 */
	CHECK_FAILS(flock(fd, LOCK_EX | LOCK_NB), EAGAIN);
	CHECK(flock(fd, LOCK_SH | LOCK_NB) == 0);
	return good ? 0 : 1;
}

static void test_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};
	int fd = open("/tmp/lock", O_RDWR | O_CREAT, 0600), other;

	CHECK(fcntl(fd, F_SETLK, &lock) == 0);
	CHECK(flock(fd, LOCK_SH) == 0);
	CHECK(start(PROGRAM, NULL, "locks") == 0);
	CHECK_FAILS(fcntl(fd, F_SETLK, &(struct flock){.l_type = 77}), EINVAL);
	CHECK_FAILS(fcntl(fd, F_SETLK, &(struct flock){.l_type = F_RDLCK, .l_start = -1}), EINVAL);
	CHECK_FAILS(fcntl(0, F_SETLK, &lock), EINVAL);
	/* The locks of a process go with any of its descriptors. */
	other = open("/tmp/lock", O_RDONLY);
	CHECK_FAILS(fcntl(other, F_SETLK, &lock), EBADF);
	CHECK(close(other) == 0 && flock(fd, LOCK_UN) == 0);
	CHECK(start(PROGRAM, NULL, "unlocked") == 0);
	close(fd);
	CHECK(unlink("/tmp/lock") == 0);
}

static int child_unlocked(void)
{
	int fd = open("/tmp/lock", O_RDWR);

	return lockf(fd, F_TLOCK, 0) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : 1;
}

static int child_main(const char *mode)
{
	if (strcmp(mode, "exit") == 0)
		return 7;
	if (strcmp(mode, "inherits") == 0)
		return child_inherits();
	if (strcmp(mode, "copy") == 0)
		return child_copy();
	if (strncmp(mode, "map_", 4) == 0)
		return child_map(mode);
	if (strcmp(mode, "locks") == 0)
		return child_locks();
	if (strcmp(mode, "unlocked") == 0)
		return child_unlocked();
	return 99;
}

int main(int argc, char **argv)
{
	if (!files_given())
		return files_run("test/posix-files", argv);
	if (argc > 1)
		return child_main(argv[1]);
	run("open", test_open);
	run("append", test_append);
	run("vectors", test_vectors);
	run("large", test_large);
	run("stat", test_stat);
	run("names", test_names);
	run("list", test_list);
	run("devices", test_devices);
	run("cwd", test_cwd);
	run("at", test_at);
	run("realpath", test_realpath);
	run("statvfs", test_statvfs);
	run("map", test_map);
	run("children", test_children);
	run("locks", test_locks);
	run("mounts", test_mounts);
	run("threads", test_threads);
	run("deaths", test_deaths);
	run("deaths_mapped", test_deaths_mapped);
	run("fifo_deaths", test_fifo_deaths);
	run("pipe_deaths", test_pipe_deaths);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
