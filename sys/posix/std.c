/* SPDX-License-Identifier: BSD-2-Clause */
/* The standard descriptors: files and terminals where the parent gave them, serial lines where it gave endpoints of those, else the kernel's log. */
#include <fcntl.h>

#include "sys/lib/startup.h"
#include "sys/posix/file_std.h"
#include "sys/posix/serial.h"
#include "sys/posix/view.h"

static struct file lines[3] = {
	{.ops = &serial_ops, .refs = 1, .is_static = true, .flags = O_RDWR},
	{.ops = &serial_ops, .refs = 1, .is_static = true, .flags = O_RDWR},
	{.ops = &serial_ops, .refs = 1, .is_static = true, .flags = O_RDWR},
};

void file_std_open(void)
{
	static const char *const names[3] = {HND_STDIN, HND_STDOUT, HND_STDERR};
	unsigned closed;

	view_start(&closed);
	for (int fd = 0; fd < 3; fd++) {
		handle_t ep = startup_handle(names[fd]);

		if (fd_taken(fd) || (closed & 1u << fd))
			continue;
		/* Errors go where output goes when nothing else was said. */
		if (fd == 2 && ep == HANDLE_NONE && lines[1].endpoint != HANDLE_NONE) {
			fd_install_at(fd, file_get(&lines[1]));
			continue;
		}
		lines[fd].endpoint = ep;
		fd_install_at(fd, ep != HANDLE_NONE ? &lines[fd] : file_get(&file_log));
	}
}
