/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How streams are opened, and the list of those that are, which picolibc does not keep: without it exit() would lose what
 * fopen'ed streams still hold, and fflush(NULL) would crash. The linker (--wrap, see libc_dep)
 * sends every call of these functions here;
 * __real_NAME is picolibc's own.
 */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held for long, or by the program */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

struct open_stream {
	struct open_stream *next;
	FILE *file;
};

static struct mutex list_lock;
static struct open_stream *list; /* list_lock */

int __real___stdio_flags(const char *mode, int *flags);
int __wrap___stdio_flags(const char *mode, int *flags);
FILE *__real_fdopen(int fd, const char *mode);
int __real_fclose(FILE *file);
int __real_fflush(FILE *file);
FILE *__wrap_fdopen(int fd, const char *mode);
int __wrap_fclose(FILE *file);
int __wrap_fflush(FILE *file);

/* What picolibc does not know of fopen's modes: x (C11) and e. */
int __wrap___stdio_flags(const char *mode, int *flags)
{
	int stream = __real___stdio_flags(mode, flags);

	if (stream && mode[0] != '\0' && strchr(mode + 1, 'x') && (*flags & O_CREAT))
		*flags |= O_EXCL;
	if (stream && mode[0] != '\0' && strchr(mode + 1, 'e'))
		*flags |= O_CLOEXEC;
	return stream;
}

/* Can the descriptor do what the mode asks for? What is wrong with the mode itself is picolibc's to say. */
static int descriptor_check(int fd, const char *mode)
{
	struct file *f = fd_use(fd);
	int flags, access;

	if (!f)
		return -EBADF;
	access = f->flags & O_ACCMODE;
	fd_done(f);
	if (!__real___stdio_flags(mode, &flags))
		return 0;
	flags &= O_ACCMODE;
	return access == O_RDWR || access == flags ? 0 : -EINVAL;
}

/* fopen, freopen and tmpfile all come through here. */
FILE *__wrap_fdopen(int fd, const char *mode)
{
	int result = descriptor_check(fd, mode);
	struct open_stream *entry;
	FILE *file;

	if (result)
		return (void)posix_result(result), NULL;
	entry = malloc(sizeof(*entry));
	file = __real_fdopen(fd, mode);

	if (!file || !entry) {
		/* picolibc's fopen counts on fdopen to close the descriptor when it fails. */
		if (file) {
			(void)__real_fclose(file);
			errno = ENOMEM;
		}
		free(entry);
		return NULL;
	}
	mutex_lock(&list_lock);
	*entry = (struct open_stream){list, file};
	list = entry;
	mutex_unlock(&list_lock);
	return file;
}

int __wrap_fclose(FILE *file)
{
	struct open_stream *entry = NULL;

	mutex_lock(&list_lock);
	for (struct open_stream **at = &list; *at; at = &(*at)->next) {
		if ((*at)->file == file) {
			entry = *at;
			*at = entry->next;
			break;
		}
	}
	mutex_unlock(&list_lock);
	free(entry);
	return __real_fclose(file);
}

static int flush_listed(void)
{
	int result = 0;

	mutex_lock(&list_lock);
	for (struct open_stream *entry = list; entry; entry = entry->next) {
		if (__real_fflush(entry->file) != 0)
			result = EOF;
	}
	mutex_unlock(&list_lock);
	return result;
}

int __wrap_fflush(FILE *file)
{
	int result;

	if (file)
		return __real_fflush(file);
	result = flush_listed();
	/* Standard error has no buffer. */
	return __real_fflush(stdout) != 0 ? EOF : result;
}

/* Before picolibc's own destructor (101), which flushes standard output. */
__attribute__((destructor(102))) static void flush_at_exit(void)
{
	(void)flush_listed();
}
