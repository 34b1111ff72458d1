/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of the disk in memory: metadata and file data alike, so that a block is never there twice. */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/volume.h"

#define CACHE_DEFAULT 4096u
#define CACHE_MIN     128u
/* Of a file's data: from this part of the cache on it begins to be written; this part is on the way at most. */
#define DIRTY_SHARE   8u
#define WRITING_SHARE 4u
/* What is over the limit goes sooner or later: looked at in one operation. */
#define EXTRA_STEPS   64u
#define PINNED        (BUFFER_CHANGED | BUFFER_LOGGED | BUFFER_DIRTY | BUFFER_KEPT)

static struct buffer **buffers_bucket(struct ext4 *fs, uint64_t block)
{
	return &fs->cache.hash[(block ^ block >> 16) & fs->cache.hash_mask];
}

/* What the disk reaches is split between staging and this. */
static void fixed_open(struct ext4 *fs)
{
	struct buffers *c = &fs->cache;
	const struct disk *d = fs->disk;
	size_t staging = (size_t)fs->io.staging_free * STAGING_BYTES;

	if (!d->memory)
		return;
	c->fixed = (uint8_t *)d->memory + staging;
	c->fixed_left = (uint32_t)((d->memory_bytes - staging) >> fs->block_shift);
	if (c->limit > c->fixed_left)
		c->limit = c->fixed_left;
}

status_t buffers_open(struct ext4 *fs, uint32_t limit)
{
	struct buffers *c = &fs->cache;
	uint32_t buckets = 64;

	c->limit = limit == 0 ? CACHE_DEFAULT : limit < CACHE_MIN ? CACHE_MIN : limit;
	fixed_open(fs);
	while (buckets < c->limit && buckets < 1u << 24)
		buckets *= 2;
	c->hash_mask = buckets - 1;
	c->hash = calloc(buckets, sizeof(*c->hash));
	return c->hash ? OK : ERR_NO_MEMORY;
}

static void ring_free(struct buffer *hand)
{
	if (!hand)
		return;
	hand->clock_previous->clock_next = NULL;
	for (struct buffer *b = hand, *next; b; b = next) {
		next = b->clock_next;
		if (b->extra)
			free(b->data);
		free(b);
	}
}

void buffers_close(struct ext4 *fs)
{
	struct buffers *c = &fs->cache;

	ring_free(c->hand);
	ring_free(c->extra_hand);
	free(c->hash);
	free(c->sorted);
	memset(c, 0, sizeof(*c));
}

/* ---- memory */

static struct buffer *buffer_allocate(struct ext4 *fs)
{
	struct buffers *c = &fs->cache;
	struct buffer *b = calloc(1, sizeof(*b)), **hand;

	if (!b)
		return NULL;
	b->extra = c->fixed_left == 0;
	b->data = b->extra ? malloc(fs->block_size) : c->fixed;
	if (!b->data) {
		free(b);
		return NULL;
	}
	if (!b->extra) {
		c->fixed += fs->block_size;
		c->fixed_left--;
	}
	hand = b->extra ? &c->extra_hand : &c->hand;
	if (*hand) { /* the last one that the hand comes to */
		b->clock_next = *hand;
		b->clock_previous = (*hand)->clock_previous;
		b->clock_previous->clock_next = b;
		(*hand)->clock_previous = b;
	} else {
		*hand = b->clock_next = b->clock_previous = b;
	}
	c->count++;
	return b;
}

static void extra_free(struct ext4 *fs, struct buffer *b)
{
	struct buffers *c = &fs->cache;

	if (b->clock_next == b) {
		c->extra_hand = NULL;
	} else {
		b->clock_next->clock_previous = b->clock_previous;
		b->clock_previous->clock_next = b->clock_next;
		if (c->extra_hand == b)
			c->extra_hand = b->clock_next;
	}
	c->count--;
	free(b->data);
	free(b);
}

static void buffer_unlink(struct ext4 *fs, struct buffer *b)
{
	struct buffer **at = buffers_bucket(fs, b->block);

	while (*at != b)
		at = &(*at)->hash_next;
	*at = b->hash_next;
}

