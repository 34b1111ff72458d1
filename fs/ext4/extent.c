/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extent trees: where a file's blocks lie. The root is in the inode, with room for four entries; every entry of an inner
 * node has the number of the first block that its child maps. Each step of a change leaves a tree that is right, so that a
 * change that ends for lack of space has done no harm. The caller stores the inode.
 */
#include <string.h>

#include "fs/ext4/volume.h"

#define LOGICAL_END (1ull << 32)
#define ROOT_MAX    4u

struct path {
	uint32_t depth;                                   /* the leaf's level; the root is level 0 */
	struct buffer *buffer[EXT4_EXTENT_DEPTH_MAX + 1]; /* NULL for the root */
	struct ext4_extent_header *node[EXT4_EXTENT_DEPTH_MAX + 1];
	int32_t at[EXT4_EXTENT_DEPTH_MAX +
		   1]; /* the last entry that does not begin behind what is looked for; -1: none */
};

static struct ext4_extent_header *root_of(struct inode *n)
{
	return (void *)n->root;
}

static struct ext4_extent *extents(const struct ext4_extent_header *h)
{
	return (struct ext4_extent *)(uintptr_t)(h + 1);
}

static struct ext4_extent_index *indexes(const struct ext4_extent_header *h)
{
	return (struct ext4_extent_index *)(uintptr_t)(h + 1);
}

static bool is_unwritten(const struct ext4_extent *e)
{
	return e->length > EXT4_EXTENT_LENGTH_MAX;
}

static uint32_t extent_length(const struct ext4_extent *e)
{
	return is_unwritten(e) ? e->length - EXT4_EXTENT_LENGTH_MAX : e->length;
}

static uint64_t extent_start(const struct ext4_extent *e)
{
	return e->start_low | (uint64_t)e->start_high << 32;
}

static uint64_t index_child(const struct ext4_extent_index *x)
{
	return x->leaf_low | (uint64_t)x->leaf_high << 32;
}

static struct ext4_extent extent_of(uint64_t logical, uint64_t block, uint32_t length, bool unwritten)
{
	return (struct ext4_extent){
		.logical = (uint32_t)logical,
		.length = (uint16_t)(unwritten ? length + EXT4_EXTENT_LENGTH_MAX : length),
		.start_low = (uint32_t)block,
		.start_high = (uint16_t)(block >> 32),
	};
}

static uint32_t length_max(bool unwritten)
{
	return unwritten ? EXT4_UNWRITTEN_LENGTH_MAX : EXT4_EXTENT_LENGTH_MAX;
}

static uint32_t block_max(struct ext4 *fs)
{
	return (fs->block_size - (uint32_t)sizeof(struct ext4_extent_header)) / (uint32_t)sizeof(struct ext4_extent);
}

/* In order, in range, and nothing but what files may have. */
static bool entries_good(struct ext4 *fs, const struct ext4_extent_header *h, uint32_t max, uint32_t depth)
{
	uint64_t end = 0;

	if (h->magic != EXT4_EXTENT_MAGIC || h->depth != depth || h->max > max || h->entries > h->max)
		return false;
	for (uint32_t i = 0; i < h->entries; i++) {
		if (depth) {
			const struct ext4_extent_index *x = &indexes(h)[i];
			if ((i && x->logical < end) || !blocks_good(fs, index_child(x), 1))
				return false;
			end = (uint64_t)x->logical + 1;
		} else {
			const struct ext4_extent *e = &extents(h)[i];
			if (e->logical < end || e->length == 0 ||
			    e->logical + (uint64_t)extent_length(e) > LOGICAL_END ||
			    !blocks_good(fs, extent_start(e), extent_length(e)))
				return false;
			end = e->logical + (uint64_t)extent_length(e);
		}
	}
	return true;
}

bool extent_root_good(struct ext4 *fs, const struct inode *n)
{
	const struct ext4_extent_header *h = (const void *)n->root;

	return h->depth <= EXT4_EXTENT_DEPTH_MAX && h->max == ROOT_MAX && entries_good(fs, h, ROOT_MAX, h->depth) &&
	       (h->depth == 0 || h->entries > 0);
}

void extent_init(struct inode *n)
{
	memset(n->root, 0, sizeof(n->root));
	*root_of(n) = (struct ext4_extent_header){.magic = EXT4_EXTENT_MAGIC, .max = ROOT_MAX};
	n->flags |= EXT4_INODE_EXTENTS;
}

