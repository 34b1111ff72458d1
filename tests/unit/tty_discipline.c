/* SPDX-License-Identifier: BSD-2-Clause */
/* The line discipline of terminals: translation, editing, echo, signals, flow control, output. */
#include "tests/unit/check.h"
#include "userland/tty/discipline.h"

static struct discipline d;
static uint32_t events;

static void reset(void)
{
	discipline_init(&d);
	events = 0;
}

static void type_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		events |= discipline_receive(&d, (uint8_t)bytes[i]);
}

static void type(const char *text)
{
	type_bytes(text, strlen(text));
}

/* What was echoed or written since the last look. */
static const char *shown(void)
{
	static char text[DISCIPLINE_OUTPUT_MAX + 2];

	text[discipline_output(&d, (uint8_t *)text, sizeof(text) - 1)] = '\0';
	return text;
}

static const char *take(size_t max)
{
	static char text[TTY_INPUT_MAX + 1];

	text[discipline_take(&d, (uint8_t *)text, max < TTY_INPUT_MAX ? max : TTY_INPUT_MAX)] = '\0';
	return text;
}

static const char *written(const char *text)
{
	CHECK_INT(discipline_write(&d, (const uint8_t *)text, strlen(text)), strlen(text));
	return shown();
}

static void flags(uint32_t input, uint32_t output, uint32_t local)
{
	struct tty_attributes t = d.t;

	t.input = input;
	t.output = output;
	t.local = local;
	discipline_set(&d, &t);
}

static void test_lines(void)
{
	reset();
	type("hel");
	CHECK_INT(discipline_readable(&d), 0);
	type("lo\r"); /* CR becomes NL */
	CHECK_STR(shown(), "hello\r\n");
	CHECK_INT(discipline_readable(&d), 6);
	CHECK_STR(take(3), "hel");
	CHECK_STR(take(100), "lo\n");
	CHECK_INT(discipline_readable(&d), 0);
	type("one\ntwo\nthr");
	CHECK_STR(take(100), "one\n"); /* a line at a time */
	CHECK_STR(take(100), "two\n");
	CHECK_INT(discipline_readable(&d), 0);
	type("ee\n");
	CHECK_STR(take(100), "three\n");
}

static void test_end_of_file(void)
{
	reset();
	type("\4");
	CHECK(discipline_readable(&d));
	CHECK_STR(take(100), "");
	CHECK_INT(discipline_readable(&d), 0);
	type("abc\4\4x\n");
	CHECK_STR(shown(), "abcx\r\n");
	CHECK_STR(take(100), "abc");
	CHECK_STR(take(100), "");
	CHECK_STR(take(100), "x\n");
	/* All that a read takes, then the end of the file behind it: that is no end of its own. */
	type("abc\4");
	CHECK_STR(take(3), "abc");
	CHECK_INT(discipline_readable(&d), 0);
	type("abc\4\4");
	CHECK_STR(take(2), "ab");
	CHECK_STR(take(1), "c");
	CHECK(discipline_readable(&d));
	CHECK_STR(take(2), "");
	/* A line and then the end: one of its own. */
	type("ab\n\4");
	CHECK_STR(take(3), "ab\n");
	CHECK(discipline_readable(&d));
	CHECK_STR(take(3), "");
	/* A NUL that was typed is a byte. */
	type_bytes("\0\n", 2);
	uint8_t bytes[4];
	CHECK_INT(discipline_take(&d, bytes, 4), 2);
	CHECK_INT(bytes[0], 0);
}

static void test_other_ends(void)
{
	struct tty_attributes t;

	reset();
	t = d.t;
	t.characters[TTY_KEY_EOL] = ';';
	t.characters[TTY_KEY_EOL2] = '!';
	discipline_set(&d, &t);
	type("a;b!c");
	CHECK_STR(shown(), "a;b!c");
	CHECK_STR(take(100), "a;");
	CHECK_STR(take(100), "b!");
	CHECK_INT(discipline_readable(&d), 0);
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_IEXTEN);
	type("d!e;");
	CHECK_STR(take(100), "cd!e;"); /* EOL2 belongs to IEXTEN */
}

