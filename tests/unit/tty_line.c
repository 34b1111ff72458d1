/* SPDX-License-Identifier: BSD-2-Clause */
/* Line editing, echo and newline translation of terminals. */
#include "sys/posix/tty_line.h"

#include "tests/unit/check.h"

static struct tty_line line;
static struct termios t;
static char echoed[8192];
static size_t echoed_len;

static void reset(void)
{
	memset(&line, 0, sizeof(line));
	tty_settings_default(&t);
	echoed_len = 0;
	memset(echoed, 0, sizeof(echoed));
}

/* Types bytes until a line is ready; the number of bytes used. */
static size_t type_bytes(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && !line.ready) {
		char echo[TTY_ECHO_MAX];
		size_t echo_len = tty_line_input(&line, &t, (unsigned char)bytes[n++], echo);

		CHECK(echo_len <= sizeof(echo));
		memcpy(echoed + echoed_len, echo, echo_len);
		echoed_len += echo_len;
	}
	return n;
}

static void type_text(const char *text)
{
	CHECK_INT(type_bytes(text, strlen(text)), strlen(text));
}

static const char *take(size_t max)
{
	static char text[TTY_LINE_MAX + 1];

	text[tty_line_take(&line, text, max < TTY_LINE_MAX ? max : TTY_LINE_MAX)] = '\0';
	return text;
}

static void test_lines(void)
{
	reset();
	type_text("hello\r"); /* CR becomes NL */
	CHECK(line.ready);
	CHECK_STR(echoed, "hello\r\n");
	CHECK_STR(take(3), "hel");
	CHECK(line.ready);
	CHECK_STR(take(100), "lo\n");
	CHECK(!line.ready && line.len == 0);
	type_text("\n");
	CHECK_STR(take(100), "\n");
	/* Bytes behind the line's end are not looked at. */
	CHECK_INT(type_bytes("a\nb\n", 4), 2);
	CHECK_STR(take(100), "a\n");
}

static void test_editing(void)
{
	reset();
	type_text("abx\x7f"
		  "c\n");
	CHECK_STR(take(100), "abc\n");
	CHECK_STR(echoed, "abx\b \bc\r\n");
	reset();
	type_text("\x7f\b"); /* nothing to erase */
	CHECK_STR(echoed, "");
	type_text("a\xc3\xa9\x7f\n"); /* a whole character of two bytes */
	CHECK_STR(take(100), "a\n");
	reset();
	type_text("wrong\x15right\n");
	CHECK_STR(take(100), "right\n");
	CHECK_STR(echoed, "wrong^U\r\nright\r\n");
	reset();
	type_text("a\x01\tb\n"); /* control characters are shown, tabs are not */
	CHECK_STR(take(100), "a\x01\tb\n");
	CHECK_STR(echoed, "a^A\tb\r\n");
}

static void test_end_of_file(void)
{
	reset();
	type_text("\x04");
	CHECK(line.ready);
	CHECK_INT(tty_line_take(&line, echoed, 10), 0);
	CHECK(!line.ready);
	type_text("part\x04"); /* in the middle it only sends what is there */
	CHECK_STR(take(100), "part");
	CHECK(!line.ready);
}

static void test_settings(void)
{
	reset();
	t.c_lflag &= ~(tcflag_t)ECHO;
	type_text("secret\x7f\x15new\n");
	CHECK_STR(echoed, "");
	CHECK_STR(take(100), "new\n");
	t.c_lflag |= ECHONL;
	type_text("x\n");
	CHECK_STR(echoed, "\r\n");
	reset();
	t.c_iflag |= IGNCR;
	type_text("a\rb\n");
	CHECK_STR(take(100), "ab\n");
	t.c_iflag = INLCR;
	unsigned char byte = '\n';

	CHECK(tty_translate_input(&t, &byte) && byte == '\r');
	t.c_iflag = ISTRIP;
	byte = 0xe1;
	CHECK(tty_translate_input(&t, &byte) && byte == 0x61);
}

static void test_full(void)
{
	char echo[TTY_ECHO_MAX];

	reset();
	for (unsigned i = 0; i < 3 * TTY_LINE_MAX; i++) {
		size_t n = tty_line_input(&line, &t, 'z', echo);

		CHECK(n == 1 && echo[0] == (i < TTY_LINE_MAX - 1 ? 'z' : '\a'));
	}
	CHECK(!line.ready);
	CHECK_INT(line.len, TTY_LINE_MAX - 1);
	CHECK_INT(tty_line_input(&line, &t, '\n', echo), 2); /* the line can always be ended */
	CHECK(line.ready);
	CHECK_INT(line.len, TTY_LINE_MAX);
	CHECK_INT(strlen(take(TTY_LINE_MAX)), TTY_LINE_MAX);
}

static void test_output(void)
{
	char out[8];
	size_t len = 5, made;

	reset();
	made = tty_translate_output(&t, "a\nb\nc", &len, out, sizeof(out));
	CHECK(made == 7 && len == 5 && memcmp(out, "a\r\nb\r\nc", 7) == 0);
	len = 5;
	made = tty_translate_output(&t, "abc\nd", &len, out, 4); /* the pair does not fit: not cut
								    in two */
	CHECK(made == 3 && len == 3);
	len = 2;
	made = tty_translate_output(&t, "\nd", &len, out, 2);
	CHECK(made == 2 && len == 1 && memcmp(out, "\r\n", 2) == 0);
	t.c_oflag = 0;
	len = 3;
	made = tty_translate_output(&t, "a\nb", &len, out, sizeof(out));
	CHECK(made == 3 && len == 3 && memcmp(out, "a\nb", 3) == 0);
	len = 0;
	CHECK_INT(tty_translate_output(&t, "", &len, out, sizeof(out)), 0);
}

int main(void)
{
	test_lines();
	test_editing();
	test_end_of_file();
	test_settings();
	test_full();
	test_output();
	return check_end();
}
