/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parent gave of files, the umask, and the handle of the working directory; its text is in cwd.c. */
#include "sys/posix/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "protocols/devmgr.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/cwd.h"
#include "sys/posix/device.h"
#include "sys/posix/file.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"

static _Atomic mode_t present_umask = 022;

mode_t umask(mode_t mask)
{
	return atomic_exchange(&present_umask, mask & 0777);
}

mode_t view_umask(void)
{
	return atomic_load_explicit(&present_umask, memory_order_relaxed);
}

/* An open file of the kind that stands behind the flags; NULL. */
static struct file *descriptor_make(const char *kind, handle_t handle, int flags)
{
	struct file *f = NULL;

	if (strcmp(kind, ":" FD_TERMINAL) == 0)
		return remote_terminal_new(handle, flags);
	if (strcmp(kind, ":" FD_SERIAL) == 0)
		return device_file_new(handle, DEVMGR_CLASS_SERIAL, flags, &f) == 0 ? f : NULL;
	if (strcmp(kind, ":" FD_NULL) == 0) {
		(void)handle_close(handle);
		return file_new(&file_null_ops, flags);
	}
	f = *kind == '\0' ? remote_new(handle, flags) : NULL;
	if (f)
		f->position = POSITION_UNKNOWN;
	return f;
}

/* fd:N:FLAGS[:K]; what is not of that form is nobody's mistake here, and left alone. */
static void descriptor_take(const char *text, handle_t handle)
{
	char *end;
	unsigned long fd = strtoul(text, &end, 10);
	unsigned long flags;
	struct file *f;

	if (end == text || *end != ':' || fd >= FD_COUNT)
		return;
	text = end + 1;
	flags = strtoul(text, &end, 16);
	if (end == text)
		return;
	f = descriptor_make(end, handle, (int)flags);
	if (f)
		fd_install_at((int)fd, f);
}

static void cwd_take(const char *text, handle_t handle, unsigned *closed)
{
	char *end;
	unsigned long mask = strtoul(text, &end, 8);

	if (end != text)
		atomic_store(&present_umask, (mode_t)mask & 0777);
	if (*end == ':')
		*closed = (unsigned)strtoul(end + 1, NULL, 8);
	cwd_inherit(handle);
}

void view_start(unsigned *closed)
{
	const struct startup *s = startup_get();
	handle_t vfs = startup_handle(HND_VFS);
	struct handle_info info;

	*closed = 0;
	/* vfs itself has the other end under that name. */
	if (vfs != HANDLE_NONE && (handle_info(vfs, &info) != OK || (info.rights & RIGHT_EP_RECV)))
		vfs = HANDLE_NONE;
	if (vfs != HANDLE_NONE)
		resolve_use(vfs);
	for (uint32_t i = 0; i < s->nhandles && i < STARTUP_HANDLES; i++) {
		const struct startup_handle *h = &s->handles[i];

		if (strncmp(h->name, HND_FD, sizeof(HND_FD) - 1) == 0)
			descriptor_take(h->name + sizeof(HND_FD) - 1, h->handle);
		else if (vfs != HANDLE_NONE && strncmp(h->name, HND_CWD, sizeof(HND_CWD) - 1) == 0)
			cwd_take(h->name + sizeof(HND_CWD) - 1, h->handle, closed);
	}
}
