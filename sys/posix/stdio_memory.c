/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams over memory and over functions, and text to descriptors: open_memstream, fopencookie, dprintf. */
#define _GNU_SOURCE /* fopencookie */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"

/* ---- dprintf ---- */

int vdprintf(int fd, const char *restrict format, va_list arguments)
{
	char *text;
	int len = vasprintf(&text, format, arguments), done = 0;

	if (len < 0)
		return -1;
	while (done < len) {
		ssize_t n = write(fd, text + done, (size_t)(len - done));

		if (n < 0)
			break;
		done += (int)n;
	}
	free(text);
	return done < len ? -1 : len;
}

int dprintf(int fd, const char *restrict format, ...)
{
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vdprintf(fd, format, arguments);
	va_end(arguments);
	return len;
}

/* ---- open_memstream ---- */

struct memory {
	char **text; /* the program's two, told at each flush and seek */
	size_t *size;
	char *bytes;
	size_t used, room; /* room: without the NUL behind the bytes */
	size_t at;
};

static void memory_tell(struct memory *m)
{
	*m->text = m->bytes;
	*m->size = m->at < m->used ? m->at : m->used;
}

static ssize_t memory_write(void *cookie, const void *data, size_t len)
{
	struct memory *m = cookie;

	if (len > SIZE_MAX / 4 || m->at > SIZE_MAX / 4)
		return posix_result(-EFBIG);
	if (m->at + len > m->room) {
		size_t room = 2 * m->room > m->at + len ? 2 * m->room : m->at + len;
		char *bytes = realloc(m->bytes, room + 1);

		if (!bytes)
			return -1;
		m->bytes = bytes;
		m->room = room;
	}
	if (m->at > m->used) /* a position behind the end was asked for */
		memset(m->bytes + m->used, 0, m->at - m->used);
	memcpy(m->bytes + m->at, data, len);
	m->at += len;
	if (m->at > m->used)
		m->used = m->at;
	m->bytes[m->used] = '\0';
	memory_tell(m);
	return (ssize_t)len;
}

static __off_t memory_seek(void *cookie, __off_t offset, int whence)
{
	struct memory *m = cookie;
	__off_t from = whence == SEEK_SET ? 0 : (__off_t)(whence == SEEK_CUR ? m->at : m->used);

	if (offset < -from || offset > (__off_t)(SIZE_MAX / 4) - from)
		return posix_result(-EINVAL);
	m->at = (size_t)(from + offset);
	memory_tell(m);
	return (__off_t)m->at;
}

static int memory_close(void *cookie)
{
	free(cookie); /* the bytes are the program's */
	return 0;
}

FILE *open_memstream(char **text, size_t *size)
{
	struct memory *m = calloc(1, sizeof(*m));
	FILE *file;

	if (!m)
		return NULL;
	m->text = text;
	m->size = size;
	m->bytes = calloc(1, 1);
	file = m->bytes ? funopen(m, NULL, memory_write, memory_seek, memory_close) : NULL;
	if (!file) {
		free(m->bytes);
		free(m);
		return NULL;
	}
	memory_tell(m);
	return file;
}

/* ---- fopencookie ---- */

struct cookie {
	void *program; /* what the functions get */
	cookie_io_functions_t functions;
};

static ssize_t cookie_read(void *context, void *data, size_t len)
{
	struct cookie *c = context;

	return c->functions.read ? c->functions.read(c->program, data, len) : posix_result(-EBADF);
}

/* 0 is the program's word for failure. */
static ssize_t cookie_write(void *context, const void *data, size_t len)
{
	struct cookie *c = context;
	ssize_t n = c->functions.write ? c->functions.write(c->program, data, len) : (ssize_t)len;

	return n == 0 && len ? -1 : n;
}

static __off_t cookie_seek(void *context, __off_t offset, int whence)
{
	struct cookie *c = context;

	if (!c->functions.seek)
		return posix_result(-ESPIPE);
	return c->functions.seek(c->program, &offset, whence) == 0 ? offset : -1;
}

static int cookie_close(void *context)
{
	struct cookie *c = context;
	int result = c->functions.close ? c->functions.close(c->program) : 0;

	free(c);
	return result;
}

FILE *fopencookie(void *restrict program, const char *restrict mode, cookie_io_functions_t functions)
{
	bool update = strchr(mode, '+') != NULL;
	struct cookie *c;
	FILE *file;

	if (mode[0] != 'r' && mode[0] != 'w' && mode[0] != 'a') {
		errno = EINVAL;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->program = program;
	c->functions = functions;
	file = funopen(c, mode[0] == 'r' || update ? cookie_read : NULL, mode[0] != 'r' || update ? cookie_write : NULL,
		       cookie_seek, cookie_close);
	if (!file)
		free(c);
	return file;
}