static status_t node_read(struct ext4 *fs, struct inode *n, uint64_t block, uint32_t depth, struct buffer **out)
{
	struct buffer *b;
	const struct ext4_extent_header *h;
	status_t status = buffer_read(fs, block, &b);

	if (status == OK)
		status = buffer_check(fs, b, BLOCK_EXTENTS, depth, n->seed);
	if (status < 0)
		return status;
	h = (const void *)b->data;
	if (!(b->flags & BUFFER_SANE)) {
		if (h->entries == 0 || !entries_good(fs, h, block_max(fs), depth) || h->max < 2) {
			ext4_say(fs, "the map of inode %llu is damaged", (unsigned long long)n->inode);
			return ERR_IO;
		}
		b->flags |= BUFFER_SANE;
	}
	*out = b;
	return OK;
}

static int32_t node_search(const struct ext4_extent_header *h, uint64_t logical)
{
	/* Both kinds of entries begin with `logical` and have the same size. */
	const struct ext4_extent *e = extents(h);
	int32_t low = 0, high = h->entries;

	while (low < high) {
		int32_t middle = (low + high) / 2;
		if (e[middle].logical <= logical)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

static status_t path_find(struct ext4 *fs, struct inode *n, uint64_t logical, struct path *p)
{
	struct ext4_extent_header *h = root_of(n);

	p->depth = h->depth;
	p->buffer[0] = NULL;
	for (uint32_t level = 0;; level++) {
		status_t status;

		p->node[level] = h;
		p->at[level] = node_search(h, logical);
		if (level == p->depth)
			return OK;
		if (p->at[level] < 0)
			p->at[level] = 0;
		status = node_read(fs, n, index_child(&indexes(h)[p->at[level]]), p->depth - level - 1,
				   &p->buffer[level + 1]);
		if (status < 0)
			return status;
		for (uint32_t above = 1; above <= level; above++)
			if (p->buffer[above] == p->buffer[level + 1])
				return ext4_fail(fs, "the map of inode %llu is a ring", (unsigned long long)n->inode);
		h = (void *)p->buffer[level + 1]->data;
	}
}

static void path_changed(struct ext4 *fs, struct path *p, uint32_t level)
{
	if (p->buffer[level])
		buffer_changed(fs, p->buffer[level]);
}

/* Where the next extent behind the path begins. */
static uint64_t path_next(const struct path *p)
{
	for (uint32_t level = p->depth + 1; level-- > 0;) {
		const struct ext4_extent_header *h = p->node[level];
		if (p->at[level] + 1 < h->entries)
			return extents(h)[p->at[level] + 1].logical;
	}
	return LOGICAL_END;
}

/* The first entry of a node has changed its number: so does the one above that leads to it. */
static void path_fix(struct ext4 *fs, struct path *p, uint32_t level)
{
	while (level > 0) {
		uint32_t first = extents(p->node[level])[0].logical;
		struct ext4_extent_index *x = &indexes(p->node[level - 1])[p->at[level - 1]];

		if (x->logical == first)
			return;
		x->logical = first;
		level--;
		path_changed(fs, p, level);
		if (p->at[level] != 0)
			return;
	}
}

status_t extent_find(struct ext4 *fs, struct inode *n, uint64_t logical, struct mapping *out)
{
	struct path p;
	const struct ext4_extent *e;
	uint64_t next;
	status_t status;

	if (logical - n->last.logical < n->last.length) {
		*out = n->last;
		return OK;
	}
	if (!(n->flags & EXT4_INODE_EXTENTS))
		return indirect_find(fs, n, logical, out);
	if (logical >= LOGICAL_END) {
		*out = (struct mapping){.logical = logical, .length = UINT64_MAX - logical};
		return OK;
	}
	status = path_find(fs, n, logical, &p);
	if (status < 0)
		return status;
	e = &extents(p.node[p.depth])[p.at[p.depth]];
	if (p.at[p.depth] >= 0 && logical < e->logical + (uint64_t)extent_length(e)) {
		*out = (struct mapping){e->logical, extent_start(e), extent_length(e), is_unwritten(e)};
	} else {
		next = path_next(&p);
		if (next <= logical) {
			ext4_say(fs, "the map of inode %llu is out of order", (unsigned long long)n->inode);
			return ERR_IO;
		}
		*out = (struct mapping){.logical = logical, .length = next - logical};
	}
	n->last = *out;
	return OK;
}

/* ---- growing */

static status_t tree_block(struct ext4 *fs, struct inode *n, uint32_t depth, struct buffer **out, uint64_t *block)
{
	uint32_t count;
	status_t status = blocks_allocate(fs, n->goal, 1, block, &count);

	if (status < 0)
		return status;
	status = buffer_make(fs, *block, true, out);
	if (status < 0) {
		(void)blocks_free(fs, *block, 1, false);
		return status;
	}
	buffer_become(*out, BLOCK_EXTENTS, depth, n->seed);
	(*out)->flags |= BUFFER_SANE;
	*(struct ext4_extent_header *)(void *)(*out)->data = (struct ext4_extent_header){
		.magic = EXT4_EXTENT_MAGIC, .max = (uint16_t)block_max(fs), .depth = (uint16_t)depth};
	buffer_changed(fs, *out);
	n->blocks += fs->sectors_per_block;
	return OK;
}

static void entries_move(struct ext4_extent_header *to, struct ext4_extent_header *from, uint32_t at)
{
	uint32_t count = from->entries - at;

	memcpy(extents(to), extents(from) + at, count * sizeof(struct ext4_extent));
	to->entries = (uint16_t)count;
	from->entries = (uint16_t)at;
}

static void index_set(struct ext4_extent_index *x, uint32_t logical, uint64_t block)
{
	*x = (struct ext4_extent_index){
		.logical = logical, .leaf_low = (uint32_t)block, .leaf_high = (uint16_t)(block >> 32)};
}

/* The root's entries go into a block of their own. */
static status_t tree_deepen(struct ext4 *fs, struct inode *n)
{
	struct ext4_extent_header *root = root_of(n), *h;
	struct buffer *b;
	uint64_t block;
	status_t status;

	if (root->depth == EXT4_EXTENT_DEPTH_MAX)
		return ERR_TOO_BIG;
	status = tree_block(fs, n, root->depth, &b, &block);
	if (status < 0)
		return status;
	h = (void *)b->data;
	entries_move(h, root, 0);
	root->depth++;
	root->entries = 1;
	index_set(indexes(root), extents(h)[0].logical, block);
	return OK;
}

/* The node at `level` is full, the one above is not. At the end of a file only one entry goes over, so that nodes get full. */
static status_t node_split(struct ext4 *fs, struct inode *n, struct path *p, uint32_t level)
{
	struct ext4_extent_header *h = p->node[level], *above = p->node[level - 1], *fresh;
	uint32_t at = p->at[level] + 1 >= h->entries ? h->entries - 1u : h->entries / 2u;
	uint32_t place = (uint32_t)p->at[level - 1] + 1;
	struct buffer *b;
	uint64_t block;
	status_t status = tree_block(fs, n, p->depth - level, &b, &block);

	if (status < 0)
		return status;
	fresh = (void *)b->data;
	entries_move(fresh, h, at);
	path_changed(fs, p, level);
	memmove(indexes(above) + place + 1, indexes(above) + place,
		(above->entries - place) * sizeof(struct ext4_extent_index));
	index_set(indexes(above) + place, extents(fresh)[0].logical, block);
	above->entries++;
	path_changed(fs, p, level - 1);
	return OK;
}

/* Finds the leaf, with room for so many more entries. */
static status_t path_room(struct ext4 *fs, struct inode *n, uint64_t logical, uint32_t more, struct path *p)
{
	for (;;) {
		const struct ext4_extent_header *leaf;
		uint32_t level;
		status_t status = path_find(fs, n, logical, p);

		if (status < 0)
			return status;
		leaf = p->node[p->depth];
		if (leaf->entries + more <= leaf->max)
			return OK;
		level = p->depth;
		while (level > 0 && p->node[level - 1]->entries == p->node[level - 1]->max)
			level--;
		status = level == 0 ? tree_deepen(fs, n) : node_split(fs, n, p, level);
		if (status < 0)
			return status;
	}
}

uint32_t extent_changes(struct inode *n)
{
	uint32_t depth = n->flags & EXT4_INODE_EXTENTS ? root_of(n)->depth : 0;

	return depth + 1 + 3 * (depth + 2);
}

static void entry_insert(struct ext4_extent_header *h, uint32_t at, struct ext4_extent e)
{
	memmove(extents(h) + at + 1, extents(h) + at, (h->entries - at) * sizeof(e));
	extents(h)[at] = e;
	h->entries++;
}

static void entry_delete(struct ext4_extent_header *h, uint32_t at)
{
	h->entries--;
	memmove(extents(h) + at, extents(h) + at + 1, (h->entries - at) * sizeof(struct ext4_extent));
}

/* Whether b goes on where a ends, and both fit into one. */
static bool extents_join(const struct ext4_extent *a, const struct ext4_extent *b)
{
	return is_unwritten(a) == is_unwritten(b) && a->logical + (uint64_t)extent_length(a) == b->logical &&
	       extent_start(a) + extent_length(a) == extent_start(b) &&
	       extent_length(a) + extent_length(b) <= length_max(is_unwritten(a));
}

status_t extent_add(struct ext4 *fs, struct inode *n, const struct mapping *m)
{
	struct ext4_extent e = extent_of(m->logical, m->block, (uint32_t)m->length, m->unwritten);
	struct ext4_extent_header *h;
	struct ext4_extent *before, *behind;
	struct path p;
	uint32_t at;
	status_t status = path_find(fs, n, m->logical, &p);

	if (status < 0)
		return status;
	n->last.length = 0;
	h = p.node[p.depth];
	at = (uint32_t)(p.at[p.depth] + 1);
	before = at > 0 ? &extents(h)[at - 1] : NULL;
	behind = at < h->entries ? &extents(h)[at] : NULL;
	if ((before && before->logical + (uint64_t)extent_length(before) > m->logical) ||
	    m->logical + m->length > path_next(&p))
		return ext4_fail(fs, "blocks of inode %llu are mapped twice", (unsigned long long)n->inode);
	if (before && extents_join(before, &e)) {
		before->length = (uint16_t)(before->length + m->length);
		if (behind && extents_join(before, behind)) {
			before->length = (uint16_t)(before->length + extent_length(behind));
			entry_delete(h, at);
		}
		path_changed(fs, &p, p.depth);
		n->last = (struct mapping){before->logical, extent_start(before), extent_length(before), m->unwritten};
		return OK;
	}
	if (behind && extents_join(&e, behind)) {
		e.length = (uint16_t)(e.length + extent_length(behind));
		*behind = e;
	} else {
		status = path_room(fs, n, m->logical, 1, &p);
		if (status < 0)
			return status;
		h = p.node[p.depth];
		at = (uint32_t)(p.at[p.depth] + 1);
		entry_insert(h, at, e);
	}
	path_changed(fs, &p, p.depth);
	p.at[p.depth] = (int32_t)at;
	if (at == 0)
		path_fix(fs, &p, p.depth);
	return OK;
}

/* Of one unwritten extent, the blocks [logical, end) that lie in it. */
static status_t set_written_part(struct ext4 *fs, struct inode *n, uint64_t logical, uint64_t end)
{
	struct ext4_extent_header *h;
	struct ext4_extent *e, *before, old;
	struct path p;
	uint32_t at, head, part, rest;
	uint64_t start;
	status_t status = path_room(fs, n, logical, 2, &p);

	if (status < 0)
		return status;
	h = p.node[p.depth];
	if (p.at[p.depth] < 0)
		return ext4_fail(fs, "the map of inode %llu has changed", (unsigned long long)n->inode);
	at = (uint32_t)p.at[p.depth];
	e = &extents(h)[at];
	old = *e;
	if (!is_unwritten(e) || logical >= e->logical + (uint64_t)extent_length(e))
		return ext4_fail(fs, "the map of inode %llu has changed", (unsigned long long)n->inode);
	start = extent_start(e);
	head = (uint32_t)(logical - e->logical);
	part = (uint32_t)(end - logical);
	rest = extent_length(e) - head - part;
	before = at > 0 ? e - 1 : NULL;
	path_changed(fs, &p, p.depth);
	if (head == 0) {
		*e = extent_of(logical, start, part, false);
		if (before && extents_join(before, e)) {
			before->length = (uint16_t)(before->length + part);
			if (rest)
				*e = extent_of(end, start + part, rest, true);
			else
				entry_delete(h, at);
			return OK;
		}
	} else {
		*e = extent_of(old.logical, start, head, true);
		entry_insert(h, ++at, extent_of(logical, start + head, part, false));
	}
	if (rest)
		entry_insert(h, at + 1, extent_of(end, start + head + part, rest, true));
	else if (at + 1 < h->entries && extents_join(&extents(h)[at], &extents(h)[at + 1])) {
		extents(h)[at].length = (uint16_t)(extents(h)[at].length + extent_length(&extents(h)[at + 1]));
		entry_delete(h, at + 1);
	}
	return OK;
}

status_t extent_set_written(struct ext4 *fs, struct inode *n, uint64_t logical, uint64_t length)
{
	uint64_t end = logical + length;

	while (logical < end) {
		struct mapping m;
		uint64_t stop;
		status_t status = extent_find(fs, n, logical, &m);

		if (status < 0)
			return status;
		stop = m.logical + m.length < end ? m.logical + m.length : end;
		if (m.block && m.unwritten) {
			status = set_written_part(fs, n, logical, stop);
			n->last.length = 0;
			if (status < 0)
				return status;
		}
		logical = stop;
	}
	return OK;
}

/* ---- shrinking */

/* The leaf is empty: it goes, and what then is empty above it. */
static status_t leaf_remove(struct ext4 *fs, struct inode *n, struct path *p)
{
	uint32_t level = p->depth;

	while (level > 0 && p->node[level]->entries == 0) {
		status_t status = blocks_free(fs, p->buffer[level]->block, 1, true);

		if (status < 0)
			return status;
		n->blocks -= n->blocks < fs->sectors_per_block ? n->blocks : fs->sectors_per_block;
		level--;
		entry_delete(p->node[level], (uint32_t)p->at[level]);
		path_changed(fs, p, level);
		if (p->at[level] == 0 && p->node[level]->entries > 0)
			path_fix(fs, p, level);
	}
	if (level == 0 && p->node[0]->entries == 0)
		p->node[0]->depth = 0;
	return OK;
}

status_t extent_remove(struct ext4 *fs, struct inode *n, uint64_t from, uint64_t *end, uint32_t budget, bool *done)
{
	uint32_t spent = 0;
	bool metadata = !inode_is(n, EXT4_MODE_REGULAR);

	n->last.length = 0;
	*done = false;
	if (*end > LOGICAL_END)
		*end = LOGICAL_END;
	while (spent < budget) {
		struct path p;
		struct ext4_extent_header *h;
		struct ext4_extent *e;
		uint64_t e_end, cut, cut_end, freed, count;
		status_t status;

		if (from >= *end) {
			*done = true;
			return OK;
		}
		status = path_find(fs, n, *end - 1, &p);
		if (status < 0)
			return status;
		h = p.node[p.depth];
		if (p.at[p.depth] < 0) { /* only before the first of all, in a tree that is right */
			*done = true;
			return OK;
		}
		e = &extents(h)[p.at[p.depth]];
		e_end = e->logical + (uint64_t)extent_length(e);
		if (e_end <= from) {
			*done = true;
			return OK;
		}
		cut = e->logical > from ? e->logical : from;
		cut_end = e_end < *end ? e_end : *end;
		freed = extent_start(e) + (cut - e->logical);
		count = cut_end - cut;
		if (cut > e->logical && cut_end < e_end) {
			struct ext4_extent rest;
			status = path_room(fs, n, cut, 1, &p);
			if (status < 0)
				return status;
			h = p.node[p.depth];
			e = &extents(h)[p.at[p.depth]];
			rest = extent_of(cut_end, freed + count, (uint32_t)(e_end - cut_end), is_unwritten(e));
			*e = extent_of(e->logical, extent_start(e), (uint32_t)(cut - e->logical), is_unwritten(e));
			entry_insert(h, (uint32_t)p.at[p.depth] + 1, rest);
		} else if (cut > e->logical) {
			*e = extent_of(e->logical, extent_start(e), (uint32_t)(cut - e->logical), is_unwritten(e));
		} else if (cut_end < e_end) {
			*e = extent_of(cut_end, freed + count, (uint32_t)(e_end - cut_end), is_unwritten(e));
			if (p.at[p.depth] == 0)
				path_fix(fs, &p, p.depth);
		} else {
			entry_delete(h, (uint32_t)p.at[p.depth]);
			if (p.at[p.depth] == 0 && h->entries)
				path_fix(fs, &p, p.depth);
		}
		path_changed(fs, &p, p.depth);
		if (h->entries == 0 && p.depth > 0) {
			status = leaf_remove(fs, n, &p);
			if (status < 0)
				return status;
			spent += 2 * p.depth;
		}
		status = blocks_free(fs, freed, count, metadata);
		if (status < 0)
			return status;
		n->blocks -= n->blocks < count * fs->sectors_per_block ? n->blocks : count * fs->sectors_per_block;
		spent += 2 * (uint32_t)(count / fs->blocks_per_group + 1) + 1;
		*end = cut;
	}
	return OK;
}
