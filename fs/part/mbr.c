/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MBR partition tables. Logical partitions hang in a chain of tables of their own: each one's first entry is a partition,
 * counted from that table; its second is the next table, counted from the extended partition.
 */
#include "fs/part/part_internal.h"

#define TABLE       446
#define ENTRY       16
#define SIGNATURE   440
#define ACTIVE      0x80
/* A chain may be a ring: nobody has more. */
#define LOGICAL_MAX 256

enum { TYPE_EMPTY = 0x00, TYPE_EXTENDED = 0x05, TYPE_EXTENDED_LBA = 0x0f, TYPE_EXTENDED_LINUX = 0x85, TYPE_GPT = 0xee };

static bool extended(uint8_t type)
{
	return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA || type == TYPE_EXTENDED_LINUX;
}

static bool marked(const uint8_t *sector)
{
	return sector[510] == 0x55 && sector[511] == 0xaa;
}

enum mbr_kind mbr_kind_of(const struct scan *s, const uint8_t *sector)
{
	bool used = false;

	(void)s;
	if (!marked(sector))
		return MBR_NONE;
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *e = sector + TABLE + i * ENTRY;

		if (e[4] == TYPE_GPT)
			return MBR_PROTECTIVE;
		/* Code or a file system's label, not a table */
		if (e[0] & ~ACTIVE)
			return MBR_NONE;
		used |= e[4] != TYPE_EMPTY;
	}
	return used ? MBR_PLAIN : MBR_NONE;
}

static struct part_entry entry_of(const uint8_t *e, uint64_t base, uint32_t number)
{
	return (struct part_entry){
		.first = base + get32(e + 8),
		.count = get32(e + 12),
		.number = number,
		.mbr_type = e[4],
		.bootable = e[0] == ACTIVE,
	};
}

static void chain_scan(struct scan *s, uint64_t start, uint64_t count, uint32_t *number)
{
	uint8_t sector[BLOCK_MAX];
	uint64_t at = start;

	for (unsigned step = 0; step < LOGICAL_MAX; step++) {
		if (at < start || at - start >= count || !scan_read(s, at, sector) || !marked(sector)) {
			s->list->left_out++; /* at least one */
			return;
		}
		const uint8_t *e = sector + TABLE;
		if (e[4] != TYPE_EMPTY && !extended(e[4])) {
			struct part_entry entry = entry_of(e, at, (*number)++);

			if (entry.first - start >= count || entry.count > count - (entry.first - start))
				s->list->left_out++;
			else
				scan_add(s, &entry);
		}
		e += ENTRY;
		if (!extended(e[4]))
			return;
		at = start + get32(e + 8);
	}
	s->list->left_out++;
}

void mbr_scan(struct scan *s, const uint8_t *sector)
{
	uint32_t logical = 5;

	s->list->disk_signature = get32(sector + SIGNATURE);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *e = sector + TABLE + i * ENTRY;

		if (e[4] == TYPE_EMPTY || extended(e[4]))
			continue;
		struct part_entry entry = entry_of(e, 0, i + 1);
		/* Block 0 holds the table. */
		if (!entry.first)
			s->list->left_out++;
		else
			scan_add(s, &entry);
	}
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *e = sector + TABLE + i * ENTRY;

		if (extended(e[4]) && get32(e + 8) && get32(e + 8) < s->blocks)
			chain_scan(s, get32(e + 8), get32(e + 12), &logical);
		else if (extended(e[4]))
			s->list->left_out++;
	}
}
