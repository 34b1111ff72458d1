/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard output of a process that was given none: lines of the system's log. Input is at its end. */
#include <fcntl.h>
#include <string.h>

#include "sys/abi/system.h"
#include "sys/posix/file_std.h"
#include "sys/posix/log_out.h"

/* What is written without its newline waits here; the file's lock guards it. */
static char line[LOG_LINE_MAX];
static size_t line_len;
static bool line_cut; /* the text so far went out because the buffer was full */

static ssize_t log_read_end(struct file *f, void *buffer, size_t len)
{
	(void)f, (void)buffer, (void)len;
	return 0;
}

static void line_flush(void)
{
	log_out(LOG_INFO, line, line_len);
	line_len = 0;
}

static ssize_t log_file_write(struct file *f, const void *buffer, size_t len)
{
	const char *text = buffer;
	size_t left = len;

	mutex_lock(&f->lock);
	while (left) {
		const char *newline = memchr(text, '\n', left);
		size_t n = newline ? (size_t)(newline - text) : left;
		size_t room = sizeof(line) - line_len;

		if (n > room) {
			n = room;
			newline = NULL;
		}
		memcpy(line + line_len, text, n);
		line_len += n;
		text += n;
		left -= n;
		if (newline) {
			text++;
			left--;
			if (line_len == 0 && !line_cut)
				log_out(LOG_INFO, "", 0); /* an empty line is a line */
			else if (line_len != 0)
				line_flush();
			line_cut = false;
		} else if (line_len == sizeof(line)) {
			line_flush();
			line_cut = true;
		}
	}
	mutex_unlock(&f->lock);
	return (ssize_t)len;
}

static int log_file_stat(struct file *f, struct stat *out)
{
	(void)f;
	out->st_mode = S_IFCHR | 0622;
	out->st_nlink = 1;
	out->st_blksize = sizeof(line);
	return 0;
}

/* At exit: the last line may lack its newline. */
void file_log_flush(void)
{
	mutex_lock(&file_log.lock);
	if (line_len)
		line_flush();
	mutex_unlock(&file_log.lock);
}

static const struct open_file_ops log_ops = {
	.read = log_read_end,
	.write = log_file_write,
	.stat = log_file_stat,
};

struct file file_log = {
	.ops = &log_ops,
	.refs = 1, /* never closed: also the fallback of descriptors opened later */
	.is_static = true,
	.flags = O_RDWR,
};
