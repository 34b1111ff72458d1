/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which blocks and inodes are free. What a transaction frees may be used again only when that is committed: until then a
 * power cut brings the old file back, and its blocks must be as they were.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/volume.h"

#define WORD_BITS  64u
/* A new piece of a file begins where so many blocks are free, if there is such a place. */
#define RUN_WANTED 8u

static uint32_t words_of(uint32_t bits)
{
	return (bits + WORD_BITS - 1) / WORD_BITS;
}

static uint64_t *bitmap_words(struct buffer *b)
{
	return (uint64_t *)(void *)b->data;
}

static void bits_fill(struct buffer *b, uint32_t from, uint32_t end)
{
	for (uint32_t i = from; i < end; i++)
		bitmap_words(b)[i / WORD_BITS] |= 1ull << i % WORD_BITS;
}

static bool has_unused_flags(struct ext4 *fs)
{
	return fs->metadata_checksum || fs->gdt_checksum;
}

/* ---- blocks */

/* The bitmap of a group where nothing was ever allocated is not on the disk. */
static status_t block_bitmap_begin(struct ext4 *fs, uint32_t g, struct buffer **out)
{
	uint64_t first = group_first_block(fs, g), end = first + group_blocks(fs, g);
	status_t status = buffer_make(fs, group_block_bitmap(fs, g), true, out);
	uint32_t used = 0;

	if (status < 0)
		return status;
	buffer_become(*out, BLOCK_BLOCK_BITMAP, g, 0);
	for (uint32_t i = 0; i < fs->zone_count; i++) {
		const struct zone *z = &fs->zones[i];
		uint64_t from = z->first > first ? z->first : first, to = z->end < end ? z->end : end;
		if (from < to) {
			bits_fill(*out, (uint32_t)(from - first), (uint32_t)(to - first));
			used += (uint32_t)(to - from);
		}
	}
	bits_fill(*out, group_blocks(fs, g), fs->block_size * 8);
	buffer_changed(fs, *out);
	if (used + fs->group[g].free_blocks != group_blocks(fs, g))
		return ext4_fail(fs, "group %u has not as many free blocks as it says", (unsigned)g);
	group_desc(fs, g)->flags &= (uint16_t)~EXT4_GROUP_BLOCKS_UNUSED;
	group_desc_changed(fs, g);
	return OK;
}

static status_t block_bitmap(struct ext4 *fs, uint32_t g, struct buffer **out)
{
	status_t status;

	if (fs->group[g].bad_blocks)
		return ERR_IO;
	if (has_unused_flags(fs) && group_desc(fs, g)->flags & EXT4_GROUP_BLOCKS_UNUSED)
		return block_bitmap_begin(fs, g, out);
	status = buffer_read(fs, group_block_bitmap(fs, g), out);
	if (status == OK)
		status = buffer_check(fs, *out, BLOCK_BLOCK_BITMAP, g, 0);
	if (status < 0 && status != ERR_NO_MEMORY)
		fs->group[g].bad_blocks = true;
	return status;
}

static void free_blocks_set(struct ext4 *fs, uint32_t g, uint32_t count)
{
	struct ext4_group_desc *d = group_desc(fs, g);

	fs->free_blocks = fs->free_blocks - fs->group[g].free_blocks + count;
	fs->group[g].free_blocks = count;
	d->free_blocks_low = (uint16_t)count;
	if (fs->desc_size > EXT4_DESC_SIZE_MIN)
		d->free_blocks_high = (uint16_t)(count >> 16);
	group_desc_changed(fs, g);
}

/* Ones where nothing may be taken. */
static uint64_t taken(const struct group *group, const uint64_t *words, uint32_t word)
{
	return words[word] | (group->freed ? group->freed[word] : 0);
}

static bool bit_taken(const struct group *group, const uint64_t *words, uint32_t bit)
{
	return taken(group, words, bit / WORD_BITS) >> bit % WORD_BITS & 1;
}

/* The first bit in [from, end) that begins an untouched byte, or (single) that is free; end: none. */
static uint32_t find_free(const struct group *group, const uint64_t *words, uint32_t from, uint32_t end, bool single)
{
	const uint64_t low = 0x0101010101010101ull, high = 0x8080808080808080ull;

	for (uint32_t word = from / WORD_BITS; word < words_of(end); word++) {
		uint64_t w = taken(group, words, word), found;
		uint32_t bit;

		if (word == from / WORD_BITS && from % WORD_BITS)
			w |= (1ull << from % WORD_BITS) - 1;
		if (w == ~0ull)
			continue;
		found = single ? ~w : (w - low) & ~w & high;
		if (!found)
			continue;
		bit = word * WORD_BITS + (uint32_t)__builtin_ctzll(found);
		if (!single)
			bit -= RUN_WANTED - 1;
		return bit < end ? bit : end;
	}
	return end;
}

