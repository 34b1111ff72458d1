/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Indexed directories: a tree over hashes of names, its root in block 0 behind "." and "..", its leaves blocks of entries in
 * no order. Each step of a change leaves a directory that is right.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/volume.h"

#define LEVELS_MAX     4u
#define BLOCK_MASK     0x0fffffffu /* of an entry's block number */
#define CONTINUED      1u          /* of an entry's hash: the leaf before has entries of that hash too */
#define NODE_OFFSET    8u
#define ENTRIES_OFFSET (EXT4_INDEX_ROOT_OFFSET + (uint32_t)sizeof(struct ext4_index_root))

struct level {
	struct buffer *buffer;
	struct ext4_index_entry *entry; /* the first one's hash is not one: it has the limit and the count */
	struct ext4_index_limit *limit;
	uint32_t at;
};

struct path {
	uint32_t depth; /* the level whose entries lead to leaves */
	uint8_t hash;
	struct level level[LEVELS_MAX];
};

static uint32_t entries_offset(uint32_t level)
{
	return level == 0 ? ENTRIES_OFFSET : NODE_OFFSET;
}

static uint32_t entries_limit(struct ext4 *fs, uint32_t level)
{
	uint32_t room = fs->block_size - entries_offset(level);

	if (fs->metadata_checksum)
		room -= (uint32_t)sizeof(struct ext4_index_tail);
	return room / (uint32_t)sizeof(struct ext4_index_entry);
}

static uint32_t depth_max(struct ext4 *fs)
{
	return fs->large_dir ? 2 : 1;
}

static struct ext4_index_root *root_info(struct buffer *b)
{
	return (void *)(b->data + EXT4_INDEX_ROOT_OFFSET);
}

static status_t index_damaged(struct ext4 *fs, struct inode *d)
{
	ext4_say(fs, "the index of directory %llu is damaged", (unsigned long long)d->inode);
	return ERR_IO;
}

/* What stands in front of the entries. */
static bool front_good(struct ext4 *fs, struct buffer *b, uint32_t level)
{
	const struct ext4_dirent *first = directory_entry(fs, b, 0), *second = directory_entry(fs, b, 12);
	const struct ext4_index_root *info = root_info(b);

	if (level > 0)
		return first->inode == 0 && first->size == fs->block_size;
	return first->size == 12 && first->name_length == 1 && second->size == fs->block_size - 12 &&
	       second->name_length == 2 && info->zero == 0 && info->size == sizeof(*info) &&
	       info->hash < NAME_HASH_UNSIGNED && info->levels <= depth_max(fs) && !(info->flags & 1);
}

static status_t level_read(struct ext4 *fs, struct inode *d, uint64_t logical, uint32_t number, struct level *out)
{
	struct buffer *b;
	uint32_t previous = 0;
	status_t status = directory_block(fs, d, logical, BLOCK_DIR_INDEX, &b);

	if (status < 0)
		return status;
	out->buffer = b;
	out->entry = (void *)(b->data + entries_offset(number));
	out->limit = (void *)out->entry;
	/* Always: a hostile map may have one block as the root and as another node. */
	if (!front_good(fs, b, number) || out->limit->limit != entries_limit(fs, number) || out->limit->count == 0 ||
	    out->limit->count > out->limit->limit)
		return index_damaged(fs, d);
	if (b->flags & BUFFER_SANE)
		return OK;
	for (uint32_t i = 0; i < out->limit->count; i++) {
		const struct ext4_index_entry *e = &out->entry[i];
		if ((e->block & BLOCK_MASK) == 0 || (e->block & BLOCK_MASK) >= d->size >> fs->block_shift ||
		    (i > 1 && e->hash < previous))
			return index_damaged(fs, d);
		previous = i ? e->hash : 0;
	}
	b->flags |= BUFFER_SANE;
	return OK;
}

static uint32_t level_search(const struct level *l, uint32_t hash)
{
	uint32_t low = 1, high = l->limit->count;

	while (low < high) { /* the first entry behind the hash */
		uint32_t middle = low + (high - low) / 2;
		if (l->entry[middle].hash > hash)
			high = middle;
		else
			low = middle + 1;
	}
	return low - 1;
}

static uint32_t level_child(const struct level *l)
{
	return l->entry[l->at].block & BLOCK_MASK;
}

