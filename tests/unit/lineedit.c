/* SPDX-License-Identifier: BSD-2-Clause */
/* The line editor against a model of a terminal: what stands on the screen and where the cursor is after keys. A second
 * check after every key: the screen equals a fresh painting of the same line. */
#include "userland/vsh/lineedit.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "userland/base/utf8.h"

/* ---- the terminal --------------------------------------------------------------------------- */

#define ROWS        40
#define COLUMNS_MAX 100

static struct {
	unsigned columns;
	unsigned row, column;
	bool wrap;                         /* the last column was written: the next character goes to the next row */
	uint32_t cells[ROWS][COLUMNS_MAX]; /* 0: the right half of a wide one */
	unsigned saved_row, saved_column;
	unsigned bells, scrolled;
	bool in_escape;
	char escape[32];
	size_t escape_len;
	char utf8[4];
	size_t utf8_len;
	struct text answer; /* what the terminal sends back */
	unsigned bytes;
} term;

static void term_clear_from(unsigned row, unsigned column)
{
	for (; row < ROWS; row++, column = 0) {
		for (unsigned c = column; c < term.columns; c++)
			term.cells[row][c] = ' ';
	}
}

static void term_reset(unsigned columns)
{
	text_free(&term.answer);
	memset(&term, 0, sizeof(term));
	term.columns = columns;
	term_clear_from(0, 0);
}

static void term_newline(void)
{
	if (term.row + 1 < ROWS) {
		term.row++;
		return;
	}
	memmove(term.cells[0], term.cells[1], sizeof(term.cells[0]) * (ROWS - 1));
	for (unsigned c = 0; c < term.columns; c++)
		term.cells[ROWS - 1][c] = ' ';
	term.scrolled++;
}

static void term_put(uint32_t c)
{
	unsigned width = utf8_width(c);
	if (width == 0)
		return; /* the model drops marks */
	if (term.wrap || term.column + width > term.columns) {
		term.column = 0;
		term_newline();
		term.wrap = false;
	}
	term.cells[term.row][term.column] = c;
	if (width == 2)
		term.cells[term.row][term.column + 1] = 0;
	term.column += width;
	if (term.column == term.columns) {
		term.column--;
		term.wrap = true;
	}
}

static void term_csi(void)
{
	unsigned n = term.escape[1] >= '0' && term.escape[1] <= '9' ? (unsigned)atoi(term.escape + 1) : 0;
	unsigned steps = n ? n : 1;
	char final = term.escape[term.escape_len - 1];
	switch (final) {
	case 'A': term.row = term.row > steps ? term.row - steps : 0; break;
	case 'B': term.row = term.row + steps < ROWS ? term.row + steps : ROWS - 1; break;
	case 'C': term.column = term.column + steps < term.columns ? term.column + steps : term.columns - 1; break;
	case 'D': term.column = term.column > steps ? term.column - steps : 0; break;
	case 'H': term.row = term.column = 0; break;
	case 'J':
		if (n == 2)
			term_clear_from(0, 0);
		else
			term_clear_from(term.row, term.column);
		break;
	case 'n':
		CHECK(n == 6);
		text_format(&term.answer, "\033[%u;%uR", term.row + 1, term.column + 1);
		break;
	default: CHECK(!"a sequence that the model knows"); break;
	}
	if (final != 'n')
		term.wrap = false;
}

