/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/tools/lib/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

#define LINK_MAX_BYTES 1024

void path_into(struct text *out, const char *directory, const char *path)
{
	size_t end = strlen(path), start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/';)
		start--;
	text_free(out);
	*out = (struct text){0};
	text_format(out, "%s/%.*s", directory, (int)(end - start), path + start);
}

bool path_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int copy_bytes(int from, int to, bool *reading)
{
	static char buffer[65536];
	ssize_t n;

	for (;;) {
		*reading = true;
		n = read(from, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : 0;
		*reading = false;
		for (ssize_t done = 0; done < n;) {
			ssize_t written = write(to, buffer + done, (size_t)(n - done));

			if (written < 0 && errno != EINTR)
				return errno;
			done += written > 0 ? written : 0;
		}
	}
}

static int failed(const char *path)
{
	tool_error("%s: %s", path, strerror(errno));
	return TOOL_FAILED;
}

static int copy_file(const char *from, const char *to, const struct stat *st)
{
	struct stat target;
	bool reading;
	int in = open(from, O_RDONLY), error;

	if (in < 0)
		return failed(from);
	if (stat(to, &target) == 0 && target.st_dev == st->st_dev && target.st_ino == st->st_ino) {
		close(in);
		tool_error("%s and %s are the same file", from, to);
		return TOOL_FAILED;
	}
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
	if (out < 0) {
		close(in);
		return failed(to);
	}
	error = copy_bytes(in, out, &reading);
	close(in);
	if (close(out) != 0 && !error) {
		error = errno;
		reading = false;
	}
	if (error)
		tool_error("%s: %s", reading ? from : to, strerror(error));
	return error ? TOOL_FAILED : 0;
}

static int copy_link(const char *from, const char *to)
{
	char target[LINK_MAX_BYTES];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	if (n < 0)
		return failed(from);
	target[n] = '\0';
	return symlink(target, to) == 0 ? 0 : failed(to);
}

static int copy_directory(const char *from, const char *to, const struct stat *st, bool keep)
{
	int status = 0;
	struct dirent *d;
	DIR *directory;

	/* Writable for us until everything is in it */
	if (mkdir(to, (st->st_mode & 0777) | 0700) != 0 && (errno != EEXIST || !path_is_directory(to)))
		return failed(to);
	directory = opendir(from);
	if (!directory)
		return failed(from);
	for (errno = 0; (d = readdir(directory)) != NULL; errno = 0) {
		struct text a = {0}, b = {0};

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		path_into(&a, from, d->d_name);
		path_into(&b, to, d->d_name);
		status |= copy_tree(text_get(&a), text_get(&b), true, keep);
		text_free(&a);
		text_free(&b);
	}
	if (errno)
		status |= failed(from);
	closedir(directory);
	return status;
}

/* Owners and modes as far as they can be kept: a file system may know none (EPERM), and a user may not give files away. */
static int attributes_keep(const char *to, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	mode_t mode = st->st_mode & 07777;
	int status = 0;

	if (lchown(to, st->st_uid, st->st_gid) != 0) {
		if (errno != EPERM)
			status = failed(to);
		mode &= ~(mode_t)06000; /* not of another user */
	}
	if (!S_ISLNK(st->st_mode) && chmod(to, mode) != 0 && errno != EPERM)
		status = failed(to);
	if (utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW) != 0)
		status = failed(to);
	return status;
}

int copy_tree(const char *from, const char *to, bool recursive, bool keep)
{
	struct stat st;
	int status;

	if ((recursive ? lstat(from, &st) : stat(from, &st)) != 0)
		return failed(from);
	if (S_ISDIR(st.st_mode)) {
		if (!recursive) {
			tool_error("%s: is a directory (-r copies it)", from);
			return TOOL_FAILED;
		}
		status = copy_directory(from, to, &st, keep);
		if (status == 0 && !keep && (st.st_mode & 0700) != 0700 && chmod(to, st.st_mode & 0777) != 0)
			status = failed(to);
	} else if (S_ISLNK(st.st_mode)) {
		status = copy_link(from, to);
	} else if (S_ISFIFO(st.st_mode) && recursive) {
		status = mkfifo(to, st.st_mode & 0777) == 0 ? 0 : failed(to);
	} else {
		status = copy_file(from, to, &st);
	}
	return status == 0 && keep ? attributes_keep(to, &st) : status;
}

static int empty_directory(const char *path, bool force)
{
	struct dirent *d;
	DIR *directory = opendir(path);
	int status = 0;

	if (!directory)
		return failed(path);
	for (errno = 0; (d = readdir(directory)) != NULL; errno = 0) {
		struct text below = {0};

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		path_into(&below, path, d->d_name);
		status |= remove_tree(text_get(&below), true, force);
		text_free(&below);
	}
	if (errno)
		status |= failed(path);
	closedir(directory);
	return status;
}

int remove_tree(const char *path, bool recursive, bool force)
{
	struct stat st;
	int status = 0;

	if (lstat(path, &st) != 0)
		return force && errno == ENOENT ? 0 : failed(path);
	if (!S_ISDIR(st.st_mode))
		return unlink(path) == 0 ? 0 : failed(path);
	if (!recursive) {
		tool_error("%s: is a directory (-r removes it)", path);
		return TOOL_FAILED;
	}
	status = empty_directory(path, force);
	if (status == 0 && rmdir(path) != 0)
		status = failed(path);
	return status;
}
