/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk behind a block driver (sys/protocols/block.idl): many requests at a time, over the driver's deaths. */
#pragma once

#include "fs/disk/disk.h"
#include "sys/abi/handle.h"

/*
 * device: an endpoint of the class, of a whole disk or a window; it stays the caller's. dma: the resource that memory for the
 * device is made with. bytes: of that memory (disk->memory; 128 KiB more are taken). notification: signalled with `bits` when
 * poll may find something, for callers with a loop of their own; HANDLE_NONE: only `wait` sleeps.
 */
status_t disk_block_open(struct disk **out, handle_t device, handle_t dma, size_t bytes, handle_t notification,
			 uint64_t bits);

/* For callers who never `wait` but sleep in a loop of their own, to be called every few seconds while requests are under way:
 * nobody signals that a device has been given up for good. Its requests end with ERR_IO then. */
void disk_block_check(struct disk *d);