static uint32_t find_place(struct ext4 *fs, uint32_t g, const uint64_t *words, uint32_t from)
{
	struct group *group = &fs->group[g];
	uint32_t end = group_blocks(fs, g), bit;

	if (from < end && !bit_taken(group, words, from))
		return from;
	bit = find_free(group, words, from, end, false);
	if (bit == end)
		bit = find_free(group, words, group->block_hint, end, false);
	if (bit == end) {
		bit = find_free(group, words, group->block_hint, end, true);
		group->block_hint = bit;
	}
	return bit;
}

status_t blocks_allocate(struct ext4 *fs, uint64_t goal, uint32_t want, uint64_t *first, uint32_t *count)
{
	uint64_t usable = fs->free_blocks - fs->running.freed_blocks, kept = fs->privileged ? 0 : fs->reserved_blocks;
	status_t result = ERR_NO_SPACE;
	uint32_t start;

	if (usable <= kept)
		return ERR_NO_SPACE;
	if (want > usable - kept)
		want = (uint32_t)(usable - kept);
	if (goal < fs->first_data_block || goal >= fs->blocks)
		goal = fs->first_data_block;
	start = (uint32_t)((goal - fs->first_data_block) / fs->blocks_per_group);
	for (uint32_t i = 0, g = start; i < fs->groups; i++, g = g + 1 == fs->groups ? 0 : g + 1) {
		struct group *group = &fs->group[g];
		uint32_t end = group_blocks(fs, g), bit, got = 1;
		struct buffer *b;
		uint64_t *words;
		status_t status;

		if (group->bad_blocks)
			result = ERR_IO;
		if (group->free_blocks == 0 || group->bad_blocks || (group->listed && !group->freed))
			continue;
		status = block_bitmap(fs, g, &b);
		if (status == ERR_NO_MEMORY || fs->failed)
			return status;
		if (status < 0) {
			result = status;
			continue;
		}
		words = bitmap_words(b);
		bit = find_place(fs, g, words,
				 i == 0 ? (uint32_t)(goal - group_first_block(fs, g)) : group->block_hint);
		if (bit >= end)
			continue;
		while (got < want && bit + got < end && !bit_taken(group, words, bit + got))
			got++;
		if (got > group->free_blocks || !blocks_good(fs, group_first_block(fs, g) + bit, got)) {
			ext4_say(fs, "the block bitmap of group %u is wrong", (unsigned)g);
			group->bad_blocks = true;
			result = ERR_IO;
			continue;
		}
		for (uint32_t k = bit; k < bit + got; k++)
			words[k / WORD_BITS] |= 1ull << k % WORD_BITS;
		buffer_changed(fs, b);
		free_blocks_set(fs, g, group->free_blocks - got);
		*first = group_first_block(fs, g) + bit;
		*count = got;
		return OK;
	}
	return result;
}

/* Without memory to know which they are, nothing is taken from the group until then. */
static void freed_begin(struct ext4 *fs, uint32_t g)
{
	struct group *group = &fs->group[g];

	if (group->listed)
		return;
	group->freed = calloc(words_of(fs->blocks_per_group), sizeof(*group->freed));
	group->listed = true;
	group->next_freed = fs->running.first_freed;
	fs->running.first_freed = g + 1;
}

void blocks_committed(struct ext4 *fs)
{
	while (fs->running.first_freed) {
		struct group *group = &fs->group[fs->running.first_freed - 1];

		fs->running.first_freed = group->next_freed;
		free(group->freed);
		group->freed = NULL;
		group->listed = false;
		group->block_hint = 0;
	}
	fs->running.freed_blocks = 0;
}

