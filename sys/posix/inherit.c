/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptors and handles of a child. It gets every handle that this process was started with, under the same name, except what stands for the
 * process itself; terminals at 0 to 2 as stdin, stdout, stderr; open files of file systems wherever they are.
 */
#include "sys/posix/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/file_std.h"
#include "sys/posix/proc.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"
#include "sys/posix/serial.h"
#include "sys/posix/spawn_actions.h"
#include "sys/posix/view.h"

#define STD_COUNT 3
#define OWN_COUNT 3 /* self, thread and fault, which spawn adds */

void inherit_drop(struct inherit *in)
{
	for (int fd = 0; fd < FD_COUNT; fd++) {
		if (in->files[fd])
			file_put(in->files[fd]);
	}
	if (in->cwd)
		fd_done(in->cwd);
	if (in->directory != AT_FDCWD)
		(void)close(in->directory);
	free(in);
}

static int directory_change(struct inherit *in, const struct spawn_action *action)
{
	const int flags = O_SEARCH | O_DIRECTORY | O_CLOEXEC;
	int fd, other = -1;

	if (action->kind == ACTION_CHDIR) {
		fd = openat(in->directory, action->path, flags);
	} else {
		/* The child's descriptor of that number, under one of ours. */
		if (!in->files[action->fd])
			return EBADF;
		other = fd_install(file_get(in->files[action->fd]), 0, true);
		if (other < 0)
			return -other;
		fd = openat(other, ".", flags);
	}
	int error = fd < 0 ? errno : 0;

	if (other >= 0)
		(void)close(other);
	if (error)
		return error;
	if (in->directory != AT_FDCWD)
		(void)close(in->directory);
	in->directory = fd;
	return 0;
}

static int action_apply(struct inherit *in, const struct spawn_action *action)
{
	struct file *f = NULL;
	int fd;

	switch (action->kind) {
	case ACTION_CLOSE: break;
	case ACTION_DUP2:
		f = in->files[action->from];
		if (!f)
			f = fd_get(action->from); /* close-on-exec: still there until the actions are done */
		else
			file_get(f);
		if (!f)
			return EBADF;
		break;
	case ACTION_OPEN:
		fd = openat(in->directory, action->path, action->flags | O_CLOEXEC, action->mode);
		if (fd < 0)
			return errno;
		f = fd_get(fd);
		(void)close(fd);
		if (!f)
			return EBADF; /* another thread closed it */
		break;
	case ACTION_CHDIR:
	case ACTION_FCHDIR: return directory_change(in, action);
	}
	if (in->files[action->fd])
		file_put(in->files[action->fd]);
	in->files[action->fd] = f;
	return 0;
}

static bool name_begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool name_is_own(const char *name)
{
	static const char *const own[] = {HND_SELF, HND_THREAD, HND_FAULT, HND_STDIN, HND_STDOUT, HND_STDERR, HND_VFS};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(name, own[i]) == 0)
			return true;
	}
	return name_begins(name, HND_CWD) || name_begins(name, HND_FD) || name_begins(name, PROC_BLOCKED) ||
	       name_begins(name, PROC_IGNORED) || name_begins(name, PROC_LIMIT);
}

/* The name is copied. */
static int handle_add(struct inherit *in, const char *name, handle_t handle)
{
	if (in->count == STARTUP_HANDLES - OWN_COUNT)
		return EMFILE;
	strlcpy(in->names[in->count], name, NAME_BYTES);
	in->handles[in->count] = (struct spawn_handle){in->names[in->count], handle, (uint32_t)RIGHTS_SAME};
	in->count++;
	return 0;
}

static int startup_handles_add(struct inherit *in)
{
	const struct startup *s = startup_get();
	int error = 0;

	for (uint32_t i = 0; error == 0 && i < s->nhandles && i < STARTUP_HANDLES; i++) {
		struct handle_info info;

		if (name_is_own(s->handles[i].name))
			continue;
		/* Closed meanwhile, or not for passing on: the child goes without. */
		if (handle_info(s->handles[i].handle, &info) != OK || !(info.rights & RIGHT_DUP))
			continue;
		error = handle_add(in, s->handles[i].name, s->handles[i].handle);
	}
	return error;
}

static int file_add(struct inherit *in, int fd)
{
	static const char *const names[STD_COUNT] = {HND_STDIN, HND_STDOUT, HND_STDERR};
	const struct file *f = in->files[fd];
	char name[NAME_BYTES];

	if (!f || f == &file_log)
		return 0; /* the child's output goes to the log by itself */
	if (f->ops == &serial_ops && fd < STD_COUNT)
		return handle_add(in, names[fd], f->endpoint);
	if (f->ops == &serial_ops || remote_is(f)) {
		snprintf(name, sizeof(name), HND_FD "%d:%x%s", fd, (unsigned)f->flags,
			 f->terminal    ? ":" FD_TERMINAL
			 : remote_is(f) ? ""
					: ":" FD_SERIAL);
		return handle_add(in, name, f->endpoint);
	}
	if (f->ops == &file_null_ops && resolve_vfs != HANDLE_NONE) {
		snprintf(name, sizeof(name), HND_FD "%d:%x:" FD_NULL, fd, (unsigned)f->flags);
		return handle_add(in, name, resolve_vfs);
	}
	/* Files of the boot archive have nobody behind them who could be asked. */
	return fd < STD_COUNT ? ENOSYS : 0;
}

/* The view, the working directory with the umask, and which standard descriptors are closed. */
static int view_add(struct inherit *in)
{
	char name[NAME_BYTES];
	unsigned closed = 0;
	int error;

	if (resolve_vfs == HANDLE_NONE)
		return 0;
	error = handle_add(in, HND_VFS, resolve_vfs);
	if (error)
		return error;
	if (in->directory != AT_FDCWD) {
		in->cwd = fd_use(in->directory);
		if (!in->cwd)
			return EBADF; /* another thread closed it */
	} else if (cwd_use(&in->cwd) != 0)
		return 0; /* no directory to be had: the child looks for one itself when it needs it */
	for (int fd = 0; fd < STD_COUNT; fd++)
		closed |= in->files[fd] ? 0u : 1u << fd;
	snprintf(name, sizeof(name), HND_CWD "%o:%o", (unsigned)view_umask(), closed);
	return handle_add(in, name, in->cwd->endpoint);
}

int inherit_number(struct inherit *in, const char *prefix, uint64_t number)
{
	char name[NAME_BYTES];

	/* A name needs some handle; this one the child has anyway. */
	if (proc_endpoint() == HANDLE_NONE)
		return 0;
	snprintf(name, sizeof(name), "%s%llx", prefix, (unsigned long long)number);
	return handle_add(in, name, proc_endpoint());
}

int inherit_make(const posix_spawn_file_actions_t *actions, struct inherit **out)
{
	struct inherit *in = calloc(1, sizeof(*in));
	int error = 0;

	if (!in)
		return ENOMEM;
	in->directory = AT_FDCWD;
	for (int fd = 0; fd < FD_COUNT; fd++)
		in->files[fd] = fd_get_inherited(fd);
	for (size_t i = 0; actions && *actions && i < (*actions)->count && !error; i++)
		error = action_apply(in, &(*actions)->list[i]);
	if (error == 0)
		error = view_add(in);
	for (int fd = 0; fd < FD_COUNT && !error; fd++)
		error = file_add(in, fd);
	/* Last, so that what no longer fits is what the parent's parent gave. */
	if (error == 0)
		error = startup_handles_add(in);
	if (error) {
		inherit_drop(in);
		return error;
	}
	*out = in;
	return 0;
}
