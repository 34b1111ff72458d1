/* SPDX-License-Identifier: BSD-2-Clause */
/* Shells append without asking each other. Whoever finds the file too large writes the newer half beside it and puts it in its place; the
 * lock is for that moment, and whoever gets it then looks whether the file is still the one under that name. */
#include "userland/vsh/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "userland/base/text.h"

#define INNER_LINE   '\037' /* stands for the end of a line inside of a command */
#define LOCK_TRIES   50
#define LOCK_WAIT_NS 10000000 /* between them; who holds it longer has come to a stop */

static bool lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_SETLK, &whole) == 0)
			return true;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return true; /* a file system without locks: as well as it can be done */
		nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT_NS}, NULL);
	}
	return false;
}

/* The file under that name, locked if that can be had. -1 with errno. */
static int open_locked(const char *path, bool *locked)
{
	for (;;) {
		struct stat named, opened;
		int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0)
			return -1;
		*locked = lock(fd);
		if (!*locked || stat(path, &named) != 0 || fstat(fd, &opened) != 0 ||
		    (named.st_ino == opened.st_ino && named.st_dev == opened.st_dev))
			return fd;
		close(fd); /* somebody has put a shorter one in its place */
	}
}

static bool write_whole(int fd, const char *bytes, size_t len)
{
	while (len != 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* The file's end, from the beginning of a line on. NULL with errno; the caller frees. */
static char *read_end(int fd, size_t limit, size_t *len)
{
	off_t size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return NULL;
	off_t from = (size_t)size > limit ? size - (off_t)limit : 0;
	char *bytes = malloc((size_t)(size - from) + 1);
	*len = 0;
	while (bytes && *len < (size_t)(size - from)) {
		ssize_t n = pread(fd, bytes + *len, (size_t)(size - from) - *len, from + (off_t)*len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* it became shorter */
		*len += (size_t)n;
	}
	if (!bytes)
		return NULL;
	const char *line = from == 0 ? bytes : memchr(bytes, '\n', *len);
	size_t cut = line ? (size_t)(line - bytes) + (from != 0) : *len;
	memmove(bytes, bytes + cut, *len - cut);
	*len -= cut;
	bytes[*len] = '\0';
	return bytes;
}

/* Only the newer half stays. With the lock. */
static void shorten(int fd, const char *path)
{
	struct text beside = {0};
	size_t len;
	char *kept = read_end(fd, HISTORY_FILE_BYTES / 2, &len);
	text_format(&beside, "%s.new", path);
	int fresh = kept && !beside.failed ? open(text_get(&beside), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
					   : -1;
	if (fresh >= 0) {
		bool good = write_whole(fresh, kept, len);
		close(fresh);
		if (!good || rename(text_get(&beside), path) != 0)
			unlink(text_get(&beside));
	}
	text_free(&beside);
	free(kept);
}

bool history_file_append(const char *path, const char *line)
{
	struct text entry = {0};
	bool locked;
	char last = '\n';
	int fd = open_locked(path, &locked);
	if (fd < 0)
		return false;
	off_t size = lseek(fd, 0, SEEK_END);
	/* A line that a power cut left open is closed first. */
	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
		text_add_char(&entry, '\n');
	for (; *line; line++)
		text_add_char(&entry, *line == '\n' ? INNER_LINE : *line);
	text_add_char(&entry, '\n');
	bool good = !entry.failed && write_whole(fd, text_get(&entry), entry.len);
	int error = errno;
	if (good && locked && size > (off_t)HISTORY_FILE_BYTES)
		shorten(fd, path);
	close(fd);
	text_free(&entry);
	errno = error;
	return good;
}

void history_file_load(struct history *history, const char *path)
{
	size_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = fd < 0 ? NULL : read_end(fd, HISTORY_FILE_BYTES, &len);
	char *end = bytes ? bytes + len : NULL;
	for (char *at = bytes; at && at < end;) {
		char *stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		*stop = '\0';
		for (char *c = at; c < stop; c++)
			*c = *c == INNER_LINE ? '\n' : *c;
		history_add(history, at); /* cut at a NUL, if there is one */
		at = stop + 1;
	}
	free(bytes);
	if (fd >= 0)
		close(fd);
}

bool history_file_clear(const char *path)
{
	return truncate(path, 0) == 0 || errno == ENOENT;
}
