/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio disk in software: see virtio_blk_model.h. */
#include "tests/unit/virtio_blk_model.h"

#include <string.h>

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

static void forget(struct virtio_model *v)
{
	struct disk_model *d = (struct disk_model *)v;

	d->pending_count = 0; /* what was not done is never done */
}

void disk_model_init(struct disk_model *d, uint64_t features, uint16_t queue_size, uint32_t block_size)
{
	const uint64_t capacity = DISK_SECTORS;
	const uint32_t most = 1024;

	memset(d, 0, sizeof(*d));
	d->v.reset = forget;
	virtio_model_init(&d->v, 2, features, queue_size, 1);
	memcpy(d->v.config, &capacity, 8);
	memcpy(d->v.config + 20, &block_size, 4);
	memcpy(d->v.config + 36, &most, 4);
	memcpy(d->v.config + 48, &most, 4);
}

bool disk_model_take(struct disk_model *d)
{
	bool any = false;

	while (d->pending_count < DISK_PENDING && virtio_model_pop(&d->v, 0, &d->pending[d->pending_count])) {
		d->pending_count++;
		any = true;
	}
	return any;
}

static bool in_range(uint64_t sector, uint64_t bytes)
{
	return sector <= DISK_SECTORS && bytes <= (DISK_SECTORS - sector) * DISK_SECTOR && bytes % DISK_SECTOR == 0;
}

static uint8_t clear(struct disk_model *d, const struct model_chain *c)
{
	struct {
		uint64_t sector;
		uint32_t count, flags;
	} range;

	if (c->readable_bytes != 32 || virtio_model_get(c, 16, &range, 16) != 16) {
		virtio_model_misuse(&d->v, "a range of the wrong size");
		return S_IOERR;
	}
	if (!in_range(range.sector, (uint64_t)range.count * DISK_SECTOR)) {
		virtio_model_misuse(&d->v, "a range outside of the disk");
		return S_IOERR;
	}
	memset(d->store + range.sector * DISK_SECTOR, 0, (size_t)range.count * DISK_SECTOR);
	return S_OK;
}

/* Returns the result; *written: bytes put before it */
static uint8_t request_do(struct disk_model *d, const struct model_chain *c, uint32_t *written)
{
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header;

	*written = 0;
	if (virtio_model_get(c, 0, &header, 16) != 16 || !c->writable_bytes) {
		virtio_model_misuse(&d->v, "a request without header or result");
		return S_IOERR;
	}
	if (d->fail && !--d->fail)
		return S_IOERR;
	switch (header.type) {
	case IN:
		if (!in_range(header.sector, c->writable_bytes - 1)) {
			virtio_model_misuse(&d->v, "a read outside of the disk");
			return S_IOERR;
		}
		*written = virtio_model_put(c, 0, d->store + header.sector * DISK_SECTOR, c->writable_bytes - 1);
		return S_OK;
	case OUT:
		if (!in_range(header.sector, c->readable_bytes - 16)) {
			virtio_model_misuse(&d->v, "a write outside of the disk");
			return S_IOERR;
		}
		(void)virtio_model_get(c, 16, d->store + header.sector * DISK_SECTOR, c->readable_bytes - 16);
		return S_OK;
	case FLUSH: memcpy(d->durable, d->store, sizeof(d->store)); return S_OK;
	case GET_ID: *written = virtio_model_put(c, 0, "model-disk\0\0\0\0\0\0\0\0\0\0", 20); return S_OK;
	case DISCARD:
	case WRITE_ZEROES: return clear(d, c);
	default: return S_UNSUPP;
	}
}

bool disk_model_run(struct disk_model *d, unsigned which)
{
	if (!d->pending_count || d->swallows)
		return false;
	which %= d->pending_count;
	struct model_chain c = d->pending[which];
	uint32_t written;
	uint8_t result = request_do(d, &c, &written);

	d->pending[which] = d->pending[--d->pending_count];
	(void)virtio_model_put(&c, c.writable_bytes - 1, &result, 1);
	virtio_model_push(&d->v, 0, c.head, written + 1);
	d->done++;
	return true;
}
