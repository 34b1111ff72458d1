/* SPDX-License-Identifier: BSD-2-Clause */
/* Controlling terminals and foreground groups; names of terminals. */
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/terminal.h"

pid_t tcgetpgrp(int fd)
{
	uint64_t group = 0;
	int result = TERMINAL_CALL_AS(fd, tty_group_get(f->endpoint, &group), terminal_session_errno);

	return result ? -1 : (pid_t)group;
}

int tcsetpgrp(int fd, pid_t group)
{
	if (group <= 0)
		return (int)posix_result(-EINVAL);
	return TERMINAL_CALL_AS(fd, tty_group_set(f->endpoint, (uint64_t)group), terminal_session_errno);
}

pid_t tcgetsid(int fd)
{
	uint64_t session = 0;
	int result = TERMINAL_CALL_AS(fd, tty_session_get(f->endpoint, &session), terminal_session_errno);

	return result ? -1 : (pid_t)session;
}

/* An errno value, or 0. */
static int name_get(int fd, bool of_slave, char *name, size_t size)
{
	enum tty_kind kind = TTY_KIND_CONSOLE;
	uint32_t number = 0;
	int before = errno, length;
	int error = TERMINAL_CALL(fd, tty_identity(f->endpoint, &number, &kind)) ? errno : 0;

	errno = before;
	if (error)
		return error;
	if (of_slave != (kind == TTY_KIND_MASTER))
		return of_slave ? ENOTTY : ENODEV;
	if (kind == TTY_KIND_CONSOLE)
		length = snprintf(name, size, "/dev/console");
	else
		length = snprintf(name, size, "/dev/%s%u", kind == TTY_KIND_SERIAL ? "ttyS" : "pts/", (unsigned)number);
	return (size_t)length < size ? 0 : ERANGE;
}

int ttyname_r(int fd, char *name, size_t size)
{
	return name_get(fd, false, name, size);
}

char *ttyname(int fd)
{
	static char name[32];

	errno = ttyname_r(fd, name, sizeof(name));
	return errno ? NULL : name;
}

int ptsname_r(int fd, char *name, size_t size)
{
	return name_get(fd, true, name, size);
}

char *ptsname(int fd)
{
	static char name[32];

	errno = ptsname_r(fd, name, sizeof(name));
	return errno ? NULL : name;
}

char *ctermid(char *name)
{
	static char own[L_ctermid];

	return strcpy(name ? name : own, "/dev/tty");
}
