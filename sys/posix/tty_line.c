/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical input, echo, and newline translation (POSIX.1, chapter 11). */
#include "sys/posix/tty_line.h"

#include <string.h>

enum { CTRL_C = 3, CTRL_D = 4, CTRL_BACKSLASH = 28, CTRL_U = 21, CTRL_Z = 26, BELL = 7, BACKSPACE = 8, DELETE = 127 };

void tty_settings_default(struct termios *t)
{
	*t = (struct termios){
		.c_iflag = ICRNL,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = CS8 | CREAD | CLOCAL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN,
		.c_cc = {[VINTR] = CTRL_C,
			 [VQUIT] = CTRL_BACKSLASH,
			 [VERASE] = DELETE,
			 [VKILL] = CTRL_U,
			 [VEOF] = CTRL_D,
			 [VMIN] = 1,
			 [VSUSP] = CTRL_Z},
		.c_ispeed = B115200,
		.c_ospeed = B115200,
	};
}

bool tty_translate_input(const struct termios *t, unsigned char *byte)
{
	if (t->c_iflag & ISTRIP)
		*byte &= 0x7f;
	if (*byte == '\r') {
		if (t->c_iflag & IGNCR)
			return false;
		if (t->c_iflag & ICRNL)
			*byte = '\n';
	} else if (*byte == '\n' && (t->c_iflag & INLCR)) {
		*byte = '\r';
	}
	return true;
}

/* Removes the last character, all bytes of it when it is UTF-8. */
static void character_erase(struct tty_line *line)
{
	while (line->len && ((unsigned char)line->text[line->len - 1] & 0xc0) == 0x80)
		line->len--;
	if (line->len)
		line->len--;
}

static size_t echo_put(const struct termios *t, char echo[TTY_ECHO_MAX], unsigned char byte)
{
	if (byte == '\n') {
		bool cr = (t->c_oflag & OPOST) && (t->c_oflag & ONLCR);

		memcpy(echo, cr ? "\r\n" : "\n", 2);
		return cr ? 2 : 1;
	}
	if (byte < ' ' && byte != '\t') {
		echo[0] = '^';
		echo[1] = (char)(byte + '@');
		return 2;
	}
	echo[0] = (char)byte;
	return 1;
}

size_t tty_line_input(struct tty_line *line, const struct termios *t, unsigned char byte, char echo[TTY_ECHO_MAX])
{
	bool echoing = t->c_lflag & ECHO;

	if (!tty_translate_input(t, &byte))
		return 0;
	/* Terminals send either code for the erase key. */
	if (byte == t->c_cc[VERASE] || byte == BACKSPACE || byte == DELETE) {
		if (!line->len)
			return 0;
		character_erase(line);
		if (!echoing || !(t->c_lflag & ECHOE))
			return 0;
		memcpy(echo, "\b \b", 3);
		return 3;
	}
	if (byte == t->c_cc[VKILL]) {
		line->len = 0;
		if (!echoing || !(t->c_lflag & ECHOK))
			return 0;
		memcpy(echo, "^U\r\n", 4);
		return 4;
	}
	if (byte == t->c_cc[VEOF]) {
		line->ready = true;
		return 0;
	}
	/* The last byte is kept for the newline. */
	if (byte != '\n' && line->len >= TTY_LINE_MAX - 1) {
		echo[0] = BELL;
		return echoing ? 1 : 0;
	}
	line->text[line->len++] = (char)byte;
	if (byte == '\n' || (t->c_cc[VEOL] && byte == t->c_cc[VEOL]))
		line->ready = true;
	if (echoing || (byte == '\n' && (t->c_lflag & ECHONL)))
		return echo_put(t, echo, byte);
	return 0;
}

size_t tty_line_take(struct tty_line *line, char *buffer, size_t len)
{
	size_t n = line->len - line->taken;

	if (n > len)
		n = len;
	memcpy(buffer, line->text + line->taken, n);
	line->taken += n;
	if (line->taken == line->len) {
		line->len = 0;
		line->taken = 0;
		line->ready = false;
	}
	return n;
}

size_t tty_translate_output(const struct termios *t, const char *text, size_t *len, char *out, size_t out_len)
{
	bool newlines = (t->c_oflag & OPOST) && (t->c_oflag & ONLCR);
	size_t used = 0, made = 0;

	while (used < *len) {
		bool pair = newlines && text[used] == '\n';

		if (made + (pair ? 2 : 1) > out_len)
			break;
		if (pair)
			out[made++] = '\r';
		out[made++] = text[used++];
	}
	*len = used;
	return made;
}
