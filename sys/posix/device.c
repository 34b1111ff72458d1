/* SPDX-License-Identifier: BSD-2-Clause */
/* From the class of a device to an open file: terminals, disks, and what is a device in name only. */
#include "sys/posix/device.h"

#include <errno.h>
#include <fcntl.h>

#include "protocols/devmgr.h"
#include "protocols/file.h"
#include "protocols/tty.h"
#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"
#include "sys/posix/serial.h"

/* A description of the terminal server's. Without O_NOCTTY it becomes the controlling terminal, if the process leads a session that has none. */
static int terminal_new(handle_t terminal, int flags, struct file **out)
{
	if (!(flags & O_NOCTTY))
		(void)tty_acquire(terminal);
	*out = remote_terminal_new(terminal, flags);
	return *out ? 0 : -ENOMEM;
}

/* Nobody knows of sessions: the terminal that the process was given. */
static int terminal_own(int flags, struct file **out)
{
	handle_t own;

	for (int fd = 0; fd < 3; fd++) {
		struct file *f = fd_get(fd);
		status_t status = ERR_NOT_FOUND;

		if (f && f->terminal)
			CALL_AGAIN(status, tty_reopen(f->endpoint, remote_mode(flags), &own));
		else if (f && f->ops == &serial_ops)
			status = handle_dup(f->endpoint, (uint32_t)RIGHTS_SAME, &own);
		bool serial = f && !f->terminal;
		if (f)
			file_put(f);
		if (status == OK)
			return serial ? device_file_new(own, DEVMGR_CLASS_SERIAL, flags, out)
				      : terminal_new(own, flags | O_NOCTTY, out);
	}
	return -ENXIO;
}

int device_file_new(handle_t device, uint32_t device_class, int flags, struct file **out)
{
	const struct open_file_ops *ops = NULL;

	switch (device_class) {
	case DEVMGR_CLASS_SERIAL: ops = &serial_ops; break;
	case FILE_DEVICE_TERMINAL: return terminal_new(device, flags, out);
	case DEVMGR_CLASS_BLOCK: return device_block_new(device, flags, out);
	case DEVMGR_CLASS_RNG: ops = &device_random_ops; break;
	case FILE_DEVICE_NULL: ops = &file_null_ops; break;
	case FILE_DEVICE_ZERO: ops = &device_zero_ops; break;
	case FILE_DEVICE_FULL: ops = &device_full_ops; break;
	case FILE_DEVICE_TTY: (void)handle_close(device); return terminal_own(flags, out);
	default: break;
	}
	struct file *f = ops ? file_new(ops, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) : NULL;
	if (!f) {
		(void)handle_close(device);
		return ops ? -ENOMEM : -ENXIO;
	}
	f->endpoint = device;
	*out = f;
	return 0;
}