static status_t path_find(struct ext4 *fs, struct inode *d, uint32_t hash, struct path *p)
{
	uint32_t logical = 0;

	for (uint32_t i = 0;; i++) {
		status_t status = level_read(fs, d, logical, i, &p->level[i]);

		if (status < 0)
			return status;
		if (i == 0) {
			p->depth = root_info(p->level[0].buffer)->levels;
			p->hash = root_info(p->level[0].buffer)->hash;
		}
		for (uint32_t k = 0; k < i; k++)
			if (p->level[k].buffer == p->level[i].buffer)
				return index_damaged(fs, d);
		p->level[i].at = level_search(&p->level[i], hash);
		if (i == p->depth)
			return OK;
		logical = level_child(&p->level[i]);
	}
}

/* To the next leaf: its entry's hash; *last: there is none. */
static status_t path_next(struct ext4 *fs, struct inode *d, struct path *p, uint32_t *hash, bool *last)
{
	uint32_t i = p->depth + 1;

	*last = true;
	while (i > 0 && p->level[i - 1].at + 1 >= p->level[i - 1].limit->count)
		i--;
	if (i == 0)
		return OK;
	*last = false;
	p->level[i - 1].at++;
	*hash = p->level[i - 1].entry[p->level[i - 1].at].hash;
	for (; i <= p->depth; i++) {
		status_t status = level_read(fs, d, level_child(&p->level[i - 1]), i, &p->level[i]);
		if (status < 0)
			return status;
		p->level[i].at = 0;
	}
	return OK;
}

static status_t leaf_read(struct ext4 *fs, struct inode *d, const struct path *p, struct buffer **out)
{
	return directory_block(fs, d, level_child(&p->level[p->depth]), BLOCK_DIR_LEAF, out);
}

status_t index_hash_kind(struct ext4 *fs, struct inode *d, uint8_t *kind)
{
	struct level root;
	status_t status = level_read(fs, d, 0, 0, &root);

	*kind = 0;
	if (status == OK)
		*kind = root_info(root.buffer)->hash;
	return status;
}

status_t index_find(struct ext4 *fs, struct inode *d, const char *name, size_t length, struct slot *slot)
{
	struct name_hash hash;
	struct path p;
	uint8_t kind = 0;
	bool last;
	status_t status = index_hash_kind(fs, d, &kind);

	if (status < 0)
		return status;
	if (!directory_hash(fs, kind, name, length, &hash))
		return index_damaged(fs, d);
	status = path_find(fs, d, hash.major, &p);
	/* A hostile index may lead to the same leaves again and again, but it ends. */
	while (status == OK) {
		struct buffer *leaf;
		uint32_t next;

		status = leaf_read(fs, d, &p, &leaf);
		if (status < 0)
			return status;
		if (directory_search(fs, leaf, name, length, slot))
			return OK;
		status = path_next(fs, d, &p, &next, &last);
		if (status == OK && (last || next != (hash.major | CONTINUED)))
			return ERR_NOT_FOUND;
	}
	return status;
}

status_t index_leaf(struct ext4 *fs, struct inode *d, uint32_t hash, uint32_t skip, struct buffer **leaf,
		    uint32_t *next, bool *continued, bool *last)
{
	struct path p;
	uint32_t ignored;
	status_t status = path_find(fs, d, hash, &p);

	/* An entry that says `continued` has a hash one greater: the search ends before it, at the first of its leaves. */
	for (; status == OK && skip; skip--) {
		status = path_next(fs, d, &p, &ignored, last);
		if (status == OK && *last)
			return index_damaged(fs, d);
	}
	if (status == OK)
		status = leaf_read(fs, d, &p, leaf);
	if (status == OK)
		status = path_next(fs, d, &p, next, last);
	if (status == OK && !*last) {
		*continued = *next & CONTINUED;
		*next &= ~CONTINUED;
	}
	return status;
}

/* ---- changes */

static void entry_insert(struct ext4 *fs, struct level *l, uint32_t at, uint32_t hash, uint64_t block)
{
	memmove(&l->entry[at + 1], &l->entry[at], (l->limit->count - at) * sizeof(*l->entry));
	l->entry[at] = (struct ext4_index_entry){.hash = hash, .block = (uint32_t)block};
	l->limit->count++;
	buffer_changed(fs, l->buffer);
}

