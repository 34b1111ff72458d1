/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines made harmless, and lines as people read them. */
#include "userland/logger/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "userland/base/utf8.h"

#define ESCAPE_MAX 16

/* Marks that turn the direction of writing, and separators of lines that terminals and editors may follow. */
static bool misleads(uint32_t c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* One character, as it is shown; *used of the input. */
static size_t character(const char *text, size_t len, char out[ESCAPE_MAX], size_t *used)
{
	unsigned char first = (unsigned char)*text;
	uint32_t c;
	unsigned bytes = utf8_decode(text, len, &c);

	*used = 1;
	if (first == '\t') {
		out[0] = ' ';
		return 1;
	}
	if (bytes == 0 || c < 0x20 || c == 0x7f)
		return (size_t)snprintf(out, ESCAPE_MAX, "\\x%02x", first);
	*used = bytes;
	if (misleads(c))
		return (size_t)snprintf(out, ESCAPE_MAX, "\\u{%" PRIx32 "}", c);
	memcpy(out, text, bytes);
	return bytes;
}

size_t line_take(const char **text, size_t *len, char out[LOGGER_LINE_MAX])
{
	size_t size = 0;

	while (*len) {
		char shown[ESCAPE_MAX];
		size_t used, n;

		if (**text == '\n' || (**text == '\r' && *len > 1 && (*text)[1] == '\n')) {
			used = **text == '\n' ? 1 : 2;
			*text += used;
			*len -= used;
			return size;
		}
		n = character(*text, *len, shown, &used);
		if (n > LOGGER_LINE_MAX - size)
			return size;
		memcpy(out + size, shown, n);
		size += n;
		*text += used;
		*len -= used;
	}
	return size;
}

const char *line_level_name(enum logger_level level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	return level < sizeof(names) / sizeof(names[0]) ? names[level] : "?";
}

size_t line_show(const struct logger_entry *entry, const char *text, char out[LINE_SHOWN_MAX])
{
	bool process = entry->origin & LOGGER_ORIGIN_PROCESS_NAME;
	char pid[24] = "";
	uint64_t us = entry->time_ns / 1000;
	size_t len = entry->text_len <= LOGGER_LINE_MAX ? entry->text_len : LOGGER_LINE_MAX;

	if (entry->pid != 0)
		snprintf(pid, sizeof(pid), "[%" PRIu64 "]", entry->pid);
	int n = snprintf(out, LINE_SHOWN_MAX - LOGGER_LINE_MAX,
			 "[%5" PRIu64 ".%06" PRIu64 "] %-5s %s%.31s%s%s: ", us / 1000000, us % 1000000,
			 line_level_name(entry->level), process ? "(" : "", entry->source, process ? ")" : "", pid);
	memcpy(out + n, text, len);
	return (size_t)n + len;
}