static status_t group_free(struct ext4 *fs, uint32_t g, uint32_t bit, uint32_t count)
{
	struct group *group = &fs->group[g];
	struct buffer *b;
	status_t status = block_bitmap(fs, g, &b);

	if (status < 0)
		return ext4_fail(fs, "the block bitmap of group %u cannot be used", (unsigned)g);
	freed_begin(fs, g);
	for (uint32_t k = bit; k < bit + count; k++) {
		uint64_t mask = 1ull << k % WORD_BITS;
		if (!(bitmap_words(b)[k / WORD_BITS] & mask))
			return ext4_fail(fs, "block %llu is freed twice",
					 (unsigned long long)(group_first_block(fs, g) + k));
		bitmap_words(b)[k / WORD_BITS] &= ~mask;
		if (group->freed)
			group->freed[k / WORD_BITS] |= mask;
	}
	if (count > group_blocks(fs, g) - group->free_blocks)
		return ext4_fail(fs, "group %u has more free blocks than blocks", (unsigned)g);
	buffer_changed(fs, b);
	free_blocks_set(fs, g, group->free_blocks + count);
	fs->running.freed_blocks += count;
	return OK;
}

status_t blocks_free(struct ext4 *fs, uint64_t first, uint64_t count, bool metadata)
{
	if (!blocks_good(fs, first, count))
		return ext4_fail(fs, "blocks from %llu on are freed that are no file's", (unsigned long long)first);
	if (metadata || fs->cache.dirty) {
		for (uint64_t block = first; block < first + count; block++) {
			struct buffer *b = buffers_find(fs, block);
			status_t status = OK;
			if (b)
				buffer_forget(fs, b);
			if (metadata)
				status = journal_revoke(fs, block);
			if (status < 0)
				return status;
		}
	}
	while (count) {
		uint32_t g = (uint32_t)((first - fs->first_data_block) / fs->blocks_per_group);
		uint32_t bit = (uint32_t)(first - group_first_block(fs, g)), here = fs->blocks_per_group - bit;
		status_t status;

		if (here > count)
			here = (uint32_t)count;
		status = group_free(fs, g, bit, here);
		if (status < 0)
			return status;
		first += here;
		count -= here;
	}
	return OK;
}

/* ---- inodes */

static status_t inode_bitmap(struct ext4 *fs, uint32_t g, struct buffer **out)
{
	status_t status;

	if (fs->group[g].bad_inodes)
		return ERR_IO;
	if (has_unused_flags(fs) && group_desc(fs, g)->flags & EXT4_GROUP_INODES_UNUSED) {
		status = buffer_make(fs, group_inode_bitmap(fs, g), true, out);
		if (status < 0)
			return status;
		buffer_become(*out, BLOCK_INODE_BITMAP, g, 0);
		bits_fill(*out, fs->inodes_per_group, fs->block_size * 8);
		buffer_changed(fs, *out);
		group_desc(fs, g)->flags &= (uint16_t)~EXT4_GROUP_INODES_UNUSED;
		group_desc_changed(fs, g);
		return OK;
	}
	status = buffer_read(fs, group_inode_bitmap(fs, g), out);
	if (status == OK)
		status = buffer_check(fs, *out, BLOCK_INODE_BITMAP, g, 0);
	if (status < 0 && status != ERR_NO_MEMORY)
		fs->group[g].bad_inodes = true;
	return status;
}

static void free_inodes_change(struct ext4 *fs, uint32_t g, int32_t by, bool directory)
{
	struct ext4_group_desc *d = group_desc(fs, g);
	struct group *group = &fs->group[g];
	uint32_t dirs = d->used_dirs_low;

	group->free_inodes = (uint32_t)((int32_t)group->free_inodes + by);
	fs->free_inodes = (uint32_t)((int32_t)fs->free_inodes + by);
	d->free_inodes_low = (uint16_t)group->free_inodes;
	if (fs->desc_size > EXT4_DESC_SIZE_MIN)
		d->free_inodes_high = (uint16_t)(group->free_inodes >> 16);
	if (directory) {
		if (fs->desc_size > EXT4_DESC_SIZE_MIN)
			dirs |= (uint32_t)d->used_dirs_high << 16;
		dirs = (uint32_t)((int32_t)dirs - by);
		d->used_dirs_low = (uint16_t)dirs;
		if (fs->desc_size > EXT4_DESC_SIZE_MIN)
			d->used_dirs_high = (uint16_t)(dirs >> 16);
	}
	group_desc_changed(fs, g);
}

/* Inodes at the end of the group's table that were never in use: those before are looked at by whoever checks it. */
static void unused_inodes_lower(struct ext4 *fs, uint32_t g, uint32_t bit)
{
	struct ext4_group_desc *d = group_desc(fs, g);
	bool wide = fs->desc_size > EXT4_DESC_SIZE_MIN;
	uint32_t unused = d->unused_inodes_low | (wide ? (uint32_t)d->unused_inodes_high << 16 : 0);
	uint32_t now = fs->inodes_per_group - bit - 1;

	if (!has_unused_flags(fs) || unused <= now)
		return;
	d->unused_inodes_low = (uint16_t)now;
	if (wide)
		d->unused_inodes_high = (uint16_t)(now >> 16);
}