/* A new block as an index node with the entries from `at` on of a level. */
static void node_fill(struct ext4 *fs, struct inode *d, struct buffer *b, const struct level *from, uint32_t at)
{
	struct level fresh = {
		.buffer = b, .entry = (void *)(b->data + NODE_OFFSET), .limit = (void *)(b->data + NODE_OFFSET)};
	uint32_t count = from->limit->count - at;

	memset(b->data, 0, fs->block_size);
	directory_entry(fs, b, 0)->size = (uint16_t)fs->block_size;
	memcpy(fresh.entry, from->entry + at, count * sizeof(*fresh.entry));
	fresh.limit->count = (uint16_t)count;
	fresh.limit->limit = (uint16_t)entries_limit(fs, 1);
	buffer_become(b, BLOCK_DIR_INDEX, 0, d->seed);
	b->flags |= BUFFER_SANE;
	buffer_changed(fs, b);
}

static status_t index_deepen(struct ext4 *fs, struct inode *d, struct path *p)
{
	struct level *root = &p->level[0];
	struct buffer *b;
	uint64_t logical;
	status_t status;

	if (p->depth == depth_max(fs))
		return ERR_NO_SPACE;
	status = directory_grow(fs, d, &logical, &b);
	if (status < 0)
		return status;
	node_fill(fs, d, b, root, 0);
	root->limit->count = 1;
	root->entry[0].block = (uint32_t)logical;
	root_info(root->buffer)->levels++;
	buffer_changed(fs, root->buffer);
	return OK;
}

/* The node at `level` is full, the one above is not. */
static status_t node_split(struct ext4 *fs, struct inode *d, struct path *p, uint32_t level)
{
	struct level *l = &p->level[level];
	uint32_t half = l->limit->count / 2u, hash = l->entry[half].hash;
	struct buffer *b;
	uint64_t logical;
	status_t status = directory_grow(fs, d, &logical, &b);

	if (status < 0)
		return status;
	node_fill(fs, d, b, l, half);
	l->limit->count = (uint16_t)half;
	buffer_changed(fs, l->buffer);
	entry_insert(fs, &p->level[level - 1], p->level[level - 1].at + 1, hash, logical);
	return OK;
}

/* A path to the leaf for the hash, whose index node has room for one more. */
static status_t path_room(struct ext4 *fs, struct inode *d, uint32_t hash, struct path *p)
{
	for (;;) {
		status_t status = path_find(fs, d, hash, p);
		uint32_t level;

		if (status < 0)
			return status;
		level = p->depth;
		if (p->level[level].limit->count < p->level[level].limit->limit)
			return OK;
		while (level > 0 && p->level[level - 1].limit->count == p->level[level - 1].limit->limit)
			level--;
		status = level == 0 ? index_deepen(fs, d, p) : node_split(fs, d, p, level);
		if (status < 0)
			return status;
	}
}

struct place {
	uint32_t hash;
	uint16_t offset, size;
};

static int by_hash(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->offset < y->offset ? -1 : 1;
}

/* Copies entries in a row; the last gets the rest of the block. */
static void leaf_fill(struct ext4 *fs, struct buffer *b, const uint8_t *from, const struct place *places,
		      uint32_t count)
{
	uint32_t room = directory_room(fs), at = 0;

	memset(b->data, 0, room);
	for (uint32_t i = 0; i < count; i++) {
		struct ext4_dirent *e = directory_entry(fs, b, at);
		memcpy(e, from + places[i].offset, places[i].size);
		e->size = i + 1 == count ? (uint16_t)(room - at) : places[i].size;
		at += places[i].size;
	}
	if (count == 0)
		directory_entry(fs, b, 0)->size = (uint16_t)room;
	directory_seal_leaf(fs, b);
	buffer_changed(fs, b);
}

/* Entries that are in use, behind `from`. */
static uint32_t places_make(struct ext4 *fs, struct buffer *b, uint32_t from, uint8_t kind, struct place *places)
{
	uint32_t room = directory_room(fs), count = 0;

	for (uint32_t offset = from; offset < room;) {
		const struct ext4_dirent *e = directory_entry(fs, b, offset);
		struct name_hash hash = {0};

		if (e->inode) {
			(void)directory_hash(fs, kind, e->name, e->name_length, &hash);
			places[count++] = (struct place){hash.major, (uint16_t)offset,
							 (uint16_t)EXT4_DIRENT_SIZE(e->name_length)};
		}
		offset += e->size;
	}
	return count;
}

static struct place *places_allocate(struct ext4 *fs)
{
	return malloc(fs->block_size / EXT4_DIRENT_SIZE(1) * sizeof(struct place));
}

