/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blk MODE PATH MIB [SECONDS [THREADS]]: throughput of a disk or of a file of that size, on Veridian and on Linux from this source.
 *   seq_r, seq_w                  once through it in calls of 256 KiB, by way of the page cache; writing ends with fsync
 *   seq_r_direct, seq_w_direct    the same past the cache (O_DIRECT) in calls of 1 MiB
 *   iops_r, iops_w                4 KiB at random places past the cache, THREADS at a time
 * One line `MODE value unit`, or `MODE_tTHREADS` for the last two.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "bench/posix/lap.h"

#define BLOCK       4096u
#define THREADS_MAX 64

static const char *path;
static bool writing;
static uint64_t blocks;
static uint64_t until;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static char *pages(size_t size)
{
	void *memory;

	if (posix_memalign(&memory, BLOCK, size))
		die("posix_memalign");
	memset(memory, 0x5a, size);
	return memory;
}

/* Until the time is over; the number of transfers. */
static void *transfer(void *number)
{
	uint64_t seed = 88172645463325252u + 7919u * (uint64_t)(uintptr_t)number;
	int fd = open(path, (writing ? O_WRONLY : O_RDONLY) | O_DIRECT);
	char *page = pages(BLOCK);
	uintptr_t done = 0;

	if (fd < 0)
		die(path);
	while (now_ns() < until) {
		off_t at = (off_t)(random_next(&seed) % blocks * BLOCK);

		if ((writing ? pwrite(fd, page, BLOCK, at) : pread(fd, page, BLOCK, at)) != (ssize_t)BLOCK)
			die(writing ? "pwrite" : "pread");
		done++;
	}
	close(fd);
	free(page);
	return (void *)done;
}

static void at_random(const char *mode, long seconds, long threads)
{
	pthread_t thread[THREADS_MAX];
	uint64_t total = 0, start = now_ns();
	char name[64];
	void *done;

	until = start + (uint64_t)seconds * 1000000000u;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, transfer, (void *)(uintptr_t)(i + 1)))
			die("pthread_create");
	for (long i = 0; i < threads; i++) {
		pthread_join(thread[i], &done);
		total += (uintptr_t)done;
	}
	snprintf(name, sizeof(name), "%s_t%ld", mode, threads);
	report(name, (double)total * 1e9 / (double)(now_ns() - start), "iops");
}

static void in_order(const char *mode, uint64_t bytes)
{
	bool direct = strstr(mode, "direct") != NULL;
	size_t size = direct ? 1 << 20 : 256 << 10;
	int fd = open(path, (writing ? O_WRONLY : O_RDONLY) | (direct ? O_DIRECT : 0));
	uint64_t start, done = 0;
	char *memory = pages(size);

	if (fd < 0)
		die(path);
	start = now_ns();
	while (done < bytes) {
		ssize_t count = writing ? write(fd, memory, size) : read(fd, memory, size);

		if (count <= 0)
			die(mode);
		done += (uint64_t)count;
	}
	if (writing && fsync(fd) < 0)
		die("fsync");
	report(mode, (double)done * 1e3 / (double)(now_ns() - start), "MB/s");
	close(fd);
	free(memory);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: blk MODE PATH MIB [SECONDS [THREADS]]\n");
		return 2;
	}
	const char *mode = argv[1];
	long mib = atol(argv[3]), seconds = argc > 4 ? atol(argv[4]) : 2, threads = argc > 5 ? atol(argv[5]) : 1;

	path = argv[2];
	if (mib < 1 || seconds < 1 || threads < 1 || threads > THREADS_MAX)
		return 2;
	blocks = ((uint64_t)mib << 20) / BLOCK;
	if (!strcmp(mode, "iops_r") || !strcmp(mode, "iops_w")) {
		writing = mode[5] == 'w';
		at_random(mode, seconds, threads);
	} else if (!strncmp(mode, "seq_r", 5) || !strncmp(mode, "seq_w", 5)) {
		writing = mode[4] == 'w';
		in_order(mode, (uint64_t)mib << 20);
	} else {
		return 2;
	}
	return 0;
}
