/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: text of a speaker, and memory that a dying logger has left. */
/* fuzz-sources: userland/logger/line.c userland/logger/keep.c userland/base/utf8.c */
/* fuzz-runs: 5000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "userland/base/utf8.h"
#include "userland/logger/keep.h"
#include "userland/logger/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line, size_t n)
{
	for (size_t at = 0; at < n;) {
		uint32_t c;
		unsigned used = utf8_decode(line + at, n - at, &c);
		if (used == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x202e || c == 0x2028)
			abort();
		at += used;
	}
}

static void lines(const char *text, size_t len)
{
	char line[LOGGER_LINE_MAX], shown[LINE_SHOWN_MAX];
	struct logger_entry entry = {.pid = UINT64_MAX, .time_ns = UINT64_MAX, .origin = 0xff, .level = 0xff};

	memset(entry.source, 'x', sizeof(entry.source) - 1);
	while (len != 0) {
		size_t before = len, n = line_take(&text, &len, line);
		if (n > sizeof(line) || len >= before)
			abort();
		check_line(line, n);
		entry.text_len = (uint16_t)n;
		if (line_show(&entry, line, shown) > sizeof(shown))
			abort();
	}
}

/* A ring with some entries, and the input's bytes somewhere over it. */
static void memory(const uint8_t *data, size_t size)
{
	static struct keep keep;
	static const char any[LOGGER_LINE_MAX];
	struct logger_entry entry = {.source = "x"};
	const struct logger_entry *e;
	const char *text;
	uint64_t at = 0, next, number = 0;

	memset(&keep, 0, KEEP_HEADER_BYTES);
	(void)keep_open(&keep);
	for (unsigned i = 0; i < data[0] * 16u; i++) {
		entry.text_len = (uint16_t)(i * 7 % (LOGGER_LINE_MAX + 1));
		keep_add(&keep, &entry, any);
	}
	for (size_t i = 1; i + 4 <= size; i += 4) {
		size_t place = (data[i] | data[i + 1] << 8) % 2048u;
		if (data[i + 2] & 1)
			place = offsetof(struct keep, ring) + (place * 129) % KEEP_RING_BYTES;
		((uint8_t *)&keep)[place % sizeof(keep)] = data[i + 3];
	}
	(void)keep_open(&keep);
	while ((e = keep_at(&keep, at, &text, &next)) != NULL) {
		if (e->text_len > LOGGER_LINE_MAX || next <= at || (number != 0 && e->number != number))
			abort();
		number = e->number + 1;
		at = next;
	}
	for (unsigned i = 0; i < 3; i++)
		keep_add(&keep, &entry, any);
	if (keep_open(&keep) != KEEP_AGAIN)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	lines((const char *)data + 1, size - 1);
	memory(data, size);
	return 0;
}
