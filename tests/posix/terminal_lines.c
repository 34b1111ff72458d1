/* SPDX-License-Identifier: BSD-2-Clause */
/* Canonical mode: what is typed, what a program reads of it, and what is seen on the way. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/terminal.h"

static struct pty p;

/* One line of a new terminal and its echo, under that name. */
static void typed(const char *name, const char *text)
{
	char label[80];

	type(&p, text);
	snprintf(label, sizeof(label), "%s: read", name);
	FACT_TEXT(label, line(&p));
	snprintf(label, sizeof(label), "%s: seen", name);
	FACT_TEXT(label, shown(&p));
	MUST(write(p.slave, "\n", 1)); /* the next one begins at the left */
	(void)shown(&p);
}

static void begin(void)
{
	p = pty_new();
}

static void end(void)
{
	pty_end(&p);
}

static void editing(void)
{
	begin();
	typed("a line", "hello\n");
	typed("CR", "hello\r");
	typed("erase", "wrom\x7fld\n");
	typed("erase of nothing", "\x7f\x7fx\n");
	typed("erase of a control", "a\x01\x7f"
				    "b\n");
	typed("erase of a tab", "ab\tc\x7f\x7f"
				"d\n");
	typed("erase of two tabs", "a\tb\t\x7f\x7f\x7f"
				   "c\n");
	typed("word erase", "one two.three  \x17x\n");
	typed("word erase twice", "one two_2;; \x17\x17"
				  "x\n");
	typed("word erase of nothing", "\x17x\n");
	typed("kill", "abc\x15"
		      "d\n");
	typed("kill of controls", "a\x01\t\x15"
				  "d\n");
	typed("reprint", "ab\x01\x12"
			 "c\n");
	typed("the next as it is", "a\x16\x7f\x16\x03\x16\x16"
				   "b\n");
	typed("NL as it is", "a\x16\nb\n");
	typed("end of file behind bytes", "abc\x04");
	typed("controls", "\x01\x02\x1b[A\n");
	end();
}

static void without(void)
{
	begin();
	pty_flags(&p, ECHOE, 0);
	typed("no ECHOE: erase", "ab\x7f"
				 "c\n");
	pty_flags(&p, 0, ECHOE);
	pty_flags(&p, ECHOKE, 0);
	typed("no ECHOKE: kill", "ab\x15"
				 "c\n");
	pty_flags(&p, ECHOK, 0);
	typed("no ECHOK: kill", "ab\x15"
				"c\n");
	pty_flags(&p, ECHOCTL, ECHOK | ECHOKE);
	typed("no ECHOCTL", "a\x02"
			    "b\n");
	typed("no ECHOCTL: erase of a control", "a\x02\x7f"
						"b\n");
	pty_flags(&p, ECHO, ECHOCTL);
	typed("no ECHO", "a\x7f"
			 "b\x15"
			 "cd\n");
	pty_flags(&p, 0, ECHONL);
	typed("ECHONL", "ab\n");
	end();
	begin();
	pty_flags(&p, IEXTEN, 0);
	typed("no IEXTEN", "a b\x17\x16"
			   "c\x12\n");
	end();
	begin();
	pty_flags(&p, ISIG, 0);
	typed("no ISIG", "a\x03\x1a\x1c\n");
	end();
	begin();
	pty_key(&p, VERASE, 'x');
	pty_key(&p, VKILL, 0);
	typed("other keys", "ab\x7fx\x15"
			    "c\n");
	pty_key(&p, VEOL, ';');
	typed("EOL", "ab;");
	pty_key(&p, VEOL2, ':');
	typed("EOL2", "ab:");
	end();
}

static void translation(void)
{
	begin();
	pty_input_flags(&p, ICRNL, 0);
	typed("no ICRNL", "a\rb\n");
	pty_input_flags(&p, 0, IGNCR);
	typed("IGNCR", "a\rb\n");
	pty_input_flags(&p, IGNCR, ISTRIP);
	typed("ISTRIP", "\xe1\xe2\n");
	pty_input_flags(&p, ISTRIP, INLCR | ICRNL);
	typed("INLCR and ICRNL", "a\nb\r");
	pty_input_flags(&p, INLCR, PARMRK);
	typed("PARMRK", "a\xff"
			"b\n");
	end();
}

static void characters(void)
{
	begin();
	pty_input_flags(&p, 0, IUTF8);
	typed("IUTF8: erase", "gr\xc3\xbc\x7fu\n");
	typed("IUTF8: erase of three bytes", "\xe2\x82\xac\x7fx\n");
	typed("IUTF8: kill", "\xc3\xa4\xc3\xb6\x15x\n");
	typed("IUTF8: a tab behind", "\xc3\xa4\t\x7fx\n");
	pty_input_flags(&p, IUTF8, 0);
	typed("bytes: erase", "gr\xc3\xbc\x7f\x7fu\n");
	end();
}

static void several(void)
{
	char bytes[8];

	begin();
	type(&p, "one\ntwo\nthree");
	FACT_TEXT("the first", line(&p));
	FACT("a part of the second", read(p.slave, bytes, 2));
	FACT_TEXT("its rest", line(&p));
	type(&p, "\n");
	FACT_TEXT("the third", line(&p));
	type(&p, "\x04");
	FACT("the end of the file", read(p.slave, bytes, sizeof(bytes)));
	type(&p, "a\x04\x04"
		 "b\n");
	FACT_TEXT("pushed", line(&p));
	FACT("and the end", read(p.slave, bytes, sizeof(bytes)));
	FACT_TEXT("and on", line(&p));
	end();
}

static void output(void)
{
	begin();
	pty_input_flags(&p, IUTF8, 0); /* on Linux at first it is off */
	MUST(write(p.slave, "a\nb\tc\r\n", 7));
	FACT_TEXT("ONLCR", shown(&p));
	pty_output_flags(&p, 0, TAB3);
	MUST(write(p.slave, "\r\n\tx\b\ty\xc3\xbc\tz\n", 12));
	FACT_TEXT("TAB3", shown(&p));
	pty_output_flags(&p, ONLCR | TABDLY, OCRNL);
	MUST(write(p.slave, "a\rb\n", 4));
	FACT_TEXT("OCRNL", shown(&p));
	pty_output_flags(&p, OCRNL, ONOCR);
	MUST(write(p.slave, "a\r\r\rb", 5));
	FACT_TEXT("ONOCR", shown(&p));
	pty_output_flags(&p, ONOCR, ONLRET);
	MUST(write(p.slave, "ab\n\tc", 5));
	FACT_TEXT("ONLRET", shown(&p));
	pty_output_flags(&p, OPOST, ONLCR);
	MUST(write(p.slave, "a\n", 2));
	FACT_TEXT("no OPOST", shown(&p));
	end();
}

void chapter_terminal_lines(void)
{
	editing();
	without();
	translation();
	characters();
	several();
	output();
}
