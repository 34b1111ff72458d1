/* SPDX-License-Identifier: BSD-2-Clause */
/* The logger's pure parts: lines made harmless, the ring that outlives it, floods. */
#include <stdbool.h>
#include <stdlib.h>

#include "tests/unit/check.h"
#include "userland/logger/flood.h"
#include "userland/logger/keep.h"
#include "userland/logger/line.h"

static struct keep keep;

static void taken(const char *text, size_t len, const char *const *lines)
{
	char line[LOGGER_LINE_MAX + 1];

	for (; *lines; lines++) {
		CHECK(len != 0);
		size_t n = line_take(&text, &len, line);
		line[n] = '\0';
		CHECK_STR(line, *lines);
	}
	CHECK_INT(len, 0);
}

#define TAKEN(text, ...) taken(text, sizeof(text) - 1, (const char *const[]){__VA_ARGS__, NULL})

static void lines(void)
{
	TAKEN("one", "one");
	TAKEN("one\n", "one");
	TAKEN("one\n\ntwo\r\n", "one", "", "two");
	TAKEN("\n", "");
	TAKEN("a\tb", "a b");
	TAKEN("a\rb", "a\\x0db");
	TAKEN("\x1b[2J\x7f", "\\x1b[2J\\x7f");
	TAKEN("\0", "\\x00");
	TAKEN("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7");
	TAKEN("\xc3(\xff\xe2\x82", "\\xc3(\\xff\\xe2\\x82");
	TAKEN("\xed\xa0\x80\xc0\xaf", "\\xed\\xa0\\x80\\xc0\\xaf");
	TAKEN("x\xe2\x80\xaey\xc2\x9bz", "x\\u{202e}y\\u{9b}z");

	/* Longer than a line: cut at a whole character, nothing lost. */
	char longer[LOGGER_LINE_MAX * 3];
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + LOGGER_LINE_MAX - 1, "\xe2\x82\xac", 3);
	const char *text = longer;
	size_t len = sizeof(longer), sum = 0, n;
	char line[LOGGER_LINE_MAX];
	n = line_take(&text, &len, line);
	CHECK_INT(n, LOGGER_LINE_MAX - 1);
	for (sum = n; len != 0; sum += n)
		n = line_take(&text, &len, line);
	CHECK_INT(sum, sizeof(longer));
	/* A full line and its newline are one line. */
	memset(longer, 'b', LOGGER_LINE_MAX);
	longer[LOGGER_LINE_MAX] = '\n';
	text = longer;
	len = LOGGER_LINE_MAX + 1;
	CHECK_INT(line_take(&text, &len, line), LOGGER_LINE_MAX);
	CHECK_INT(len, 0);

	struct logger_entry entry = {
		.time_ns = 12345678901, .pid = 7, .level = LOGGER_LEVEL_WARN, .text_len = 2, .source = "vfs"};
	char shown[LINE_SHOWN_MAX + 1];
	shown[line_show(&entry, "hi", shown)] = '\0';
	CHECK_STR(shown, "[   12.345678] warn  vfs[7]: hi");
	entry.origin = LOGGER_ORIGIN_PROCESS_NAME;
	entry.pid = 0;
	shown[line_show(&entry, "hi", shown)] = '\0';
	CHECK_STR(shown, "[   12.345678] warn  (vfs): hi");
	entry.pid = entry.time_ns = UINT64_MAX;
	memset(entry.source, 'w', sizeof(entry.source) - 1);
	entry.text_len = LOGGER_LINE_MAX;
	CHECK(line_show(&entry, longer, shown) <= LINE_SHOWN_MAX);
}

static void add(unsigned number, size_t len, uint64_t kernel_next)
{
	char text[LOGGER_LINE_MAX];
	struct logger_entry entry = {.source = "s", .text_len = (uint16_t)len, .kernel_next = kernel_next};

	memset(text, 'a' + (char)(number % 26), sizeof(text));
	keep_add(&keep, &entry, text);
}

