/* SPDX-License-Identifier: BSD-2-Clause */
/* Which table a disk has, and what both kinds have in common. See part.h. */
#include "fs/part/part.h"

#include <string.h>

#include "fs/part/part_internal.h"

void scan_add(struct scan *s, const struct part_entry *entry)
{
	struct part_list *list = s->list;

	if (!entry->count || entry->first >= s->blocks || entry->count > s->blocks - entry->first ||
	    list->count == PART_MAX) {
		list->left_out++;
		return;
	}
	/* At most PART_MAX², once per disk. */
	for (uint32_t i = 0; i < list->count; i++) {
		const struct part_entry *other = &list->entries[i];

		if (entry->first < other->first + other->count && other->first < entry->first + entry->count) {
			list->left_out++;
			return;
		}
	}
	list->entries[list->count++] = *entry;
}

/* The first sector of a file system without a partition table may end like an MBR, with anything where the table would be. */
static bool looks_like_fat(const uint8_t *sector)
{
	uint16_t bytes = get16(sector + 11);
	uint8_t cluster = sector[13], fats = sector[16];

	return (sector[0] == 0xeb || sector[0] == 0xe9) && bytes >= 512 && bytes <= 4096 && !(bytes & (bytes - 1)) &&
	       cluster && !(cluster & (cluster - 1)) && get16(sector + 14) && (fats == 1 || fats == 2) &&
	       sector[21] >= 0xf0;
}

status_t part_scan(struct part_list *list, part_read_t read, void *context, uint64_t blocks, uint32_t block_size)
{
	struct scan s = {.list = list, .read = read, .context = context, .blocks = blocks, .block_size = block_size};
	uint8_t sector[BLOCK_MAX];

	memset(list, 0, sizeof(*list));
	if (block_size < 512 || block_size > BLOCK_MAX || block_size & (block_size - 1))
		return ERR_INVALID;
	bool readable = scan_read(&s, 0, sector);
	enum mbr_kind kind = readable ? mbr_kind_of(&s, sector) : MBR_NONE;

	/* Without a protective MBR a GPT is a leftover, unless the first block is lost. */
	if (kind == MBR_PROTECTIVE || !readable) {
		list->table = gpt_scan(&s);
		if (list->table != PART_TABLE_NONE)
			return OK;
		return readable ? ERR_BAD_FORMAT : ERR_IO;
	}
	if (kind == MBR_PLAIN && !looks_like_fat(sector)) {
		list->table = PART_TABLE_MBR;
		mbr_scan(&s, sector);
	}
	return OK;
}

void part_id_text(const uint8_t id[16], char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	/* The first three groups are numbers, little-endian. */
	static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[id[order[i]] >> 4];
		*text++ = digits[id[order[i]] & 15];
	}
	*text = '\0';
}
