/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chdir and getcwd. With a view the working directory is a handle; its path is found by getcwd and kept, and counts as long as it leads to the
 * same directory. Without a view it is a path of the boot archive.
 */
#include "sys/posix/cwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/getcwd.h"
#include "sys/posix/process.h"
#include "sys/posix/remote.h"

static struct mutex cwd_lock;
_Atomic(struct file *) cwd_slot; /* written with cwd_lock */
static char text[PATH_BYTES];    /* cwd_lock; empty: not known. Archive: always there */

static status_t open_directory(handle_t at, const char *path, void *context)
{
	handle_t *out = context;
	status_t status;

	CALL_AGAIN(status, file_open(at, path, FILE_MODE_PATH | FILE_MODE_DIRECTORY, 0, out, NULL));
	return status;
}

/* Everything relative starts there from now on: the handle is taken over. HANDLE_NONE: the archive, where the text says it. */
static int directory_set(handle_t handle, const char *path)
{
	struct file *fresh = handle == HANDLE_NONE ? NULL : remote_new(handle, O_PATH), *old;

	if (!fresh && handle != HANDLE_NONE)
		return -ENOMEM;
	mutex_lock(&cwd_lock);
	old = atomic_exchange_explicit(&cwd_slot, fresh, memory_order_acq_rel);
	strlcpy(text, path, sizeof(text));
	mutex_unlock(&cwd_lock);
	if (old)
		file_put(old);
	return 0;
}

void cwd_inherit(handle_t handle)
{
	(void)directory_set(handle, ""); /* without memory it is looked for when it is needed, as if there were none */
}

/* The first relative path of a process that was given no directory: PWD, if that is one, else the root. */
static int directory_first(void)
{
	const char *pwd = getenv("PWD");
	handle_t handle = HANDLE_NONE;
	struct file *fresh, *none = NULL;
	int result = -ENOENT;

	if (pwd && pwd[0] == '/')
		result = path_apply_from(HANDLE_NONE, pwd, PATH_FOLLOW, open_directory, &handle);
	if (result)
		result = path_apply_from(HANDLE_NONE, "/", PATH_FOLLOW, open_directory, &handle);
	if (result)
		return result;
	fresh = remote_new(handle, O_PATH);
	if (!fresh)
		return -ENOMEM;
	if (!atomic_compare_exchange_strong(&cwd_slot, &none, fresh))
		file_put(fresh); /* another thread was first */
	return 0;
}

int cwd_use(struct file **out)
{
	int result;

	for (;;) {
		*out = slot_use(&cwd_slot);
		if (*out)
			return 0;
		result = directory_first();
		if (result)
			return result;
	}
}

/* chdir and fchdir: a place that may be searched. */
static int directory_take(handle_t fresh)
{
	status_t status;

	CALL_AGAIN(status, file_access(fresh, "", FILE_WANT_EXECUTE));
	if (status != OK) {
		(void)handle_close(fresh);
		return neg_errno(status);
	}
	return directory_set(fresh, "");
}

/* ---- the archive ---- */

void cwd_text(char out[PATH_BYTES])
{
	mutex_lock(&cwd_lock);
	memcpy(out, text[0] ? text : "/", text[0] ? strlen(text) + 1 : 2);
	mutex_unlock(&cwd_lock);
}

static int archive_change(int at, const char *path)
{
	char resolved[PATH_BYTES];
	struct stat st;
	int result = archive_resolve(at, path, resolved);

	if (result == 0)
		result = bootfs_file_stat(resolved, &st);
	if (result)
		return result;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return directory_set(HANDLE_NONE, resolved);
}

void path_start(void)
{
	const char *pwd = getenv("PWD");

	if (resolve_vfs == HANDLE_NONE && pwd && pwd[0] == '/')
		(void)archive_change(AT_FDCWD, pwd); /* a directory that is gone leaves us at the root */
}

/* ---- calls ---- */

int chdir(const char *path)
{
	handle_t fresh;
	int result;

	if (resolve_vfs == HANDLE_NONE)
		return (int)posix_result(archive_change(AT_FDCWD, path));
	result = path_apply(AT_FDCWD, path, PATH_FOLLOW, open_directory, &fresh);
	if (result == 0)
		result = directory_take(fresh);
	return (int)posix_result(result);
}

int fchdir(int fd)
{
	handle_t fresh = HANDLE_NONE;
	struct file *f;
	int result;

	if (resolve_vfs == HANDLE_NONE)
		return (int)posix_result(archive_change(fd, "."));
	f = fd_get(fd);
	if (!f)
		return (int)posix_result(-EBADF);
	result = remote_is(f) ? path_error(open_directory(f->endpoint, "", &fresh), "") : -ENOTDIR;
	file_put(f);
	if (result == 0)
		result = directory_take(fresh);
	return (int)posix_result(result);
}

/* The text, if it is known and still true; else by a search. */
static int name_find(struct file *at, char out[PATH_BYTES])
{
	int result;

	mutex_lock(&cwd_lock);
	memcpy(out, text, strlen(text) + 1);
	mutex_unlock(&cwd_lock);
	if (out[0] && path_is(out, at->endpoint))
		return 0;
	result = path_find(at->endpoint, out);
	if (result)
		return result;
	mutex_lock(&cwd_lock);
	if (cwd_slot == at)
		memcpy(text, out, strlen(out) + 1);
	mutex_unlock(&cwd_lock);
	return 0;
}

static int directory_name(char out[PATH_BYTES])
{
	struct file *at;
	int result = cwd_use(&at);

	if (result)
		return result;
	result = name_find(at, out);
	fd_done(at);
	return result;
}

char *getcwd(char *buffer, size_t size)
{
	char name[PATH_BYTES];
	size_t len;
	int result = 0;

	if (buffer && size == 0) {
		errno = EINVAL;
		return NULL;
	}
	if (resolve_vfs == HANDLE_NONE)
		cwd_text(name);
	else
		result = directory_name(name);
	if (result) {
		errno = -result;
		return NULL;
	}
	len = strlen(name) + 1;
	if (!buffer)
		size = size ? size : len;
	if (len > size) {
		errno = ERANGE;
		return NULL;
	}
	if (!buffer)
		buffer = malloc(size);
	return buffer ? memcpy(buffer, name, len) : NULL;
}
