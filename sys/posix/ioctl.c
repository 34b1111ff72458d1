/* SPDX-License-Identifier: BSD-2-Clause */
/* ioctl: other names for what there are functions for. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/fd_control.h"
#include "sys/posix/terminal.h"

int terminal_slave_open(int master, int flags);

static int queued(int fd, int *out, bool input)
{
	uint32_t in = 0, output = 0;
	int result = TERMINAL_CALL(fd, tty_queued(f->endpoint, &in, &output));

	if (result == 0)
		*out = (int)(input ? in : output);
	return result;
}

static int slave_number(int fd, unsigned *out)
{
	enum tty_kind kind = TTY_KIND_CONSOLE;
	uint32_t number = 0;
	int result = TERMINAL_CALL(fd, tty_identity(f->endpoint, &number, &kind));

	if (result)
		return result;
	if (kind != TTY_KIND_MASTER)
		return (int)posix_result(-ENOTTY);
	*out = number;
	return 0;
}

static int pid_get(pid_t pid, pid_t *out)
{
	if (pid < 0)
		return -1;
	*out = pid;
	return 0;
}

static int nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/* Any descriptor, but nothing of the request. */
static int unknown(int fd)
{
	struct file *f = fd_get(fd);

	if (f)
		file_put(f);
	return (int)posix_result(f ? -ENOTTY : -EBADF);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case TIOCGWINSZ: return tcgetwinsize(fd, argument);
	case TIOCSWINSZ: return tcsetwinsize(fd, argument);
	case TIOCSCTTY: return TERMINAL_CALL_AS(fd, tty_acquire(f->endpoint), terminal_session_errno);
	case TIOCNOTTY: return TERMINAL_CALL_AS(fd, tty_release(f->endpoint), terminal_session_errno);
	case TIOCGPGRP: return pid_get(tcgetpgrp(fd), argument);
	case TIOCSPGRP: return tcsetpgrp(fd, *(const pid_t *)argument);
	case TIOCGSID: return pid_get(tcgetsid(fd), argument);
	case TIOCOUTQ: return queued(fd, argument, false);
	case FIONREAD: return queued(fd, argument, true);
	case TIOCGPTN: return slave_number(fd, argument);
	case TIOCSPTLCK: return TERMINAL_CALL(fd, tty_lock(f->endpoint, *(const int *)argument != 0));
	case TIOCGPTPEER: return terminal_slave_open(fd, (int)(intptr_t)argument);
	case FIONBIO: return nonblock(fd, *(const int *)argument != 0);
	case FIOCLEX: return (int)posix_result(fd_flags_set(fd, FD_CLOEXEC));
	case FIONCLEX: return (int)posix_result(fd_flags_set(fd, 0));
	default: return unknown(fd);
	}
}