static void test_erase(void)
{
	reset();
	type("wrom\x7fld\n");
	CHECK_STR(shown(), "wrom\b \bld\r\n");
	CHECK_STR(take(100), "wrold\n");
	type("\x7f\x7f"); /* nothing to erase, and nothing of the line before */
	CHECK_STR(shown(), "");
	type("a\nb\x7f\x7f\x7f"
	     "c\n");
	CHECK_STR(take(100), "a\n");
	CHECK_STR(take(100), "c\n");
	(void)shown();
	/* UTF-8: one character, one column */
	type("gr\xc3\xbc\x7fu\n");
	CHECK_STR(shown(), "gr\xc3\xbc\b \bu\r\n");
	CHECK_STR(take(100), "gru\n");
	type("\xe2\x82\xac\x7f\xbc\xbc\x7f\x7f\x7f"
	     "a\n"); /* stray continuations go one by one */
	CHECK_STR(take(100), "a\n");
	(void)shown();
	/* without IUTF8 byte by byte */
	flags(d.t.input & ~TTY_INPUT_IUTF8, d.t.output, d.t.local);
	type("\xc3\xbc\x7f\n");
	CHECK_STR(take(100), "\xc3\n");
	(void)shown();
	/* controls are two columns wide */
	type("\1\x7f");
	CHECK_STR(shown(), "^A\b \b\b \b");
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_ECHOE);
	type("a\x7f");
	CHECK_STR(shown(), "a^?");
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_ECHO);
	type("b\x7f"
	     "c\n");
	CHECK_STR(shown(), "");
	CHECK_STR(take(100), "c\n");
}

static void test_erase_tab(void)
{
	reset();
	type("ab\t\x7f");
	CHECK_STR(shown(), "ab\t\b\b\b\b\b\b");
	type("\x7f\x7f"
	     "a\tb\tc\x7f\x7f");
	CHECK_STR(shown(), "\b \b\b \ba\tb\tc\b \b\b\b\b\b\b\b\b");
	type("\n");
	(void)shown();
	/* the line begins behind a prompt */
	CHECK_STR(written("name: "), "name: ");
	type("\t\x7f");
	CHECK_STR(shown(), "\t\b\b");
}

static void test_erase_word(void)
{
	reset();
	type("one two  \x17");
	CHECK_STR(shown(), "one two  \b \b\b \b\b \b\b \b\b \b");
	type("x\n");
	CHECK_STR(take(100), "one x\n");
	type("a.b_c;;\x17\n");
	CHECK_STR(take(100), "a.\n");
	type("\x17\n"); /* nothing there */
	CHECK_STR(take(100), "\n");
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_IEXTEN);
	type("a\x17\n");
	CHECK_STR(take(100), "a\x17\n");
}

static void test_kill(void)
{
	reset();
	type("abc\x15");
	CHECK_STR(shown(), "abc\b \b\b \b\b \b");
	type("d\n");
	CHECK_STR(take(100), "d\n");
	(void)shown();
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_ECHOKE);
	type("abc\x15");
	CHECK_STR(shown(), "abc^U\r\n");
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_ECHOK);
	type("abc\x15");
	CHECK_STR(shown(), "abc^U");
	type("e\n");
	CHECK_STR(take(100), "e\n");
}

static void test_literal_and_reprint(void)
{
	reset();
	type("a\x16\x7f\x16\n\x16\x03"
	     "b\n");
	CHECK_STR(shown(), "a^\b^?^\b^J^\b^Cb\r\n");
	CHECK_INT(events, 0);
	CHECK_STR(take(100), "a\x7f\n\x03"
			     "b\n");
	type("xy\1\x12z\n");
	CHECK_STR(shown(), "xy^A^R\r\nxy^Az\r\n");
	CHECK_STR(take(100), "xy\1z\n");
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_IEXTEN);
	type("\x16\x12\n");
	CHECK_STR(take(100), "\x16\x12\n");
}

static void test_echo_flags(void)
{
	reset();
	flags(d.t.input, d.t.output, (d.t.local & ~TTY_LOCAL_ECHO) | TTY_LOCAL_ECHONL);
	type("secret\n");
	CHECK_STR(shown(), "\r\n");
	CHECK_STR(take(100), "secret\n");
	flags(d.t.input, d.t.output, (d.t.local | TTY_LOCAL_ECHO) & ~TTY_LOCAL_ECHOCTL);
	type("\1\t\n");
	CHECK_STR(shown(), "\1\t\r\n");
}

static void test_translate_input(void)
{
	reset();
	flags(0, 0, 0);
	type("\r\n");
	CHECK_STR(take(9), "\r\n");
	flags(TTY_INPUT_INLCR, 0, 0);
	type("\r\n");
	CHECK_STR(take(9), "\r\r");
	flags(TTY_INPUT_IGNCR | TTY_INPUT_ICRNL, 0, 0);
	type("a\r\n");
	CHECK_STR(take(9), "a\n");
	flags(TTY_INPUT_ISTRIP, 0, 0);
	type("\xe1\xff");
	CHECK_STR(take(9), "a\x7f");
	flags(TTY_INPUT_PARMRK, 0, 0);
	type("a\xff");
	CHECK_STR(take(9), "a\xff\xff");
	CHECK_STR(shown(), "");
}

