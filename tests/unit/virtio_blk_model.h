/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio disk in software (section 5.2 of Virtio 1.2): takes many requests, does them in any order when it is told
 * to, and has a cache:
 * what was written is durable after a flush only.
 */
#pragma once

#include "tests/unit/virtio_model.h"

#define DISK_SECTOR    512u
#define DISK_SECTORS   4096u
#define DISK_PENDING   256
#define DISK_FLUSH     9
#define DISK_DISCARD   13
#define DISK_ZEROES    14
#define DISK_BLK_SIZE  6
#define DISK_READ_ONLY 5

struct disk_model {
	struct virtio_model v;
	uint8_t store[DISK_SECTORS * DISK_SECTOR], durable[DISK_SECTORS * DISK_SECTOR];
	struct model_chain pending[DISK_PENDING];
	unsigned pending_count;
	uint64_t done;
	unsigned fail; /* the n-th request from now ends with an I/O error */
	bool swallows; /* takes requests and never ends them */
};

void disk_model_init(struct disk_model *d, uint64_t features, uint16_t queue_size, uint32_t block_size);
/* Takes what the driver offered. */
bool disk_model_take(struct disk_model *d);
/* Does one of those taken. */
bool disk_model_run(struct disk_model *d, unsigned which);
