/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to the disk: many at a time where it takes them so, else one by one. */
#include <stdlib.h>

#include "fs/ext4/volume.h"

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
	/* The disk's flush is about what has ended. */
	status_t status = io_writes_end(fs);

	if (status == OK && fs->unflushed)
		status = disk_flush(fs->disk);
	if (status == OK)
		fs->unflushed = false;
	return status;
}

/* ---- opening and closing */

/* Of the disk's own memory for staging: a quarter at most, the rest is the cache's. */
static status_t staging_open(struct ext4 *fs)
{
	struct requests *q = &fs->io;
	uint8_t *memory = fs->disk->memory;
	size_t count = STAGING_COUNT;

	if (memory && count > fs->disk->memory_bytes / 4 / STAGING_BYTES)
		count = fs->disk->memory_bytes / 4 / STAGING_BYTES;
	if (!memory)
		memory = q->memory = malloc(STAGING_COUNT * STAGING_BYTES);
	if (!memory || count == 0)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		q->staging[q->staging_free++] = memory + i * STAGING_BYTES;
	return OK;
}

status_t io_open(struct ext4 *fs)
{
	struct requests *q = &fs->io;

	q->all = calloc(IO_COUNT, sizeof(*q->all));
	if (!q->all)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < IO_COUNT; i++) {
		q->all[i].fs = fs;
		q->all[i].next = q->free;
		q->free = &q->all[i];
	}
	if (fs->disk->ops->submit)
		q->blocks_max = fs->disk->max_blocks >> fs->sector_shift;
	return staging_open(fs);
}

void io_close(struct ext4 *fs)
{
	while (fs->io.under_way)
		io_wait(fs);
	free(fs->io.all);
	free(fs->io.memory);
	fs->io = (struct requests){0};
}

bool io_reaches(struct ext4 *fs, const void *data)
{
	const struct disk *d = fs->disk;
	const uint8_t *memory = d->memory, *at = data;

	return !memory || (at >= memory && at < memory + d->memory_bytes);
}

uint32_t io_blocks(struct ext4 *fs)
{
	uint32_t most = STAGING_BYTES >> fs->block_shift;

	return fs->io.blocks_max && fs->io.blocks_max < most ? fs->io.blocks_max : most;
}

/* ---- one request */

static void buffer_was_read(struct buffer *b, status_t result)
{
	b->reading = result == OK ? READING_NO : READING_FAILED;
	if (result == OK)
		b->flags |= BUFFER_FILLED;
}

static void buffer_was_written(struct ext4 *fs, struct buffer *b)
{
	b->writing = false;
	fs->cache.writing--;
}

static void owner_was_written(struct ext4 *fs, struct inode *n, status_t result)
{
	n->writing--;
	if (result == OK)
		return;
	if (n->write_error == OK)
		ext4_say(fs, "data of file %llu cannot be written", (unsigned long long)n->inode);
	n->write_error = ERR_IO;
	fs->running.data_lost |= n->ordered;
}

static void io_done(struct disk_request *r, status_t result)
{
	struct io *io = (struct io *)(void *)r;
	struct requests *q = &io->fs->io;

	for (struct buffer *b = io->first, *next; b; b = next) {
		next = b->io_next;
		b->io_next = NULL;
		if (r->op == DISK_READ)
			buffer_was_read(b, result);
		else
			buffer_was_written(io->fs, b);
	}
	if (r->op == DISK_WRITE) {
		q->writing--;
		if (io->owner)
			owner_was_written(io->fs, io->owner, result);
		else if (result < 0)
			q->written = ERR_IO;
	}
	if (io->staging)
		q->staging[q->staging_free++] = io->staging;
	io->next = q->free;
	q->free = io;
	q->under_way--;
}

static struct io *io_take(struct ext4 *fs)
{
	struct requests *q = &fs->io;
	struct io *io;

	while (!q->free)
		io_wait(fs);
	io = q->free;
	q->free = io->next;
	return io;
}

static void io_start(struct ext4 *fs, struct io *io, enum disk_op op, uint64_t block, uint32_t count, uint8_t *data)
{
	struct disk *d = fs->disk;
	struct disk_request *r = &io->request;
	status_t status;

	*r = (struct disk_request){.op = op,
				   .block = block << fs->sector_shift,
				   .count = count << fs->sector_shift,
				   .data = data,
				   .done = io_done};
	fs->io.under_way++;
	if (!disk_range_good(d, r->block, r->count)) {
		io_done(r, ERR_RANGE);
	} else if (op == DISK_WRITE && d->read_only) {
		io_done(r, ERR_READ_ONLY);
	} else if (!fs->io.blocks_max) {
		io_done(r,
			op == DISK_READ ? volume_read(fs, block, count, data) : volume_write(fs, block, count, data));
	} else {
		while ((status = d->ops->submit(d, r)) == ERR_WOULD_BLOCK)
			io_wait(fs);
		if (status == OK)
			fs->io.submitted = true;
		else
			io_done(r, status);
	}
}

void io_kick(struct ext4 *fs)
{
	if (fs->io.submitted)
		fs->disk->ops->kick(fs->disk);
	fs->io.submitted = false;
}

void io_wait(struct ext4 *fs)
{
	struct disk *d = fs->disk;

	io_kick(fs);
	if (!d->ops->poll(d))
		(void)d->ops->wait(d, UINT64_MAX); /* a device that is gone ends what it had */
}

/* ---- reading and writing */

bool io_is_free(struct ext4 *fs)
{
	return fs->io.free;
}

void io_read(struct ext4 *fs, struct buffer *first, uint32_t count)
{
	struct io *io = io_take(fs);

	io->first = first;
	io->owner = NULL;
	io->staging = NULL;
	for (struct buffer *b = first; b; b = b->io_next)
		b->reading = READING_UNDER_WAY;
	io_start(fs, io, DISK_READ, first->block, count, first->data);
}

uint8_t *io_staging(struct ext4 *fs)
{
	while (!fs->io.staging_free)
		io_wait(fs);
	return fs->io.staging[--fs->io.staging_free];
}

void io_write(struct ext4 *fs, uint64_t block, uint32_t count, uint8_t *data, bool staging, struct buffer *first,
	      struct inode *owner)
{
	struct io *io = io_take(fs);

	io->first = first;
	io->owner = owner;
	io->staging = staging ? data : NULL;
	fs->unflushed = true;
	fs->io.writing++;
	io_start(fs, io, DISK_WRITE, block, count, data);
}

status_t io_writes_end(struct ext4 *fs)
{
	status_t status;

	while (fs->io.writing)
		io_wait(fs);
	status = fs->io.written;
	fs->io.written = OK;
	return status;
}

/* ---- for callers who do not wait */

void ext4_set_wait(struct ext4 *fs, bool wait)
{
	fs->hurry = !wait;
}

uint64_t ext4_missing(const struct ext4 *fs)
{
	return fs->missing;
}

bool ext4_arrived(struct ext4 *fs, uint64_t missing)
{
	const struct buffer *b = buffers_look(fs, missing);

	return !b || b->reading != READING_UNDER_WAY;
}

void ext4_poll(struct ext4 *fs)
{
	if (fs->io.blocks_max)
		(void)fs->disk->ops->poll(fs->disk);
}
