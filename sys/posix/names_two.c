/* SPDX-License-Identifier: BSD-2-Clause */
/* rename and link: two paths, each of which may lead out of the file system where it starts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"

#define AGAIN_MAX 3

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#endif

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags);
int linkat(int from_at, const char *from, int to_at, const char *to, int flags);

struct two_call {
	bool is_link;
	bool flag; /* link: follow a symbolic link. rename: do not replace */
	struct resolve from, to;
};

/* One try, where both paths lead at the moment. An empty one is a mount's root, or "/". */
static status_t two_once(struct two_call *call)
{
	const struct resolve *from = &call->from, *to = &call->to;
	handle_t directory;
	status_t status;

	if (!*to->path)
		return call->is_link || call->flag ? ERR_EXISTS : ERR_BUSY;
	if (!call->is_link && !*from->path)
		return ERR_BUSY;
	status = handle_dup(to->directory, (uint32_t)RIGHTS_SAME, &directory); /* a call consumes it */
	if (status != OK)
		return status;
	if (call->is_link)
		return file_link(from->directory, from->path, directory, to->path, call->flag);
	return file_rename(from->directory, from->path, directory, to->path, call->flag);
}

/* The second path starts in another file system than the first ended in; it may still lead there. */
static status_t to_other(struct resolve *to)
{
	status_t status = resolve_step(to, false);

	if (status == ERR_NOT_FOUND || (status == OK && to->stayed))
		return ERR_CROSS_DEVICE;
	return status;
}

static status_t two_try(struct two_call *call)
{
	for (;;) {
		status_t status = two_once(call);

		switch (status) {
		case ERR_ELSEWHERE: status = resolve_step(&call->from, call->is_link && call->flag); break;
		case ERR_ELSEWHERE_TO: status = resolve_step(&call->to, false); break;
		case ERR_CROSS_DEVICE: status = to_other(&call->to); break;
		default: return status;
		}
		if (status != OK)
			return status;
	}
}

static status_t two_run(struct two_call *call, handle_t from_at, const char *from, handle_t to_at, const char *to,
			bool *stale)
{
	status_t status = resolve_start(&call->from, from_at, from), second = resolve_start(&call->to, to_at, to);

	if (status == OK)
		status = second;
	if (status == OK)
		status = two_try(call);
	resolve_end(&call->from);
	resolve_end(&call->to);
	if (status != OK) {
		bool from_stale = resolve_forget(&call->from, status), to_stale = resolve_forget(&call->to, status);

		*stale = from_stale || to_stale;
	}
	return status;
}

static int two_apply(struct two_call *call, int from_at, const char *from, int to_at, const char *to)
{
	struct file *from_file = NULL, *to_file = NULL;
	handle_t from_handle, to_handle;
	status_t status = OK;
	bool stale = false;
	int result;

	if (resolve_vfs == HANDLE_NONE) {
		result = archive_refuse(from_at, from, false);
		return (int)posix_result(result == -EROFS && !to[0] ? -ENOENT : result);
	}
	if (!from[0] || !to[0])
		return (int)posix_result(-ENOENT);
	for (unsigned tries = 0; tries == 0 || (stale && tries <= AGAIN_MAX); tries++) {
		stale = false;
		result = at_directory(from_at, from, &from_handle, &from_file);
		if (result)
			return (int)posix_result(result);
		result = at_directory(to_at, to, &to_handle, &to_file);
		if (result == 0)
			status = two_run(call, from_handle, from, to_handle, to, &stale);
		if (from_file)
			fd_done(from_file);
		if (result)
			return (int)posix_result(result);
		if (to_file)
			fd_done(to_file);
	}
	return (int)posix_result(path_error(status, strlen(from) > strlen(to) ? from : to));
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	struct two_call call;

	if (flags & ~RENAME_NOREPLACE)
		return (int)posix_result(-EINVAL);
	call.is_link = false;
	call.flag = flags & RENAME_NOREPLACE;
	return two_apply(&call, from_at, from, to_at, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	struct two_call call;

	if (flags & ~AT_SYMLINK_FOLLOW)
		return (int)posix_result(-EINVAL);
	call.is_link = true;
	call.flag = flags & AT_SYMLINK_FOLLOW;
	return two_apply(&call, from_at, from, to_at, to);
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
