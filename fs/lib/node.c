/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes in memory: one for each file in use, found by number. One that nobody has open stays until many newer ones came; within a
 * request none goes, so pointers hold.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/lib/serve.h"

#define SLAB_NODES 32u
#define SLAB_HEAD  16u
#define TRIM_STEPS 8u /* of the ring at a time */

static struct node **bucket_of(struct fs *fs, uint64_t inode)
{
	return &fs->buckets[(inode ^ inode >> 12) & (NODE_BUCKETS - 1)];
}

struct node *fs_node_find(struct fs *fs, uint64_t inode)
{
	struct node *node = *bucket_of(fs, inode);

	while (node && node->inode != inode)
		node = node->hash_next;
	return node;
}

void fs_nodes_free(struct fs *fs)
{
	while (fs->slabs) {
		void *slab = fs->slabs;

		fs->slabs = *(void **)slab;
		free(slab);
	}
}

/* Nodes are never given back to the heap: there are as many as were in use at once. */
static struct node *node_allocate(struct fs *fs)
{
	struct node *node = fs->free_nodes;

	if (!node) {
		char *slab = calloc(1, SLAB_HEAD + SLAB_NODES * fs->ops->node_size);

		if (!slab)
			return NULL;
		*(void **)(void *)slab = fs->slabs;
		fs->slabs = slab;
		slab += SLAB_HEAD;
		for (unsigned i = 0; i < SLAB_NODES; i++) {
			node = (struct node *)(void *)(slab + i * fs->ops->node_size);
			node->hash_next = fs->free_nodes;
			fs->free_nodes = node;
		}
	}
	fs->free_nodes = node->hash_next;
	return node;
}

static void node_recycle(struct fs *fs, struct node *node)
{
	node->hash_next = fs->free_nodes;
	fs->free_nodes = node;
}

static status_t node_bring(struct fs *fs, uint64_t inode, struct node **out)
{
	struct node *node = node_allocate(fs), **bucket = bucket_of(fs, inode);

	if (!node)
		return ERR_NO_MEMORY;
	memset(node, 0, sizeof(*node));
	node->inode = inode;
	node->lock = LOCK_NONE;
	status_t status = fs->ops->node_load(fs, node);
	if (status != OK) {
		node_recycle(fs, node);
		return status;
	}
	node->hash_next = *bucket;
	*bucket = node;
	node->newer = &fs->ring;
	node->older = fs->ring.older;
	fs->ring.older->newer = node;
	fs->ring.older = node;
	fs->node_count++;
	*out = node;
	return OK;
}

status_t node_get(struct fs *fs, uint64_t inode, struct node **out)
{
	struct node *node = fs_node_find(fs, inode);

	if (!node)
		return node_bring(fs, inode, out);
	node->used = true;
	*out = node;
	return OK;
}

static void node_remove(struct fs *fs, struct node *node)
{
	struct node **at = bucket_of(fs, node->inode);

	while (*at != node)
		at = &(*at)->hash_next;
	*at = node->hash_next;
	node->newer->older = node->older;
	node->older->newer = node->newer;
	fs->node_count--;
	if (fs->ops->node_drop)
		fs->ops->node_drop(fs, node);
	node_recycle(fs, node);
}

void node_settle(struct fs *fs, struct node *node)
{
	/* Until all files of an earlier instance are open again nobody knows who is left. */
	if (node->attr->links != 0 || node->opens != 0 || node == fs->root)
		return;
	if (fs->ops->node_free)
		fs->ops->node_free(fs, node);
	node_remove(fs, node);
}

void nodes_end(struct fs *fs)
{
	for (struct node *node = fs->ring.newer; node != &fs->ring; node = node->newer) {
		if (fs->ops->node_drop)
			fs->ops->node_drop(fs, node);
	}
}

/* ring.newer is the oldest: the ring is walked from there, and what is still in use goes to the end. */
void nodes_trim(struct fs *fs)
{
	for (unsigned step = 0; step < TRIM_STEPS && fs->node_count > NODES_KEPT; step++) {
		struct node *node = fs->ring.newer;

		if (node->opens == 0 && !node->used && node->covers == 0 && node != fs->root) {
			node_remove(fs, node);
			continue;
		}
		node->used = false;
		node->newer->older = node->older;
		node->older->newer = node->newer;
		node->newer = &fs->ring;
		node->older = fs->ring.older;
		fs->ring.older->newer = node;
		fs->ring.older = node;
	}
}

status_t node_climb(struct fs *fs, struct node *dir, node_above_fn fn, void *ctx)
{
	/* A damaged file system may lead in a circle. */
	for (unsigned depth = 0; depth < FS_CONTROL_DEPTH_MAX; depth++) {
		uint64_t above;

		if (!fn(ctx, dir) || dir == fs->root)
			return OK;
		status_t status = fs->ops->parent(fs, dir, &above);
		if (status == OK)
			status = node_get(fs, above, &dir);
		if (status != OK)
			return status;
	}
	return ERR_NAME_TOO_LONG;
}

struct below {
	const struct node *top;
	bool found;
};

static bool is_top(void *ctx, struct node *dir)
{
	struct below *below = ctx;

	below->found = dir == below->top;
	return !below->found;
}

status_t node_below(struct fs *fs, struct node *dir, const struct node *top, bool *out)
{
	struct below below = {.top = top};
	status_t status = node_climb(fs, dir, is_top, &below);

	*out = below.found;
	return status;
}

status_t directory_changed(struct fs *fs, struct node *dir, int64_t now)
{
	dir->attr->modified = now;
	dir->attr->changed = now;
	return node_changed(fs, dir, FS_CHANGED_TIMES);
}
