/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums of metadata: checked once when a block came from the disk, made once when it is committed. */
#include <string.h>

#include "fs/ext4/checksum.h"
#include "fs/ext4/volume.h"

#define DESC_CHECKSUM_OFFSET offsetof(struct ext4_group_desc, checksum)

bool super_checksum_good(const struct ext4_super *super)
{
	return super->checksum == crc32c(~0u, super, offsetof(struct ext4_super, checksum));
}

uint32_t inode_checksum(struct ext4 *fs, uint64_t inode, const uint8_t *raw)
{
	const struct ext4_raw_inode *in = (const void *)raw;
	static const uint8_t zero[2];
	uint32_t number = (uint32_t)inode;
	uint32_t crc = crc32c(fs->seed, &number, 4);
	size_t at = offsetof(struct ext4_raw_inode, checksum_low);
	bool has_high = fs->inode_size > EXT4_INODE_SIZE_MIN && in->extra_isize >= EXT4_EXTRA_END(checksum_high);

	crc = crc32c(crc, &in->generation, 4);
	crc = crc32c(crc, raw, at);
	crc = crc32c(crc, zero, 2);
	crc = crc32c(crc, raw + at + 2, EXT4_INODE_SIZE_MIN - at - 2);
	if (fs->inode_size > EXT4_INODE_SIZE_MIN) {
		at = offsetof(struct ext4_raw_inode, checksum_high);
		crc = crc32c(crc, raw + EXT4_INODE_SIZE_MIN, at - EXT4_INODE_SIZE_MIN);
		if (has_high) {
			crc = crc32c(crc, zero, 2);
			at += 2;
		}
		crc = crc32c(crc, raw + at, fs->inode_size - at);
	}
	return has_high ? crc : crc & 0xffff;
}

static uint16_t desc_checksum(struct ext4 *fs, uint32_t group)
{
	const uint8_t *desc = (const uint8_t *)group_desc(fs, group);
	size_t at = DESC_CHECKSUM_OFFSET;

	if (fs->metadata_checksum) {
		static const uint8_t zero[2];
		uint32_t crc = crc32c(fs->seed, &group, 4);
		crc = crc32c(crc, desc, at);
		crc = crc32c(crc, zero, 2);
		return (uint16_t)crc32c(crc, desc + at + 2, fs->desc_size - at - 2);
	}
	uint16_t crc = crc16(0xffff, fs->super->uuid, sizeof(fs->super->uuid));
	crc = crc16(crc, &group, 4);
	crc = crc16(crc, desc, at);
	return crc16(crc, desc + at + 2, fs->desc_size - at - 2);
}

bool desc_checksum_good(struct ext4 *fs, uint32_t group)
{
	if (!fs->metadata_checksum && !fs->gdt_checksum)
		return true;
	return desc_checksum(fs, group) == group_desc(fs, group)->checksum;
}

static uint32_t bitmap_checksum(struct ext4 *fs, const struct buffer *b)
{
	uint32_t bits = b->kind == BLOCK_BLOCK_BITMAP ? fs->blocks_per_group : fs->inodes_per_group;

	return crc32c(fs->seed, b->data, bits / 8);
}

static bool bitmap_good(struct ext4 *fs, const struct buffer *b)
{
	const struct ext4_group_desc *desc = group_desc(fs, (uint32_t)b->index);
	uint32_t crc = bitmap_checksum(fs, b), want;

	if (b->kind == BLOCK_BLOCK_BITMAP)
		want = desc->block_bitmap_checksum_low |
		       (fs->desc_size > EXT4_DESC_SIZE_MIN ? (uint32_t)desc->block_bitmap_checksum_high << 16 : 0);
	else
		want = desc->inode_bitmap_checksum_low |
		       (fs->desc_size > EXT4_DESC_SIZE_MIN ? (uint32_t)desc->inode_bitmap_checksum_high << 16 : 0);
	return fs->desc_size > EXT4_DESC_SIZE_MIN ? crc == want : (crc & 0xffff) == want;
}

