/* SPDX-License-Identifier: BSD-2-Clause */
/* Block maps, as ext2 and ext3 had them: files that have one can be read, overwritten and deleted. */
#include <string.h>

#include "fs/ext4/volume.h"

#define DIRECT 12u
#define LEVELS 3u

/* Entries of a block of the map, as a shift. */
static uint32_t entries_shift(struct ext4 *fs)
{
	return fs->block_shift - 2;
}

static status_t map_block(struct ext4 *fs, struct inode *n, uint32_t block, struct buffer **out)
{
	status_t status;

	if (!blocks_good(fs, block, 1)) {
		ext4_say(fs, "the map of inode %llu is damaged", (unsigned long long)n->inode);
		return ERR_IO;
	}
	status = buffer_read(fs, block, out);
	return status < 0 ? status : buffer_check(fs, *out, BLOCK_PLAIN, 0, 0);
}

/* The run of blocks, or of holes, that begins at entry `at`. */
static status_t run_find(struct ext4 *fs, struct inode *n, const uint32_t *entries, uint64_t at, uint64_t count,
			 uint64_t logical, struct mapping *out)
{
	uint32_t block = entries[at];
	uint64_t length = 1;

	while (at + length < count && (block ? entries[at + length] == block + length : entries[at + length] == 0))
		length++;
	if (block && !blocks_good(fs, block, length)) {
		ext4_say(fs, "the map of inode %llu is damaged", (unsigned long long)n->inode);
		return ERR_IO;
	}
	*out = (struct mapping){.logical = logical, .block = block, .length = length};
	n->last = *out;
	return OK;
}

status_t indirect_find(struct ext4 *fs, struct inode *n, uint64_t logical, struct mapping *out)
{
	uint32_t shift = entries_shift(fs), block, levels;
	uint64_t at = logical;

	if (logical < DIRECT)
		return run_find(fs, n, n->root, logical, DIRECT, logical, out);
	at -= DIRECT;
	for (levels = 1; levels <= LEVELS && at >> levels * shift; levels++)
		at -= 1ull << levels * shift;
	if (levels > LEVELS) {
		*out = (struct mapping){.logical = logical, .length = UINT64_MAX - logical};
		return OK;
	}
	block = n->root[DIRECT + levels - 1];
	while (levels-- > 0) {
		const uint32_t *entries;
		struct buffer *b;
		uint64_t i = at >> levels * shift & ((1u << shift) - 1);
		status_t status;

		if (block == 0) { /* nothing of what this level and those below would map */
			uint64_t span = 1ull << (levels + 1) * shift;
			*out = (struct mapping){.logical = logical, .length = span - (at & (span - 1))};
			return OK;
		}
		status = map_block(fs, n, block, &b);
		if (status < 0)
			return status;
		entries = (const uint32_t *)(const void *)b->data;
		if (levels == 0)
			return run_find(fs, n, entries, i, 1u << shift, logical, out);
		block = entries[i];
	}
	return ERR_IO;
}

static status_t remove_block(struct ext4 *fs, struct inode *n, uint32_t block, bool metadata, uint32_t *budget)
{
	status_t status = blocks_free(fs, block, 1, metadata);

	n->blocks -= n->blocks < fs->sectors_per_block ? n->blocks : fs->sectors_per_block;
	(*budget)--;
	return status;
}

/* Frees what the entry leads to, from behind; *entry becomes 0 when all of it is done. */
static status_t remove_tree(struct ext4 *fs, struct inode *n, uint32_t *entry, uint32_t levels, uint32_t *budget)
{
	struct buffer *b;
	uint32_t *entries;
	status_t status;

	if (*entry == 0 || *budget == 0)
		return OK;
	if (levels > 0) {
		status = map_block(fs, n, *entry, &b);
		if (status < 0)
			return ext4_fail(fs, "the map of inode %llu cannot be read", (unsigned long long)n->inode);
		entries = (uint32_t *)(void *)b->data;
		for (uint32_t i = 1u << entries_shift(fs); i-- > 0 && *budget;) {
			if (entries[i] == 0)
				continue;
			buffer_changed(fs, b);
			status = remove_tree(fs, n, &entries[i], levels - 1, budget);
			if (status < 0)
				return status;
		}
		for (uint32_t i = 0; i < 1u << entries_shift(fs); i++)
			if (entries[i])
				return OK;
		if (*budget == 0)
			return OK;
	}
	status = remove_block(fs, n, *entry, levels > 0 || !inode_is(n, EXT4_MODE_REGULAR), budget);
	*entry = 0;
	return status;
}

status_t indirect_remove_all(struct ext4 *fs, struct inode *n, uint32_t budget, bool *done)
{
	status_t status = OK;

	n->last.length = 0;
	for (uint32_t i = DIRECT + LEVELS; i-- > 0 && status == OK && budget;)
		status = remove_tree(fs, n, &n->root[i], i >= DIRECT ? i - DIRECT + 1 : 0, &budget);
	*done = true;
	for (uint32_t i = 0; i < DIRECT + LEVELS; i++)
		*done &= n->root[i] == 0;
	return status;
}
