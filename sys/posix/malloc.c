/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc and its family, in the place of the C library's, which has one lock for all threads. Every thread keeps free blocks of each
 * class to itself and goes to the shared part (malloc_shared.c) only when it has none, or too many. A block's header says what it is,
 * in a way that depends on its address: what was freed twice, never allocated, or overrun by the block before ends the program.
 * The functions are weak: a program may bring its own.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/abi/syscall.h"
#include "sys/lib/hold.h"
#include "sys/lib/log.h"
#include "sys/posix/malloc_internal.h"

#define WEAK __attribute__((weak))

#define CACHE_BYTES 16384u /* of one class in one thread, about; at least CACHE_MIN blocks */
#define CACHE_MIN   4u
#define BATCH_MAX   32u

/* Headers: a kind, a number that goes with it, and bits of the block's address mixed up. */
enum { KIND_FREE = 0x5, KIND_USED = 0xa, KIND_LARGE = 0xc, KIND_ALIGNED = 0x9 };

struct cache {
	struct free_block *first;
	uint16_t count;
	uint16_t batch; /* how many to ask for the next time: grows with demand, so that small programs stay small */
};

static _Thread_local struct cache caches[CLASS_COUNT];

void __thread_memory_end(void);

static uint64_t seal(const void *payload, unsigned kind, uint64_t number)
{
	return (((uint64_t)(uintptr_t)payload * 0x9e3779b97f4a7c15u) & 0xffff000000000000u) | number << 4 | kind;
}

static _Noreturn void corrupt(const char *what)
{
	log_line(0, what); /* as an error; streams would want memory */
	(void)write(STDERR_FILENO, what, strlen(what));
	(void)write(STDERR_FILENO, "\n", 1);
	abort();
}

/* ---- blocks of a class ---- */

static size_t cache_limit(unsigned class)
{
	size_t blocks = CACHE_BYTES / class_size(class);

	return blocks < CACHE_MIN ? CACHE_MIN : blocks;
}

static void cache_put(unsigned class, struct free_block *block)
{
	struct cache *c = &caches[class];

	block->next = c->first;
	c->first = block;
	c->count++;
}

/* Blocks out of a larger one that this thread has no use for: what growing arrays leave behind is used again. */
static struct free_block *split_take(unsigned class, unsigned *count)
{
	size_t size = class_size(class), whole, rest;
	struct free_block *first = NULL;
	unsigned large = class + 1, n, rest_class;
	char *at;

	while (large < CLASS_COUNT && (!caches[large].first || class_size(large) < 2 * size))
		large++;
	if (large == CLASS_COUNT)
		return NULL;
	at = (char *)caches[large].first;
	if (*header_of(at) && *header_of(at) != seal(at, KIND_FREE, large))
		corrupt("malloc: a free block was written to");
	caches[large].first = caches[large].first->next;
	caches[large].count--;
	whole = class_size(large);
	n = whole / size < *count ? (unsigned)(whole / size) : *count;
	rest = whole - n * size;
	if (rest >= class_size(0)) {
		struct free_block *block = (struct free_block *)(void *)(at + n * size);

		rest_class = class_of(rest);
		if (class_size(rest_class) > rest)
			rest_class--;
		*header_of(block) = seal(block, KIND_FREE, rest_class);
		cache_put(rest_class, block);
	}
	for (unsigned i = n; i-- > 0;) {
		struct free_block *block = (struct free_block *)(void *)(at + i * size);

		*header_of(block) = seal(block, KIND_FREE, class);
		block->next = first;
		first = block;
	}
	*count = n;
	return first;
}

static void *block_take(unsigned class)
{
	struct cache *c = &caches[class];
	struct free_block *block = c->first;
	uint64_t *header;

	if (!block) {
		unsigned count = c->batch ? c->batch : 1;

		block = shared_take(class, &count);
		if (!block)
			block = split_take(class, &count);
		if (!block)
			block = shared_new(class, &count);
		if (!block)
			return NULL;
		c->first = block;
		c->count = (uint16_t)count;
		if (c->batch < BATCH_MAX && (size_t)(c->batch + 1) * 2 <= cache_limit(class))
			c->batch = (uint16_t)(c->batch ? 2 * c->batch : 1);
	}
	header = header_of(block);
	if (*header && *header != seal(block, KIND_FREE, class))
		corrupt("malloc: a free block was written to");
	c->first = block->next;
	c->count--;
	*header = seal(block, KIND_USED, class);
	return block;
}

/* Half of the cache goes to the others. */
static void cache_shrink(unsigned class, unsigned keep)
{
	struct cache *c = &caches[class];
	struct free_block *first = c->first, *last = first;
	unsigned count = c->count - keep;

	if (c->count <= keep)
		return;
	for (unsigned i = 1; i < count; i++)
		last = last->next;
	c->first = last->next;
	c->count = (uint16_t)keep;
	shared_give(class, first, last, count);
}

static void block_give(void *payload, unsigned class)
{
	*header_of(payload) = seal(payload, KIND_FREE, class);
	cache_put(class, payload);
	if (caches[class].count > cache_limit(class))
		cache_shrink(class, caches[class].count / 2);
}

/* At a thread's end (sys/lib/thread.c). */
void __thread_memory_end(void)
{
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		cache_shrink(i, 0);
}

/* ---- large blocks: [size, 8 bytes][header][payload] ---- */