/* Everything from `first` on, each with the text that belongs to it. */
static bool holds(uint64_t number, uint64_t end)
{
	uint64_t at = 0, next;
	const struct logger_entry *e;
	const char *text;

	for (; (e = keep_at(&keep, at, &text, &next)) != NULL; at = next, number++) {
		if (e->number != number || next <= at)
			return false;
		for (unsigned i = 0; i < e->text_len; i++) {
			if (text[i] != 'a' + (char)(number % 26))
				return false;
		}
	}
	return number == end && next == keep.next;
}

static uint64_t oldest(void)
{
	uint64_t next;
	const char *text;
	const struct logger_entry *e = keep_at(&keep, 0, &text, &next);
	return e ? e->number : keep.number;
}

static void ring(void)
{
	memset(&keep, 0xa5, sizeof(keep));
	CHECK_INT(keep_open(&keep), KEEP_NEW);
	CHECK(holds(0, 0));
	CHECK_INT(keep_open(&keep), KEEP_AGAIN);
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		add(i, (size_t)rand() % (LOGGER_LINE_MAX + 1), i);
		if (i % 97 == 0 && !CHECK(holds(oldest(), i + 1)))
			return;
		if (i % 1009 == 0)
			CHECK_INT(keep_open(&keep), KEEP_AGAIN);
	}
	CHECK(oldest() > 19000 && oldest() < 19700); /* it holds what fits */
	CHECK_INT(keep.number, 20000);
	CHECK_INT(keep.loggers, 22);

	/* Died before the last stores of an addition: the entry counts, and so does what it knows of the kernel's log. */
	keep.number--;
	keep.kernel_next = 0;
	CHECK_INT(keep_open(&keep), KEEP_AGAIN);
	CHECK_INT(keep.number, 20000);
	CHECK_INT(keep.kernel_next, 19999);

	/* Positions that nobody was given */
	const char *text;
	uint64_t next;
	CHECK(!keep_at(&keep, UINT64_MAX, &text, &next) && next == keep.next);
	CHECK_INT(keep_at(&keep, keep.first + 1, &text, &next)->number, oldest());

	/* The file's state changes at once or not at all. */
	keep_file_set(&keep, (struct keep_file){5, 100, 1});
	keep.file[(keep.file_turn + 1) % 2] = (struct keep_file){6, 200, 1};
	CHECK_INT(keep_open(&keep), KEEP_AGAIN);
	CHECK_INT(keep_file_get(&keep).number, 5);

	/* Damage */
	static struct keep good;
	good = keep;
	keep.next += 8;
	CHECK_INT(keep_open(&keep), KEEP_DAMAGED);
	CHECK(holds(0, 0) && keep.number == 0);
	keep = good;
	keep_file_set(&keep, (struct keep_file){20001, 0, 0});
	CHECK_INT(keep_open(&keep), KEEP_DAMAGED);
	keep = good;
	keep.first = keep.next + 8;
	CHECK_INT(keep_open(&keep), KEEP_DAMAGED);
	keep = good;
	((struct logger_entry *)(void *)(keep.ring + keep.first % KEEP_RING_BYTES))->text_len = 600;
	CHECK_INT(keep_open(&keep), KEEP_DAMAGED);
}

static void floods(void)
{
	struct flood f = {0};
	uint64_t now = 1000000000, passed = 0;

	for (unsigned i = 0; i < 2 * FLOOD_BURST; i++)
		passed += flood_pass(&f, now);
	CHECK_INT(passed, FLOOD_BURST);
	CHECK_INT(flood_take_dropped(&f, now), 0); /* not yet */
	now += FLOOD_TELL_NS;
	CHECK_INT(flood_take_dropped(&f, now), FLOOD_BURST);
	CHECK_INT(flood_take_dropped(&f, now), 0);
	for (passed = 0; flood_pass(&f, now);)
		passed++;
	CHECK_INT(passed, FLOOD_TELL_NS / FLOOD_LINE_NS);
	now += 3600000000000;
	for (passed = 0; flood_pass(&f, now);)
		passed++;
	CHECK_INT(passed, FLOOD_BURST);
}

int main(void)
{
	lines();
	ring();
	floods();
	return check_end();
}
