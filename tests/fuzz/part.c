/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: any bytes as the tables of a disk. The input begins with block size and disk size; then come the first blocks and
 * the last ones; what lies between reads as zeroes. Checksums are made right where the input asks for it, so that what is
 * behind them is reached.
 */
/* fuzz-sources: fs/part/part.c fs/part/gpt.c fs/part/mbr.c */
/* fuzz-runs: 100000 */
#include <stdlib.h>
#include <string.h>

#include "fs/part/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct image {
	const uint8_t *data;
	size_t size;
	uint64_t blocks;
	uint32_t block_size, reads;
	uint8_t fix;
};

static uint32_t crc32(const uint8_t *data, size_t length)
{
	uint32_t crc = ~0u;

	while (length--) {
		crc ^= *data++;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void block_copy(const struct image *m, uint64_t block, uint8_t *to)
{
	uint64_t half = m->size / 2, at = block * m->block_size;

	memset(to, 0, m->block_size);
	/* the second half of the input ends where the disk does */
	if (block >= m->blocks - m->blocks / 2) {
		uint64_t end = (m->blocks - block) * m->block_size;

		if (end > half)
			return;
		at = m->size - end;
	}
	if (at < m->size)
		memcpy(to, m->data + at, m->size - at < m->block_size ? m->size - at : m->block_size);
}

static void put32(uint8_t *p, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A header whose checksums are right, whatever else it says */
static void header_fix(const struct image *m, uint8_t *header)
{
	uint64_t count = get32(header + 80), size = get32(header + 84), first = get32(header + 72),
		 bytes = count * size;
	uint32_t length = get32(header + 12);

	if (bytes <= 16384) {
		uint8_t *array = calloc(1, bytes + 4096);

		for (uint64_t at = 0; array && at < bytes && first + at / m->block_size < m->blocks;
		     at += m->block_size)
			block_copy(m, first + at / m->block_size, array + at);
		put32(header + 88, crc32(array, bytes));
		free(array);
	}
	if (length < 92 || length > m->block_size)
		return;
	put32(header + 16, 0);
	put32(header + 16, crc32(header, length));
}

static status_t read_block(void *context, uint64_t block, void *data)
{
	struct image *m = context;

	if (block >= m->blocks || ++m->reads > 100000)
		abort(); /* it asks for what is not there, or for ever */
	if (m->fix & 8 && block == 0)
		return ERR_IO;
	block_copy(m, block, data);
	if ((m->fix & 1 && block == 1) || (m->fix & 2 && block == m->blocks - 1))
		header_fix(m, data);
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct part_list list;
	struct image m = {0};

	if (size < 4)
		return 0;
	m.block_size = 512u << data[0] % 4;
	m.blocks = 1 + (data[1] | (uint64_t)data[2] << 8);
	m.fix = data[3];
	m.data = data + 4;
	m.size = size - 4;
	status_t status = part_scan(&list, read_block, &m, m.blocks, m.block_size);
	if (status != OK && status != ERR_BAD_FORMAT && status != ERR_IO)
		abort();
	if (list.count > PART_MAX)
		abort();
	for (uint32_t i = 0; i < list.count; i++) {
		const struct part_entry *a = &list.entries[i];

		if (!a->count || a->first >= m.blocks || a->count > m.blocks - a->first || !a->number ||
		    !memchr(a->name, 0, sizeof(a->name)))
			abort();
		for (uint32_t j = 0; j < i; j++) {
			const struct part_entry *b = &list.entries[j];

			if (a->first < b->first + b->count && b->first < a->first + a->count)
				abort();
		}
	}
	return 0;
}
