/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk in memory that behaves as badly as a real one may: requests end late and in any order, blocks are bad, the device
 * goes away, and power fails with anything between none and all of what was not flushed on the medium, in pieces of 512 bytes.
 */
#pragma once

#include "fs/disk/disk.h"

#define MODEL_DEPTH  64
#define MODEL_SECTOR 512

struct model_write { /* of one sector, since the last flush */
	uint64_t sector;
	uint8_t data[MODEL_SECTOR];
};

struct disk_model {
	struct disk disk; /* first */
	uint8_t *now;     /* what reads give */
	uint8_t *medium;  /* what is safe */
	uint8_t *bad;     /* by block: MODEL_BAD_* */
	struct model_write *writes;
	size_t write_count, write_room;
	struct {
		struct disk_request *request;
		size_t covers; /* of FLUSH: writes that had ended when it was submitted */
	} queue[MODEL_DEPTH];
	unsigned queued;
	uint64_t random;
	bool gone, in_order;
	uint64_t cut_after; /* so many requests more, then disk_model_cut to cut_image, which becomes NULL */
	uint8_t *cut_image;
	uint64_t requests, flushes, read_blocks, written_blocks, largest;
};

enum { MODEL_BAD_READ = 1, MODEL_BAD_WRITE = 2 };

/* asynchronous: it has `submit`. own_memory: of so many bytes, which all submitted data must lie in; 0: anywhere */
void disk_model_open(struct disk_model *m, uint64_t blocks, uint32_t block_size, bool asynchronous, size_t own_memory);
void disk_model_close(struct disk_model *m);

/* What may be on the medium if power fails now: `image` has room for the whole disk. */
void disk_model_cut(struct disk_model *m, uint8_t *image);

uint64_t disk_model_random(struct disk_model *m, uint64_t below);