static void bitmap_seal(struct ext4 *fs, struct buffer *b)
{
	struct ext4_group_desc *desc = group_desc(fs, (uint32_t)b->index);
	uint32_t crc = bitmap_checksum(fs, b);

	if (b->kind == BLOCK_BLOCK_BITMAP) {
		desc->block_bitmap_checksum_low = (uint16_t)crc;
		if (fs->desc_size > EXT4_DESC_SIZE_MIN)
			desc->block_bitmap_checksum_high = (uint16_t)(crc >> 16);
	} else {
		desc->inode_bitmap_checksum_low = (uint16_t)crc;
		if (fs->desc_size > EXT4_DESC_SIZE_MIN)
			desc->inode_bitmap_checksum_high = (uint16_t)(crc >> 16);
	}
	group_desc_changed(fs, (uint32_t)b->index);
}

/* Where the checksum lies in the block; NULL: it has none, or no place for one. */
static uint32_t *checksum_place(struct ext4 *fs, const struct buffer *b)
{
	uint32_t size = fs->block_size;

	switch (b->kind) {
	case BLOCK_EXTENTS: {
		const struct ext4_extent_header *h = (const void *)b->data;
		size_t end = sizeof(*h) + (size_t)h->max * sizeof(struct ext4_extent);
		return end + 4 <= size ? (uint32_t *)(void *)(b->data + end) : NULL;
	}
	case BLOCK_DIR_LEAF: {
		struct ext4_dir_tail *tail = (void *)(b->data + size - sizeof(*tail));
		if (tail->zero0 || tail->zero1 || tail->size != sizeof(*tail) || tail->kind != EXT4_DIR_TAIL_KIND)
			return NULL;
		return &tail->checksum;
	}
	case BLOCK_DIR_INDEX: {
		struct ext4_index_tail *tail = (void *)(b->data + size - sizeof(*tail));
		return &tail->checksum;
	}
	case BLOCK_XATTR: return &((struct ext4_xattr_header *)(void *)b->data)->checksum;
	case BLOCK_ORPHANS: return &((struct ext4_orphan_tail *)(void *)(b->data + size - 8))->checksum;
	default: return NULL;
	}
}

/* Where the entries of an index block begin: its root has "." and ".." in front. */
static size_t index_offset(const struct buffer *b)
{
	const struct ext4_dirent *first = (const void *)b->data;

	return first->size == 12 ? EXT4_INDEX_ROOT_OFFSET + sizeof(struct ext4_index_root) : 8;
}

static uint32_t checksum_make(struct ext4 *fs, const struct buffer *b, const uint32_t *place)
{
	static const uint8_t zero[4];
	uint32_t size = fs->block_size;

	switch (b->kind) {
	case BLOCK_EXTENTS: return crc32c(b->seed, b->data, (size_t)((const uint8_t *)place - b->data));
	case BLOCK_DIR_LEAF: return crc32c(b->seed, b->data, size - sizeof(struct ext4_dir_tail));
	case BLOCK_DIR_INDEX: {
		size_t at = index_offset(b);
		const struct ext4_index_limit *limit = (const void *)(b->data + at);
		size_t end = at + limit->count * sizeof(struct ext4_index_entry);
		uint32_t crc;
		if (end > size - sizeof(struct ext4_index_tail))
			return ~*place;
		crc = crc32c(b->seed, b->data, end);
		crc = crc32c(crc, (const uint8_t *)place - 4, 4);
		return crc32c(crc, zero, 4);
	}
	case BLOCK_XATTR: {
		uint32_t crc = crc32c(fs->seed, &b->block, 8);
		size_t at = offsetof(struct ext4_xattr_header, checksum);
		crc = crc32c(crc, b->data, at);
		crc = crc32c(crc, zero, 4);
		return crc32c(crc, b->data + at + 4, size - at - 4);
	}
	case BLOCK_ORPHANS:
		return crc32c(crc32c(b->seed, &b->block, 8), b->data, size - sizeof(struct ext4_orphan_tail));
	default: return 0;
	}
}

