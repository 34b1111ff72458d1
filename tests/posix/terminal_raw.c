/* SPDX-License-Identifier: BSD-2-Clause */
/* Non-canonical mode: MIN and TIME, and from one mode to the other. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"
#include "tests/posix/terminal.h"

static struct pty p;

static void waits(void)
{
	char bytes[8];

	p = pty_new();
	pty_raw(&p, 1, 0);
	type(&p, "abc");
	FACT_TEXT("MIN 1", next(p.slave, 1));
	pty_raw(&p, 2, 0);
	FACT_TEXT("MIN 2", next(p.slave, 2));
	pty_raw(&p, 5, 0);
	type(&p, "hello");
	FACT_TEXT("MIN 5", next(p.slave, 8));
	type(&p, "abc");
	FACT_TEXT("MIN 5 and less room", next(p.slave, 3));
	pty_raw(&p, 0, 0);
	FACT("MIN 0, TIME 0, nothing there", read(p.slave, bytes, 8));
	MUST(fcntl(p.slave, F_SETFL, O_NONBLOCK));
	FACT("the same with O_NONBLOCK", read(p.slave, bytes, 8));
	pty_raw(&p, 0, 1);
	FACT("MIN 0, TIME 1 with O_NONBLOCK", read(p.slave, bytes, 8));
	MUST(fcntl(p.slave, F_SETFL, 0));
	FACT("MIN 0, TIME 1, nothing comes", read(p.slave, bytes, 8));
	pty_raw(&p, 0, 50);
	type(&p, "x");
	FACT_TEXT("MIN 0, TIME 50, something is there", next(p.slave, 8));
	pty_raw(&p, 3, 1);
	type(&p, "xy");
	FACT_TEXT("MIN 3, TIME 1, two come", next(p.slave, 8));
	type(&p, "xyz");
	FACT_TEXT("MIN 3, TIME 1, three come", next(p.slave, 8));
	pty_end(&p);
}

static void plain(void)
{
	p = pty_new();
	pty_raw(&p, 1, 0);
	pty_input_flags(&p, ICRNL | IXON, 0);
	pty_flags(&p, ISIG | IEXTEN, ECHO);
	type(&p, "\x03\x04\x7f\x11\x13\r\x15");
	FACT_TEXT("keys are bytes", line(&p));
	FACT_TEXT("and echoed", shown(&p));
	pty_end(&p);
}

static void changes(void)
{
	p = pty_new();
	pty_flags(&p, ECHO, 0);
	type(&p, "line\nrest");
	FACT_TEXT("a line", line(&p)); /* all has arrived */
	pty_raw(&p, 4, 0);
	FACT_TEXT("the rest can be read", next(p.slave, 4));
	pty_raw(&p, 1, 0);
	type(&p, "ab");
	FACT_TEXT("one byte", next(p.slave, 1));
	pty_flags(&p, 0, ICANON);
	FACT_TEXT("what was there is a line", line(&p));
	type(&p, "next\n");
	FACT_TEXT("and on", line(&p));
	pty_end(&p);
}

void chapter_terminal_raw(void)
{
	waits();
	plain();
	changes();
}
