/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pseudo-terminals in numbers: anything done to many at once, by two threads, with settings that make no sense. Run at the prompt. Afterwards all can be had
 * again, and the terminal server holds no handle more than before.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "sys/posix/test/check.h"

#define PTYS_MAX 64 /* docs/posix.md */
#define PAIRS    12
#define STEPS    6000

struct pair {
	int master, slave; /* -1: not open */
};

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void settings(int fd, uint32_t *state)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return;
	t.c_iflag = next_random(state);
	t.c_oflag = next_random(state);
	/* Output that is held would have drains wait for ever. */
	t.c_lflag = next_random(state) & ~(tcflag_t)TOSTOP;
	t.c_cc[next_random(state) % NCCS] = (cc_t)next_random(state);
	t.c_cc[VTIME] = 0;
	(void)tcsetattr(fd, TCSANOW, &t);
}

static void step(struct pair *p, uint32_t *state)
{
	char bytes[600];
	uint32_t what = next_random(state) % 12;
	int fd = next_random(state) % 2 ? p->master : p->slave;
	size_t len = next_random(state) % sizeof(bytes);

	if (p->master < 0 && p->slave < 0) {
		if (openpty(&p->master, &p->slave, NULL, NULL, NULL) != 0)
			return;
		(void)fcntl(p->master, F_SETFL, O_NONBLOCK);
		(void)fcntl(p->slave, F_SETFL, O_NONBLOCK);
		return;
	}
	memset(bytes, (int)next_random(state), sizeof(bytes));
	bytes[len / 2] = '\n';
	switch (what) {
	case 0:
	case 1:
	case 2: (void)!write(fd, bytes, len); break;
	case 3:
	case 4:
	case 5: (void)!read(fd, bytes, len); break;
	case 6: settings(fd, state); break;
	case 7: (void)tcflush(fd, (int)(next_random(state) % 3)); break;
	case 8: (void)tcflow(fd, (int)(next_random(state) % 4)); break;
	case 9: (void)ioctl(fd, TIOCSWINSZ, bytes); break;
	case 10:
		if (next_random(state) % 8 == 0)
			end(next_random(state) % 2 ? &p->master : &p->slave);
		break;
	default:
		/* The other side may be gone for good: then only the rest can be closed. */
		if (p->slave < 0 && p->master >= 0)
			p->slave = open(ptsname(p->master), O_RDWR | O_NOCTTY | O_NONBLOCK);
		break;
	}
}

static void *storm(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;
	struct pair pairs[PAIRS];

	for (int i = 0; i < PAIRS; i++)
		pairs[i] = (struct pair){-1, -1};
	for (int i = 0; i < STEPS; i++)
		step(&pairs[next_random(&state) % PAIRS], &state);
	for (int i = 0; i < PAIRS; i++) {
		end(&pairs[i].master);
		end(&pairs[i].slave);
	}
	return NULL;
}

static void storms(uintptr_t seed)
{
	pthread_t other;

	CHECK(pthread_create(&other, NULL, storm, (void *)(seed + 1)) == 0);
	(void)storm((void *)seed);
	CHECK(pthread_join(other, NULL) == 0);
}

/* Lines of that file of the terminal server, or of the one whose name is given. */
static long server_lines(const char *file)
{
	DIR *proc = opendir("/proc");
	long lines = -1;
	char path[64], text[256];

	for (struct dirent *e; proc && lines < 0 && (e = readdir(proc));) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%.20s/comm", e->d_name);
		f = fopen(path, "r");
		bool is = f && fgets(text, sizeof(text), f) && strcmp(text, "tty\n") == 0;
		if (f)
			(void)fclose(f);
		if (!is)
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/%s", e->d_name, file);
		f = fopen(path, "r");
		for (lines = 0; f && fgets(text, sizeof(text), f);)
			lines++;
		if (f)
			(void)fclose(f);
	}
	if (proc)
		(void)closedir(proc);
	return lines;
}

static long slaves(void)
{
	DIR *pts = opendir("/dev/pts");
	long count = 0;

	for (struct dirent *e; pts && (e = readdir(pts));)
		count += e->d_name[0] != '.';
	if (pts)
		(void)closedir(pts);
	return pts ? count : -1;
}

static void test_storm(void)
{
	long before;

	storms(1); /* what the server keeps for itself is there from then on */
	before = server_lines("handles");
	CHECK(before > 0);
	for (uintptr_t i = 2; i < 8; i++)
		storms(i * 1000);
	CHECK(slaves() == 0);
	for (int i = 0; i < 100 && server_lines("handles") != before; i++)
		usleep(10000);
	CHECK(server_lines("handles") == before);
}

static void test_all(void)
{
	struct pair pairs[PTYS_MAX + 1];
	int count = 0;

	for (; count <= PTYS_MAX && openpty(&pairs[count].master, &pairs[count].slave, NULL, NULL, NULL) == 0; count++)
		continue;
	CHECK(count == PTYS_MAX);
	CHECK(slaves() == PTYS_MAX);
	for (int i = 0; i < count; i++)
		CHECK(write(pairs[i].slave, "x", 1) == 1);
	for (int i = count; i-- > 0;) {
		char byte = 0;

		CHECK(read(pairs[i].master, &byte, 1) == 1 && byte == 'x');
		end(&pairs[i].master);
		end(&pairs[i].slave);
	}
	CHECK(slaves() == 0);
}

int main(void)
{
	run("storm", test_storm);
	run("all", test_all);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