void buffer_become(struct buffer *b, enum buffer_kind kind, uint64_t index, uint32_t seed)
{
	b->kind = (uint8_t)kind;
	b->index = index;
	b->seed = seed;
	b->full_before = 0;
	b->flags = (uint8_t)((b->flags & ~BUFFER_SANE) | BUFFER_CHECKED);
}

status_t buffer_check(struct ext4 *fs, struct buffer *b, enum buffer_kind kind, uint64_t index, uint32_t seed)
{
	bool good = true;

	if (b->flags & BUFFER_CHECKED && b->kind == kind && b->index == index && b->seed == seed) {
		b->operation = fs->operation;
		return OK;
	}
	if (b->flags & (BUFFER_CHANGED | BUFFER_KEPT | BUFFER_LOGGED | BUFFER_DIRTY) || buffer_is_looked_at(fs, b))
		return ext4_fail(fs, "block %llu is used for two things", (unsigned long long)b->block);
	buffer_become(b, kind, index, seed);
	b->operation = fs->operation;
	if (!fs->metadata_checksum || fs->recovering)
		return OK;
	if (kind == BLOCK_BLOCK_BITMAP || kind == BLOCK_INODE_BITMAP) {
		good = bitmap_good(fs, b);
	} else if (kind >= BLOCK_EXTENTS) {
		uint32_t *place = checksum_place(fs, b);
		good = place && *place == checksum_make(fs, b, place);
	}
	if (good)
		return OK;
	b->flags &= (uint8_t)~BUFFER_CHECKED;
	ext4_say(fs, "block %llu has a wrong checksum", (unsigned long long)b->block);
	return ERR_IO;
}

static void inodes_seal(struct ext4 *fs, struct buffer *b)
{
	for (uint32_t i = 0; i < fs->inodes_per_block; i++) {
		uint8_t *raw = b->data + (size_t)i * fs->inode_size;
		struct ext4_raw_inode *in = (void *)raw;
		uint32_t crc;

		if (!(b->mask[i / 64] >> i % 64 & 1))
			continue;
		crc = inode_checksum(fs, b->index + i, raw);
		in->checksum_low = (uint16_t)crc;
		if (fs->inode_size > EXT4_INODE_SIZE_MIN && in->extra_isize >= EXT4_EXTRA_END(checksum_high))
			in->checksum_high = (uint16_t)(crc >> 16);
	}
}

void buffer_seal(struct ext4 *fs, struct buffer *b)
{
	if (b->kind == BLOCK_DESCRIPTORS && (fs->metadata_checksum || fs->gdt_checksum)) {
		for (uint32_t i = 0; i < fs->descs_per_block; i++)
			if (b->mask[i / 64] >> i % 64 & 1)
				group_desc(fs, (uint32_t)b->index + i)->checksum = desc_checksum(
					fs, (uint32_t)b->index + i);
	}
	if (!fs->metadata_checksum)
		return;
	switch (b->kind) {
	case BLOCK_SUPER: fs->super->checksum = crc32c(~0u, fs->super, offsetof(struct ext4_super, checksum)); break;
	case BLOCK_BLOCK_BITMAP:
	case BLOCK_INODE_BITMAP: bitmap_seal(fs, b); break;
	case BLOCK_INODES: inodes_seal(fs, b); break;
	case BLOCK_EXTENTS:
	case BLOCK_DIR_LEAF:
	case BLOCK_DIR_INDEX:
	case BLOCK_XATTR:
	case BLOCK_ORPHANS: {
		uint32_t *place = checksum_place(fs, b);
		if (place)
			*place = checksum_make(fs, b, place);
		break;
	}
	default: break;
	}
}
