/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories with a mount on them. They and those above are counted, and keep their names and places while that lasts. */
#include "fs/lib/internal.h"

struct chain {
	struct fs_control_inode *above;
	size_t room;
	uint32_t count;
};

static bool chain_add(void *ctx, struct node *dir)
{
	struct chain *chain = ctx;

	if (chain->count < chain->room)
		chain->above[chain->count].number = dir->inode;
	chain->count++;
	return true;
}

static bool count_up(void *ctx, struct node *dir)
{
	(void)ctx;
	dir->covers++;
	return true;
}

static bool count_down(void *ctx, struct node *dir)
{
	(void)ctx;
	dir->covers--;
	return true;
}

static struct state_cover *cover_find(struct fs *fs, uint32_t mount)
{
	for (uint32_t i = 0; i < STATE_COVERS_MAX; i++) {
		if (fs->state->covers[i].mount == mount)
			return &fs->state->covers[i];
	}
	return NULL;
}

static status_t cover_mark(struct fs *fs, struct node *dir, uint32_t mount)
{
	/* The first climb shows that the second comes through: it changes nothing between. */
	struct chain none = {0};
	status_t status = node_climb(fs, dir, chain_add, &none);

	if (status != OK)
		return status;
	(void)node_climb(fs, dir, count_up, NULL);
	dir->cover = mount;
	return OK;
}

status_t cover_set(struct fs *fs, uint64_t inode, uint32_t mount, struct fs_control_inode *above, size_t room,
		   uint32_t *count)
{
	struct chain chain = {.above = above, .room = room};
	struct state_cover *place = cover_find(fs, 0);
	struct node *dir;
	status_t status = mount == 0 ? ERR_INVALID : place ? node_get(fs, inode, &dir) : ERR_NO_MEMORY;

	if (status != OK)
		return status;
	if (dir->attr->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	if (dir->attr->links == 0)
		return ERR_NOT_FOUND;
	if (dir->cover != 0 && dir->cover != mount)
		return ERR_BUSY;
	status = node_climb(fs, dir, chain_add, &chain);
	if (status == OK && chain.count > room)
		status = ERR_NAME_TOO_LONG;
	if (status == OK && dir->cover == 0) {
		status = cover_mark(fs, dir, mount);
		if (status == OK) {
			place->inode = inode;
			place->generation = dir->attr->generation;
			__atomic_store_n(&place->mount, mount, __ATOMIC_RELEASE);
		}
	}
	*count = chain.count;
	return status;
}

void cover_clear(struct fs *fs, uint32_t mount)
{
	struct state_cover *place = mount ? cover_find(fs, mount) : NULL;
	struct node *dir = place ? fs_node_find(fs, place->inode) : NULL;

	if (place)
		place->mount = 0;
	if (!dir || dir->cover != mount)
		return;
	dir->cover = 0;
	(void)node_climb(fs, dir, count_down, NULL);
}

void covers_restore(struct fs *fs)
{
	for (uint32_t i = 0; i < STATE_COVERS_MAX; i++) {
		struct state_cover *cover = &fs->state->covers[i];
		struct node *dir;

		if (cover->mount == 0)
			continue;
		if (node_get(fs, cover->inode, &dir) != OK || dir->attr->generation != cover->generation ||
		    dir->attr->kind != FILE_KIND_DIRECTORY || dir->cover != 0 ||
		    cover_mark(fs, dir, cover->mount) != OK)
			cover->mount = 0;
	}
}

bool covers_any(const struct fs *fs)
{
	return fs->root->covers != 0;
}
