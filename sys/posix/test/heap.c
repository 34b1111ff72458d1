/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap and threads under load from several harts: every block keeps what was written to it, every thread ends. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/lib/syscall.h"

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

static bool test_alignment(void)
{
	void *kept[40] = {0};
	bool good = true;

	for (size_t alignment = 8, i = 0; alignment <= 65536; alignment *= 2) {
		for (size_t size = 1; size <= 100000; size = size * 10 + 7, i++) {
			void *p = NULL;

			good = posix_memalign(&p, alignment, size) == 0 && (uintptr_t)p % alignment == 0 &&
			       (uintptr_t)p % 16 == 0 && good;
			good = good && malloc_usable_size(p) >= size;
			memset(p, 0x5a, size);
			free(kept[i % 40]);
			kept[i % 40] = p;
		}
	}
	for (int i = 0; i < 40; i++)
		free(kept[i]);
	return good && posix_memalign(&kept[0], 24, 10) == EINVAL && posix_memalign(&kept[0], 4, 10) == EINVAL;
}

/* Where the compiler does not see what it is */
static void *hidden(char *p)
{
	__asm__ volatile("" : "+r"(p));
	return p;
}

static size_t largest(void)
{
	return (size_t)hidden((char *)SIZE_MAX);
}

/* Every size gets room for all of it, on a multiple of 16, and what does not exist is refused. */
static bool test_sizes(void)
{
	bool good = true;
	void *old;

	for (size_t size = 0; size < 40000; size += size < 600 ? 1 : 37) {
		char *p = malloc(size);

		good = good && p && (uintptr_t)p % 16 == 0 && malloc_usable_size(p) >= size;
		if (p && size)
			p[0] = p[size - 1] = 1;
		free(p);
	}
	errno = 0;
	good = good && !malloc(largest()) && errno == ENOMEM && !malloc(largest() / 2) && !calloc(largest() / 2, 3) &&
	       !reallocarray(NULL, largest() / 2, 3);
	old = malloc(100);
	good = good && !realloc(old, largest() / 2); /* which leaves the old one */
	free(old);
	free(NULL);
	return good;
}

/* Blocks that one thread allocates and another frees, as many as would fill the memory if they were lost. */
static _Atomic(void *) box[64];

static void *boxes_fill(void *arg)
{
	uint64_t state = (uintptr_t)arg + 99;

	for (int i = 0; i < 40000; i++) {
		void *p = malloc(1 + (next(&state) & 0x1fff));

		free(atomic_exchange(&box[next(&state) % 64], p));
	}
	return NULL;
}

static bool test_handed_over(void)
{
	struct process_info info;

	for (int round = 0; round < 4; round++) { /* threads end, and their caches go to the next ones */
		pthread_t threads[THREADS];

		for (uintptr_t i = 0; i < THREADS; i++) {
			if (pthread_create(&threads[i], NULL, boxes_fill, (void *)i) != 0)
				return false;
		}
		for (int i = 0; i < THREADS; i++)
			(void)pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < 64; i++)
		free(box[i]);
	if (process_info(HANDLE_NONE, &info) != OK)
		return false;
	printf("%u KiB after 640,000 blocks\n", (unsigned)(info.mem_bytes / 1024));
	return info.mem_bytes < 32u << 20; /* of 2.5 GiB */
}

/* Large ones go back to the system: many times the memory there is passes through. */
static bool test_given_back(void)
{
	for (int i = 0; i < 400; i++) {
		char *p = malloc((size_t)(8 + i % 3) << 20);

		if (!p)
			return false;
		for (size_t j = 0; j < 8u << 20; j += 4096)
			p[j] = 1;
		free(p);
	}
	return true;
}

/* ---- what ends the program ---- */

static void misuse(const char *kind)
{
	char *volatile p = malloc(100), *volatile q = malloc(100);

	switch (kind[0]) {
	case 't': free(p), free(p); break;
	case 'o': memset(p, 1, malloc_usable_size(p) + 8), free(p), free(q); break;
	case 'i': free(hidden(p + 16)); break;
	case 'm': free(hidden(p + 1)); break;
	case 'u': free(p), memset(p - 8, 7, 8), q = malloc(100); break;
	case 'r': free(p), q = realloc(p, 200); break;
	case 'l': p = malloc(1000000), free(hidden(p + 4096)); break;
	default: break;
	}
}

static bool test_misuse(const char *self)
{
	static const char *const kinds[] = {"twice", "overrun", "inside", "misaligned", "used", "realloc", "large"};
	bool good = true;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char *argv[] = {(char *)(uintptr_t)self, (char *)(uintptr_t)kinds[i], NULL};
		int status;
		pid_t pid;

		if (posix_spawn(&pid, self, NULL, NULL, argv, NULL) != 0 || waitpid(pid, &status, 0) != pid)
			return false;
		if (!WIFSIGNALED(status) && (!WIFEXITED(status) || WEXITSTATUS(status) == 0)) {
			printf("%s: nobody saw it\n", kinds[i]);
			good = false;
		}
	}
	return good;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		misuse(argv[1]);
		return 0;
	}
	report("sizes", test_sizes());
	report("alignment", test_alignment());
	report("handed over", test_handed_over());
	report("given back", test_given_back());
	report("misuse", test_misuse(argv[0]));
	report("cleared", test_cleared());
	report("blocks", test_blocks());
	report("detached", test_detached());
	report("makers", test_makers());
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
