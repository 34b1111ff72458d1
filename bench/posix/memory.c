/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: malloc and free as programs use them, on Veridian and on Linux from this source: one small block again and again, a changing set of blocks of
 * mixed sizes, the same by four threads, a block that grows, large blocks.
 */
#include <pthread.h>
#include <string.h>

#include "bench/posix/lap.h"

#define ROUNDS  20000
#define SET     512
#define THREADS 4

/* xorshift64 (Marsaglia, 2003) */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *need(void *memory)
{
	if (!memory)
		die("malloc");
	return memory;
}

static void pairs(size_t size, const char *what)
{
	struct lap sum = {0}, start = lap_now();

	for (int i = 0; i < ROUNDS; i++) {
		char *volatile block = need(malloc(size));

		*block = 1;
		free(block);
	}
	lap_add(&sum, start);
	report_lap("malloc", what, sum, ROUNDS);
}

/* Mostly small, now and then some kilobytes. */
static void *mix(void *seed)
{
	uint64_t state = 88172645463325252u + (uintptr_t)seed;
	static _Thread_local char *set[SET];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t random = next(&state);
		char **at = &set[random % SET];
		size_t size = 8 + (random >> 16) % ((random >> 60) == 0 ? 8192 : 256);

		free(*at);
		*at = need(malloc(size));
		**at = 1;
	}
	for (int i = 0; i < SET; i++) {
		free(set[i]);
		set[i] = NULL;
	}
	return seed;
}

static void threads(void)
{
	struct lap sum = {0}, start = lap_now();
	pthread_t all[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++) {
		if (pthread_create(&all[i], NULL, mix, (void *)(i + 1)) != 0)
			die("pthread_create");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(all[i], NULL);
	lap_add(&sum, start);
	report_lap("malloc", "mix_4_threads", sum, THREADS * ROUNDS);
}

static void grow(void)
{
	struct lap sum = {0}, start = lap_now();
	const int times = 200, steps = 100;

	for (int i = 0; i < times; i++) {
		char *block = NULL;

		for (int n = 1; n <= steps; n++) {
			block = need(realloc(block, (size_t)n * 64));
			block[n * 64 - 1] = 1;
		}
		free(block);
	}
	lap_add(&sum, start);
	report_lap("malloc", "realloc_grow", sum, times * steps);
}

int main(void)
{
	struct lap sum = {0}, start;

	pairs(48, "pair_48");
	pairs(2000, "pair_2000");
	pairs(262144, "pair_256k");
	start = lap_now();
	(void)mix(NULL);
	lap_add(&sum, start);
	report_lap("malloc", "mix", sum, ROUNDS);
	grow();
	threads();
	return 0;
}
