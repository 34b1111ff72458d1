/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings of terminals: what a new one has, who sees changes, when they come. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __linux__
#include <pty.h>
#endif

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"
#include "tests/posix/terminal.h"

#define FLAG(field, flag) FACT_YES(#flag, t.field &flag)

/* All but IUTF8, where the two differ. */
static void defaults(void)
{
	struct pty p = pty_new();
	struct termios t;

	MUST(tcgetattr(p.slave, &t));
	FLAG(c_iflag, IGNBRK);
	FLAG(c_iflag, BRKINT);
	FLAG(c_iflag, IGNPAR);
	FLAG(c_iflag, PARMRK);
	FLAG(c_iflag, INPCK);
	FLAG(c_iflag, ISTRIP);
	FLAG(c_iflag, INLCR);
	FLAG(c_iflag, IGNCR);
	FLAG(c_iflag, ICRNL);
	FLAG(c_iflag, IXON);
	FLAG(c_iflag, IXANY);
	FLAG(c_iflag, IXOFF);
	FLAG(c_oflag, OPOST);
	FLAG(c_oflag, ONLCR);
	FLAG(c_oflag, OCRNL);
	FLAG(c_oflag, TABDLY);
	FACT_YES("CS8", (t.c_cflag & CSIZE) == CS8);
	FLAG(c_cflag, CREAD);
	FLAG(c_cflag, PARENB);
	FLAG(c_lflag, ISIG);
	FLAG(c_lflag, ICANON);
	FLAG(c_lflag, IEXTEN);
	FLAG(c_lflag, ECHO);
	FLAG(c_lflag, ECHOE);
	FLAG(c_lflag, ECHOK);
	FLAG(c_lflag, ECHONL);
	FLAG(c_lflag, ECHOCTL);
	FLAG(c_lflag, ECHOKE);
	FLAG(c_lflag, NOFLSH);
	FLAG(c_lflag, TOSTOP);
	FACT("VINTR", t.c_cc[VINTR]);
	FACT("VQUIT", t.c_cc[VQUIT]);
	FACT("VERASE", t.c_cc[VERASE]);
	FACT("VKILL", t.c_cc[VKILL]);
	FACT("VEOF", t.c_cc[VEOF]);
	FACT("VMIN", t.c_cc[VMIN]);
	FACT("VTIME", t.c_cc[VTIME]);
	FACT("VSTART", t.c_cc[VSTART]);
	FACT("VSTOP", t.c_cc[VSTOP]);
	FACT("VSUSP", t.c_cc[VSUSP]);
	FACT("VEOL", t.c_cc[VEOL]);
	FACT("VEOL2", t.c_cc[VEOL2]);
	FACT("VREPRINT", t.c_cc[VREPRINT]);
	FACT("VWERASE", t.c_cc[VWERASE]);
	FACT("VLNEXT", t.c_cc[VLNEXT]);
	FACT_YES("38400 out", cfgetospeed(&t) == B38400);
	FACT_YES("38400 in", cfgetispeed(&t) == B38400);
	FACT("_PC_VDISABLE", fpathconf(p.slave, _PC_VDISABLE));
	pty_end(&p);
}

static void changes(void)
{
	struct pty p = pty_new();
	int more = MUST(open(ptsname(p.master), O_RDWR | O_NOCTTY));
	struct termios t, other;

	MUST(tcgetattr(p.slave, &t));
	t.c_lflag &= ~(tcflag_t)ECHO;
	t.c_cc[VERASE] = 'E';
	FACT("tcsetattr", tcsetattr(p.slave, TCSANOW, &t));
	MUST(tcgetattr(more, &other));
	FACT_YES("another opening sees it", !(other.c_lflag & ECHO) && other.c_cc[VERASE] == 'E');
	MUST(tcgetattr(p.master, &other));
	FACT_YES("the master sees it", !(other.c_lflag & ECHO) && other.c_cc[VERASE] == 'E');
	close(more);
	FACT("when: -1", tcsetattr(p.slave, -1, &t));
	FACT("when: 3", tcsetattr(p.slave, 3, &t));
	FACT("tcflush of what does not exist", tcflush(p.slave, 7));
	FACT("tcflow of what does not exist", tcflow(p.slave, 7));
	cfmakeraw(&t);
	FACT_YES("cfmakeraw", !(t.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) && !(t.c_oflag & OPOST) &&
				      !(t.c_iflag & (ICRNL | IXON | ISTRIP | BRKINT)) && t.c_cc[VMIN] == 1);
	FACT("cfsetospeed", cfsetospeed(&t, B9600));
	FACT_YES("cfgetospeed", cfgetospeed(&t) == B9600);
	FACT("tcsendbreak", tcsendbreak(p.slave, 0));
	FACT("tcdrain", tcdrain(p.slave));
	pty_end(&p);
}

static void flushing(void)
{
	struct pty p = pty_new();
	struct termios t;

	pty_flags(&p, ECHO, 0);
	type(&p, "seen\n");
	FACT_TEXT("a line", line(&p));
	type(&p, "one\ntwo\n");
	FACT_TEXT("of two", line(&p)); /* both have arrived by now */
	FACT("tcflush", tcflush(p.slave, TCIFLUSH));
	type(&p, "three\n");
	FACT_TEXT("after it", line(&p));
	type(&p, "four\nfive\n");
	FACT_TEXT("of two, before TCSAFLUSH", line(&p));
	MUST(tcgetattr(p.slave, &t));
	FACT("TCSAFLUSH", tcsetattr(p.slave, TCSAFLUSH, &t));
	type(&p, "six\n");
	FACT_TEXT("after TCSAFLUSH", line(&p));
	type(&p, "seven\neight\n");
	FACT_TEXT("of two, before TCSADRAIN", line(&p));
	FACT("TCSADRAIN", tcsetattr(p.slave, TCSADRAIN, &t));
	FACT_TEXT("keeps input", line(&p));
	pty_end(&p);
}

static void holding(void)
{
	struct pty p = pty_new();
	char byte;

	MUST(fcntl(p.master, F_SETFL, O_NONBLOCK));
	FACT("TCOOFF", tcflow(p.slave, TCOOFF));
	MUST(fcntl(p.slave, F_SETFL, O_NONBLOCK));
	(void)!write(p.slave, "x", 1); /* there may be a place where it waits */
	FACT("read meanwhile", read(p.master, &byte, 1));
	FACT("TCOON", tcflow(p.slave, TCOON));
	MUST(fcntl(p.slave, F_SETFL, 0));
	MUST(fcntl(p.master, F_SETFL, 0));
	FACT("write afterwards", write(p.slave, "y", 1));
	FACT_YES("read afterwards", strchr(next(p.master, 2), 'y') || strcmp(next(p.master, 1), "y") == 0);
	FACT("TCIOFF", tcflow(p.slave, TCIOFF));
	FACT_TEXT("sends STOP", read(p.master, &byte, 1) == 1 && byte == 19 ? "STOP" : "something else");
	FACT("TCION", tcflow(p.slave, TCION));
	FACT_TEXT("sends START", read(p.master, &byte, 1) == 1 && byte == 17 ? "START" : "something else");
	pty_end(&p);
}

void chapter_termios(void)
{
	defaults();
	changes();
	flushing();
	holding();
}
