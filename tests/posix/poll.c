/* SPDX-License-Identifier: BSD-2-Clause */
/* poll: what it says of files of all kinds, without waiting. */
#include <poll.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"
#include "tests/posix/poll_parts.h"

#define HOLDS 65536
#define MANY  40 /* pipes at a time */
#define ALL   (POLLIN | POLLOUT | POLLPRI)

static char block[HOLDS];

const char *events_text(int events)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{POLLIN, " IN"},   {POLLPRI, " PRI"},   {POLLOUT, " OUT"},       {POLLERR, " ERR"},
		{POLLHUP, " HUP"}, {POLLNVAL, " NVAL"}, {POLLRDNORM, " RDNORM"}, {POLLWRNORM, " WRNORM"},
	};
	static char text[64];

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (events & names[i].bit)
			strcat(text, names[i].name);
	}
	return *text ? text + 1 : "nothing";
}

const char *polled(int fd, short events)
{
	struct pollfd entry = {.fd = fd, .events = events, .revents = 0x7fff};
	int count = poll(&entry, 1, 0);

	if (count < 0)
		return NULL;
	return count == (entry.revents != 0) ? events_text(entry.revents) : "a wrong count";
}

static void pipes(void)
{
	int fds[2];

	MUST(pipe2(fds, O_NONBLOCK));
	FACT_TEXT("reader of an empty pipe", polled(fds[0], ALL));
	FACT_TEXT("its writer", polled(fds[1], ALL));
	FACT_TEXT("its writer, asked for what it never is", polled(fds[1], POLLIN));
	FACT_TEXT("and the reader again", polled(fds[0], ALL));
	MUST(write(fds[1], "ab", 2));
	FACT_TEXT("reader when there is something", polled(fds[0], ALL));
	FACT_TEXT("and again", polled(fds[0], ALL));
	FACT_TEXT("by the other names", polled(fds[0], POLLRDNORM | POLLWRNORM));
	FACT_TEXT("asked for nothing", polled(fds[0], 0));
	MUST(read(fds[0], block, 1));
	FACT_TEXT("some is left", polled(fds[0], ALL));
	MUST(read(fds[0], block, 1));
	FACT_TEXT("nothing is left", polled(fds[0], ALL));
	MUST_BE(write(fds[1], block, HOLDS) == HOLDS);
	FACT_TEXT("writer of a full pipe", polled(fds[1], ALL));
	FACT_TEXT("by the other name", polled(fds[1], POLLWRNORM));
	MUST_BE(read(fds[0], block, 4096) == 4096);
	FACT_TEXT("with room for a page", polled(fds[1], ALL));
	close(fds[1]);
	FACT_TEXT("reader of what the last writer left", polled(fds[0], ALL));
	FACT_TEXT("asked for nothing then", polled(fds[0], 0));
	while (read(fds[0], block, HOLDS) > 0)
		;
	FACT_TEXT("reader at the end", polled(fds[0], ALL));
	close(fds[0]);
	FACT_TEXT("closed", polled(fds[0], ALL));
	MUST(pipe2(fds, O_NONBLOCK));
	FACT_TEXT("writer before", polled(fds[1], ALL));
	close(fds[0]);
	FACT_TEXT("writer without a reader", polled(fds[1], ALL));
	FACT_TEXT("writer without a reader, asked for nothing", polled(fds[1], 0));
	close(fds[1]);
}

void chapter_poll_fifo(void)
{
	int reader, writer, both, late;

	if (mkfifo("fifo", 0600) < 0)
		chapter_leave_out();
	reader = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	FACT_TEXT("FIFO that nobody has written yet", polled(reader, ALL));
	writer = MUST(open("fifo", O_WRONLY));
	FACT_TEXT("with a writer", polled(reader, ALL));
	close(writer);
	FACT_TEXT("after it", polled(reader, ALL));
	late = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	FACT_TEXT("by who came later", polled(late, ALL));
	writer = MUST(open("fifo", O_WRONLY));
	FACT_TEXT("with the next writer", polled(reader, ALL));
	both = MUST(open("fifo", O_RDWR));
	FACT_TEXT("for both", polled(both, ALL));
	close(writer);
	MUST(write(both, "x", 1));
	FACT_TEXT("for both, with something in it", polled(both, ALL));
	close(reader);
	close(late);
	FACT_TEXT("for both, alone", polled(both, ALL));
	close(both);
}

