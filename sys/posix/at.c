/* SPDX-License-Identifier: BSD-2-Clause */
/* path_apply: the one way to all operations that take one path. The first try is short; the loop is for whatever it does not settle. */
#include "sys/posix/at.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/posix/archive.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/mount_cache.h"
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
	if (at == AT_FDCWD) {
		int result = cwd_use(file);

		if (result == 0)
			*out = (*file)->endpoint;
		return result;
	}
	f = fd_use(at);
	if (!f)
		return -EBADF;
	if (!remote_is(f)) {
		fd_done(f);
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

/* first: ERR_ELSEWHERE if that is known to be what the operation answers where the path starts. */
static status_t path_try(handle_t at, const char *path, bool follow, path_op *op, void *context, status_t first,
			 bool *stale)
{
	struct resolve r;
	status_t status = resolve_start(&r, at, path);

	if (status == OK && first == ERR_ELSEWHERE)
		status = resolve_step(&r, follow);
	while (status == OK) {
		status = op(r.directory, r.path, context);
		if (status != ERR_ELSEWHERE)
			break;
		status = resolve_step(&r, follow);
	}
	resolve_end(&r);
	*stale = status != OK && resolve_forget(&r, status);
	return status;
}

int path_apply_from(handle_t at, const char *path, unsigned how, path_op *op, void *context)
{
	bool stale;
	status_t status;

	for (unsigned tries = 0;; tries++) {
		status = path_try(at, path, how & PATH_FOLLOW, op, context, OK, &stale);
		if (status == OK)
			return 0;
		if (!stale || path[0] != '/' || tries == AGAIN_MAX)
			return path_error(status, path);
	}
}

static __attribute__((noinline)) int path_apply_loop(int at, const char *path, unsigned how, path_op *op, void *context,
						     status_t first)
{
	handle_t directory;
	struct file *f;
	status_t status;
	bool stale;
	int result;

	if (resolve_vfs == HANDLE_NONE)
		return archive_refuse(at, path, how & PATH_MAKES);
	if (path[0] == '\0' && !(how & PATH_EMPTY))
		return -ENOENT;
	for (unsigned tries = 0;; tries++) {
		result = at_directory(at, path, &directory, &f);
		if (result)
			return result;
		status = path_try(directory, path, how & PATH_FOLLOW, op, context, first, &stale);
		if (f)
			fd_done(f);
		if (status == OK)
			return 0;
		if (!stale || tries == AGAIN_MAX)
			return path_error(status, path);
		first = OK;
	}
}

int path_apply(int at, const char *path, unsigned how, path_op *op, void *context)
{
	const char *rest = path;
	struct file *f;
	handle_t root;
	uint32_t mount;
	status_t status = ERR_CLOSED;

	/* Neither the cache nor the working directory is known before there was a path to look up. */
	if (path[0] == '/') {
		root = mount_cache_find(path, &rest, &mount);
		if (root != HANDLE_NONE)
			status = op(root, rest, context);
	} else if (path[0] != '\0' && at == AT_FDCWD && (f = slot_use(&cwd_slot)) != NULL) {
		status = op(f->endpoint, rest, context);
		fd_done(f);
	}
	if (__builtin_expect(status == OK, 1))
		return 0;
	if (status == ERR_ELSEWHERE || status == ERR_CLOSED || status == ERR_HANDLE)
		return path_apply_loop(at, path, how, op, context, status);
	return path_error(status, path);
}