static size_t *large_size(void *payload)
{
	return (size_t *)payload - 2;
}

static void *large_allocate(size_t size, bool *fresh)
{
	size_t total = (size + 2 * HEADER_SIZE + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
	char *at = large_take(total, fresh);

	if (!at)
		return NULL;
	at += 2 * HEADER_SIZE;
	*large_size(at) = total;
	*header_of(at) = seal(at, KIND_LARGE, 0);
	return at;
}

/* ---- all blocks ---- */

struct place {
	unsigned kind, class;
	void *payload; /* of the whole block; an aligned one lies inside */
	size_t usable; /* from the pointer that the program has */
};

static void place_find(void *pointer, struct place *p, const char *complaint)
{
	uint64_t header, number;

	if ((uintptr_t)pointer % ALIGNMENT)
		corrupt(complaint);
	header = *header_of(pointer);
	number = header >> 4 & 0xfffffffffffu;
	p->kind = header & 0xf;
	p->class = (unsigned)number;
	p->payload = pointer;
	if (header != seal(pointer, p->kind, number))
		corrupt(complaint);
	if (p->kind == KIND_USED && number < CLASS_COUNT) {
		p->usable = class_size(p->class) - HEADER_SIZE;
	} else if (p->kind == KIND_LARGE) {
		p->usable = *large_size(pointer) - 2 * HEADER_SIZE;
	} else if (p->kind == KIND_ALIGNED) {
		place_find((char *)pointer - number, p, complaint);
		p->usable -= number;
	} else {
		corrupt(complaint);
	}
}

static void *allocate(size_t size, bool *fresh)
{
	void *payload;

	*fresh = false;
	/* Handlers may open files and so come back here. */
	signals_hold();
	if (size <= BLOCK_MAX - HEADER_SIZE)
		payload = block_take(class_of(size + HEADER_SIZE));
	else
		payload = size <= PTRDIFF_MAX - 2 * PAGE_SIZE ? large_allocate(size, fresh) : NULL;
	signals_release();
	if (!payload)
		errno = ENOMEM;
	return payload;
}

WEAK void *malloc(size_t size)
{
	bool fresh;

	return allocate(size, &fresh);
}

WEAK void free(void *pointer)
{
	struct place p;

	if (!pointer)
		return;
	place_find(pointer, &p, "free: not a block in use: freed twice, or written over");
	if (p.payload != pointer)
		*header_of(pointer) = 0;
	signals_hold();
	if (p.kind == KIND_USED) {
		block_give(p.payload, p.class);
	} else {
		*header_of(p.payload) = 0;
		large_give((char *)p.payload - 2 * HEADER_SIZE, *large_size(p.payload));
	}
	signals_release();
}

WEAK void *calloc(size_t count, size_t size)
{
	size_t total;
	bool fresh;
	void *payload;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	payload = allocate(total, &fresh);
	if (payload && !fresh)
		memset(payload, 0, total);
	return payload;
}

WEAK void *realloc(void *pointer, size_t size)
{
	struct place p;
	void *copy;

	if (!pointer)
		return malloc(size);
	place_find(pointer, &p, "realloc: not a block in use: freed, or written over");
	/* What fits stays, unless half of it or more would be wasted. */
	if (size <= p.usable && (size >= p.usable / 2 || p.usable <= 64))
		return pointer;
	copy = malloc(size);
	if (!copy)
		return size <= p.usable ? pointer : NULL;
	memcpy(copy, pointer, size < p.usable ? size : p.usable);
	free(pointer);
	return copy;
}

WEAK void *reallocarray(void *pointer, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(pointer, total);
}

WEAK size_t malloc_usable_size(void *pointer)
{
	struct place p;

	if (!pointer)
		return 0;
	place_find(pointer, &p, "malloc_usable_size: not a block in use");
	return p.usable;
}

/* Of a block that is that much larger a part; a header in front of it says where the block begins. */
static void *allocate_aligned(size_t alignment, size_t size)
{
	char *payload, *aligned;
	bool fresh;

	if (alignment <= ALIGNMENT)
		return allocate(size, &fresh);
	if (size > PTRDIFF_MAX - 2 * alignment) {
		errno = ENOMEM;
		return NULL;
	}
	payload = allocate(size + alignment, &fresh);
	if (!payload)
		return NULL;
	aligned = (char *)(((uintptr_t)payload + alignment - 1) & ~(uintptr_t)(alignment - 1));
	if (aligned != payload)
		*header_of(aligned) = seal(aligned, KIND_ALIGNED, (uint64_t)(aligned - payload));
	return aligned;
}

static bool is_power(size_t n)
{
	return n && (n & (n - 1)) == 0;
}

WEAK void *memalign(size_t alignment, size_t size)
{
	if (!is_power(alignment) || alignment > PTRDIFF_MAX / 4) {
		errno = EINVAL;
		return NULL;
	}
	return allocate_aligned(alignment, size);
}

WEAK void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

WEAK int posix_memalign(void **out, size_t alignment, size_t size)
{
	int error = errno;
	void *payload;

	if (!is_power(alignment) || alignment % sizeof(void *))
		return EINVAL;
	payload = memalign(alignment, size);
	errno = error;
	if (!payload)
		return ENOMEM;
	*out = payload;
	return 0;
}

WEAK void *valloc(size_t size)
{
	return memalign(PAGE_SIZE, size);
}