static void others(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0644));
	struct pollfd entry = {.fd = -5, .events = ALL, .revents = 77};

	FACT_TEXT("regular file", polled(fd, ALL));
	FACT_TEXT("asked to write only", polled(fd, POLLOUT));
	FACT_TEXT("asked for what comes first", polled(fd, POLLPRI));
	close(fd);
	fd = MUST(open("file", O_RDONLY));
	FACT_TEXT("open to read, asked to read", polled(fd, POLLIN));
	close(fd);
	fd = MUST(open("file", O_PATH));
	FACT_TEXT("O_PATH", polled(fd, ALL));
	close(fd);
	fd = MUST(open(".", O_RDONLY | O_DIRECTORY));
	FACT_TEXT("directory", polled(fd, POLLIN));
	close(fd);
	fd = MUST(open("/dev/null", O_RDWR));
	FACT_TEXT("/dev/null", polled(fd, ALL));
	close(fd);
	FACT_TEXT("never opened", polled(1 << 20, ALL));
	FACT("a negative descriptor", poll(&entry, 1, 0));
	FACT("is told as nothing", entry.revents);
}

static void calls(void)
{
	struct pollfd entries[3];
	struct timespec span = {.tv_nsec = 2000000}, bad = {.tv_nsec = 1000000000}, negative = {.tv_sec = -1};
	int fds[2];

	MUST(pipe(fds));
	FACT("no descriptors", poll(NULL, 0, 0));
	FACT("no descriptors for a while", poll(NULL, 0, 3));
	entries[0] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	FACT("the end of the time", poll(entries, 1, 3));
	FACT("ppoll, the same", ppoll(entries, 1, &span, NULL));
	span.tv_nsec = 0;
	FACT("ppoll, no time at all", ppoll(entries, 1, &span, NULL));
	FACT("ppoll, a time that is none", ppoll(entries, 1, &bad, NULL));
	FACT("ppoll, a negative time", ppoll(entries, 1, &negative, NULL));
	/* The same descriptor more than once, in both orders, and with a duplicate. */
	entries[1] = (struct pollfd){.fd = fds[1], .events = POLLOUT};
	entries[2] = (struct pollfd){.fd = fds[1], .events = POLLIN};
	FACT("two of three", poll(entries, 3, -1));
	FACT_TEXT("the first", events_text(entries[0].revents));
	FACT_TEXT("the second", events_text(entries[1].revents));
	FACT_TEXT("the third", events_text(entries[2].revents));
	MUST(write(fds[1], "x", 1));
	entries[2].fd = MUST(dup(fds[0]));
	FACT("with a duplicate", poll(entries, 3, -1));
	FACT_TEXT("the duplicate", events_text(entries[2].revents));
	close(entries[2].fd);
	entries[2].fd = fds[0];
	entries[0].events = POLLPRI;
	FACT("one descriptor twice", poll(entries, 3, -1));
	FACT_TEXT("by its first entry", events_text(entries[0].revents));
	FACT_TEXT("by its second", events_text(entries[2].revents));
	entries[1].fd = -1;
	entries[0].events = POLLIN;
	entries[2].events = POLLPRI;
	FACT("the other way round", poll(entries, 3, -1));
	close(fds[0]);
	close(fds[1]);
	FACT("of closed ones", poll(entries, 3, -1));
	FACT_TEXT("is said", events_text(entries[0].revents));
}

/* Which of them are ready, however often it is asked; descriptors that come again as others. */
static void many(void)
{
	struct pollfd entries[MANY];
	int fds[MANY][2];
	bool right = true;

	for (int i = 0; i < MANY; i++) {
		MUST(pipe(fds[i]));
		entries[i] = (struct pollfd){.fd = fds[i][0], .events = POLLIN};
	}
	for (int i = 0; i < 4 * MANY; i++) {
		int one = i * 7 % MANY;

		right = right && poll(entries, MANY, 0) == 0;
		MUST(write(fds[one][1], "x", 1));
		right = right && poll(entries, MANY, -1) == 1 && entries[one].revents == POLLIN;
		MUST(read(fds[one][0], block, 1));
	}
	FACT_YES("one of many", right);
	for (int i = 0; i < MANY; i++) {
		MUST(write(fds[i][1], "x", 1));
		right = right && poll(entries, MANY, -1) == i + 1;
	}
	FACT_YES("one more each time", right);
	for (int i = 0; i < MANY; i++) {
		close(fds[i][1]);
		right = right && poll(entries, MANY, -1) == MANY && entries[i].revents == (POLLIN | POLLHUP);
	}
	FACT_YES("and hung up", right);
	for (int i = 0; i < MANY; i++)
		close(fds[i][0]);
	right = poll(entries, MANY, -1) == MANY;
	for (int i = 0; i < MANY; i++) {
		right = right && entries[i].revents == POLLNVAL;
		MUST(pipe(fds[i]));
		entries[i].fd = fds[i][0];
	}
	FACT_YES("and closed", right);
	FACT("others of the same numbers", poll(entries, MANY, 0));
	MUST(write(fds[3][1], "x", 1));
	FACT("one of those", poll(entries, MANY, -1));
	for (int i = 0; i < MANY; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

void chapter_poll(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	pipes();
	others();
	calls();
	many();
	poll_select();
	poll_children();
	poll_threads();
}
