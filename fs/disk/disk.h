/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk as file systems see it: blocks by number, whatever is underneath (a driver's queue, a file on the host, a model in
 * a test). The four plain operations are all that a simple backend has. One that works on many requests at a time also has
 * `submit` and its companions, and `memory` that the device reaches by itself; the page cache (cache.h) uses those if they
 * are there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

struct disk;

enum disk_op { DISK_READ = 1, DISK_WRITE, DISK_FLUSH, DISK_DISCARD };

/* Lives with the caller until `done` is called. FLUSH has neither place nor data. */
struct disk_request {
	enum disk_op op;
	uint32_t count; /* blocks; of READ and WRITE at most max_blocks */
	uint64_t block;
	void *data; /* for `submit`: within the disk's `memory` if it has one */
	void (*done)(struct disk_request *r, status_t result);
	struct disk_request *next; /* the backend's */
};

/*
 * Each operation ends with OK, ERR_IO (also when the device is gone for good), ERR_RANGE, ERR_READ_ONLY or, for DISCARD,
 * ERR_UNSUPPORTED. What a failed write had to write is unknown afterwards, blocks beside it are not touched.
 */
struct disk_ops {
	status_t (*read)(struct disk *d, uint64_t block, uint32_t count, void *data);
	status_t (*write)(struct disk *d, uint64_t block, uint32_t count, const void *data);
	/* What was written before is on the medium when it answers. */
	status_t (*flush)(struct disk *d);
	/* Contents no longer needed; reads give anything. */
	status_t (*discard)(struct disk *d, uint64_t block, uint64_t count);

	/*
	 * Many at a time; done in any order, except that a FLUSH covers what had ended before it was submitted.
	 * submit: ERR_WOULD_BLOCK if there is no room now; `done` is never called from within it.
	 */
	status_t (*submit)(struct disk *d, struct disk_request *r);
	/* The device looks at what was submitted. */
	void (*kick)(struct disk *d);
	/* Calls `done` of what has ended; true if there was any. Never waits. */
	bool (*poll)(struct disk *d);
	/* Until poll may find something: OK; ERR_TIMED_OUT. A device that is gone for good ends all requests with ERR_IO. */
	status_t (*wait)(struct disk *d, uint64_t deadline);
	void (*close)(struct disk *d);
};

struct disk {
	const struct disk_ops *ops;
	uint64_t blocks;
	uint32_t block_size; /* a power of two, 512 to 4096 */
	uint32_t max_blocks; /* of one submitted READ or WRITE */
	bool read_only;
	bool has_cache; /* without FLUSH, what was written may be lost with power */
	bool has_discard;
	void *memory; /* what the device reaches; NULL: any will do */
	size_t memory_bytes;
};

/* The range lies on the disk. */
static inline bool disk_range_good(const struct disk *d, uint64_t block, uint64_t count)
{
	return block <= d->blocks && count <= d->blocks - block;
}

static inline status_t disk_read(struct disk *d, uint64_t block, uint32_t count, void *data)
{
	return disk_range_good(d, block, count) ? d->ops->read(d, block, count, data) : ERR_RANGE;
}

static inline status_t disk_write(struct disk *d, uint64_t block, uint32_t count, const void *data)
{
	if (d->read_only)
		return ERR_READ_ONLY;
	return disk_range_good(d, block, count) ? d->ops->write(d, block, count, data) : ERR_RANGE;
}

static inline status_t disk_flush(struct disk *d)
{
	return d->ops->flush(d);
}

static inline status_t disk_discard(struct disk *d, uint64_t block, uint64_t count)
{
	if (d->read_only)
		return ERR_READ_ONLY;
	return disk_range_good(d, block, count) ? d->ops->discard(d, block, count) : ERR_RANGE;
}
