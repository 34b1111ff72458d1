/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a terminal does with bytes, apart from moving them: line editing and echo on the way in,
 * newlines on the way out. Pure, so that it is tested on the host; sys/posix/tty.c does the reading
 * and writing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/termios.h>

#define TTY_LINE_MAX \
	1024           /* bytes of an edited line; more are dropped with a bell, as the line's end must fit \
	      */
#define TTY_ECHO_MAX 8 /* bytes of echo for one byte of input */

struct tty_line {
	char text[TTY_LINE_MAX]; /* being edited, or being read */
	size_t len;
	size_t taken; /* of a finished line, bytes already given to readers */
	bool ready;   /* the line is finished: by newline or end of file */
};

/* The settings of a new terminal: canonical, echoing, CR and NL translated. */
void tty_settings_default(struct termios *t);

/* Takes one byte of input in canonical mode; never call it while a line is ready. Returns the
 * length of the echo. */
size_t tty_line_input(struct tty_line *line, const struct termios *t, unsigned char byte, char echo[TTY_ECHO_MAX]);

/* Gives bytes of a ready line; 0 with an empty one (end of file). The line starts anew when all is
 * taken. */
size_t tty_line_take(struct tty_line *line, char *buffer, size_t len);

/* Input translation outside of canonical mode; false: the byte is dropped. */
bool tty_translate_input(const struct termios *t, unsigned char *byte);

/* Translates output: from up to *len bytes of text (set to the bytes used) to at most out_len
 * bytes. */
size_t tty_translate_output(const struct termios *t, const char *text, size_t *len, char *out, size_t out_len);
