/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of the disk in memory: metadata and file data alike, so that a block is never there twice. */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/volume.h"

#define CACHE_DEFAULT 4096u
#define CACHE_MIN     128u
/* Of a file's data that waits to be written: this part of the cache. */
#define DIRTY_SHARE   4u
#define PINNED        (BUFFER_CHANGED | BUFFER_LOGGED | BUFFER_DIRTY | BUFFER_KEPT)

status_t volume_read(struct ext4 *fs, uint64_t block, uint32_t count, void *data)
{
	return disk_read(fs->disk, block << fs->sector_shift, count << fs->sector_shift, data);
}

status_t volume_write(struct ext4 *fs, uint64_t block, uint32_t count, const void *data)
{
	fs->unflushed = true;
	return disk_write(fs->disk, block << fs->sector_shift, count << fs->sector_shift, data);
}

status_t volume_flush(struct ext4 *fs)
{
	status_t status = fs->unflushed ? disk_flush(fs->disk) : OK;

	if (status == OK)
		fs->unflushed = false;
	return status;
}

static struct buffer **buffers_bucket(struct ext4 *fs, uint64_t block)
{
	return &fs->cache.hash[(block ^ block >> 16) & fs->cache.hash_mask];
}

status_t buffers_open(struct ext4 *fs, uint32_t limit)
{
	struct buffers *c = &fs->cache;
	uint32_t buckets = 64;

	c->limit = limit == 0 ? CACHE_DEFAULT : limit < CACHE_MIN ? CACHE_MIN : limit;
	while (buckets < c->limit && buckets < 1u << 24)
		buckets *= 2;
	c->hash_mask = buckets - 1;
	c->hash = calloc(buckets, sizeof(*c->hash));
	c->staging = malloc(STAGING_BYTES);
	return c->hash && c->staging ? OK : ERR_NO_MEMORY;
}

static void buffer_free(struct buffer *b)
{
	free(b->data);
	free(b);
}

void buffers_close(struct ext4 *fs)
{
	struct buffers *c = &fs->cache;

	if (c->hand) {
		c->hand->clock_previous->clock_next = NULL;
		for (struct buffer *b = c->hand, *next; b; b = next) {
			next = b->clock_next;
			buffer_free(b);
		}
	}
	for (struct buffer *b = c->spare, *next; b; b = next) {
		next = b->hash_next;
		buffer_free(b);
	}
	free(c->hash);
	free(c->staging);
	free(c->sorted);
	memset(c, 0, sizeof(*c));
}

static struct buffer *buffer_allocate(struct ext4 *fs)
{
	struct buffer *b = malloc(sizeof(*b));

	if (!b)
		return NULL;
	b->data = malloc(fs->block_size);
	if (!b->data) {
		free(b);
		return NULL;
	}
	fs->cache.count++;
	return b;
}

static void buffer_unlink(struct ext4 *fs, struct buffer *b)
{
	struct buffer **at = buffers_bucket(fs, b->block);

	while (*at != b)
		at = &(*at)->hash_next;
	*at = b->hash_next;
	if (b->clock_next == b) {
		fs->cache.hand = NULL;
	} else {
		b->clock_next->clock_previous = b->clock_previous;
		b->clock_previous->clock_next = b->clock_next;
		if (fs->cache.hand == b)
			fs->cache.hand = b->clock_next;
	}
}

/* Takes some buffer out that nobody needs. */
static struct buffer *buffer_evict(struct ext4 *fs)
{
	struct buffers *c = &fs->cache;

	for (uint64_t steps = 2 * (uint64_t)c->count + 1; c->hand && steps; steps--) {
		struct buffer *b = c->hand;
		c->hand = b->clock_next;
		if (b->flags & PINNED)
			continue;
		if (b->flags & BUFFER_USED) {
			b->flags &= (uint8_t)~BUFFER_USED;
			continue;
		}
		buffer_unlink(fs, b);
		return b;
	}
	return NULL;
}

