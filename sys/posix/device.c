/* SPDX-License-Identifier: BSD-2-Clause */
/* From the class of a device to an open file: terminals, disks, and what is a device in name only. */
#include "sys/posix/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "protocols/devmgr.h"
#include "protocols/file.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/tty.h"

static int terminal_new(handle_t device, int flags, struct file **out)
{
	struct tty *tty = calloc(1, sizeof(*tty));
	struct file *f = tty ? file_new(&tty_opened_ops, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) : NULL;

	if (!f) {
		free(tty);
		(void)handle_close(device);
		return -ENOMEM;
	}
	f->tty = tty;
	f->endpoint = device;
	*out = f;
	return 0;
}

int device_file_new(handle_t device, uint32_t device_class, int flags, struct file **out)
{
	const struct open_file_ops *ops = NULL;
	handle_t own = HANDLE_NONE;

	switch (device_class) {
	case DEVMGR_CLASS_SERIAL: return terminal_new(device, flags, out);
	case DEVMGR_CLASS_BLOCK: return device_block_new(device, flags, out);
	case DEVMGR_CLASS_RNG: ops = &device_random_ops; break;
	case FILE_DEVICE_NULL: ops = &file_null_ops; break;
	case FILE_DEVICE_ZERO: ops = &device_zero_ops; break;
	case FILE_DEVICE_FULL: ops = &device_full_ops; break;
	case FILE_DEVICE_TTY:
		(void)handle_close(device);
		if (startup_handle(HND_STDIN) == HANDLE_NONE ||
		    handle_dup(startup_handle(HND_STDIN), (uint32_t)RIGHTS_SAME, &own) != OK)
			return -ENXIO;
		return terminal_new(own, flags, out);
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