static void term_byte(char byte)
{
	uint32_t c;
	term.bytes++;
	if (byte == '\033') {
		term.in_escape = true;
		term.escape_len = 0;
		return;
	}
	if (term.in_escape) {
		term.escape[term.escape_len++] = byte;
		term.escape[term.escape_len] = '\0';
		if (term.escape[0] == '7') {
			term.saved_row = term.row;
			term.saved_column = term.column;
		} else if (term.escape[0] == '8') {
			term.row = term.saved_row;
			term.column = term.saved_column;
		} else if (term.escape_len < 2 || byte < 0x40) {
			CHECK(term.escape[0] == '[' && term.escape_len < 20);
			return;
		} else {
			term_csi();
		}
		term.in_escape = false;
		return;
	}
	switch (byte) {
	case '\a': term.bells++; return;
	case '\b':
		term.column -= term.column > 0;
		term.wrap = false;
		return;
	case '\r':
		term.column = 0;
		term.wrap = false;
		return;
	case '\n':
		term_newline();
		term.wrap = false;
		return;
	default: break;
	}
	term.utf8[term.utf8_len++] = byte;
	if (utf8_decode(term.utf8, term.utf8_len, &c) == 0) {
		CHECK(term.utf8_len < 4);
		return;
	}
	CHECK(c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0));
	term.utf8_len = 0;
	term_put(c);
}

static void term_write(void *context, const char *bytes, size_t len)
{
	(void)context;
	for (size_t i = 0; i < len; i++)
		term_byte(bytes[i]);
}

/* The rows with something on them, without blanks at their ends, joined by '|'. The cursor's cell is shown by [ ]. */
static const char *screen_of(bool with_cursor)
{
	static char out[ROWS * COLUMNS_MAX * 4 + ROWS * 4];
	size_t n = 0;
	unsigned last = 0;
	for (unsigned r = 0; r < ROWS; r++) {
		for (unsigned c = 0; c < term.columns; c++)
			last = term.cells[r][c] != ' ' || (with_cursor && r == term.row) ? r : last;
	}
	for (unsigned r = 0; r <= last; r++) {
		size_t keep = n;
		n += (size_t)sprintf(out + n, "%s", r ? "|" : "");
		keep = n;
		for (unsigned c = 0; c < term.columns; c++) {
			bool here = with_cursor && r == term.row && c == term.column;
			if (here)
				out[n++] = '[';
			if (term.cells[r][c] != 0)
				n += utf8_encode(term.cells[r][c], out + n);
			if (here)
				out[n++] = ']';
			if (term.cells[r][c] != ' ' || here)
				keep = n;
		}
		n = keep;
	}
	out[n] = '\0';
	return out;
}

/* ---- the editor ----------------------------------------------------------------------------- */

static const char *const files[] = {"bench", "bin", "data", "dir with blank", "dragon", NULL};

static void complete(void *context, const char *line, size_t cursor, struct completions *out)
{
	(void)context;
	out->start = cursor;
	while (out->start > 0 && line[out->start - 1] != ' ')
		out->start--;
	for (unsigned i = 0; files[i]; i++) {
		if (strncmp(files[i], line + out->start, cursor - out->start) == 0)
			names_add(&out->texts, files[i], strlen(files[i]));
	}
	out->suffix = " ";
}

static const struct lineedit_ops ops = {.write = term_write, .complete = complete};
static struct history history;
static struct lineedit edit;
static enum lineedit_result result;
static bool verify = true;

static void start(unsigned columns, const char *prompt)
{
	lineedit_free(&edit);
	term_reset(columns);
	lineedit_init(&edit, &ops, NULL, &history, columns);
	lineedit_start(&edit, prompt, false);
}

