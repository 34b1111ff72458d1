/* SPDX-License-Identifier: BSD-2-Clause */
/* path_apply: the one loop around all operations that take one path. */
#include "sys/posix/at.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/posix/archive.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"
#include "sys/posix/view.h"

#define AGAIN_MAX \
	3 /* an outdated handle is seen once as a rule; more often only while somebody mounts and unmounts all the time */

int at_directory(int at, const char *path, handle_t *out, struct file **file)
{
	struct file *f;

	*file = NULL;
	*out = HANDLE_NONE;
	if (path[0] == '/')
		return 0;
	if (at == AT_FDCWD)
		return cwd_get(out);
	f = fd_get(at);
	if (!f)
		return -EBADF;
	if (!remote_is(f)) {
		file_put(f);
		return -ENOTDIR;
	}
	*file = f;
	*out = f->endpoint;
	return 0;
}

int path_error(status_t status, const char *path)
{
	/* The stubs refuse what the protocol has no room for. */
	if (status == ERR_INVALID && strnlen(path, FILE_PATH_MAX + 1) > FILE_PATH_MAX)
		return -ENAMETOOLONG;
	return neg_errno(status);
}

static status_t path_try(handle_t at, const char *path, bool follow, path_op *op, void *context, bool *stale)
{
	struct resolve r;
	status_t status = resolve_start(&r, at, path);

	while (__builtin_expect(status == OK, 1)) {
		status = op(r.directory, r.path, context);
		if (__builtin_expect(status != ERR_ELSEWHERE, 1))
			break;
		status = resolve_step(&r, follow);
	}
	resolve_end(&r);
	if (__builtin_expect(status == OK, 1))
		return OK;
	/* ERR_HANDLE: chdir in another thread, of what we started at. */
	*stale = resolve_forget(&r, status) || (status == ERR_HANDLE && path[0] != '/');
	return status;
}

int path_apply_from(handle_t at, const char *path, unsigned how, path_op *op, void *context)
{
	bool stale = false;
	status_t status;

	for (unsigned tries = 0;; tries++) {
		status = path_try(at, path, how & PATH_FOLLOW, op, context, &stale);
		if (status == OK)
			return 0;
		if (!stale || path[0] != '/' || tries == AGAIN_MAX)
			return path_error(status, path);
		stale = false;
	}
}

int path_apply(int at, const char *path, unsigned how, path_op *op, void *context)
{
	handle_t directory;
	struct file *f;
	status_t status;
	bool stale = false;
	int result;

	if (__builtin_expect(resolve_vfs == HANDLE_NONE, 0))
		return archive_refuse(at, path, how & PATH_MAKES);
	if (path[0] == '\0' && !(how & PATH_EMPTY))
		return -ENOENT;
	for (unsigned tries = 0;; tries++) {
		result = at_directory(at, path, &directory, &f);
		if (result)
			return result;
		status = path_try(directory, path, how & PATH_FOLLOW, op, context, &stale);
		if (f)
			file_put(f);
		if (__builtin_expect(status == OK, 1))
			return 0;
		if (!stale || tries == AGAIN_MAX)
			return path_error(status, path);
		stale = false;
	}
}
