/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of devices: lines of the class serial are terminals. */
#include "sys/posix/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "protocols/devmgr.h"
#include "sys/lib/syscall.h"
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
	if (device_class == DEVMGR_CLASS_SERIAL)
		return terminal_new(device, flags, out);
	(void)handle_close(device);
	return -ENXIO;
}