/* Takes some buffer of the ring out that nobody needs. */
static struct buffer *ring_evict(struct ext4 *fs, struct buffer **hand, uint64_t steps)
{
	for (; *hand && steps; steps--) {
		struct buffer *b = *hand;
		*hand = b->clock_next;
		if (b->spare || b->flags & PINNED || b->reading == READING_UNDER_WAY || b->writing)
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

static struct buffer *buffer_evict(struct ext4 *fs)
{
	uint64_t twice = 2 * (uint64_t)fs->cache.count + 1;
	struct buffer *b = ring_evict(fs, &fs->cache.hand, twice);

	return b ? b : ring_evict(fs, &fs->cache.extra_hand, twice);
}

/* First come, first used: those that were let go in a row lie in a row. */
static void spare_add(struct buffers *c, struct buffer *b)
{
	b->spare = true;
	b->hash_next = NULL;
	if (c->spare_first)
		c->spare_last->hash_next = b;
	else
		c->spare_first = b;
	c->spare_last = b;
	c->spares++;
}

static struct buffer *spare_take(struct buffers *c)
{
	struct buffer *b = c->spare_first;

	c->spare_first = b->hash_next;
	c->spares--;
	b->spare = false;
	return b;
}

static void extra_spares_free(struct ext4 *fs, uint32_t spares)
{
	struct buffers *c = &fs->cache;

	for (uint32_t i = c->spares; i && c->count > c->limit && c->spares > spares; i--) {
		struct buffer *b = spare_take(c);
		if (b->extra)
			extra_free(fs, b);
		else
			spare_add(c, b);
	}
}

status_t buffers_trim(struct ext4 *fs, uint32_t spares)
{
	struct buffers *c = &fs->cache;

	c->spending = false;
	c->reserved = spares;
	if (c->dirty > c->limit / DIRTY_SHARE)
		(void)buffers_write_all(fs); /* each file keeps its own error for its next sync */
	while (c->writing > c->limit / WRITING_SHARE)
		io_wait(fs);
	if (c->count > c->limit)
		extra_spares_free(fs, spares);
	while (c->count > c->limit) {
		struct buffer *b = ring_evict(fs, &c->extra_hand, EXTRA_STEPS);
		if (!b)
			break;
		if (c->spares < spares)
			spare_add(c, b);
		else
			extra_free(fs, b);
	}
	while (c->spares < spares) {
		struct buffer *b = c->count < c->limit ? buffer_allocate(fs) : NULL;
		if (!b)
			b = buffer_evict(fs);
		if (!b && c->writing) {
			io_wait(fs);
			continue;
		}
		if (!b && c->count >= c->limit)
			b = buffer_allocate(fs);
		if (!b)
			return ERR_NO_MEMORY;
		spare_add(c, b);
	}
	return OK;
}

uint32_t buffers_room(struct ext4 *fs, uint32_t want)
{
	struct buffers *c = &fs->cache;

	while (c->spares < c->reserved + want) {
		struct buffer *b = c->count < c->limit ? buffer_allocate(fs) : NULL;
		if (!b)
			b = buffer_evict(fs);
		if (!b)
			break;
		spare_add(c, b);
	}
	return c->spares > c->reserved ? c->spares - c->reserved : 0;
}

struct buffer *buffers_look(struct ext4 *fs, uint64_t block)
{
	struct buffer *b = *buffers_bucket(fs, block);

	while (b && b->block != block)
		b = b->hash_next;
	return b;
}

struct buffer *buffers_find(struct ext4 *fs, uint64_t block)
{
	struct buffer *b = buffers_look(fs, block);

	while (b && b->reading == READING_UNDER_WAY)
		io_wait(fs);
	if (b && b->reading == READING_FAILED) {
		buffer_drop(fs, b);
		return NULL;
	}
	if (b)
		b->flags |= BUFFER_USED;
	return b;
}

void buffer_settle(struct ext4 *fs, struct buffer *b)
{
	while (b->writing)
		io_wait(fs);
}

/* A buffer for a block that has none. */
static struct buffer *buffer_insert(struct ext4 *fs, uint64_t block)
{
	struct buffers *c = &fs->cache;
	struct buffer *b, **bucket = buffers_bucket(fs, block);

	if (c->spares > (c->spending ? 0 : c->reserved)) {
		b = spare_take(c);
	} else {
		b = buffer_allocate(fs);
		if (!b)
			return NULL;
	}
	*b = (struct buffer){
		.block = block,
		.data = b->data,
		.extra = b->extra,
		.clock_next = b->clock_next,
		.clock_previous = b->clock_previous,
		.hash_next = *bucket,
		.flags = BUFFER_USED,
	};
	*bucket = b;
	return b;
}

void buffer_drop(struct ext4 *fs, struct buffer *b)
{
	buffer_unlink(fs, b);
	if (b->extra)
		extra_free(fs, b);
	else
		spare_add(&fs->cache, b);
}

void buffers_pass(struct ext4 *fs, uint64_t block, uint64_t count)
{
	for (; count; block++, count--) {
		struct buffer *b = buffers_look(fs, block);

		if (b && !(b->flags & PINNED) && !b->writing && b->reading == READING_NO && b->kind == BLOCK_PLAIN)
			buffer_drop(fs, b);
	}
}

/* Alone, so that its error is its own. */
static status_t buffer_read_alone(struct ext4 *fs, struct buffer *b)
{
	uint64_t block = b->block;

	if (volume_read(fs, block, 1, b->data) < 0) {
		buffer_drop(fs, b);
		ext4_say(fs, "block %llu cannot be read", (unsigned long long)block);
		return ERR_IO;
	}
	b->reading = READING_NO;
	b->flags |= BUFFER_FILLED;
	return OK;
}

status_t buffer_read(struct ext4 *fs, uint64_t block, struct buffer **out)
{
	struct buffer *b = buffers_look(fs, block);
	status_t status = OK;

	if (!b) {
		if (block >= fs->blocks)
			return ERR_IO;
		b = buffer_insert(fs, block);
		if (!b)
			return ERR_NO_MEMORY;
		if (io_reaches(fs, b->data))
			io_read(fs, b, 1);
		else
			b->reading = READING_FAILED;
	}
	while (b->reading == READING_UNDER_WAY) {
		if (fs->hurry) {
			io_kick(fs);
			fs->missing = block;
			return ERR_WOULD_BLOCK;
		}
		io_wait(fs);
	}
	if (b->reading == READING_FAILED)
		status = buffer_read_alone(fs, b);
	if (status == OK)
		b->flags |= BUFFER_USED;
	*out = b;
	return status;
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
	buffer_settle(fs, b);
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
	if (status == OK)
		buffer_settle(fs, *out);
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
	buffer_settle(fs, b);           /* the same */
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

/* Buffers for blocks that have none, in one piece of memory. NULL: there is no room. */
static struct buffer *run_insert(struct ext4 *fs, uint64_t block, uint32_t most, uint32_t *count)
{
	const struct buffers *c = &fs->cache;
	struct buffer *first = NULL, **link = &first;
	uint8_t *end = NULL;

	*count = 0;
	while (*count < most && c->spares > c->reserved && !buffers_look(fs, block + *count)) {
		uint8_t *data = c->spare_first->data;
		bool reached = io_reaches(fs, data);
		if (first && (!reached || data != end))
			break;
		*link = buffer_insert(fs, block + *count);
		(*link)->flags = 0; /* not used yet */
		end = data + fs->block_size;
		link = &(*link)->io_next;
		++*count;
		if (!reached)
			break;
	}
	return first;
}

uint32_t buffers_prefetch(struct ext4 *fs, uint64_t block, uint32_t count)
{
	uint32_t done = 0, missing = 0, run;

	for (uint32_t i = 0; i < count; i++)
		missing += !buffers_look(fs, block + i);
	if (!missing || !buffers_room(fs, missing))
		return missing ? 0 : count;
	while (done < count) {
		struct buffer *first;
		uint32_t most = count - done < io_blocks(fs) ? count - done : io_blocks(fs);

		if (buffers_look(fs, block + done)) {
			done++;
			continue;
		}
		if (!io_is_free(fs))
			break;
		first = run_insert(fs, block + done, most, &run);
		if (!first)
			break;
		if (io_reaches(fs, first->data))
			io_read(fs, first, run);
		else
			first->reading = READING_FAILED; /* whoever wants it reads it alone */
		done += run;
	}
	return done;
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

/* Blocks that lie in one piece on the disk: as they are if they do so in memory too. With an owner nobody waits for it. */
static void run_write(struct ext4 *fs, struct buffer **list, uint32_t run, struct inode *owner)
{
	struct buffer *first = owner ? list[0] : NULL;
	bool in_place = io_reaches(fs, list[0]->data);
	uint8_t *data = list[0]->data;

	for (uint32_t i = 1; i < run && in_place; i++)
		in_place = list[i]->data == list[i - 1]->data + fs->block_size && io_reaches(fs, list[i]->data);
	if (!in_place) {
		data = io_staging(fs);
		for (uint32_t i = 0; i < run; i++)
			memcpy(data + (size_t)i * fs->block_size, list[i]->data, fs->block_size);
	}
	for (uint32_t i = 0; i < run && owner; i++) {
		list[i]->io_next = i + 1 < run ? list[i + 1] : NULL;
		list[i]->writing = true;
	}
	if (owner) {
		owner->writing++;
		fs->cache.writing += run;
	}
	io_write(fs, list[0]->block, run, data, !in_place, first, owner);
}

static void runs_write(struct ext4 *fs, struct buffer **list, uint32_t count, struct inode *owner)
{
	uint32_t room = io_blocks(fs), run;
	bool in_order = true;

	for (uint32_t i = 1; i < count && in_order; i++)
		in_order = list[i - 1]->block < list[i]->block;
	if (!in_order)
		qsort(list, count, sizeof(*list), by_block);
	for (uint32_t i = 0; i < count; i += run) {
		for (run = 1; i + run < count && run < room && list[i + run]->block == list[i]->block + run; run++)
			;
		run_write(fs, list + i, run, owner);
	}
	io_kick(fs);
}

status_t buffers_write(struct ext4 *fs, struct buffer **list, uint32_t count)
{
	runs_write(fs, list, count, NULL);
	return io_writes_end(fs);
}

status_t buffers_write_file(struct ext4 *fs, struct inode *n)
{
	struct buffer **list;
	uint32_t count = n->dirty_count;

	if (count == 0)
		return OK;
	list = buffers_sorting(fs, count);
	if (!list)
		return ERR_NO_MEMORY;
	/* The list is newest first: the other way round it is nearly in order. */
	for (struct buffer *b = n->dirty_first; b; b = b->dirty_next)
		list[--count] = b;
	count = n->dirty_count;
	for (uint32_t i = 0; i < count; i++)
		dirty_remove(fs, list[i]);
	runs_write(fs, list, count, n);
	return OK;
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