/* The same line painted from nothing by an own, simple method. */
static void check_screen(const char *keys)
{
	static uint32_t cells[ROWS][COLUMNS_MAX];
	unsigned row = 0, column = 0, cursor_row = 0, cursor_column = 0;
	const char *prompt = edit.searching ? text_get(&edit.search_prompt) : edit.prompt;
	struct text all = {0};
	text_format(&all, "%s%s", prompt, lineedit_line(&edit));
	for (unsigned r = 0; r < ROWS; r++) {
		for (unsigned c = 0; c < term.columns; c++)
			cells[r][c] = ' ';
	}
	size_t at_cursor = strlen(prompt) + edit.cursor;
	for (size_t i = 0; i <= all.len;) {
		uint32_t c = ' ';
		unsigned n = i == all.len ? 1 : utf8_decode(all.bytes + i, all.len - i, &c);
		uint32_t shown[2] = {c, 0};
		unsigned count = 1;
		if (n == 0) {
			n = 1;
			shown[0] = 0xfffd;
		} else if (c < 0x20 || c == 0x7f) {
			shown[0] = '^';
			shown[1] = c ^ 0x40;
			count = 2;
		}
		unsigned width = count == 2 ? 2 : utf8_width(shown[0]);
		if (column + width > term.columns) {
			row++;
			column = 0;
		}
		if (i == at_cursor) {
			cursor_row = row;
			cursor_column = column;
		}
		for (unsigned k = 0; k < count && width != 0 && i < all.len; k++)
			cells[row][column + k] = shown[k];
		if (width == 2 && count == 1)
			cells[row][column + 1] = 0;
		column += width;
		i += n;
	}
	bool same = term.row == cursor_row && term.column == cursor_column && !term.wrap;
	for (unsigned r = 0; r < ROWS; r++) {
		for (unsigned c = 0; c < term.columns; c++)
			same = same && cells[r][c] == term.cells[r][c];
	}
	if (!CHECK(same))
		printf("  after \"%s\" at %u columns: cursor %u,%u wanted %u,%u screen %s\n", keys, term.columns,
		       term.row, term.column, cursor_row, cursor_column, screen_of(true));
	text_free(&all);
}

static void type(const char *keys)
{
	for (const char *k = keys; *k; k++) {
		result = lineedit_feed(&edit, (unsigned char)*k);
		if (result == LINEEDIT_MORE && !key_pending(&edit.decoder) && verify)
			check_screen(keys);
	}
}

