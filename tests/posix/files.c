/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things done with files, and clearing away. */
#include "tests/posix/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES 256
#define NAMES      64

int shut(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	if (close(fd) < 0 || written < 0)
		return -1;
	errno = EIO;
	return (size_t)written == strlen(text) ? 0 : -1;
}

const char *bytes(const void *data, size_t size)
{
	static char texts[2][TEXT_BYTES];
	static unsigned turn;
	char *text = texts[turn++ % 2];
	const char *from = data;

	size = size < TEXT_BYTES ? size : TEXT_BYTES - 1;
	for (size_t i = 0; i < size; i++)
		text[i] = from[i] ? from[i] : '.';
	text[size] = '\0';
	return text;
}

const char *next(int fd, size_t size)
{
	char buffer[TEXT_BYTES];
	ssize_t n = read(fd, buffer, size < sizeof(buffer) ? size : sizeof(buffer));

	return n < 0 ? NULL : bytes(buffer, (size_t)n);
}

const char *get(const char *path)
{
	int fd = open(path, O_RDONLY), error;
	const char *text;

	if (fd < 0)
		return NULL;
	text = next(fd, TEXT_BYTES);
	error = errno;
	close(fd);
	errno = error;
	return text;
}

long mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : (long)(st.st_mode & 07777);
}

long size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : (long)st.st_size;
}

long links_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : (long)st.st_nlink;
}

const char *type_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return NULL;
	if (S_ISREG(st.st_mode))
		return "file";
	if (S_ISDIR(st.st_mode))
		return "directory";
	if (S_ISLNK(st.st_mode))
		return "link";
	return S_ISFIFO(st.st_mode) ? "fifo" : S_ISSOCK(st.st_mode) ? "socket" : "other";
}

int exists(const char *path)
{
	struct stat st;

	return lstat(path, &st);
}

bool same_file(const char *a, const char *b)
{
	struct stat one, other;

	return lstat(a, &one) == 0 && lstat(b, &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

const char *link_text(const char *path)
{
	char buffer[TEXT_BYTES];
	ssize_t n = readlink(path, buffer, sizeof(buffer));

	return n < 0 ? NULL : bytes(buffer, (size_t)n);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

const char *names_in(const char *path)
{
	static char names[NAMES][TEXT_BYTES];
	char text[TEXT_BYTES] = "";
	struct dirent *e;
	size_t count = 0, used = 0;
	DIR *dir = opendir(path);

	if (!dir)
		return NULL;
	while ((e = readdir(dir)) != NULL) {
		if (!is_dots(e->d_name) && count < NAMES)
			snprintf(names[count++], TEXT_BYTES, "%s", e->d_name);
	}
	closedir(dir);
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", names[i]);
	return bytes(text, strlen(text));
}

long entries_of(const char *path)
{
	struct dirent *e;
	long count = 0;
	DIR *dir = opendir(path);

	if (!dir)
		return -1;
	while ((e = readdir(dir)) != NULL)
		count += !is_dots(e->d_name);
	closedir(dir);
	return count;
}

/* What is in the working directory. In each pass all names there are: removing may hide others from a reader. */
static int directory_clear(void)
{
	bool more = true;

	while (more) {
		struct dirent *e;
		DIR *dir = opendir(".");

		more = false;
		if (!dir)
			return -1;
		while ((e = readdir(dir)) != NULL) {
			if (is_dots(e->d_name))
				continue;
			if (tree_remove(e->d_name) < 0) {
				closedir(dir);
				return -1;
			}
			more = true;
		}
		closedir(dir);
	}
	return 0;
}

/* By working directory rather than by path, which would get too long for some systems. */
int tree_remove(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlink(path);
	if ((chmod(path, 0700) < 0 && errno != EPERM) || chdir(path) < 0 || directory_clear() < 0 || chdir("..") < 0)
		return -1;
	return rmdir(path);
}

bool owners_offered(void)
{
	bool offered = put("offered", "") == 0 && chmod("offered", 0640) == 0;

	unlink("offered");
	return offered;
}

bool symlinks_offered(void)
{
	bool offered = symlink("nothing", "offered") == 0;

	unlink("offered");
	return offered;
}
