/* SPDX-License-Identifier: BSD-2-Clause */
/* GUID partition tables (UEFI 2.10, chapter 5.3): header and entries count only if both checksums are right. */
#include <string.h>

#include "fs/part/part_internal.h"

/* Fields of the header */
enum {
	REVISION = 8,
	HEADER_SIZE = 12,
	HEADER_CRC = 16,
	MY_BLOCK = 24,
	FIRST_USABLE = 40,
	LAST_USABLE = 48,
	DISK_ID = 56,
	ENTRIES_BLOCK = 72,
	ENTRY_COUNT = 80,
	ENTRY_SIZE = 84,
	ENTRIES_CRC = 88,
	HEADER_MIN = 92,
};

/* Fields of an entry */
enum { TYPE = 0, ID = 16, FIRST = 32, LAST = 40, ATTRIBUTES = 48, NAME = 56, NAME_UNITS = 36, ENTRY_MIN = 128 };

#define ATTRIBUTE_LEGACY_BOOT (1ull << 2)
/* 16 KiB is what everybody writes. More than this is read by nobody, and would take a hostile table's time. */
#define ARRAY_MAX             (1u << 20)

struct header {
	uint64_t block, first_usable, last_usable, entries;
	uint32_t count, size, crc;
	uint8_t disk_id[16];
};

/* The reflected CRC-32 of IEEE 802.3, continued from `crc` (0 at first) */
static uint32_t crc32(uint32_t crc, const uint8_t *data, size_t length)
{
	static uint32_t table[256];

	if (!table[1]) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t value = i;

			for (unsigned bit = 0; bit < 8; bit++)
				value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
			table[i] = value;
		}
	}
	crc = ~crc;
	while (length--)
		crc = crc >> 8 ^ table[(crc ^ *data++) & 0xff];
	return ~crc;
}

static uint32_t header_crc(const uint8_t *sector, uint32_t size)
{
	static const uint8_t zero[4];
	uint32_t crc = crc32(0, sector, HEADER_CRC);

	crc = crc32(crc, zero, 4);
	return crc32(crc, sector + HEADER_CRC + 4, size - HEADER_CRC - 4);
}

static bool header_read(const struct scan *s, uint64_t block, struct header *h)
{
	uint8_t sector[BLOCK_MAX];

	if (!scan_read(s, block, sector) || memcmp(sector, "EFI PART", 8) || get32(sector + REVISION) >> 16 != 1)
		return false;
	uint32_t size = get32(sector + HEADER_SIZE);
	if (size < HEADER_MIN || size > s->block_size || header_crc(sector, size) != get32(sector + HEADER_CRC))
		return false;
	*h = (struct header){
		.block = block,
		.first_usable = get64(sector + FIRST_USABLE),
		.last_usable = get64(sector + LAST_USABLE),
		.entries = get64(sector + ENTRIES_BLOCK),
		.count = get32(sector + ENTRY_COUNT),
		.size = get32(sector + ENTRY_SIZE),
		.crc = get32(sector + ENTRIES_CRC),
	};
	memcpy(h->disk_id, sector + DISK_ID, 16);
	if (get64(sector + MY_BLOCK) != block || h->first_usable > h->last_usable || h->last_usable >= s->blocks)
		return false;
	/* 128 times a power of two, says the specification: an entry never crosses a block's end */
	if (h->size < ENTRY_MIN || h->size > s->block_size || h->size & (h->size - 1) || h->count > ARRAY_MAX / h->size)
		return false;
	uint64_t bytes = (uint64_t)h->count * h->size, array = (bytes + s->block_size - 1) / s->block_size;
	/* Not over the header, not among the partitions, not outside of the disk */
	if (h->entries >= s->blocks || array > s->blocks - h->entries ||
	    (h->entries <= block && block < h->entries + array))
		return false;
	return h->entries + array <= h->first_usable || h->entries > h->last_usable;
}

/* Calls `each` for every entry, or, NULL, only checks the checksum. */
static bool entries_read(struct scan *s, const struct header *h,
			 void (*each)(struct scan *, const struct header *, uint32_t, const uint8_t *))
{
	uint8_t sector[BLOCK_MAX];
	uint64_t left = (uint64_t)h->count * h->size;
	uint32_t number = 0, crc = 0;

	for (uint64_t block = h->entries; left; block++) {
		uint32_t bytes = left < s->block_size ? (uint32_t)left : s->block_size;

		if (!scan_read(s, block, sector))
			return false;
		crc = crc32(crc, sector, bytes);
		for (uint32_t at = 0; each && at < bytes; at += h->size)
			each(s, h, ++number, sector + at);
		left -= bytes;
	}
	return each || crc == h->crc;
}

/* UTF-16LE as UTF-8; what is none becomes U+FFFD. Room for three bytes a unit. */
static void name_decode(const uint8_t *from, char *to)
{
	for (unsigned i = 0; i < NAME_UNITS; i++) {
		uint32_t c = get16(from + 2 * i), low;

		if (!c)
			break;
		if (c >= 0xd800 && c < 0xe000) {
			low = c < 0xdc00 && i + 1 < NAME_UNITS ? get16(from + 2 * i + 2) : 0;
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i++;
			} else {
				c = 0xfffd;
			}
		}
		if (c < 0x80) {
			*to++ = (char)c;
			continue;
		}
		if (c < 0x800) {
			*to++ = (char)(0xc0 | c >> 6);
		} else {
			if (c < 0x10000) {
				*to++ = (char)(0xe0 | c >> 12);
			} else {
				*to++ = (char)(0xf0 | c >> 18);
				*to++ = (char)(0x80 | (c >> 12 & 0x3f));
			}
			*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		}
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	*to = '\0';
}

static void entry_take(struct scan *s, const struct header *h, uint32_t number, const uint8_t *e)
{
	static const uint8_t unused[16];
	struct part_entry entry = {.number = number};
	uint64_t last = get64(e + LAST);

	if (!memcmp(e + TYPE, unused, 16))
		return;
	entry.first = get64(e + FIRST);
	if (entry.first < h->first_usable || last > h->last_usable || last < entry.first) {
		s->list->left_out++;
		return;
	}
	entry.count = last - entry.first + 1;
	entry.attributes = get64(e + ATTRIBUTES);
	entry.bootable = entry.attributes & ATTRIBUTE_LEGACY_BOOT;
	memcpy(entry.type, e + TYPE, 16);
	memcpy(entry.id, e + ID, 16);
	name_decode(e + NAME, entry.name);
	scan_add(s, &entry);
}

static bool copy_scan(struct scan *s, uint64_t block)
{
	struct header h;

	/* Twice: nothing is taken from entries whose checksum is not known yet, and they need no memory. */
	if (!header_read(s, block, &h) || !entries_read(s, &h, NULL))
		return false;
	memcpy(s->list->disk_id, h.disk_id, 16);
	if (entries_read(s, &h, entry_take))
		return true;
	s->list->count = s->list->left_out = 0; /* the second reading failed */
	return false;
}

enum part_table gpt_scan(struct scan *s)
{
	if (copy_scan(s, 1))
		return PART_TABLE_GPT;
	if (s->blocks > 2 && copy_scan(s, s->blocks - 1))
		return PART_TABLE_GPT_BACKUP;
	return PART_TABLE_NONE;
}
