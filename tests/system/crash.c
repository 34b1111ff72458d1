/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends in the way that its argument names, from a function that backtraces and cores are to show. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

volatile int crash_depth;
volatile char crash_data[] = "data of the crash";

static __attribute__((noinline, noclone)) int crash_here(const char *how, volatile int *nowhere)
{
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "illegal") == 0)
		__asm__ volatile("unimp");
	return *nowhere;
}

static __attribute__((noinline, noclone)) int crash_below(const char *how, int depth)
{
	int result;

	crash_depth = depth;
	result = depth == 0 ? crash_here(how, (volatile int *)(uintptr_t)crash_depth) : crash_below(how, depth - 1);
	crash_depth += result;
	return result + depth;
}

static volatile int staying;

static __attribute__((noinline)) void *stay(void *unused)
{
	staying = 1;
	for (;;)
		sleep(1000);
	return unused;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "load";
	pthread_t thread;

	if (argc > 2) {
		const struct rlimit limit = {strtoul(argv[2], NULL, 0), RLIM_INFINITY};

		if (setrlimit(RLIMIT_CORE, &limit) < 0)
			perror("setrlimit");
	}
	if (pthread_create(&thread, NULL, stay, NULL) != 0)
		return 1;
	while (!staying)
		usleep(1000);
	crash_data[0] = 'D'; /* not as it is in the file */
	return crash_below(how, 3);
}
