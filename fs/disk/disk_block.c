/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk_block.h. */
#include "fs/disk/disk_block.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/block.h"
#include "sys/lib/block_queue.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

#define DEPTH        128
/* Where the plain operations have their data, if the caller's is elsewhere */
#define BOUNCE_BYTES 131072u
/* Drivers notice a device that has stopped within seconds, and are started again with pauses that grow; who needs longer than
 * this for one answer will never give it. */
#define HANG_NS      120000000000ull
#define MEMORY_MIN   (1u << 20)

struct disk_block {
	struct disk disk; /* first */
	handle_t device, memory;
	struct block_queue queue;
	uint8_t *mapped;
	size_t mapped_bytes;
	struct disk_request *slots[DEPTH];
	uint16_t free[DEPTH];
	uint32_t free_count, max_discard;
	bool gone, open;
	struct disk_request *dead; /* submitted when the device was gone already */
};

/* A plain operation: a request that is waited for */
struct plain {
	struct disk_request request; /* first */
	status_t result;
	bool done;
};

static struct disk_block *block_of(struct disk *d)
{
	return (struct disk_block *)(void *)d;
}

/* ---- requests --------------------------------------------------------------------------------------------- */

static void slot_end(struct disk_block *b, uint32_t slot, status_t result)
{
	struct disk_request *r = b->slots[slot];

	b->slots[slot] = NULL;
	b->free[b->free_count++] = (uint16_t)slot;
	r->done(r, result);
}

static status_t result_of(status_t answer)
{
	switch (answer) {
	case OK: return OK;
	case ERR_RANGE: return ERR_RANGE;
	case ERR_ACCESS: return ERR_READ_ONLY;
	case ERR_UNSUPPORTED: return ERR_UNSUPPORTED;
	default: return ERR_IO;
	}
}

static void give_up(struct disk_block *b)
{
	b->gone = true;
	for (uint32_t slot = 0; slot < DEPTH; slot++) {
		if (b->slots[slot])
			slot_end(b, slot, ERR_IO);
	}
}

static status_t slot_start(struct disk_block *b, struct disk_request *r)
{
	static const uint32_t ops[] = {
		[DISK_READ] = BLOCK_OP_READ,
		[DISK_WRITE] = BLOCK_OP_WRITE,
		[DISK_FLUSH] = BLOCK_OP_FLUSH,
		[DISK_DISCARD] = BLOCK_OP_DISCARD,
	};

	if (!b->free_count)
		return ERR_WOULD_BLOCK;
	uint32_t slot = b->free[b->free_count - 1];
	struct block_request q = {.id = slot, .block = r->block, .count = r->count, .op = ops[r->op]};
	if (r->data)
		q.offset = (uint32_t)((uint8_t *)r->data - b->mapped);
	status_t status = block_queue_submit(&b->queue, &q);
	if (status != OK)
		return status;
	b->free_count--;
	b->slots[slot] = r;
	return OK;
}

static status_t block_submit(struct disk *d, struct disk_request *r)
{
	struct disk_block *b = block_of(d);

	if (!b->gone)
		return slot_start(b, r);
	r->next = b->dead;
	b->dead = r;
	return OK;
}

static void block_kick(struct disk *d)
{
	struct disk_block *b = block_of(d);

	if (!b->gone)
		block_queue_kick(&b->queue);
}

static bool block_poll(struct disk *d)
{
	struct disk_block *b = block_of(d);
	struct block_answer a;
	bool any = false;

	/* ERR_PROTOCOL is as good as nothing: the driver's next instance may do better. */
	while (!b->gone && block_queue_poll(&b->queue, &a) == OK) {
		slot_end(b, (uint32_t)a.id, result_of(a.result));
		any = true;
	}
	while (b->dead) {
		struct disk_request *r = b->dead;

		b->dead = r->next;
		r->done(r, ERR_IO);
		any = true;
	}
	return any;
}

static status_t block_wait(struct disk *d, uint64_t deadline)
{
	struct disk_block *b = block_of(d);
	uint64_t now = 0, until;

	if (b->gone)
		return OK;
	(void)clock_get(&now); /* cannot fail with a good address */
	until = deadline < now + HANG_NS ? deadline : now + HANG_NS;
	status_t status = block_queue_wait(&b->queue, until);
	if (status == OK || (status == ERR_TIMED_OUT && until == deadline))
		return status;
	give_up(b);
	return OK;
}

void disk_block_check(struct disk *d)
{
	struct disk_block *b = block_of(d);
	struct block_info info;
	uint32_t count;

	if (!b->gone && block_info_until(b->device, 0, &info, 1, &count) == ERR_CLOSED)
		give_up(b);
}

/* ---- plain operations ---------------------------------------------------------------------------------------- */

static void plain_done(struct disk_request *r, status_t result)
{
	struct plain *p = (struct plain *)(void *)r;

	p->result = result;
	p->done = true;
}

static status_t plain_do(struct disk_block *b, enum disk_op op, uint64_t block, uint32_t count, void *data)
{
	struct plain p = {.request = {.op = op, .block = block, .count = count, .data = data, .done = plain_done}};
	status_t status = ERR_IO;

	while (!b->gone && (status = slot_start(b, &p.request)) == ERR_WOULD_BLOCK) {
		if (!block_poll(&b->disk))
			(void)block_wait(&b->disk, UINT64_MAX);
	}
	if (status != OK)
		return ERR_IO;
	block_kick(&b->disk);
	while (!p.done) {
		if (!block_poll(&b->disk) && !p.done)
			(void)block_wait(&b->disk, UINT64_MAX);
	}
	return p.result;
}

