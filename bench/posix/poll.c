/* SPDX-License-Identifier: BSD-2-Clause */
/* poll: a hundred pipes of which one, or none, has something to read, on Veridian and on Linux from this source. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "bench/posix/lap.h"

#define COUNT  100
#define ROUNDS 500

static struct pollfd set[COUNT];

static void polls(const char *what, int ready)
{
	struct lap sum = {0}, start = {0};

	for (int i = -10; i < ROUNDS; i++) {
		if (i == 0)
			start = lap_now();
		if (poll(set, COUNT, 0) != ready)
			die("poll");
	}
	lap_add(&sum, start);
	report_lap("poll", what, sum, ROUNDS);
}

int main(void)
{
	int ends[2], last = -1;
	char byte = 'x';

	for (int i = 0; i < COUNT; i++) {
		if (pipe(ends) != 0)
			die("pipe");
		set[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
		last = ends[1];
	}
	polls("100_idle", 0);
	if (write(last, &byte, 1) != 1)
		die("write");
	polls("100_one_ready", 1);
	return 0;
}
