/* SPDX-License-Identifier: BSD-2-Clause */
/* open and its family. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/at.h"
#include "sys/posix/device.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"
#include "sys/posix/view.h"

int openat(int at, const char *path, int flags, ...);

struct open_call {
	uint32_t mode, permissions;
	handle_t handle;       /* out: of the file, or the device */
	uint32_t device_class; /* out */
	bool is_device;        /* out */
};

static status_t open_try(handle_t at, const char *path, void *context)
{
	struct open_call *call = context;
	status_t status;

	do {
		SIGNAL_WAIT(status, file_open_until(at, DEADLINE_INTERRUPTIBLE, path, call->mode, call->permissions,
						    &call->handle, NULL));
		/* What was made before the server died would now be in the way. */
	} while (status == ERR_PEER_DIED && !(call->mode & FILE_MODE_EXCLUSIVE));
	if (__builtin_expect(status != ERR_DEVICE, 1))
		return status;
	call->is_device = true;
	CALL_AGAIN(status, file_device(at, path,
				       call->mode & (FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_APPEND |
						     FILE_MODE_NO_FOLLOW | FILE_MODE_NONBLOCK),
				       &call->handle, &call->device_class));
	return status == ERR_UNSUPPORTED ? ERR_DEVICE : status;
}

/* O_SEARCH of a directory is a place to look up from; the protocol's EXECUTE is for programs. */
static int search_open(int at, const char *path, struct open_call *call)
{
	status_t status;
	int result;

	call->mode = FILE_MODE_PATH | FILE_MODE_DIRECTORY | (call->mode & FILE_MODE_NO_FOLLOW);
	result = path_apply(at, path, call->mode & FILE_MODE_NO_FOLLOW ? 0 : PATH_FOLLOW, open_try, call);
	if (result)
		return result;
	CALL_AGAIN(status, file_access(call->handle, "", FILE_WANT_EXECUTE));
	if (status != OK)
		(void)handle_close(call->handle);
	return neg_errno(status);
}

static int remote_open(int at, const char *path, int flags, mode_t permissions, struct file **out)
{
	struct open_call call = {
		.mode = remote_mode(flags),
		.permissions = permissions & ~view_umask() & 07777,
	};
	bool follow = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	int result = path_apply(at, path, follow ? PATH_FOLLOW : 0, open_try, &call);

	if (__builtin_expect(result != 0, 0)) {
		if ((flags & O_SEARCH) && (result == -EACCES || result == -EISDIR))
			result = search_open(at, path, &call) == 0 ? 0 : result;
		if (result)
			return result;
	}
	if (__builtin_expect(call.is_device, 0))
		return device_file_new(call.handle, call.device_class, flags, out);
	*out = remote_new(call.handle, flags);
	return *out ? 0 : -ENOMEM;
}

int path_open(int at, const char *path, int flags, mode_t permissions, struct file **out)
{
	int result;

	if (resolve_vfs == HANDLE_NONE)
		return archive_open(at, path, flags, out);
	result = remote_open(at, path, flags, permissions, out);
	/* There whether or not somebody serves /dev. */
	if (__builtin_expect(result == -ENOENT, 0) && strcmp(path, "/dev/null") == 0)
		result = archive_open(at, path, flags, out);
	return result;
}

static int open_at(int at, const char *path, int flags, mode_t permissions)
{
	struct file *f;
	int result;

	/* Before a file is made for which there is no descriptor then. */
	if (!fd_available())
		return (int)posix_result(-EMFILE);
	result = path_open(at, path, flags, permissions, &f);
	if (result == 0)
		result = fd_install(f, 0, flags & O_CLOEXEC);
	return (int)posix_result(result);
}

int open(const char *path, int flags, ...)
{
	mode_t permissions = 0;

	if (flags & O_CREAT) {
		va_list args;

		va_start(args, flags);
		permissions = va_arg(args, mode_t);
		va_end(args);
	}
	return open_at(AT_FDCWD, path, flags, permissions);
}

int openat(int at, const char *path, int flags, ...)
{
	mode_t permissions = 0;

	if (flags & O_CREAT) {
		va_list args;

		va_start(args, flags);
		permissions = va_arg(args, mode_t);
		va_end(args);
	}
	return open_at(at, path, flags, permissions);
}

int creat(const char *path, mode_t permissions)
{
	return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, permissions);
}
