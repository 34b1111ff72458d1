/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the heap that threads share: blocks that one thread gave back and any may take, new ones at the break (sbrk), and
 * large ones. Some large ones that were given back are kept for the next who asks; all else of them goes back to the system.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/abi/syscall.h"
#include "sys/lib/mutex.h"
#include "sys/posix/malloc_internal.h"
#include "sys/posix/map_kernel.h"

#define KEPT_COUNT 4
#define KEPT_MAX   (256 * 1024ul) /* bytes of one that is kept */

struct shared_class {
	struct mutex lock;
	unsigned count;
	struct free_block *first;
};

static struct shared_class classes[CLASS_COUNT];

/* Sizes that were given back lately. Of one that is asked for again the next block is kept, as a buffer that comes and goes; those that
 * are used once go back to the system at once. */
static struct mutex kept_lock;
static struct {
	void *at; /* NULL: none of that size is kept */
	size_t size;
	bool again;
} kept[KEPT_COUNT]; /* kept_lock */

static struct mutex new_lock; /* two pieces of the break are asked for where one does not lie right */

static struct free_block *new_take_locked(unsigned class, unsigned *count)
{
	size_t size = class_size(class), skip;
	struct free_block *first = NULL;
	char *at;

	/* The first payload on a multiple of 16: behind blocks of ours it is so by itself. */
	at = sbrk((ptrdiff_t)(*count * size));
	if (at == (void *)-1 && *count > 1) {
		*count = 1;
		at = sbrk((ptrdiff_t)size);
	}
	if (at == (void *)-1)
		return NULL;
	skip = (ALIGNMENT + HEADER_SIZE - (uintptr_t)at % ALIGNMENT) % ALIGNMENT;
	if (skip) {
		/* The program moved the break, or nobody yet did: a little more is needed at the end. If the program comes in between the
		 * last block is lost. */
		char *end = at + *count * size;

		if (sbrk((ptrdiff_t)skip) != end && --*count == 0)
			return NULL;
		at += skip;
	}
	for (unsigned i = *count; i-- > 0;) {
		struct free_block *block = (struct free_block *)(void *)(at + i * size + HEADER_SIZE);

		block->next = first;
		first = block;
	}
	return first;
}

struct free_block *shared_new(unsigned class, unsigned *count)
{
	struct free_block *first;

	mutex_lock(&new_lock);
	first = new_take_locked(class, count);
	mutex_unlock(&new_lock);
	return first;
}

struct free_block *shared_take(unsigned class, unsigned *count)
{
	struct shared_class *c = &classes[class];
	struct free_block *first = NULL, *last;
	unsigned n = 0;

	if (__atomic_load_n(&c->count, __ATOMIC_RELAXED)) {
		mutex_lock(&c->lock);
		first = last = c->first;
		while (last && ++n < *count && last->next)
			last = last->next;
		if (first) {
			c->first = last->next;
			last->next = NULL;
			__atomic_store_n(&c->count, c->count - n, __ATOMIC_RELAXED);
		}
		mutex_unlock(&c->lock);
	}
	if (first)
		*count = n;
	return first;
}

void shared_give(unsigned class, struct free_block *first, struct free_block *last, unsigned count)
{
	struct shared_class *c = &classes[class];

	mutex_lock(&c->lock);
	last->next = c->first;
	c->first = first;
	__atomic_store_n(&c->count, c->count + count, __ATOMIC_RELAXED);
	mutex_unlock(&c->lock);
}

static void *kept_take(size_t size)
{
	void *at = NULL;

	mutex_lock(&kept_lock);
	for (unsigned i = 0; i < KEPT_COUNT; i++) {
		if (kept[i].size == size) {
			at = kept[i].at;
			kept[i].at = NULL;
			kept[i].again = true;
			break;
		}
	}
	mutex_unlock(&kept_lock);
	return at;
}

void *large_take(size_t size, bool *fresh)
{
	struct map_place anywhere = {.access = PROT_READ | PROT_WRITE};
	void *at = size <= KEPT_MAX ? kept_take(size) : NULL;

	*fresh = !at;
	if (!at && map_zeroes(size, &anywhere, &at) != OK)
		return NULL;
	return at;
}

/* What is to go to the system in the block's place */
static void *kept_give(void *at, size_t *size)
{
	static unsigned next; /* kept_lock */
	void *old = at;
	size_t old_size = *size;
	unsigned i = 0;

	while (i < KEPT_COUNT && kept[i].size != *size)
		i++;
	if (i == KEPT_COUNT) { /* remembered, in the place of the oldest */
		unsigned place = next++ % KEPT_COUNT;

		(void)map_remove(at, *size);
		old = kept[place].at;
		old_size = kept[place].size;
		kept[place].at = NULL;
		kept[place].size = *size;
		kept[place].again = false;
	} else if (kept[i].again && !kept[i].at) {
		kept[i].at = at;
		old = NULL;
	}
	*size = old_size;
	return old;
}

void large_give(void *at, size_t size)
{
	if (size <= KEPT_MAX) {
		mutex_lock(&kept_lock);
		at = kept_give(at, &size);
		mutex_unlock(&kept_lock);
	}
	if (at)
		(void)map_remove(at, size);
}