static void test_break(void)
{
	uint8_t bytes[8];

	reset();
	flags(TTY_INPUT_IGNBRK | TTY_INPUT_BRKINT, 0, 0);
	CHECK_INT(discipline_receive_break(&d), 0);
	CHECK_INT(discipline_readable(&d), 0);
	flags(TTY_INPUT_BRKINT, 0, 0);
	type("abc");
	CHECK_INT(discipline_receive_break(&d), DISCIPLINE_INTR | DISCIPLINE_FLUSHED);
	CHECK_INT(discipline_readable(&d), 0);
	flags(TTY_INPUT_PARMRK, 0, 0);
	CHECK_INT(discipline_receive_break(&d), 0);
	CHECK_INT(discipline_take(&d, bytes, 8), 3);
	CHECK_INT(memcmp(bytes, "\xff\0\0", 3), 0);
	flags(0, 0, 0);
	CHECK_INT(discipline_receive_break(&d), 0);
	CHECK_INT(discipline_take(&d, bytes, 8), 1);
	CHECK_INT(bytes[0], 0);
	flags(TTY_INPUT_INPCK | TTY_INPUT_PARMRK, 0, 0);
	CHECK_INT(discipline_receive_error(&d, 'x'), 0);
	CHECK_INT(discipline_take(&d, bytes, 8), 3);
	CHECK_INT(memcmp(bytes, "\xff\0x", 3), 0);
	flags(TTY_INPUT_INPCK | TTY_INPUT_IGNPAR, 0, 0);
	(void)discipline_receive_error(&d, 'x');
	CHECK_INT(discipline_readable(&d), 0);
	flags(0, 0, 0);
	(void)discipline_receive_error(&d, 'x');
	CHECK_STR(take(9), "x");
}

static void test_signals(void)
{
	reset();
	type("abc\n");
	(void)discipline_write(&d, (const uint8_t *)"output", 6);
	type("de\3");
	CHECK_INT(events, DISCIPLINE_INTR | DISCIPLINE_FLUSHED);
	CHECK_INT(discipline_readable(&d), 0);
	CHECK_STR(shown(), "^C"); /* output was thrown away, too */
	events = 0;
	flags(d.t.input, d.t.output, d.t.local | TTY_LOCAL_NOFLSH);
	type("a\n\x1c\x1a");
	CHECK_INT(events, DISCIPLINE_QUIT | DISCIPLINE_SUSP);
	CHECK_STR(shown(), "a\r\n^\\^Z");
	CHECK_STR(take(9), "a\n");
	events = 0;
	flags(d.t.input, d.t.output, d.t.local & ~TTY_LOCAL_ISIG);
	type("\3\n");
	CHECK_INT(events, 0);
	CHECK_STR(take(9), "\3\n");
	/* A key that is not in use is none. */
	reset();
	d.t.characters[TTY_KEY_INTR] = 0;
	type_bytes("\3\0\n", 3);
	CHECK_INT(events, 0);
	CHECK_INT(discipline_readable(&d), 3);
}

static void test_flow(void)
{
	reset();
	type("\x13"); /* STOP */
	CHECK_INT(discipline_write(&d, (const uint8_t *)"abc", 3), 3);
	CHECK_INT(discipline_output_ready(&d), 0);
	CHECK_STR(shown(), "");
	type("x"); /* is queued, its echo too */
	CHECK_STR(shown(), "");
	type("\x11");
	CHECK_STR(shown(), "abcx");
	flags(d.t.input | TTY_INPUT_IXANY, d.t.output, d.t.local);
	type("\x13"
	     "y");
	CHECK_STR(shown(), "y");
	type("\x13\3"); /* a signal goes on as well */
	CHECK_STR(shown(), "^C");
	type("\x13");
	flags(d.t.input & ~TTY_INPUT_IXON, d.t.output, d.t.local);
	CHECK_STR(written("on"), "on"); /* nobody could type START any more */
	discipline_hold(&d, true);
	CHECK_STR(written("held"), "");
	discipline_hold(&d, false);
	CHECK_STR(shown(), "held");
	discipline_tell(&d, true);
	CHECK_STR(shown(), "\x13");
	discipline_hold(&d, true);
	discipline_tell(&d, false);
	CHECK_INT(discipline_output_ready(&d), 1); /* also while output is stopped */
	CHECK_STR(shown(), "\x11");
}

static void test_throttle(void)
{
	reset();
	flags(TTY_INPUT_IXOFF, 0, 0);
	for (unsigned i = 0; i < TTY_INPUT_MAX / 4 * 3; i++) {
		CHECK_INT(discipline_output_ready(&d), 0);
		type("x");
	}
	CHECK_STR(shown(), "\x13");
	CHECK_INT(strlen(take(100)), 100);
	CHECK_STR(shown(), "");
	(void)take(TTY_INPUT_MAX / 2);
	CHECK_STR(shown(), "\x11");
}

