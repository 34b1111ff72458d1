/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listing directories with cursors that stay good. Where a directory can have an index, also if it is too short for one
 * yet, the order is that of hashes, which nothing changes; elsewhere entries never move, and the order is their place.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/volume.h"

/*
 * A cursor in hash order: 31 bits of the hash, 25 of its second word, 8 that count entries with the same. The first
 * numbers are those of "." and "..".
 */
#define MAJOR_SHIFT   33
#define MINOR_DROPPED 7
#define MINOR_SHIFT   8
#define ORDINAL_FIRST 2u
#define ORDINAL_MAX   255u

struct listed {
	uint64_t key;
	const struct ext4_dirent *entry;
};

struct listing {
	struct ext4 *fs;
	struct inode *directory;
	bool (*emit)(void *ctx, const struct ext4_entry *entry);
	void *ctx;
	struct listed *entries;
	size_t count, room;
	bool stopped;
};

static void listing_emit(struct listing *l, const struct ext4_dirent *e, uint64_t next)
{
	struct ext4_entry entry = {
		.inode = e->inode, .next = next, .kind = e->kind, .length = e->name_length, .name = e->name};

	if (!l->stopped && !l->emit(l->ctx, &entry))
		l->stopped = true;
}

static int by_key(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	size_t length;
	int order;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	length = x->entry->name_length < y->entry->name_length ? x->entry->name_length : y->entry->name_length;
	order = memcmp(x->entry->name, y->entry->name, length);
	return order ? order : (int)x->entry->name_length - (int)y->entry->name_length;
}

static bool is_dots(const struct ext4_dirent *e)
{
	return e->name[0] == '.' && (e->name_length == 1 || (e->name_length == 2 && e->name[1] == '.'));
}

static status_t listing_collect(struct listing *l, struct buffer *b, uint8_t kind, uint64_t cursor)
{
	uint32_t room = directory_room(l->fs);

	for (uint32_t offset = 0; offset < room;) {
		const struct ext4_dirent *e = directory_entry(l->fs, b, offset);
		struct name_hash hash;
		uint64_t key;

		offset += e->size;
		if (e->inode == 0 || is_dots(e))
			continue;
		if (!directory_hash(l->fs, kind, e->name, e->name_length, &hash))
			return ERR_IO;
		key = (uint64_t)(hash.major >> 1) << MAJOR_SHIFT | (uint64_t)(hash.minor >> MINOR_DROPPED)
									   << MINOR_SHIFT;
		if ((key | ORDINAL_MAX) < cursor)
			continue;
		if (l->count == l->room) {
			size_t more = l->room ? l->room * 2 : 128;
			struct listed *entries = realloc(l->entries, more * sizeof(*entries));
			if (!entries)
				return ERR_NO_MEMORY;
			l->entries = entries;
			l->room = more;
		}
		l->entries[l->count++] = (struct listed){key, e};
	}
	return OK;
}

static void listing_flush(struct listing *l, uint64_t cursor)
{
	uint32_t ordinal = ORDINAL_FIRST;

	if (l->count)
		qsort(l->entries, l->count, sizeof(*l->entries), by_key);
	for (size_t i = 0; i < l->count && !l->stopped; i++) {
		uint64_t key = l->entries[i].key;

		ordinal = i && key == l->entries[i - 1].key ? ordinal + (ordinal < ORDINAL_MAX) : ORDINAL_FIRST;
		key |= ordinal;
		if (key >= cursor)
			listing_emit(l, l->entries[i].entry, key + 1);
	}
	l->count = 0;
}

static status_t list_dots(struct listing *l, uint64_t cursor)
{
	static const char *const names[] = {".", ".."};

	for (uint32_t i = 0; i < 2 && !l->stopped; i++) {
		struct slot slot;
		uint64_t inode;
		status_t status;

		if (cursor > i)
			continue;
		status = directory_find(l->fs, l->directory, names[i], i + 1, &slot, &inode);
		if (status < 0)
			return status;
		listing_emit(l, directory_entry(l->fs, slot.buffer, slot.offset), i + 1);
	}
	return OK;
}

/* Names that were given out are no longer needed; what an operation holds that changes something is. */
static status_t listing_trim(struct ext4 *fs)
{
	return fs->cache.reserved == 0 && fs->cache.count > fs->cache.limit ? buffers_trim(fs, 0) : OK;
}

