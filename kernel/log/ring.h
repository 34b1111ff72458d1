/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring behind the kernel log: whole records, the oldest dropped first. A reader's position is
 * the number of the next record it wants, so any value it comes with is safe. Pure; the caller
 * locks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/system.h"

#define LOG_RING_BYTES   65536
#define LOG_RING_RECORDS 2048

struct log_ring {
	uint64_t first, next;          /* numbers of the oldest record kept and of the one to come */
	uint32_t used;                 /* bytes */
	uint32_t head;                 /* where the next record goes */
	uint16_t at[LOG_RING_RECORDS]; /* offset / 8 of record n, at n % LOG_RING_RECORDS */
	_Alignas(8) uint8_t bytes[LOG_RING_BYTES];
};

/* Text beyond LOG_LINE_MAX is cut. */
void log_ring_add(struct log_ring *ring, uint64_t time_ns, uint64_t koid, int level, const char *text, size_t len);
/* See log_copy in kernel/log/log.h. */
size_t log_ring_copy(const struct log_ring *ring, uint64_t *position, void *buf, size_t size);
