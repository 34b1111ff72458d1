/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading lines. Bytes are fetched one by one: what follows a line may be for the program that the line starts. */
#include "userland/vsh/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<sys/ioctl.h>)
#include <sys/ioctl.h>
#endif
#include <termios.h>
#include <unistd.h>

#include "userland/vsh/complete.h"
#include "userland/vsh/ready.h"

#define COLUMNS_DEFAULT 80

static void write_terminal(void *context, const char *bytes, size_t len)
{
	(void)context;
	while (len != 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* reading will find the same and say so */
		bytes += n;
		len -= (size_t)n;
	}
}

static void complete(void *context, const char *line, size_t cursor, struct completions *out)
{
	const struct terminal *terminal = context;
	complete_word(terminal->shell, line, cursor, out);
}

static const struct lineedit_ops ops = {.write = write_terminal, .complete = complete};

void terminal_init(struct terminal *terminal, struct shell *shell)
{
	const char *text = vars_get(&shell->vars, "COLUMNS");
	int columns = text ? atoi(text) : 0;
	*terminal = (struct terminal){.shell = shell};
	terminal->editing = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	terminal->asked = columns > 0;
	lineedit_init(&terminal->edit, &ops, terminal, &shell->history,
		      columns > 0 ? (unsigned)columns : COLUMNS_DEFAULT);
}

/* 1: a byte; 0: the end; -1: errno. */
static int read_byte(unsigned char *byte)
{
	ssize_t n;
	do {
		n = read(STDIN_FILENO, byte, 1);
	} while (n < 0 && errno == EINTR);
	return (int)n;
}

static void tell_once(struct terminal *terminal)
{
	if (!terminal->told)
		ready_tell();
	terminal->told = true;
}

/* The window may have been changed since the last line. A terminal that does not know its width is asked by a sequence. */
static void take_width(struct terminal *terminal)
{
#ifdef TIOCGWINSZ
	struct winsize size;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return;
	terminal->edit.view.columns = size.ws_col < LINEVIEW_COLUMNS_MIN ? LINEVIEW_COLUMNS_MIN : size.ws_col;
	terminal->asked = true;
#else
	(void)terminal;
#endif
}

static enum line_result edit_line(struct terminal *terminal, const char *prompt, struct text *line)
{
	enum lineedit_result result = LINEEDIT_MORE;
	unsigned char byte;
	take_width(terminal);
	lineedit_start(&terminal->edit, prompt, !terminal->asked);
	terminal->asked = true;
	terminal->edit.bracketed = true;
	write_terminal(terminal, LINEEDIT_PASTE_ON, sizeof(LINEEDIT_PASTE_ON) - 1);
	tell_once(terminal);
	while (result == LINEEDIT_MORE) {
		int got = read_byte(&byte);
		if (got <= 0)
			return got == 0 ? LINE_END : LINE_FAILED;
		result = lineedit_feed(&terminal->edit, byte);
	}
	text_add_string(line, lineedit_line(&terminal->edit));
	return result == LINEEDIT_DONE ? LINE_OK : result == LINEEDIT_CANCEL ? LINE_CANCELLED : LINE_END;
}

static enum line_result read_plain(struct terminal *terminal, struct text *line)
{
	unsigned char byte;
	size_t before = line->len;
	tell_once(terminal);
	for (;;) {
		int got = read_byte(&byte);
		if (got < 0)
			return LINE_FAILED;
		if (got == 0)
			return line->len != before ? LINE_OK : LINE_END;
		if (byte == '\n')
			return LINE_OK;
		if (byte != '\0')
			text_add_char(line, (char)byte);
	}
}

enum line_result terminal_read(struct terminal *terminal, const char *prompt, struct text *line)
{
	struct termios before, raw;
	if (!terminal->editing || tcgetattr(STDIN_FILENO, &before) != 0)
		return read_plain(terminal, line);
	raw = before;
	raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
		return read_plain(terminal, line);
	enum line_result result = edit_line(terminal, prompt, line);
	int error = errno;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	errno = error;
	return result;
}

void terminal_free(struct terminal *terminal)
{
	lineedit_free(&terminal->edit);
}
