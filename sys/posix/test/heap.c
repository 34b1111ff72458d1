/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap and threads under load from several harts: every block keeps what was written to it, every thread ends. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define BLOCKS  64
#define STEPS   4000
#define ROUNDS  1500

static unsigned passed, failed;

static void report(const char *name, bool good)
{
	printf("%s %s\n", good ? "PASS" : "FAIL", name);
	if (good)
		passed++;
	else
		failed++;
}

/* xorshift64 (Marsaglia, "Xorshift RNGs") */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

struct block {
	uint8_t *at;
	size_t size;
	uint8_t mark;
};

static bool block_whole(const struct block *b)
{
	for (size_t i = 0; i < b->size; i++) {
		if (b->at[i] != b->mark) {
			printf("block %p of %zu bytes: byte %zu is %02x, not %02x\n", (void *)b->at, b->size, i,
			       b->at[i], b->mark);
			return false;
		}
	}
	return true;
}

/* Sizes from a few bytes to several pages, so that the top of the heap goes up and down as well. */
static void *blocks_churn(void *arg)
{
	struct block blocks[BLOCKS] = {0};
	uint64_t state = 0x9e3779b97f4a7c15ull * ((uintptr_t)arg + 1);
	bool good = true;

	for (int i = 0; i < STEPS && good; i++) {
		struct block *b = &blocks[next(&state) % BLOCKS];
		size_t size = 1 + (next(&state) & (i % 64 ? 0x3ff : 0x1ffff));

		good = block_whole(b);
		if (b->at && next(&state) & 1) {
			free(b->at);
			*b = (struct block){0};
			continue;
		}
		uint8_t *at = realloc(b->at, size);
		if (!at)
			continue;
		for (size_t j = 0; j < (size < b->size ? size : b->size); j++)
			good = good && at[j] == b->mark;
		*b = (struct block){.at = at, .size = size, .mark = (uint8_t)next(&state)};
		memset(at, b->mark, size);
	}
	for (int i = 0; i < BLOCKS; i++) {
		good = good && block_whole(&blocks[i]);
		free(blocks[i].at);
	}
	return (void *)(intptr_t)good;
}

static bool test_blocks(void)
{
	pthread_t threads[THREADS];
	bool good = true;

	for (uintptr_t i = 0; i < THREADS; i++)
		good = pthread_create(&threads[i], NULL, blocks_churn, (void *)i) == 0 && good;
	for (int i = 0; good && i < THREADS; i++) {
		void *result = NULL;

		good = pthread_join(threads[i], &result) == 0 && result;
	}
	return good;
}

static void *nothing(void *arg)
{
	return arg;
}

/* The thread's own description is freed by itself, its stack by whoever comes after. */
static bool threads_make(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		pthread_t thread;
		void *result = NULL;

		if (pthread_create(&thread, NULL, nothing, &thread) != 0)
			return false;
		if (i % 2 ? pthread_join(thread, &result) != 0 || result != &thread : pthread_detach(thread) != 0)
			return false;
	}
	return true;
}

static bool test_detached(void)
{
	return threads_make(ROUNDS);
}

/* Fewer: each stack given back interrupts all harts that run the process, and waits for them. */
static void *detached_make(void *arg)
{
	return (void *)(intptr_t)(threads_make(ROUNDS / 10) && arg);
}

static bool test_makers(void)
{
	pthread_t threads[THREADS];
	bool good = true;

	for (int i = 0; i < THREADS; i++)
		good = pthread_create(&threads[i], NULL, detached_make, threads) == 0 && good;
	for (int i = 0; good && i < THREADS; i++) {
		void *result = NULL;

		good = pthread_join(threads[i], &result) == 0 && result;
	}
	return good;
}

static bool test_cleared(void)
{
	/* What is given back and taken again reads as zero. */
	for (int i = 0; i < 20; i++) {
		size_t size = 64 * 1024u + (size_t)i * 40000u;
		uint8_t *p = calloc(1, size);

		if (!p)
			return false;
		for (size_t j = 0; j < size; j++)
			if (p[j])
				return false;
		memset(p, 0xa5, size);
		free(p);
	}
	return true;
}

int main(void)
{
	report("cleared", test_cleared());
	report("blocks", test_blocks());
	report("detached", test_detached());
	report("makers", test_makers());
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
