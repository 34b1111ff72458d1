/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-terminals of chapters. */
#include "tests/posix/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __linux__
#include <pty.h>
#endif

#include "tests/posix/check.h"

#define END '#' /* never typed */

struct pty pty_new(void)
{
	struct pty p = {.master = posix_openpt(O_RDWR | O_NOCTTY)};

	if (p.master < 0 && errno == ENOENT)
		chapter_leave_out();
	MUST(p.master);
	MUST(grantpt(p.master));
	MUST(unlockpt(p.master));
	p.slave = MUST(open(ptsname(p.master), O_RDWR | O_NOCTTY));
	MUST(fcntl(p.master, F_SETFD, FD_CLOEXEC));
	MUST(fcntl(p.slave, F_SETFD, FD_CLOEXEC));
	return p;
}

void pty_end(struct pty *p)
{
	close(p->slave);
	close(p->master);
}

static void change(const struct pty *p, tcflag_t *(*which)(struct termios *), tcflag_t off, tcflag_t on)
{
	struct termios t;

	MUST(tcgetattr(p->slave, &t));
	*which(&t) = (*which(&t) & ~off) | on;
	MUST(tcsetattr(p->slave, TCSANOW, &t));
}

static tcflag_t *local(struct termios *t)
{
	return &t->c_lflag;
}

static tcflag_t *input(struct termios *t)
{
	return &t->c_iflag;
}

static tcflag_t *output(struct termios *t)
{
	return &t->c_oflag;
}

void pty_flags(const struct pty *p, tcflag_t off, tcflag_t on)
{
	change(p, local, off, on);
}

void pty_input_flags(const struct pty *p, tcflag_t off, tcflag_t on)
{
	change(p, input, off, on);
}

void pty_output_flags(const struct pty *p, tcflag_t off, tcflag_t on)
{
	change(p, output, off, on);
}

void pty_key(const struct pty *p, int key, cc_t value)
{
	struct termios t;

	MUST(tcgetattr(p->slave, &t));
	t.c_cc[key] = value;
	MUST(tcsetattr(p->slave, TCSANOW, &t));
}

void pty_raw(const struct pty *p, cc_t min, cc_t time)
{
	pty_flags(p, ICANON | ECHO, 0);
	pty_key(p, VMIN, min);
	pty_key(p, VTIME, time);
}

void type(const struct pty *p, const char *text)
{
	MUST_BE(write(p->master, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Texts of facts are one line. */
static const char *visible(const char *bytes, size_t len)
{
	static char texts[2][1024];
	static unsigned turn;
	char *text = texts[turn++ % 2], *to = text;

	for (size_t i = 0; i < len && to < text + sizeof(texts[0]) - 4; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < ' ' || c == 0x7f) {
			*to++ = '^';
			*to++ = (char)(c ^ 0x40);
		} else if (c >= 0x80) {
			*to++ = '~';
			*to++ = "0123456789abcdef"[c >> 4];
			*to++ = "0123456789abcdef"[c & 15];
		} else {
			*to++ = (char)c;
		}
	}
	*to = '\0';
	return text;
}

const char *line(const struct pty *p)
{
	char bytes[300];
	ssize_t got = read(p->slave, bytes, sizeof(bytes));

	return got < 0 ? NULL : visible(bytes, (size_t)got);
}

const char *shown(const struct pty *p)
{
	char bytes[1024];
	size_t len = 0;

	MUST_BE(write(p->slave, (const char[]){END}, 1) == 1);
	do {
		ssize_t got = read(p->master, bytes + len, sizeof(bytes) - len);

		if (got <= 0)
			return NULL;
		len += (size_t)got;
	} while (bytes[len - 1] != END && len < sizeof(bytes));
	return visible(bytes, len - 1);
}