static void spare_add(struct buffers *c, struct buffer *b)
{
	b->hash_next = c->spare;
	c->spare = b;
	c->spares++;
}

status_t buffers_trim(struct ext4 *fs, uint32_t spares)
{
	struct buffers *c = &fs->cache;

	c->spending = false;
	c->reserved = spares;
	if (c->dirty > c->limit / DIRTY_SHARE)
		(void)buffers_write_all(fs); /* each file keeps its own error for its next sync */
	while (c->count > c->limit && c->spares > spares) {
		struct buffer *b = c->spare;
		c->spare = b->hash_next;
		c->spares--;
		c->count--;
		buffer_free(b);
	}
	while (c->count > c->limit) {
		struct buffer *b = buffer_evict(fs);
		if (!b)
			break;
		if (c->spares < spares) {
			spare_add(c, b);
		} else {
			c->count--;
			buffer_free(b);
		}
	}
	while (c->spares < spares) {
		struct buffer *b = c->count < c->limit ? buffer_allocate(fs) : NULL;
		if (!b)
			b = buffer_evict(fs);
		if (!b && c->count >= c->limit)
			b = buffer_allocate(fs);
		if (!b)
			return ERR_NO_MEMORY;
		spare_add(c, b);
	}
	return OK;
}

struct buffer *buffers_find(struct ext4 *fs, uint64_t block)
{
	struct buffer *b = *buffers_bucket(fs, block);

	while (b && b->block != block)
		b = b->hash_next;
	if (b)
		b->flags |= BUFFER_USED;
	return b;
}

/* A buffer for a block that has none. */
static struct buffer *buffer_insert(struct ext4 *fs, uint64_t block)
{
	struct buffers *c = &fs->cache;
	struct buffer *b, **bucket = buffers_bucket(fs, block);
	uint8_t *data;

	if (c->spares > (c->spending ? 0 : c->reserved)) {
		b = c->spare;
		c->spare = b->hash_next;
		c->spares--;
	} else {
		b = buffer_allocate(fs);
		if (!b)
			return NULL;
	}
	data = b->data;
	memset(b, 0, sizeof(*b));
	b->data = data;
	b->block = block;
	b->flags = BUFFER_USED;
	b->hash_next = *bucket;
	*bucket = b;
	if (c->hand) {
		b->clock_next = c->hand;
		b->clock_previous = c->hand->clock_previous;
		b->clock_previous->clock_next = b;
		c->hand->clock_previous = b;
	} else {
		c->hand = b->clock_next = b->clock_previous = b;
	}
	return b;
}

void buffer_drop(struct ext4 *fs, struct buffer *b)
{
	buffer_unlink(fs, b);
	fs->cache.count--;
	buffer_free(b);
}

status_t buffer_read(struct ext4 *fs, uint64_t block, struct buffer **out)
{
	struct buffer *b = buffers_find(fs, block);
	status_t status;

	if (!b) {
		if (block >= fs->blocks)
			return ERR_IO;
		b = buffer_insert(fs, block);
		if (!b)
			return ERR_NO_MEMORY;
		status = volume_read(fs, block, 1, b->data);
		if (status < 0) {
			buffer_drop(fs, b);
			ext4_say(fs, "block %llu cannot be read", (unsigned long long)block);
			return ERR_IO;
		}
		b->flags |= BUFFER_FILLED;
	}
	*out = b;
	return OK;
}

status_t buffer_make(struct ext4 *fs, uint64_t block, bool zero, struct buffer **out)
{
	struct buffer *b = buffers_find(fs, block);

	if (b && (b->flags & PINNED || buffer_is_looked_at(fs, b)))
		return ext4_fail(fs, "block %llu is in use and was to be used anew", (unsigned long long)block);
	if (!b)
		b = buffer_insert(fs, block);
	if (!b)
		return ERR_NO_MEMORY;
	b->flags = BUFFER_FILLED | BUFFER_USED;
	buffer_become(b, BLOCK_PLAIN, 0, 0);
	if (zero)
		memset(b->data, 0, fs->block_size);
	*out = b;
	return OK;
}

