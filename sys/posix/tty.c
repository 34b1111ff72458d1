/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Terminals over the serial protocol, and termios. A driver that dies and comes back behind the
 * same endpoint is not seen from here: a call that it took along is sent again under the same id,
 * so that it is done once.
 *
 * Nothing is read ahead: in canonical mode bytes are fetched one by one up to the line's end, so
 * that what is typed for the next program is still there when that program reads.
 */
#include "sys/posix/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>

#include "protocols/serial.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"

#define POLL_NS 5000000u /* between two looks at the line in a read with VMIN 0 and VTIME */

/* A number that no other call through this endpoint used lately, whichever process makes it. */
static uint64_t call_id(void)
{
	static _Atomic uint64_t last;
	uint64_t now = clock_now(), seen = atomic_load(&last), id;

	do {
		id = now > seen ? now : seen + 1;
	} while (!atomic_compare_exchange_weak(&last, &seen, id));
	return id;
}

/* One read of the line: the bytes read, or a negative errno. */
static ssize_t line_read(handle_t ep, uint32_t mode, void *buffer, size_t len)
{
	uint64_t id = call_id();
	uint32_t count;
	status_t status;

	if (len > SERIAL_TRANSFER_MAX)
		len = SERIAL_TRANSFER_MAX;
	do {
		status = serial_read(ep, id, mode, buffer, len, &count);
	} while (status == ERR_PEER_DIED);
	return status == OK ? (ssize_t)count : neg_errno(status);
}

static ssize_t line_write(handle_t ep, uint32_t mode, const void *buffer, size_t len)
{
	uint64_t id = call_id();
	uint32_t count;
	status_t status;

	if (len > SERIAL_TRANSFER_MAX)
		len = SERIAL_TRANSFER_MAX;
	do {
		status = serial_write(ep, id, mode, buffer, len, &count);
	} while (status == ERR_PEER_DIED);
	if (status != OK)
		return neg_errno(status);
	return count <= len ? (ssize_t)count : -EPROTO;
}

/* All of it; 0 or a negative errno. Only the first piece honours NONBLOCK: translated text cannot
 * be cut anywhere. */