/* Directories of the root are spread over the disk; all else stays near its directory. */
static uint32_t inode_group(struct ext4 *fs, uint64_t parent, bool directory)
{
	uint32_t best = (uint32_t)((parent - 1) / fs->inodes_per_group);

	if (!directory || parent != EXT4_ROOT)
		return best;
	for (uint32_t g = 0; g < fs->groups; g++)
		if (fs->group[g].free_inodes && fs->group[g].free_blocks > fs->group[best].free_blocks)
			best = g;
	return best;
}

status_t inode_allocate(struct ext4 *fs, uint64_t parent, bool directory, uint64_t *inode)
{
	uint32_t start = inode_group(fs, parent, directory);
	status_t result = ERR_NO_SPACE;

	for (uint32_t i = 0, g = start; i < fs->groups; i++, g = g + 1 == fs->groups ? 0 : g + 1) {
		struct group *group = &fs->group[g];
		struct buffer *b, *blocks;
		uint32_t bit;
		status_t status = OK;

		if (group->bad_inodes)
			result = ERR_IO;
		if (group->free_inodes == 0 || group->bad_inodes)
			continue;
		if (has_unused_flags(fs) && group_desc(fs, g)->flags & EXT4_GROUP_BLOCKS_UNUSED)
			status = block_bitmap(fs, g, &blocks); /* only whole groups are unused */
		if (status == OK)
			status = inode_bitmap(fs, g, &b);
		if (status == ERR_NO_MEMORY || fs->failed)
			return status;
		if (status < 0) {
			result = status;
			continue;
		}
		bit = find_free(&(struct group){0}, bitmap_words(b), group->inode_hint, fs->inodes_per_group, true);
		group->inode_hint = bit;
		if (bit == fs->inodes_per_group || g * fs->inodes_per_group + bit + 1 < fs->first_inode) {
			ext4_say(fs, "the inode bitmap of group %u is wrong", (unsigned)g);
			group->bad_inodes = true;
			result = ERR_IO;
			continue;
		}
		bitmap_words(b)[bit / WORD_BITS] |= 1ull << bit % WORD_BITS;
		buffer_changed(fs, b);
		unused_inodes_lower(fs, g, bit);
		free_inodes_change(fs, g, -1, directory);
		*inode = (uint64_t)g * fs->inodes_per_group + bit + 1;
		return OK;
	}
	return result;
}

status_t inode_free(struct ext4 *fs, uint64_t inode, bool directory)
{
	uint32_t g = (uint32_t)((inode - 1) / fs->inodes_per_group);
	uint32_t bit = (uint32_t)((inode - 1) % fs->inodes_per_group);
	struct buffer *b;
	status_t status = inode_bitmap(fs, g, &b);
	uint64_t mask = 1ull << bit % WORD_BITS;

	if (status < 0)
		return ext4_fail(fs, "the inode bitmap of group %u cannot be used", (unsigned)g);
	if (!(bitmap_words(b)[bit / WORD_BITS] & mask) || fs->group[g].free_inodes >= fs->inodes_per_group)
		return ext4_fail(fs, "inode %llu is freed twice", (unsigned long long)inode);
	bitmap_words(b)[bit / WORD_BITS] &= ~mask;
	buffer_changed(fs, b);
	free_inodes_change(fs, g, 1, directory);
	if (fs->group[g].inode_hint > bit)
		fs->group[g].inode_hint = bit;
	return OK;
}

status_t inode_in_use(struct ext4 *fs, uint64_t inode, bool *used)
{
	uint32_t g = (uint32_t)((inode - 1) / fs->inodes_per_group);
	uint32_t bit = (uint32_t)((inode - 1) % fs->inodes_per_group);
	struct buffer *b;
	status_t status;

	*used = false;
	if (has_unused_flags(fs) && group_desc(fs, g)->flags & EXT4_GROUP_INODES_UNUSED)
		return OK;
	status = inode_bitmap(fs, g, &b);
	if (status == OK)
		*used = bitmap_words(b)[bit / WORD_BITS] >> bit % WORD_BITS & 1;
	return status;
}
