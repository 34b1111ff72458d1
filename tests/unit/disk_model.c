/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk_model.h. */
#include "tests/unit/disk_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t disk_model_random(struct disk_model *m, uint64_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random % below;
}

static struct disk_model *model_of(struct disk *d)
{
	return (struct disk_model *)(void *)d;
}

static void die(const char *what)
{
	fprintf(stderr, "disk model: %s\n", what);
	abort();
}

static bool bad(const struct disk_model *m, uint64_t block, uint64_t count, unsigned kind)
{
	for (uint64_t i = 0; i < count; i++) {
		if (m->bad[block + i] & kind)
			return true;
	}
	return false;
}

static void ended(struct disk_model *m)
{
	if (!m->cut_after || --m->cut_after)
		return;
	disk_model_cut(m, m->cut_image);
	m->cut_image = NULL;
}

static status_t do_read(struct disk *d, uint64_t block, uint32_t count, void *data)
{
	struct disk_model *m = model_of(d);

	if (m->gone || bad(m, block, count, MODEL_BAD_READ))
		return ERR_IO;
	m->requests++;
	m->read_blocks += count;
	memcpy(data, m->now + block * d->block_size, (size_t)count * d->block_size);
	return OK;
}

static void sector_write(struct disk_model *m, uint64_t sector, const uint8_t *data)
{
	if (m->write_count == m->write_room) {
		m->write_room = m->write_room ? 2 * m->write_room : 1024;
		m->writes = realloc(m->writes, m->write_room * sizeof(*m->writes));
		if (!m->writes)
			die("no memory");
	}
	m->writes[m->write_count].sector = sector;
	memcpy(m->writes[m->write_count++].data, data, MODEL_SECTOR);
	memcpy(m->now + sector * MODEL_SECTOR, data, MODEL_SECTOR);
}

/* A request that fails has written none, some or all of its blocks. */
static status_t do_write(struct disk *d, uint64_t block, uint32_t count, const void *data)
{
	struct disk_model *m = model_of(d);
	bool fails = bad(m, block, count, MODEL_BAD_WRITE);
	uint32_t sectors = d->block_size / MODEL_SECTOR;

	if (m->gone)
		return ERR_IO;
	m->requests++;
	m->written_blocks += count;
	if (count > m->largest)
		m->largest = count;
	for (uint64_t i = 0; i < (uint64_t)count * sectors; i++) {
		if (fails && (m->bad[block + i / sectors] & MODEL_BAD_WRITE || disk_model_random(m, 2)))
			continue;
		sector_write(m, block * sectors + i, (const uint8_t *)data + i * MODEL_SECTOR);
	}
	ended(m);
	return fails ? ERR_IO : OK;
}

static void settle(struct disk_model *m, size_t covers)
{
	for (size_t i = 0; i < covers; i++)
		memcpy(m->medium + m->writes[i].sector * MODEL_SECTOR, m->writes[i].data, MODEL_SECTOR);
	memmove(m->writes, m->writes + covers, (m->write_count - covers) * sizeof(*m->writes));
	m->write_count -= covers;
	for (unsigned i = 0; i < m->queued; i++)
		m->queue[i].covers = m->queue[i].covers > covers ? m->queue[i].covers - covers : 0;
}

static status_t do_flush(struct disk *d)
{
	struct disk_model *m = model_of(d);

	if (m->gone)
		return ERR_IO;
	m->flushes++;
	if (m->write_count)
		settle(m, m->write_count);
	ended(m);
	return OK;
}

static status_t do_discard(struct disk *d, uint64_t block, uint64_t count)
{
	struct disk_model *m = model_of(d);
	uint8_t junk[MODEL_SECTOR];
	uint32_t sectors = d->block_size / MODEL_SECTOR;

	if (m->gone)
		return ERR_IO;
	memset(junk, 0xdd, sizeof(junk));
	for (uint64_t i = 0; i < count * sectors; i++)
		sector_write(m, block * sectors + i, junk);
	return OK;
}

