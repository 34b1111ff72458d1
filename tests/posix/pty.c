/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-terminals: opening, names, both ends, closing. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef __linux__
#include <pty.h>
#endif

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"
#include "tests/posix/terminal.h"

static void opening(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char name[64];
	struct stat st, named;

	FACT("posix_openpt", master < 0 ? -1 : 0);
	FACT("grantpt", grantpt(master));
	FACT_YES("the slave's name", strncmp(ptsname(master), "/dev/pts/", 9) == 0);
	strcpy(name, ptsname(master));
	FACT("ptsname_r", as_errno(ptsname_r(master, name, sizeof(name))));
	FACT("ptsname_r, no room", as_errno(ptsname_r(master, name, 3)));
	strcpy(name, ptsname(master));
	FACT("open of a locked one", shut(open(name, O_RDWR | O_NOCTTY)));
	FACT("unlockpt", unlockpt(master));
	slave = open(name, O_RDWR | O_NOCTTY);
	FACT("open", slave < 0 ? -1 : 0);
	FACT("isatty of the master", isatty(master));
	FACT("isatty of the slave", isatty(slave));
	FACT_YES("ttyname", ttyname(slave) && strcmp(ttyname(slave), name) == 0);
	FACT("ttyname_r, no room", as_errno(ttyname_r(slave, name, 3)));
	FACT("fstat", fstat(slave, &st));
	FACT_YES("a character device", S_ISCHR(st.st_mode));
	FACT("stat of the name", stat(ptsname(master), &named));
	FACT_YES("is the same device", st.st_rdev == named.st_rdev && S_ISCHR(named.st_mode));
	FACT_YES("of the opener", named.st_uid == geteuid());
	FACT("lseek", lseek(slave, 0, SEEK_SET));
	FACT("lseek of the master", lseek(master, 0, SEEK_SET));
	FACT("pread", pread(slave, name, 1, 0));
	FACT("ftruncate", ftruncate(slave, 0));
	FACT_YES("flags", (fcntl(slave, F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == O_RDWR);
	close(slave);
	close(master);
}

static void no_terminals(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0600)), null = MUST(open("/dev/null", O_RDWR));
	struct termios t = {0};
	struct winsize size;
	char name[64];

	FACT("isatty of a file", isatty(fd));
	FACT("isatty of nothing", isatty(-1));
	FACT("tcgetattr of a file", tcgetattr(fd, &t));
	FACT("tcgetattr of /dev/null", tcgetattr(null, &t));
	FACT("tcsetattr of a file", tcsetattr(fd, TCSANOW, &t));
	FACT("tcdrain of a file", tcdrain(fd));
	FACT("tcflush of a file", tcflush(fd, TCIFLUSH));
	FACT("tcflow of a file", tcflow(fd, TCOON));
	FACT("tcsendbreak of a file", tcsendbreak(fd, 0));
	FACT("tcgetattr of nothing", tcgetattr(-1, &t));
	FACT("ptsname of a file", ptsname(fd) ? 0 : -1);
	FACT("unlockpt of a file", unlockpt(fd));
	FACT("ttyname of a file", as_errno(ttyname_r(fd, name, sizeof(name))));
	FACT("TIOCGWINSZ of a file", ioctl(fd, TIOCGWINSZ, &size));
	FACT("an ioctl that nobody knows", ioctl(fd, 0x12345, 0));
	FACT_TEXT("ctermid", ctermid(NULL));
	close(fd);
	close(null);
}

static void window(void)
{
	struct pty p = pty_new();
	struct winsize size = {.ws_row = 1, .ws_col = 1};

	FACT("TIOCGWINSZ", ioctl(p.slave, TIOCGWINSZ, &size));
	FACT("rows at first", size.ws_row);
	FACT("columns at first", size.ws_col);
	size.ws_row = 33;
	size.ws_col = 111;
	FACT("TIOCSWINSZ by the master", ioctl(p.master, TIOCSWINSZ, &size));
	size.ws_row = size.ws_col = 0;
	FACT("the slave sees it", ioctl(p.slave, TIOCGWINSZ, &size));
	FACT("rows", size.ws_row);
	FACT("columns", size.ws_col);
	pty_end(&p);
}

static void bytes_between(void)
{
	struct pty p = pty_new();
	int more, count = -1;

	pty_raw(&p, 1, 0);
	type(&p, "to the slave");
	FACT_TEXT("read of the slave", next(p.slave, 12));
	FACT("write to the slave", write(p.slave, "to the master", 13));
	FACT_TEXT("read of the master", next(p.master, 40));
	more = MUST(open(ptsname(p.master), O_RDONLY | O_NOCTTY));
	type(&p, "abc");
	FACT_TEXT("read by another opening", next(more, 1));
	FACT_TEXT("the rest by the first", next(p.slave, 2));
	FACT("write to one opened to read", write(more, "x", 1));
	close(more);
	FACT("write of nothing", write(p.slave, "", 0));
	FACT("FIONREAD of nothing", ioctl(p.slave, FIONREAD, &count));
	FACT("bytes", count);
	more = MUST(open(ptsname(p.master), O_RDWR | O_NOCTTY | O_NONBLOCK));
	FACT("read of one opened with O_NONBLOCK", read(more, &count, 1));
	FACT_YES("its flags", fcntl(more, F_GETFL) & O_NONBLOCK);
	close(more);
	FACT_YES("those of the other", !(fcntl(p.slave, F_GETFL) & O_NONBLOCK));
	MUST(fcntl(p.slave, F_SETFL, O_NONBLOCK));
	FACT("read of nothing, O_NONBLOCK", read(p.slave, &count, 1));
	MUST(fcntl(p.master, F_SETFL, O_NONBLOCK));
	FACT("the same of the master", read(p.master, &count, 1));
	pty_end(&p);
}

static void closing(void)
{
	struct pty p = pty_new();
	struct termios t;
	char name[64], byte;

	strcpy(name, ptsname(p.master));
	FACT("write before closing", write(p.slave, "last", 4));
	close(p.slave);
	FACT_TEXT("the master reads it", next(p.master, 40));
	FACT("then", read(p.master, &byte, 1));
	p.slave = MUST(open(name, O_RDWR | O_NOCTTY));
	FACT("write, opened again", write(p.slave, "more", 4));
	FACT_TEXT("read again", next(p.master, 40));
	close(p.master);
	FACT("read without a master", read(p.slave, &byte, 1));
	FACT("write without a master", write(p.slave, "x", 1));
	FACT("tcgetattr without a master", tcgetattr(p.slave, &t));
	FACT("its name", shut(open(name, O_RDWR | O_NOCTTY)) == 0 ? 0 : -(errno != ENOENT && errno != EIO));
	close(p.slave);
}

void chapter_pty(void)
{
	struct pty first = pty_new(); /* or the chapter ends here */

	pty_end(&first);
	opening();
	no_terminals();
	window();
	bytes_between();
	closing();
}
