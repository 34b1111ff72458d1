/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serial lines without a terminal server. A driver that dies and comes back behind the same endpoint is not seen from here: a call that it took
 * along is sent again under the same id, so that it is done once.
 */
#include "sys/posix/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "protocols/serial.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"

#define LINE_MAX_BYTES 256u /* with its end; what is more is dropped */

/* The line being edited, or being read: one for all descriptors, which are of one line as a rule. */
static struct {
	struct mutex lock;
	size_t len, taken; /* lock */
	bool ready;        /* lock: finished, and not wholly taken */
	char text[LINE_MAX_BYTES];
} line;

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

static uint32_t file_mode(const struct file *f)
{
	return f->flags & O_NONBLOCK ? SERIAL_MODE_NONBLOCK : 0u;
}

/* All of it; 0 or a negative errno. Only the first piece honours NONBLOCK: translated text cannot be cut anywhere. */
static int write_all(handle_t ep, uint32_t mode, const char *text, size_t len)
{
	while (len) {
		uint64_t id = call_id();
		uint32_t count;
		status_t status;

		do
			status = serial_write(ep, id, mode, text, len, &count);
		while (status == ERR_PEER_DIED);
		if (status != OK)
			return neg_errno(status);
		if (count > len)
			return -EPROTO;
		if (count)
			mode = 0;
		text += count;
		len -= count;
	}
	return 0;
}

/* The finished line, or 0 or a negative errno. With the lock held. */
static int line_read(struct file *f)
{
	while (!line.ready) {
		uint64_t id = call_id();
		uint32_t count;
		status_t status;
		char byte;

		do
			status = serial_read(f->endpoint, id, file_mode(f), &byte, 1, &count);
		while (status == ERR_PEER_DIED);
		if (status != OK)
			return neg_errno(status);
		if (!count)
			return 0;
		if (byte == '\b' || byte == 0x7f) {
			if (line.len) {
				line.len--;
				(void)write_all(f->endpoint, 0, "\b \b", 3);
			}
			continue;
		}
		if (byte == '\r')
			byte = '\n';
		if (byte != '\n' && line.len >= LINE_MAX_BYTES - 1)
			continue;
		line.text[line.len++] = byte;
		line.ready = byte == '\n';
		(void)write_all(f->endpoint, 0, line.ready ? "\r\n" : &byte, line.ready ? 2 : 1);
	}
	return 1;
}

static ssize_t serial_file_read(struct file *f, void *buffer, size_t len)
{
	ssize_t result;

	if (len == 0)
		return 0;
	mutex_lock(&line.lock);
	result = line_read(f);
	if (result > 0) {
		size_t n = line.len - line.taken < len ? line.len - line.taken : len;

		memcpy(buffer, line.text + line.taken, n);
		line.taken += n;
		if (line.taken == line.len) {
			line.len = line.taken = 0;
			line.ready = false;
		}
		result = (ssize_t)n;
	}
	mutex_unlock(&line.lock);
	return result;
}

static ssize_t serial_file_write(struct file *f, const void *buffer, size_t len)
{
	const char *text = buffer;
	size_t done = 0;
	int result = 0;

	mutex_lock(&f->lock);
	while (done < len && result == 0) {
		char out[256];
		size_t used = done, made = 0;

		for (; used < len && made < sizeof(out) - 1; used++) {
			if (text[used] == '\n')
				out[made++] = '\r';
			out[made++] = text[used];
		}
		result = write_all(f->endpoint, file_mode(f), out, made);
		if (result == 0)
			done = used;
	}
	mutex_unlock(&f->lock);
	return done ? (ssize_t)done : result;
}

static int serial_stat(struct file *f, struct stat *out)
{
	(void)f;
	out->st_mode = S_IFCHR | 0620;
	out->st_nlink = 1;
	out->st_blksize = 1024;
	return 0;
}

static void serial_close(struct file *f)
{
	(void)handle_close(f->endpoint);
}

const struct open_file_ops serial_ops = {
	.read = serial_file_read,
	.write = serial_file_write,
	.stat = serial_stat,
	.close = serial_close,
};
