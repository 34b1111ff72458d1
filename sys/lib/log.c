/* SPDX-License-Identifier: BSD-2-Clause */
/* Splits text into the lines that log_write takes. Logging cannot be let fail anything else: errors
 * end here. */
#include "sys/lib/log.h"

#include <string.h>

#include "sys/lib/syscall.h"

void log_text(uint32_t level, const char *text, size_t len)
{
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t line = newline ? (size_t)(newline - text) : len;
		size_t cut = line < LOG_LINE_MAX ? line : LOG_LINE_MAX;
		size_t used = cut == line && newline ? cut + 1 : cut;

		(void)log_write(level, text, cut);
		text += used;
		len -= used;
	}
}

void log_line(uint32_t level, const char *text)
{
	log_text(level, text, strlen(text));
}