static void test_long_lines(void)
{
	reset();
	flags(d.t.input | TTY_INPUT_IMAXBEL, d.t.output, d.t.local);
	for (unsigned i = 0; i < TTY_INPUT_MAX + 10; i++) {
		CHECK(discipline_room(&d) >= 1); /* a line that is too long does not hold the device up */
		type("x");
		if (i == TTY_INPUT_MAX / 2)
			(void)shown(); /* so that there is room for more */
	}
	CHECK_STR(strchr(shown(), '\a'), "\a\a\a\a\a\a\a\a\a\a\a");
	type("\n");
	CHECK_INT(strlen(take(TTY_INPUT_MAX)), TTY_INPUT_MAX);
	CHECK_INT(discipline_readable(&d), 0);
	/* Finished lines do: what is typed behind them waits outside. */
	type("1\n");
	for (unsigned i = 0; i < TTY_INPUT_MAX - 2; i++) {
		CHECK_INT(discipline_room(&d), TTY_INPUT_MAX - 2 - i);
		type(i % 2 ? "\n" : "y");
	}
	CHECK_INT(discipline_room(&d), 0);
	for (unsigned i = 0; i < TTY_INPUT_MAX / 2; i++)
		CHECK_STR(take(9), i ? "y\n" : "1\n");
	CHECK_INT(discipline_room(&d), TTY_INPUT_MAX);
}

static void test_output(void)
{
	reset();
	CHECK_STR(written("a\nb\r\n"), "a\r\nb\r\r\n");
	flags(d.t.input, TTY_OUTPUT_OPOST | TTY_OUTPUT_TAB3 | TTY_OUTPUT_ONLCR, d.t.local);
	CHECK_STR(written("\tab\tc\r\t\b\tx\n"), "        ab      c\r        \b x\r\n");
	CHECK_STR(written("\xc3\xbc\t|\n"), "\xc3\xbc       |\r\n"); /* a column is a character */
	flags(d.t.input, TTY_OUTPUT_OPOST | TTY_OUTPUT_OCRNL, d.t.local);
	CHECK_STR(written("a\rb\n"), "a\nb\n");
	flags(d.t.input, TTY_OUTPUT_OPOST | TTY_OUTPUT_ONOCR, d.t.local);
	CHECK_STR(written("\r"), "\r");
	CHECK_STR(written("\ra\r\r"), "a\r");
	flags(d.t.input, TTY_OUTPUT_ONLCR, d.t.local); /* nothing without OPOST */
	CHECK_STR(written("a\n"), "a\n");
}

static void test_output_full(void)
{
	static uint8_t bytes[2 * DISCIPLINE_OUTPUT_MAX];
	size_t taken;

	reset();
	memset(bytes, '\n', sizeof(bytes));
	taken = discipline_write(&d, bytes, sizeof(bytes));
	CHECK(taken > 1000 && taken < DISCIPLINE_OUTPUT_MAX);
	CHECK(!discipline_writable(&d));
	CHECK_INT(discipline_output_queued(&d), 2 * taken);
	type("x"); /* echo has its place */
	CHECK_INT(discipline_output_queued(&d), 2 * taken + 1);
	for (unsigned i = 0; i < 2 * DISCIPLINE_ECHO_ROOM; i++)
		type("y"); /* what finds none is lost */
	CHECK_INT(discipline_output_queued(&d), DISCIPLINE_OUTPUT_MAX);
	discipline_flush_output(&d);
	CHECK(discipline_writable(&d));
	CHECK_STR(shown(), "");
}

static void test_mode_change(void)
{
	uint32_t local;

	reset();
	local = d.t.local;
	type("abc");
	flags(d.t.input, d.t.output, local & ~TTY_LOCAL_ICANON);
	CHECK_INT(discipline_readable(&d), 3); /* what was being edited can be read now */
	CHECK_STR(take(2), "ab");
	flags(d.t.input, d.t.output, local);
	CHECK_INT(discipline_readable(&d), 1); /* and what is there is a line */
	type("\x7f");
	CHECK_STR(take(9), "c");
	flags(d.t.input, d.t.output, local & ~TTY_LOCAL_ICANON);
	flags(d.t.input, d.t.output, local);
	CHECK_INT(discipline_readable(&d), 0);
	type("x\n");
	CHECK_STR(take(9), "x\n");
}

int main(void)
{
	test_lines();
	test_end_of_file();
	test_other_ends();
	test_erase();
	test_erase_tab();
	test_erase_word();
	test_kill();
	test_literal_and_reprint();
	test_echo_flags();
	test_translate_input();
	test_break();
	test_signals();
	test_flow();
	test_throttle();
	test_long_lines();
	test_output();
	test_output_full();
	test_mode_change();
	return check_end();
}