status_t buffer_data(struct ext4 *fs, uint64_t block, bool fill, struct buffer **out)
{
	bool spending = fs->cache.spending;
	status_t status = OK;

	*out = buffers_find(fs, block);
	if (!*out) {
		fs->cache.spending = false; /* what was promised to metadata stays */
		if (fill) {
			status = buffer_read(fs, block, out);
		} else {
			*out = buffer_insert(fs, block);
			status = *out ? OK : ERR_NO_MEMORY;
		}
		fs->cache.spending = spending;
	} else if ((*out)->flags & (BUFFER_CHANGED | BUFFER_LOGGED | BUFFER_KEPT) || buffer_is_looked_at(fs, *out)) {
		ext4_say(fs, "block %llu is both data and metadata", (unsigned long long)block);
		return ERR_IO;
	} else if ((*out)->kind != BLOCK_PLAIN) {
		buffer_become(*out, BLOCK_PLAIN, 0, 0); /* whoever takes it for more looks through it again */
	}
	return status;
}

void list_add(struct buffer_list *list, struct buffer *b)
{
	b->list_next = NULL;
	b->list_previous = list->last;
	if (list->last)
		list->last->list_next = b;
	else
		list->first = b;
	list->last = b;
	list->count++;
}

void list_remove(struct buffer_list *list, struct buffer *b)
{
	if (b->list_next)
		b->list_next->list_previous = b->list_previous;
	else
		list->last = b->list_previous;
	if (b->list_previous)
		b->list_previous->list_next = b->list_next;
	else
		list->first = b->list_next;
	b->list_next = b->list_previous = NULL;
	list->count--;
}

static void dirty_remove(struct ext4 *fs, struct buffer *b)
{
	struct inode *n = b->owner;

	if (b->dirty_next)
		b->dirty_next->dirty_previous = b->dirty_previous;
	if (b->dirty_previous)
		b->dirty_previous->dirty_next = b->dirty_next;
	else
		n->dirty_first = b->dirty_next;
	n->dirty_count--;
	b->dirty_next = b->dirty_previous = NULL;
	b->owner = NULL;
	b->flags &= (uint8_t)~BUFFER_DIRTY;
	fs->cache.dirty--;
}

void buffer_changed(struct ext4 *fs, struct buffer *b)
{
	fs->running.dirty = true;
	fs->cache.spending = true;
	if (b->flags & BUFFER_CHANGED)
		return;
	if (b->flags & BUFFER_DIRTY) /* only a disk that uses a block twice gets here */
		dirty_remove(fs, b);
	if (b->flags & BUFFER_LOGGED) { /* the transaction to come holds it; the log has it until then */
		list_remove(&fs->logged, b);
		b->flags &= (uint8_t)~BUFFER_LOGGED;
	}
	b->flags |= BUFFER_CHANGED;
	b->mask[0] = b->mask[1] = 0;
	list_add(&fs->running.changed, b);
}

void buffer_dirty(struct ext4 *fs, struct buffer *b, struct inode *owner)
{
	if (b->flags & (BUFFER_DIRTY | BUFFER_CHANGED | BUFFER_LOGGED))
		return;
	b->flags |= BUFFER_DIRTY;
	b->owner = owner;
	b->dirty_previous = NULL;
	b->dirty_next = owner->dirty_first;
	if (b->dirty_next)
		b->dirty_next->dirty_previous = b;
	owner->dirty_first = b;
	owner->dirty_count++;
	fs->cache.dirty++;
}

void buffer_forget(struct ext4 *fs, struct buffer *b)
{
	if (b->flags & BUFFER_KEPT)
		return;
	if (b->flags & BUFFER_DIRTY)
		dirty_remove(fs, b);
	if (b->flags & BUFFER_CHANGED)
		list_remove(&fs->running.changed, b);
	if (b->flags & BUFFER_LOGGED)
		list_remove(&fs->logged, b);
	b->flags &= (uint8_t) ~(BUFFER_CHANGED | BUFFER_LOGGED | BUFFER_CHECKED | BUFFER_SANE);
	b->kind = BLOCK_PLAIN;
	b->operation = 0;
}

