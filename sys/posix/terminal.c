/* SPDX-License-Identifier: BSD-2-Clause */
/* termios over the protocol of terminals: settings, waiting, flow. struct termios has the flags and places of struct tty_attributes. */
#include "sys/posix/terminal.h"

#include <errno.h>
#include <string.h>

#include "sys/posix/errno_map.h"

#define SAME(ours, theirs) _Static_assert((ours) == (theirs), "termios.h and tty.idl")
SAME(IUTF8, TTY_INPUT_IUTF8);
SAME(IXOFF, TTY_INPUT_IXOFF);
SAME(ICRNL, TTY_INPUT_ICRNL);
SAME(ONLCR, TTY_OUTPUT_ONLCR);
SAME(TAB3, TTY_OUTPUT_TAB3);
SAME(CS6, TTY_CONTROL_SIZE_LOW);
SAME(CS7, TTY_CONTROL_SIZE_HIGH);
SAME(CLOCAL, TTY_CONTROL_CLOCAL);
SAME(ISIG, TTY_LOCAL_ISIG);
SAME(TOSTOP, TTY_LOCAL_TOSTOP);
SAME(ECHOKE, TTY_LOCAL_ECHOKE);
SAME(VMIN, TTY_KEY_MIN);
SAME(VLNEXT, TTY_KEY_LNEXT);
SAME(NCCS, sizeof(((struct tty_attributes *)0)->characters));
SAME(TCSANOW, TTY_WHEN_NOW);
SAME(TCSADRAIN, TTY_WHEN_DRAIN);
SAME(TCSAFLUSH, TTY_WHEN_FLUSH);
SAME(TCOOFF, TTY_ACTION_OUTPUT_OFF);
SAME(TCOON, TTY_ACTION_OUTPUT_ON);
SAME(TCIOFF, TTY_ACTION_INPUT_OFF);
SAME(TCION, TTY_ACTION_INPUT_ON);
SAME(sizeof(struct winsize), sizeof(struct tty_window));

/* The flags that there are; the server refuses others. */
#define INPUT_ALL   (IUTF8 * 2 - 1)
#define OUTPUT_ALL  (TAB3 * 2 - 1)
#define CONTROL_ALL (CSIZE | CSTOPB | CREAD | PARENB | PARODD | HUPCL | CLOCAL)
#define LOCAL_ALL   (ECHOKE * 2 - 1)

int terminal_get(int fd, struct file **out)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	if (!f->terminal) {
		file_put(f);
		return -ENOTTY;
	}
	*out = f;
	return 0;
}

int terminal_session_errno(status_t status)
{
	switch (status) {
	case ERR_NOT_FOUND: return -ENOTTY;
	case ERR_UNSUPPORTED: return -ENOSYS;
	default: return neg_errno(status);
	}
}

int tcgetattr(int fd, struct termios *out)
{
	struct tty_attributes a;
	int result = TERMINAL_CALL(fd, tty_attributes_get(f->endpoint, &a));

	if (result)
		return result;
	*out = (struct termios){
		.c_iflag = a.input,
		.c_oflag = a.output,
		.c_cflag = a.control,
		.c_lflag = a.local,
		.c_ispeed = a.input_speed,
		.c_ospeed = a.output_speed,
	};
	memcpy(out->c_cc, a.characters, NCCS);
	return 0;
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
	struct tty_attributes a = {
		.input = settings->c_iflag & INPUT_ALL,
		.output = settings->c_oflag & OUTPUT_ALL,
		.control = settings->c_cflag & CONTROL_ALL,
		.local = settings->c_lflag & LOCAL_ALL,
		.input_speed = settings->c_ispeed,
		.output_speed = settings->c_ospeed,
	};

	if (when != TCSANOW && when != TCSADRAIN && when != TCSAFLUSH)
		return (int)posix_result(-EINVAL);
	memcpy(a.characters, settings->c_cc, NCCS);
	return TERMINAL_CALL(fd, tty_attributes_set(f->endpoint, &a, (enum tty_when)when));
}

int tcdrain(int fd)
{
	return TERMINAL_CALL(fd, tty_drain(f->endpoint));
}

int tcflush(int fd, int queue)
{
	static const uint32_t queues[] = {
		[TCIFLUSH] = TTY_QUEUE_INPUT,
		[TCOFLUSH] = TTY_QUEUE_OUTPUT,
		[TCIOFLUSH] = TTY_QUEUE_INPUT | TTY_QUEUE_OUTPUT,
	};

	if (queue < TCIFLUSH || queue > TCIOFLUSH)
		return (int)posix_result(-EINVAL);
	return TERMINAL_CALL(fd, tty_flush(f->endpoint, queues[queue]));
}

int tcflow(int fd, int action)
{
	if (action < TCOOFF || action > TCION)
		return (int)posix_result(-EINVAL);
	return TERMINAL_CALL(fd, tty_flow(f->endpoint, (enum tty_action)action));
}

/* The duration is the implementation's to understand: milliseconds here. */
int tcsendbreak(int fd, int duration)
{
	return TERMINAL_CALL_AS(fd, tty_send_break(f->endpoint, duration > 0 ? (uint32_t)duration : 0),
				terminal_session_errno);
}

int tcgetwinsize(int fd, struct winsize *out)
{
	struct tty_window w = {0};
	int result = TERMINAL_CALL(fd, tty_window_get(f->endpoint, &w));

	if (result == 0)
		*out = (struct winsize){w.rows, w.columns, w.width, w.height};
	return result;
}

int tcsetwinsize(int fd, const struct winsize *size)
{
	const struct tty_window w = {size->ws_row, size->ws_col, size->ws_xpixel, size->ws_ypixel};

	return TERMINAL_CALL(fd, tty_window_set(f->endpoint, &w));
}