static status_t block_transfer(struct disk_block *b, enum disk_op op, uint64_t block, uint32_t count, uint8_t *data)
{
	uint8_t *bounce = b->mapped + b->disk.memory_bytes;
	uint32_t most = BOUNCE_BYTES / b->disk.block_size;

	if (most > b->disk.max_blocks)
		most = b->disk.max_blocks;
	while (count) {
		uint32_t n = count < most ? count : most;
		size_t bytes = (size_t)n * b->disk.block_size;

		if (op == DISK_WRITE)
			memcpy(bounce, data, bytes);
		status_t status = plain_do(b, op, block, n, bounce);
		if (status != OK)
			return status;
		if (op == DISK_READ)
			memcpy(data, bounce, bytes);
		block += n;
		count -= n;
		data += bytes;
	}
	return OK;
}

static status_t plain_read(struct disk *d, uint64_t block, uint32_t count, void *data)
{
	return block_transfer(block_of(d), DISK_READ, block, count, data);
}

static status_t plain_write(struct disk *d, uint64_t block, uint32_t count, const void *data)
{
	return block_transfer(block_of(d), DISK_WRITE, block, count, (uint8_t *)(uintptr_t)data);
}

static status_t plain_flush(struct disk *d)
{
	return d->has_cache ? plain_do(block_of(d), DISK_FLUSH, 0, 0, NULL) : OK;
}

static status_t plain_discard(struct disk *d, uint64_t block, uint64_t count)
{
	struct disk_block *b = block_of(d);

	if (!d->has_discard)
		return ERR_UNSUPPORTED;
	while (count) {
		uint32_t n = count < b->max_discard ? (uint32_t)count : b->max_discard;
		status_t status = plain_do(b, DISK_DISCARD, block, n, NULL);

		if (status != OK)
			return status;
		block += n;
		count -= n;
	}
	return OK;
}

/* ---- opening and closing ---------------------------------------------------------------------------------------- */

static void block_close(struct disk *d)
{
	struct disk_block *b = block_of(d);

	if (b->open)
		block_queue_close(&b->queue);
	if (b->mapped)
		(void)vmo_unmap(HANDLE_NONE, b->mapped, b->mapped_bytes);
	ipc_close(b->memory);
	free(b);
}

static const struct disk_ops ops = {
	.read = plain_read,
	.write = plain_write,
	.flush = plain_flush,
	.discard = plain_discard,
	.submit = block_submit,
	.kick = block_kick,
	.poll = block_poll,
	.wait = block_wait,
	.close = block_close,
};

/* The driver is another program: what it says is checked. */
static status_t describe(struct disk_block *b)
{
	struct block_info info = {0};
	uint32_t count = 0;
	status_t status;

	do
		status = block_info(b->device, &info, 1, &count);
	while (status == ERR_PEER_DIED);
	if (status != OK)
		return status;
	if (count != 1 || info.block_size < 512 || info.block_size > 4096 || info.block_size & (info.block_size - 1) ||
	    !info.max_blocks || info.blocks > UINT64_MAX / info.block_size)
		return ERR_PROTOCOL;
	b->disk.blocks = info.blocks;
	b->disk.block_size = info.block_size;
	b->disk.max_blocks = info.max_blocks;
	b->disk.read_only = info.features & BLOCK_FEATURE_READ_ONLY;
	b->disk.has_cache = info.features & BLOCK_FEATURE_CACHE;
	b->max_discard = info.max_discard_blocks;
	b->disk.has_discard = info.features & BLOCK_FEATURE_DISCARD && b->max_discard;
	return OK;
}

static status_t memory_make(struct disk_block *b, handle_t dma, size_t bytes)
{
	void *at;
	status_t status;

	/* It is in one piece, and memory may be in many: less of it does as well. */
	for (;; bytes /= 2) {
		bytes = (bytes + 4095) & ~(size_t)4095;
		b->mapped_bytes = bytes + BOUNCE_BYTES;
		if (b->mapped_bytes > UINT32_MAX) /* requests name places in it by 32 bits */
			return ERR_INVALID;
		status = vmo_create(b->mapped_bytes, VMO_CONTIGUOUS, dma, &b->memory);
		if (status != ERR_NO_MEMORY || bytes <= MEMORY_MIN)
			break;
	}
	if (status == OK)
		status = vmo_map(HANDLE_NONE, b->memory, 0, NULL, b->mapped_bytes, MAP_READ | MAP_WRITE, &at);
	if (status != OK)
		return status;
	b->mapped = at;
	b->disk.memory = at;
	b->disk.memory_bytes = bytes;
	return OK;
}

status_t disk_block_open(struct disk **out, handle_t device, handle_t dma, size_t bytes, handle_t notification,
			 uint64_t bits)
{
	struct disk_block *b = calloc(1, sizeof(*b));

	if (!b)
		return ERR_NO_MEMORY;
	b->disk.ops = &ops;
	b->device = device;
	b->memory = HANDLE_NONE;
	for (uint32_t i = 0; i < DEPTH; i++)
		b->free[b->free_count++] = (uint16_t)i;
	status_t status = describe(b);
	if (status == OK)
		status = memory_make(b, dma, bytes);
	if (status == OK)
		status = block_queue_open(&b->queue, device, b->memory, DEPTH, notification, bits);
	b->open = status == OK;
	if (status != OK) {
		block_close(&b->disk);
		return status;
	}
	*out = &b->disk;
	return OK;
}