static int line_write_all(handle_t ep, uint32_t mode, const char *text, size_t len)
{
	while (len) {
		ssize_t n = line_write(ep, mode, text, len);

		if (n < 0)
			return (int)n;
		if (n > 0)
			mode = 0;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

void tty_settings_get(struct tty *tty, struct termios *out)
{
	mutex_lock(&tty->settings_lock);
	if (!tty->started) {
		tty_settings_default(&tty->settings);
		tty->started = true;
	}
	*out = tty->settings;
	mutex_unlock(&tty->settings_lock);
}

static uint32_t file_mode(const struct file *f)
{
	return f->flags & O_NONBLOCK ? SERIAL_MODE_NONBLOCK : 0u;
}

/* With the input lock held. */
static ssize_t read_canonical(struct file *f, const struct termios *t, char *buffer, size_t len)
{
	struct tty_line *line = &f->tty->line;

	while (!line->ready) {
		unsigned char byte;
		char echo[TTY_ECHO_MAX];
		ssize_t n = line_read(f->endpoint, file_mode(f), &byte, 1);

		if (n <= 0)
			return n; /* 0: the line is gone for good */
		size_t echo_len = tty_line_input(line, t, byte, echo);

		if (echo_len)
			(void)line_write_all(f->endpoint, 0, echo, echo_len);
	}
	return (ssize_t)tty_line_take(line, buffer, len);
}

static ssize_t read_timed(struct file *f, const struct termios *t, char *buffer, size_t len)
{
	uint64_t end = clock_now() + t->c_cc[VTIME] * 100000000ull;

	/* Looking again and again instead of a call with a deadline: a call that is given up just
	 * when the driver answers would lose the bytes. */
	for (;;) {
		static const uint32_t never;
		uint64_t now;
		ssize_t n = line_read(f->endpoint, SERIAL_MODE_NONBLOCK, buffer, len);

		if (n != -EAGAIN)
			return n;
		now = clock_now();
		if (now >= end)
			return 0;
		(void)futex_wait(&never, 0, now + POLL_NS < end ? now + POLL_NS : end);
	}
}

static ssize_t read_raw(struct file *f, const struct termios *t, char *buffer, size_t len)
{
	struct tty_line *line = &f->tty->line;
	size_t kept = 0;
	ssize_t n;

	/* What was typed before the mode changed comes first. */
	if (line->len > line->taken)
		return (ssize_t)tty_line_take(line, buffer, len);
	line->ready = false;
	do {
		if (t->c_cc[VMIN] == 0)
			n = read_timed(f, t, buffer, len);
		else
			n = line_read(f->endpoint, file_mode(f), buffer, len);
		if (n <= 0)
			return n;
		for (ssize_t i = 0; i < n; i++) {
			unsigned char byte = (unsigned char)buffer[i];

			if (tty_translate_input(t, &byte))
				buffer[kept++] = (char)byte;
		}
	} while (kept == 0); /* 0 would mean the end of the file */
	if (t->c_lflag & ECHO)
		(void)line_write_all(f->endpoint, 0, buffer, kept);
	return (ssize_t)kept;
}

static ssize_t tty_read(struct file *f, void *buffer, size_t len)
{
	struct termios t;
	ssize_t result;

	if (len == 0)
		return 0;
	tty_settings_get(f->tty, &t);
	mutex_lock(&f->tty->input_lock);
	if (t.c_lflag & ICANON)
		result = read_canonical(f, &t, buffer, len);
	else
		result = read_raw(f, &t, buffer, len);
	mutex_unlock(&f->tty->input_lock);
	return result;
}

static ssize_t tty_write(struct file *f, const void *buffer, size_t len)
{
	const char *text = buffer;
	struct termios t;
	char out[512];
	size_t done = 0;
	int result = 0;

	tty_settings_get(f->tty, &t);
	mutex_lock(&f->lock);
	while (done < len && result == 0) {
		size_t used = len - done;
		size_t made = tty_translate_output(&t, text + done, &used, out, sizeof(out));

		result = line_write_all(f->endpoint, file_mode(f), out, made);
		if (result == 0)
			done += used;
	}
	mutex_unlock(&f->lock);
	return done ? (ssize_t)done : result;
}

static int tty_stat(struct file *f, struct stat *out)
{
	(void)f;
	out->st_mode = S_IFCHR | 0620;
	out->st_nlink = 1;
	out->st_blksize = 1024;
	return 0;
}

static void tty_close(struct file *f)
{
	(void)handle_close(f->endpoint);
}

const struct open_file_ops tty_ops = {
	.read = tty_read,
	.write = tty_write,
	.stat = tty_stat,
	.close = tty_close,
};

/* Of a line that was opened by its path: the settings are its own. */
static void tty_opened_close(struct file *f)
{
	tty_close(f);
	free(f->tty);
}

const struct open_file_ops tty_opened_ops = {
	.read = tty_read,
	.write = tty_write,
	.stat = tty_stat,
	.close = tty_opened_close,
};

/* ---- termios ---- */

static int tty_file_get(int fd, struct file **out)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	if (!f->tty) {
		file_put(f);
		return -ENOTTY;
	}
	*out = f;
	return 0;
}

int tcgetattr(int fd, struct termios *out)
{
	struct file *f;
	int result = tty_file_get(fd, &f);

	if (result == 0) {
		tty_settings_get(f->tty, out);
		file_put(f);
	}
	return (int)posix_result(result);
}

static status_t line_drain(handle_t ep)
{
	status_t status;

	do {
		status = serial_drain(ep);
	} while (status == ERR_PEER_DIED);
	return status;
}

static status_t line_discard(handle_t ep, uint32_t queues)
{
	status_t status;

	do {
		status = serial_discard(ep, queues);
	} while (status == ERR_PEER_DIED);
	return status;
}

static int tty_set(int fd, int when, const struct termios *settings)
{
	struct termios old;
	struct file *f;
	status_t status = OK;
	int result;

	if (when != TCSANOW && when != TCSADRAIN && when != TCSAFLUSH)
		return -EINVAL;
	result = tty_file_get(fd, &f);
	if (result)
		return result;
	if (when != TCSANOW)
		status = line_drain(f->endpoint);
	if (status == OK && when == TCSAFLUSH)
		status = line_discard(f->endpoint, SERIAL_QUEUE_INPUT);
	if (status == OK) {
		tty_settings_get(f->tty, &old); /* so that they are there to be replaced */
		mutex_lock(&f->tty->settings_lock);
		f->tty->settings = *settings;
		mutex_unlock(&f->tty->settings_lock);
	}
	file_put(f);
	return neg_errno(status);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
	return (int)posix_result(tty_set(fd, when, settings));
}

int tcdrain(int fd)
{
	struct file *f;
	int result = tty_file_get(fd, &f);

	if (result == 0) {
		result = neg_errno(line_drain(f->endpoint));
		file_put(f);
	}
	return (int)posix_result(result);
}

int tcflush(int fd, int queue)
{
	static const uint32_t queues[] = {
		[TCIFLUSH] = SERIAL_QUEUE_INPUT,
		[TCOFLUSH] = SERIAL_QUEUE_OUTPUT,
		[TCIOFLUSH] = SERIAL_QUEUE_INPUT | SERIAL_QUEUE_OUTPUT,
	};
	struct file *f;
	int result;

	if (queue < TCIFLUSH || queue > TCIOFLUSH)
		return (int)posix_result(-EINVAL);
	result = tty_file_get(fd, &f);
	if (result == 0) {
		result = neg_errno(line_discard(f->endpoint, queues[queue]));
		file_put(f);
	}
	return (int)posix_result(result);
}

int tcflow(int fd, int action)
{
	(void)fd, (void)action;
	return (int)posix_result(-ENOSYS);
}

int tcsendbreak(int fd, int duration)
{
	(void)fd, (void)duration;
	return (int)posix_result(-ENOSYS);
}