status_t buffers_fill(struct ext4 *fs, uint64_t block, uint32_t count)
{
	uint32_t room = STAGING_BYTES / fs->block_size;

	while (count) {
		uint32_t run = 0;
		status_t status;

		if (buffers_find(fs, block)) {
			block++;
			count--;
			continue;
		}
		while (run < count && run < room && (run == 0 || !buffers_find(fs, block + run)))
			run++;
		if (run == 1) {
			struct buffer *b;
			status = buffer_read(fs, block, &b);
			if (status < 0)
				return status;
		} else {
			status = volume_read(fs, block, run, fs->cache.staging);
			if (status < 0)
				return ERR_IO; /* which of them it is, the reader will find */
			for (uint32_t i = 0; i < run; i++) {
				struct buffer *b = buffer_insert(fs, block + i);
				if (!b)
					return ERR_NO_MEMORY;
				memcpy(b->data, fs->cache.staging + (size_t)i * fs->block_size, fs->block_size);
				b->flags |= BUFFER_FILLED;
			}
		}
		block += run;
		count -= run;
	}
	return OK;
}

static int by_block(const void *a, const void *b)
{
	uint64_t x = (*(struct buffer *const *)a)->block, y = (*(struct buffer *const *)b)->block;

	return x < y ? -1 : x > y;
}

struct buffer **buffers_sorting(struct ext4 *fs, uint32_t count)
{
	struct buffers *c = &fs->cache;

	if (c->sorted_room < count) {
		size_t room = count + count / 2 + 64;
		struct buffer **sorted = realloc(c->sorted, room * sizeof(*sorted));
		if (!sorted)
			return NULL;
		c->sorted = sorted;
		c->sorted_room = room;
	}
	return c->sorted;
}

status_t buffers_write(struct ext4 *fs, struct buffer **list, uint32_t count)
{
	uint32_t room = STAGING_BYTES / fs->block_size, run;
	status_t result = OK;
	bool in_order = true;

	for (uint32_t i = 1; i < count && in_order; i++)
		in_order = list[i - 1]->block < list[i]->block;
	if (!in_order)
		qsort(list, count, sizeof(*list), by_block);
	for (uint32_t i = 0; i < count; i += run) {
		status_t status;

		for (run = 1; i + run < count && run < room && list[i + run]->block == list[i]->block + run; run++)
			;
		if (run == 1) {
			status = volume_write(fs, list[i]->block, 1, list[i]->data);
		} else {
			for (uint32_t k = 0; k < run; k++)
				memcpy(fs->cache.staging + (size_t)k * fs->block_size, list[i + k]->data,
				       fs->block_size);
			status = volume_write(fs, list[i]->block, run, fs->cache.staging);
		}
		if (status < 0)
			result = ERR_IO;
	}
	return result;
}

status_t buffers_write_file(struct ext4 *fs, struct inode *n)
{
	struct buffer **list;
	uint32_t count = n->dirty_count;
	status_t status;

	if (count == 0)
		return OK;
	list = buffers_sorting(fs, count);
	if (!list)
		return ERR_NO_MEMORY;
	/* The list is newest first: the other way round it is nearly in order. */
	for (struct buffer *b = n->dirty_first; b; b = b->dirty_next)
		list[--count] = b;
	count = n->dirty_count;
	status = buffers_write(fs, list, count);
	if (status < 0) {
		n->write_error = status;
		ext4_say(fs, "data of file %llu cannot be written", (unsigned long long)n->inode);
	}
	for (uint32_t i = 0; i < count; i++)
		dirty_remove(fs, list[i]);
	return status;
}

status_t buffers_write_all(struct ext4 *fs)
{
	status_t result = OK;

	for (struct inode *n = fs->use_first; n; n = n->use_next) {
		status_t status = buffers_write_file(fs, n);
		if (status < 0)
			result = status;
	}
	return result;
}