static void line_is(const char *before, const char *after)
{
	struct text want = {0};
	text_format(&want, "%s%s", before, after);
	CHECK_STR(lineedit_line(&edit), text_get(&want));
	CHECK_INT(edit.cursor, strlen(before));
	text_free(&want);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void basic_keys(void)
{
	start(40, "/> ");
	type("hello world");
	CHECK_STR(screen_of(true), "/> hello world[ ]");
	type("\x01");
	line_is("", "hello world");
	CHECK_STR(screen_of(true), "/> [h]ello world");
	type("\x05\x02\x02");
	line_is("hello wor", "ld");
	type("\x06X");
	line_is("hello worlX", "d");
	type("\x7f");
	line_is("hello worl", "d");
	type("\x08\x08");
	line_is("hello wo", "d");
	type("\x04");
	line_is("hello wo", "");
	type("\033[D\033[D\033OD\033[C");
	line_is("hello ", "wo");
	type("\033[H");
	line_is("", "hello wo");
	type("\033[3~\033[1;5C");
	line_is("ello", " wo");
	type("\033[F\033b");
	line_is("ello ", "wo");
	type("\033[1~\033f\033f");
	line_is("ello wo", "");
	type("\033[1;5D\033[4~\033[7~\033[8~\033OH\033OF");
	line_is("ello wo", "");
	type("\x14");
	line_is("ello ow", "");
	type("\x02\x14");
	line_is("ello wo", "");

	type("\x01\x0b");
	line_is("", "");
	type("\x19");
	line_is("ello wo", "");
	type("\x17");
	line_is("ello ", "");
	type("\x17\x19");
	line_is("ello wo", ""); /* both kills, in order */
	type("\x02\x02\x15");
	line_is("", "wo");
	type("\x05\x19");
	line_is("woello ", "");
	type("\033\x7f");
	line_is("", "");
	type("one.two three\x01\033d\033d");
	line_is("", " three");
	type("\x05\x19");
	line_is(" threeone.two", "");

	unsigned bells = term.bells;
	type("\x05\x06\x01\x02"); /* moving past the ends is no mistake; erasing nothing is */
	CHECK_INT(term.bells, bells);
	type("\x7f");
	CHECK_INT(term.bells, bells + 1);
	type("\x18\033[99~\033[5z\033x\033OZ");
	CHECK_INT(term.bells, bells + 6);

	type("\x05\r");
	CHECK_INT(result, LINEEDIT_DONE);
	CHECK_STR(lineedit_line(&edit), " threeone.two");
	CHECK(term.row == 1 && term.column == 0);
	lineedit_start(&edit, "/> ", false);
	term.row--;
	type("");
	result = lineedit_feed(&edit, 4);
	CHECK_INT(result, LINEEDIT_EOF);
	start(20, "> ");
	type("abc\x02\x03");
	CHECK_INT(result, LINEEDIT_CANCEL);
	CHECK_STR(screen_of(true), "> abc^C|[ ]");
}

static void wrapping(void)
{
	start(10, "/> ");
	type("123456");
	CHECK_STR(screen_of(true), "/> 123456[ ]");
	type("7");
	CHECK_STR(screen_of(true), "/> 1234567|[ ]");
	type("8");
	CHECK_STR(screen_of(true), "/> 1234567|8[ ]");
	type("\x7f\x7f");
	CHECK_STR(screen_of(true), "/> 123456[ ]");
	type("7890abcdefghijk");
	CHECK_STR(screen_of(true), "/> 1234567|890abcdefg|hijk[ ]");
	type("\x01x");
	CHECK_STR(screen_of(true), "/> x[1]23456|7890abcdef|ghijk");
	type("\x0b");
	CHECK_STR(screen_of(true), "/> x[ ]");
	type("\x19\x01\x04\x05");
	CHECK_STR(screen_of(true), "/> 1234567|890abcdefg|hijk[ ]");
	type("\r");
	CHECK_STR(screen_of(true), "/> 1234567|890abcdefg|hijk|[ ]");

	/* Enter right after the last column: no blank row. */
	start(10, "/> ");
	type("1234567\r");
	CHECK_STR(screen_of(true), "/> 1234567|[ ]");
	start(10, "/> ");
	type("1234567\x03");
	CHECK_STR(screen_of(true), "/> 1234567|^C|[ ]");

	/* At the bottom the screen scrolls; what is typed stays right. */
	start(10, "/> ");
	term.row = ROWS - 1;
	term.column = 0;
	lineedit_start(&edit, "/> ", false);
	verify = false;
	for (unsigned r = 0; r + 1 < ROWS; r++) {
		for (unsigned c = 0; c < 10; c++)
			term.cells[r][c] = ' ';
	}
	type("1234567890abc\x01Z");
	CHECK(strstr(screen_of(true), "|/> Z[1]23456|7890abc"));
	verify = true;
	/* A prompt as wide as the terminal, and wider. */
	start(4, "12> ");
	type("ab");
	CHECK_STR(screen_of(true), "12>|ab[ ]");
	start(4, "12345> ");
	type("ab\x01");
	CHECK_STR(screen_of(true), "1234|5> [a]|b");
}

static void unicode(void)
{
	start(12, "/> ");
	type("aä€😀z");
	line_is("aä€😀z", "");
	type("\x02\x02");
	line_is("aä€", "😀z");
	type("\x7f");
	line_is("aä", "😀z");
	type("\x04");
	line_is("aä", "z");
	/* Wide characters that do not fit the last column. */
	start(10, "/> ");
	type("123456漢字");
	CHECK_STR(screen_of(true), "/> 123456|漢字[ ]");
	type("\x01x");
	CHECK_STR(screen_of(true), "/> x[1]23456|漢字");
	type("\x7f\x7f\x04");
	CHECK_STR(screen_of(true), "/> [2]3456漢|字");
	/* Combining marks belong to what is before them. */
	start(40, "");
	type("ae\xcc\x81\xcc\xa7o");
	type("\x02");
	type("\x02");
	line_is("a", "e\xcc\x81\xcc\xa7o");
	type("\x04");
	line_is("a", "o");
	/* What is no UTF-8 becomes the replacement character, and nothing after it is lost. */
	start(40, "");
	type("\xff\xc3(\xe2\x82x");
	line_is("\xef\xbf\xbd(x", "");
	/* Control characters by Ctrl-V, shown as ^X. */
	start(6, "> ");
	type("ab\x16\x03\x16\tc");
	line_is("ab\x03\tc", "");
	CHECK_STR(screen_of(true), "> ab^C|^Ic[ ]");
	type("\x7f\x7f\x7f\x7f");
	line_is("a", "");
}

static void history_keys(void)
{
	history_clear(&history);
	start(40, "/> ");
	unsigned bells = term.bells;
	type("\033[A\033[B");
	CHECK_INT(term.bells, bells + 2);
	history_add(&history, "first");
	history_add(&history, "second line");
	history_add(&history, "second line");
	history_add(&history, "   ");
	history_add(&history, "");
	history_add(&history, "third");
	CHECK_INT(history.count, 3);
	start(40, "/> ");
	type("draft\033[A");
	line_is("third", "");
	type("\x10");
	line_is("second line", "");
	type("\033OA");
	line_is("first", "");
	type("\033[A");
	line_is("first", "");
	type("\033[B\x0e\033[B");
	line_is("draft", "");
	type("\033[A!\033[A\033[B");
	line_is("third", ""); /* a changed entry is not kept */

	start(60, "/> ");
	type("mine\x12");
	CHECK_STR(screen_of(true), "(history search) '': mine[ ]");
	type("se");
	line_is("", "second line");
	CHECK_STR(screen_of(true), "(history search) 'se': [s]econd line");
	type("\x7f");
	CHECK_STR(edit.pattern.bytes, "s");
	type("\x7f"
	     "ir\x12");
	CHECK_STR(screen_of(true), "(nothing in history search) 'ir': f[i]rst");
	type("\x7f");
	line_is("th", "ird"); /* shorter text: searched anew from the newest */
	type("\x07");
	line_is("mine", "");
	CHECK_STR(screen_of(true), "/> mine[ ]");
	type("\x12"
	     "d l\x05");
	line_is("second line", "");
	CHECK_STR(screen_of(true), "/> second line[ ]");
	type("\x15\x12third\r");
	CHECK_INT(result, LINEEDIT_DONE);
	CHECK_STR(lineedit_line(&edit), "third");
	CHECK_STR(screen_of(true), "/> third|[ ]");
	start(60, "/> ");
	type("\x12"
	     "first\x03");
	CHECK_INT(result, LINEEDIT_CANCEL);

	/* The ring: the oldest go. */
	char line[16];
	for (unsigned i = 0; i < HISTORY_LINES + 5; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		history_add(&history, line);
	}
	CHECK_INT(history.count, HISTORY_LINES);
	CHECK_STR(history_get(&history, 0), "line 5");
	CHECK_STR(history_get(&history, HISTORY_LINES - 1), "line 1004");
	CHECK_INT(history.dropped, 8);
	CHECK_INT(history_search(&history, history.count, "line 5"), 599 - 5);
	CHECK_INT(history_search(&history, history.count, "first"), HISTORY_LINES);
	history_clear(&history);
}

static void completion_keys(void)
{
	start(30, "/> ");
	unsigned bells = term.bells;
	type("x\t");
	CHECK_INT(term.bells, bells + 1);
	line_is("x", "");
	type(" da\t");
	line_is("x data ", "");
	type("\x15"
	     "b\t");
	line_is("b", "");
	CHECK_INT(term.bells, bells + 2);
	verify = false;
	type("\t");
	CHECK_STR(screen_of(true), "/> b|bench  bin|/> b[ ]");
	type("e\t");
	line_is("bench ", "");
	verify = true;
	start(40, "/> ");
	type("d z\x02\x02\t");
	line_is("d", " z");
	type("i\tX");
	line_is("dir with blank X", " z");
	/* All of them, in columns, from the left edge. */
	start(40, "/> ");
	verify = false;
	type("\t\t");
	CHECK_STR(screen_of(true), "/>|bench           dir with blank|bin             dragon|data|/> [ ]");
	verify = true;
}

static void width_report(void)
{
	start(80, "/> ");
	lineedit_free(&edit);
	term_reset(20);
	lineedit_init(&edit, &ops, NULL, &history, 80);
	lineedit_start(&edit, "/> ", true);
	CHECK_STR(text_get(&term.answer), "\033[1;20R");
	type("ab");
	type(text_get(&term.answer)); /* late: after the user typed */
	CHECK_INT(edit.view.columns, 20);
	type("cdefghijklmnopqrstuvw");
	CHECK_STR(screen_of(true), "/> abcdefghijklmnopq|rstuvw[ ]");
	line_is("abcdefghijklmnopqrstuvw", "");
	type("\x0c");
	CHECK_STR(screen_of(true), "/> abcdefghijklmnopq|rstuvw[ ]");
	/* An answer that makes no sense changes nothing. */
	type("\033[1;0R\033[1;99999999999R\033[R\033[;;;;;R");
	CHECK_INT(edit.view.columns, 20);
	lineedit_suspend(&edit);
	CHECK_STR(screen_of(true), "[ ]");
	lineedit_resume(&edit);
	CHECK_STR(screen_of(true), "/> abcdefghijklmnopq|rstuvw[ ]");
}

static void paste_and_size(void)
{
	start(30, "> ");
	type("\033[200~a\tb\033[201~");
	line_is("a\tb", "");
	/* A byte for a byte: typing at the end sends nothing but the character. */
	start(80, "> ");
	term.bytes = 0;
	type("abcdefghij");
	CHECK_INT(term.bytes, 10);

	start(10, "> ");
	verify = false;
	for (unsigned i = 0; i < LINEEDIT_LINE_MAX; i++)
		text_add_char(&edit.line, 'x');
	edit.cursor = edit.line.len;
	unsigned bells = term.bells;
	result = lineedit_feed(&edit, 'y');
	CHECK_INT(term.bells, bells + 1);
	CHECK_INT(edit.line.len, LINEEDIT_LINE_MAX);
	verify = true;
}

/* Any keys at any width: the screen stays right (check_screen after each), and nothing breaks. */
static void random_keys(void)
{
	static const char *const keys[] = {
		"a",     "b",        " ",    "ä",      "漢",           "e\xcc\x81", "\x16\x05",
		"\x01",  "\x05",     "\x02", "\x02",   "\x06",         "\x7f",      "\x04",
		"\x17",  "\x19",     "\x14", "\033[A", "\033[B",       "\033[1;5D", "\033[1;5C",
		"\033d", "\033\x7f", "\x0b", "\x15",   "longer text ", "\033[3~",   "\xff",
		"\x12",  "o",        "\x07",
	};
	unsigned seed = 99;
	history_add(&history, "one");
	history_add(&history, "a much longer line of history, with 漢字 in it");
	for (unsigned round = 0; round < 60; round++) {
		start(7 + round % 50, round % 3 ? "/> " : "/a/long/path> ");
		type("x"); /* never empty: Ctrl-D would end it */
		for (unsigned i = 0; i < 300; i++) {
			seed = seed * 1664525 + 1013904223;
			if (edit.line.len > term.columns * 6 - 20 || edit.line.len > 250) {
				type("\x05\x15x");
				continue;
			}
			type(keys[(seed >> 8) % (sizeof(keys) / sizeof(keys[0]))]);
			CHECK(edit.cursor <= edit.line.len);
			if (edit.line.len == 0)
				type("x");
			if (checks_failed)
				return;
		}
	}
}

int main(void)
{
	basic_keys();
	wrapping();
	unicode();
	history_keys();
	completion_keys();
	width_report();
	paste_and_size();
	random_keys();
	lineedit_free(&edit);
	history_clear(&history);
	text_free(&term.answer);
	return check_end();
}
