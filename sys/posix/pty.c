/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-terminals. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"
#include "sys/posix/terminal.h"

int terminal_slave_open(int master, int flags);

int posix_openpt(int flags)
{
	if (flags & ~(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK))
		return (int)posix_result(-EINVAL);
	return open("/dev/ptmx", flags);
}

/* The slave is its opener's from the start. */
int grantpt(int fd)
{
	char name[32];
	int error = ptsname_r(fd, name, sizeof(name));

	return (int)posix_result(error == ENOTTY ? -EINVAL : -error);
}

int unlockpt(int fd)
{
	int result = TERMINAL_CALL(fd, tty_lock(f->endpoint, false));

	if (result && errno == ENOTTY)
		errno = EINVAL; /* what is no terminal is no master either */
	return result;
}

int terminal_slave_open(int master, int flags)
{
	handle_t handle = HANDLE_NONE;
	struct file *slave;
	int result = TERMINAL_CALL(master, tty_reopen(f->endpoint, remote_mode(flags), &handle));

	if (result)
		return result;
	slave = remote_terminal_new(handle, flags);
	return (int)posix_result(slave ? fd_install(slave, 0, flags & O_CLOEXEC) : -ENOMEM);
}

int openpty(int *master, int *slave, char *name, const struct termios *settings, const struct winsize *size)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY), s = -1, error;

	if (m < 0)
		return -1;
	if (unlockpt(m) == 0)
		s = terminal_slave_open(m, O_RDWR | O_NOCTTY);
	if (s < 0 || (settings && tcsetattr(s, TCSANOW, settings) != 0) || (size && tcsetwinsize(s, size) != 0) ||
	    (name && (errno = ptsname_r(m, name, 32)) != 0)) {
		error = errno;
		if (s >= 0)
			(void)close(s);
		(void)close(m);
		errno = error;
		return -1;
	}
	*master = m;
	*slave = s;
	return 0;
}

int login_tty(int fd)
{
	if (setsid() < 0 || ioctl(fd, TIOCSCTTY, 0) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (dup2(fd, i) < 0)
			return -1;
	}
	if (fd > 2)
		(void)close(fd);
	return 0;
}