static void check_request(struct disk_model *m, const struct disk_request *r)
{
	const struct disk *d = &m->disk;
	size_t bytes = (size_t)r->count * d->block_size;

	if (r->op == DISK_FLUSH)
		return;
	if (!r->count || !disk_range_good(d, r->block, r->count))
		die("a request outside of the disk");
	if (r->op == DISK_DISCARD)
		return;
	if (r->count > d->max_blocks)
		die("a request that is too large");
	if (d->memory && ((uint8_t *)r->data < (uint8_t *)d->memory ||
			  (uint8_t *)r->data + bytes > (uint8_t *)d->memory + d->memory_bytes))
		die("data outside of the disk's memory");
	for (unsigned i = 0; i < m->queued; i++) {
		const struct disk_request *o = m->queue[i].request;

		if (o->op != DISK_FLUSH && r->block < o->block + o->count && o->block < r->block + r->count &&
		    (r->op == DISK_WRITE || o->op == DISK_WRITE))
			die("two requests for the same block at a time, one of them a write");
	}
}

static status_t submit(struct disk *d, struct disk_request *r)
{
	struct disk_model *m = model_of(d);

	check_request(m, r);
	if (m->queued == MODEL_DEPTH)
		return ERR_WOULD_BLOCK;
	m->queue[m->queued].request = r;
	m->queue[m->queued++].covers = m->write_count;
	return OK;
}

static void kick(struct disk *d)
{
	(void)d;
}

static status_t flush_queued(struct disk_model *m, size_t covers)
{
	if (m->gone)
		return ERR_IO;
	m->flushes++;
	settle(m, covers);
	ended(m);
	return OK;
}

static void end_one(struct disk_model *m)
{
	unsigned i = m->in_order ? 0 : (unsigned)disk_model_random(m, m->queued);
	struct disk_request *r = m->queue[i].request;
	size_t covers = m->queue[i].covers;
	status_t status;

	if (m->in_order)
		memmove(m->queue, m->queue + 1, (m->queued - 1) * sizeof(m->queue[0]));
	else
		m->queue[i] = m->queue[m->queued - 1];
	m->queued--;
	switch (r->op) {
	case DISK_READ: status = do_read(&m->disk, r->block, r->count, r->data); break;
	case DISK_WRITE: status = do_write(&m->disk, r->block, r->count, r->data); break;
	case DISK_FLUSH: status = flush_queued(m, covers); break;
	default: status = do_discard(&m->disk, r->block, r->count); break;
	}
	r->done(r, status);
}

static bool poll(struct disk *d)
{
	struct disk_model *m = model_of(d);
	bool any = false;

	for (uint64_t n = disk_model_random(m, 4); n && m->queued; n--) {
		end_one(m);
		any = true;
	}
	return any;
}

static status_t wait(struct disk *d, uint64_t deadline)
{
	struct disk_model *m = model_of(d);

	(void)deadline;
	if (!m->queued)
		die("waits with nothing under way");
	end_one(m);
	return OK;
}

static const struct disk_ops plain = {do_read, do_write, do_flush, do_discard, NULL, NULL, NULL, NULL, NULL};
static const struct disk_ops queued = {do_read, do_write, do_flush, do_discard, submit, kick, poll, wait, NULL};

void disk_model_open(struct disk_model *m, uint64_t blocks, uint32_t block_size, bool asynchronous, size_t own_memory)
{
	*m = (struct disk_model){
		.disk =
			{
				.ops = asynchronous ? &queued : &plain,
				.blocks = blocks,
				.block_size = block_size,
				.max_blocks = 1048576 / block_size,
				.has_cache = true,
				.has_discard = true,
			},
		.random = 88172645463325252ull,
	};
	m->now = calloc(blocks, block_size);
	m->medium = calloc(blocks, block_size);
	m->bad = calloc(blocks, 1);
	if (own_memory) {
		m->disk.memory = aligned_alloc(4096, own_memory);
		m->disk.memory_bytes = own_memory;
	}
	if (!m->now || !m->medium || !m->bad || (own_memory && !m->disk.memory))
		die("no memory");
}

void disk_model_close(struct disk_model *m)
{
	free(m->now);
	free(m->medium);
	free(m->bad);
	free(m->writes);
	free(m->disk.memory);
	*m = (struct disk_model){0};
}

void disk_model_cut(struct disk_model *m, uint8_t *image)
{
	/* all, none, or each sector as it comes */
	uint64_t manner = disk_model_random(m, 8);

	memcpy(image, m->medium, m->disk.blocks * m->disk.block_size);
	for (size_t i = 0; i < m->write_count; i++) {
		if (manner == 0 || (manner > 1 && disk_model_random(m, 8) < manner))
			memcpy(image + m->writes[i].sector * MODEL_SECTOR, m->writes[i].data, MODEL_SECTOR);
	}
}