static status_t list_by_hash(struct listing *l, uint64_t cursor)
{
	struct ext4 *fs = l->fs;
	struct inode *d = l->directory;
	uint32_t hash = (uint32_t)(cursor >> MAJOR_SHIFT) << 1, skip = 0, next = 0;
	uint64_t leaves = 0;
	uint8_t kind = fs->super->default_hash < NAME_HASH_UNSIGNED ? fs->super->default_hash : NAME_HASH_HALF_MD4;
	bool continued = false, last = true;
	struct buffer *b;
	status_t status = list_dots(l, cursor);

	if (status < 0 || l->stopped)
		return status;
	if (!directory_is_indexed(fs, d)) {
		status = directory_block(fs, d, 0, BLOCK_DIR_LEAF, &b);
		if (status == OK)
			status = listing_collect(l, b, kind, cursor);
		if (status == OK)
			listing_flush(l, cursor);
		return status;
	}
	status = index_hash_kind(fs, d, &kind);
	while (status == OK && !l->stopped) {
		if (leaves++ > d->size >> fs->block_shift) /* each block is one leaf at most */
			return ERR_IO;
		status = index_leaf(fs, d, hash, skip, &b, &next, &continued, &last);
		if (status == OK)
			status = listing_collect(l, b, kind, cursor);
		if (status < 0)
			return status;
		if (!last && (continued || next == hash)) { /* entries of one hash are listed together */
			skip++;
			continue;
		}
		listing_flush(l, cursor);
		if (last)
			break;
		hash = next;
		skip = 0;
		status = listing_trim(fs);
	}
	return status;
}

static status_t list_by_place(struct listing *l, uint64_t cursor)
{
	struct ext4 *fs = l->fs;
	struct inode *d = l->directory;
	uint64_t blocks = d->size >> fs->block_shift;

	for (uint64_t logical = cursor >> fs->block_shift; logical < blocks && !l->stopped; logical++) {
		struct mapping m;
		struct buffer *b;
		status_t status = extent_find(fs, d, logical, &m);

		if (status < 0)
			return status;
		if (!m.block) {
			logical = m.logical + m.length - 1;
			continue;
		}
		status = listing_trim(fs);
		if (status < 0)
			return status;
		status = directory_block(fs, d, logical, BLOCK_DIR_LEAF, &b);
		if (status < 0)
			return status;
		for (uint32_t offset = 0; offset < directory_room(fs);) {
			const struct ext4_dirent *e = directory_entry(fs, b, offset);
			uint64_t place = logical << fs->block_shift | offset;

			offset += e->size;
			if (e->inode && place >= cursor)
				listing_emit(l, e, place + e->size);
		}
	}
	return OK;
}

static status_t list_node(struct ext4 *fs, struct inode *d, uint64_t cursor,
			  bool (*emit)(void *ctx, const struct ext4_entry *entry), void *ctx)
{
	struct listing l = {.fs = fs, .directory = d, .emit = emit, .ctx = ctx};
	status_t status;

	if (!inode_is(d, EXT4_MODE_DIRECTORY))
		return ERR_NOT_DIRECTORY;
	if (d->flags & EXT4_INODE_ENCRYPTED)
		return ERR_UNSUPPORTED;
	if (d->size == 0)
		return OK;
	d->busy++;
	if (directory_is_indexed(fs, d) || (fs->dir_index && d->size == fs->block_size))
		status = list_by_hash(&l, cursor);
	else
		status = list_by_place(&l, cursor);
	d->busy--;
	free(l.entries);
	return status;
}

status_t ext4_list(struct ext4 *fs, uint64_t directory, uint64_t cursor,
		   bool (*emit)(void *ctx, const struct ext4_entry *entry), void *ctx)
{
	struct inode *d;
	status_t status = reading_begin(fs);

	if (status == OK)
		status = inode_get(fs, directory, &d);
	return status < 0 ? status : list_node(fs, d, cursor, emit, ctx);
}

static bool is_other(void *ctx, const struct ext4_entry *entry)
{
	bool dots = entry->name[0] == '.' && (entry->length == 1 || (entry->length == 2 && entry->name[1] == '.'));

	*(bool *)ctx |= !dots;
	return dots;
}

status_t directory_is_empty(struct ext4 *fs, struct inode *d)
{
	bool other = false;
	status_t status = list_node(fs, d, 0, is_other, &other);

	if (status < 0)
		return status;
	return other ? ERR_NOT_EMPTY : OK;
}
