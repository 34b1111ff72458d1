/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Temporary files and directories: mkstemp, mkdtemp and their like. What the C library has of them is replaced (--wrap, see libc_dep): it writes behind
 * the end of a template with five X, gives all processes the same names, and opens what is there to see whether it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/lib/syscall.h"

#define PLACES   6
#define ATTEMPTS 10000u

int __wrap_mkstemp(char *path);
int __wrap_mkstemps(char *path, int suffix);
int __wrap_mkostemps(char *path, int suffix, int flags);
int mkostemp(char *path, int flags);
char *tempnam(const char *directory, const char *prefix);

static void name_fill(char *places, uint64_t seed)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (unsigned i = 0; i < PLACES; i++, seed /= sizeof(letters) - 1)
		places[i] = letters[seed % (sizeof(letters) - 1)];
}

/* 0 or more: what `make` said when it did not say EEXIST; -1 and errno, with the template as it was. */
static int try_names(char *path, int suffix, int (*make)(const char *path, int flags), int flags)
{
	size_t len = strlen(path);
	int error = errno, result = -1;
	uint64_t seed = 0;
	char *places;

	if (suffix < 0 || len < PLACES + (size_t)suffix) {
		errno = EINVAL;
		return -1;
	}
	places = path + len - (size_t)suffix - PLACES;
	if (memcmp(places, "XXXXXX", PLACES) != 0) {
		errno = EINVAL;
		return -1;
	}
	/* Processes that ask at the same time begin in different places; where they meet, one finds that the name is taken. */
	(void)clock_get(&seed);
	seed = (seed ^ (uint64_t)getpid() << 40) * 0x9e3779b97f4a7c15u >> 16;
	for (unsigned i = 0; i < ATTEMPTS && result < 0; i++) {
		name_fill(places, seed + i);
		result = make(path, flags);
		if (result < 0 && errno != EEXIST)
			break;
	}
	if (result < 0)
		memcpy(places, "XXXXXX", PLACES);
	else
		errno = error;
	return result;
}

static int file_make(const char *path, int flags)
{
	return open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int directory_make(const char *path, int flags)
{
	(void)flags;
	return mkdir(path, 0700);
}

int __wrap_mkostemps(char *path, int suffix, int flags)
{
	return try_names(path, suffix, file_make, flags & (O_APPEND | O_CLOEXEC | O_SYNC));
}

int mkostemp(char *path, int flags)
{
	return __wrap_mkostemps(path, 0, flags);
}

int __wrap_mkstemps(char *path, int suffix)
{
	return __wrap_mkostemps(path, suffix, 0);
}

int __wrap_mkstemp(char *path)
{
	return __wrap_mkostemps(path, 0, 0);
}

/* Nothing is made: a name that is free now. */
static int name_look(const char *path, int flags)
{
	struct stat st;

	(void)flags;
	if (lstat(path, &st) == 0)
		errno = EEXIST;
	return errno == ENOENT ? 0 : -1;
}

char *tmpnam(char *out)
{
	static char shared[L_tmpnam]; /* for a program that brings no room; then not for several threads, as C says */
	char *path = out ? out : shared;

	strcpy(path, P_tmpdir "/tXXXXXX");
	return try_names(path, 0, name_look, 0) < 0 ? NULL : path;
}

/* The C library's is in the working directory. */
FILE *tmpfile(void)
{
	char path[] = P_tmpdir "/tXXXXXX";
	int fd = __wrap_mkstemp(path), error;
	FILE *file;

	if (fd < 0)
		return NULL;
	(void)unlink(path);
	file = fdopen(fd, "w+");
	if (!file) {
		error = errno;
		close(fd);
		errno = error;
	}
	return file;
}

char *tempnam(const char *directory, const char *prefix)
{
	const char *wanted = getenv("TMPDIR");
	struct stat st;
	char *path;

	if (!wanted || stat(wanted, &st) < 0 || !S_ISDIR(st.st_mode))
		wanted = directory && stat(directory, &st) == 0 && S_ISDIR(st.st_mode) ? directory : P_tmpdir;
	if (asprintf(&path, "%s/%.5sXXXXXX", wanted, prefix ? prefix : "t") < 0)
		return NULL;
	if (try_names(path, 0, name_look, 0) < 0) {
		free(path);
		return NULL;
	}
	return path;
}

char *mkdtemp(char *path)
{
	return try_names(path, 0, directory_make, 0) < 0 ? NULL : path;
}