static status_t leaf_split(struct ext4 *fs, struct inode *d, struct path *p, struct buffer *leaf, uint32_t hash,
			   struct buffer **out)
{
	struct level *l = &p->level[p->depth];
	struct place *places = places_allocate(fs);
	uint32_t count, split, total = 0, size = 0, second;
	struct buffer *b;
	uint64_t logical;
	status_t status;

	if (!places)
		return ERR_NO_MEMORY;
	count = places_make(fs, leaf, 0, p->hash, places);
	qsort(places, count, sizeof(*places), by_hash);
	for (uint32_t i = 0; i < count; i++)
		total += places[i].size;
	for (split = 0; split + 1 < count && (split == 0 || size < total / 2); split++)
		size += places[split].size;
	if (count < 2) {
		free(places);
		return ERR_NO_SPACE;
	}
	status = directory_grow(fs, d, &logical, &b);
	if (status == OK) {
		memcpy(fs->scratch, leaf->data, fs->block_size);
		second = places[split].hash;
		leaf_fill(fs, b, fs->scratch, places + split, count - split);
		leaf_fill(fs, leaf, fs->scratch, places, split);
		entry_insert(fs, l, l->at + 1, second | (places[split - 1].hash == second ? CONTINUED : 0), logical);
		*out = hash >= second ? b : leaf;
	}
	free(places);
	return status;
}

status_t index_add(struct ext4 *fs, struct inode *d, const char *name, size_t length, uint64_t inode, uint8_t kind)
{
	struct name_hash hash;
	struct buffer *leaf;
	struct path p;
	uint8_t hash_kind = 0;
	status_t status = index_hash_kind(fs, d, &hash_kind);

	if (status < 0)
		return status;
	if (!directory_hash(fs, hash_kind, name, length, &hash))
		return index_damaged(fs, d);
	status = path_find(fs, d, hash.major, &p);
	if (status == OK)
		status = leaf_read(fs, d, &p, &leaf);
	if (status < 0)
		return status;
	if (directory_put(fs, leaf, name, length, inode, kind))
		return OK;
	status = path_room(fs, d, hash.major, &p);
	if (status == OK)
		status = leaf_read(fs, d, &p, &leaf);
	if (status == OK)
		status = leaf_split(fs, d, &p, leaf, hash.major, &leaf);
	if (status < 0)
		return status;
	return directory_put(fs, leaf, name, length, inode, kind) ? OK : ERR_NO_SPACE;
}

status_t index_build(struct ext4 *fs, struct inode *d)
{
	struct ext4_dirent *dot, *dots;
	struct ext4_index_entry *entries;
	struct ext4_index_limit *limit;
	struct place *places;
	struct buffer *first, *leaf;
	uint8_t kind = fs->super->default_hash;
	uint32_t count;
	uint64_t logical;
	status_t status = directory_block(fs, d, 0, BLOCK_DIR_LEAF, &first);

	if (status < 0)
		return status;
	if (kind >= NAME_HASH_UNSIGNED)
		kind = NAME_HASH_HALF_MD4;
	dot = directory_entry(fs, first, 0);
	dots = directory_entry(fs, first, 12);
	if (dot->size != 12 || dot->name_length != 1 || dots->name_length != 2 || dots->size < 12)
		return ERR_UNSUPPORTED;
	places = places_allocate(fs);
	if (!places)
		return ERR_NO_MEMORY;
	status = directory_grow(fs, d, &logical, &leaf);
	if (status < 0) {
		free(places);
		return status;
	}
	count = places_make(fs, first, 12u + dots->size, kind, places);
	leaf_fill(fs, leaf, first->data, places, count);
	free(places);
	dots->size = (uint16_t)(fs->block_size - 12);
	memset(first->data + EXT4_INDEX_ROOT_OFFSET, 0, fs->block_size - EXT4_INDEX_ROOT_OFFSET);
	*root_info(first) = (struct ext4_index_root){.hash = kind, .size = sizeof(struct ext4_index_root)};
	entries = (void *)(first->data + ENTRIES_OFFSET);
	limit = (void *)entries;
	limit->limit = (uint16_t)entries_limit(fs, 0);
	limit->count = 1;
	entries[0].block = (uint32_t)logical;
	buffer_become(first, BLOCK_DIR_INDEX, 0, d->seed);
	first->flags |= BUFFER_SANE;
	buffer_changed(fs, first);
	d->flags |= EXT4_INODE_INDEX;
	return inode_store(fs, d);
}
