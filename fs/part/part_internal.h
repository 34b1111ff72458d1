/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of partition tables share. */
#pragma once

#include "fs/part/part.h"

#define BLOCK_MAX 4096

struct scan {
	struct part_list *list;
	part_read_t read;
	void *context;
	uint64_t blocks;
	uint32_t block_size;
};

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* The block, or false. */
static inline bool scan_read(const struct scan *s, uint64_t block, uint8_t *data)
{
	return block < s->blocks && s->read(s->context, block, data) == OK;
}

/* The partition is within the disk and touches no other: taken. Else left out. */
void scan_add(struct scan *s, const struct part_entry *entry);

/* gpt.c: with which copy it did it, or PART_TABLE_NONE */
enum part_table gpt_scan(struct scan *s);

/* mbr.c: `sector` is the disk's first */
enum mbr_kind { MBR_NONE, MBR_PLAIN, MBR_PROTECTIVE };
enum mbr_kind mbr_kind_of(const struct scan *s, const uint8_t *sector);
void mbr_scan(struct scan *s, const uint8_t *sector);
