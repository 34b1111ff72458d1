/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes: a table of what is known of each. One place changes hands by its kind, which is written last. */
#include "fs/pipefs/pipefs.h"

#include <stdlib.h>

#define ROOT       1u
#define FIRST_PIPE 2u

static struct pipes *pipes_of(const struct fs *fs)
{
	return fs_data(fs);
}

/* ---- the table -------------------------------------------------------------------------------------------- */

/* What makes no sense is free. */
status_t pipes_open(struct pipes *pipes, struct fs_attr *table)
{
	pipes->root = (struct fs_attr){.kind = FILE_KIND_DIRECTORY, .permissions = 0555, .links = 2};
	pipes->table = table;
	pipes->free_places = calloc(PIPES_MAX, sizeof(pipes->free_places[0]));
	if (!pipes->free_places)
		return ERR_NO_MEMORY;
	/* A generation says that a place was used, also if it is free now. */
	for (uint32_t i = 0; i < PIPES_MAX && table[i].generation; i++) {
		pipes->top = i + 1;
		table[i].links = 0;
		table[i].size = 0;
		if (table[i].kind != FILE_KIND_FIFO)
			table[i].kind = 0;
	}
	return OK;
}

static void place_free(struct pipes *pipes, uint32_t place)
{
	pipes->table[place].kind = 0;
	pipes->free_places[pipes->free_count++] = place;
}

/* The open files of an earlier instance are open again: what nobody has open is free. */
static void pipefs_restored(struct fs *fs)
{
	struct pipes *pipes = pipes_of(fs);

	for (uint32_t i = 0; i < pipes->top; i++) {
		const struct node *node = pipes->table[i].kind ? fs_node_find(fs, FIRST_PIPE + (uint64_t)i) : NULL;

		if (!node || node->opens == 0)
			place_free(pipes, i);
	}
}

static status_t pipefs_unnamed(struct fs *fs, const struct fs_new *what, uint64_t *inode)
{
	struct pipes *pipes = pipes_of(fs);
	uint32_t place;

	if (pipes->free_count)
		place = pipes->free_places[--pipes->free_count];
	else if (pipes->top < PIPES_MAX)
		place = pipes->top++;
	else
		return ERR_NO_MEMORY;
	struct fs_attr *attr = &pipes->table[place];
	uint32_t generation = attr->generation + 1;

	*attr = (struct fs_attr){.accessed = what->now,
				 .modified = what->now,
				 .changed = what->now,
				 .permissions = what->permissions,
				 .user = what->user,
				 .group = what->group,
				 .generation = generation ? generation : 1};
	__atomic_store_n(&attr->kind, (uint8_t)what->kind, __ATOMIC_RELEASE);
	*inode = FIRST_PIPE + (uint64_t)place;
	return OK;
}

/* ---- nodes ------------------------------------------------------------------------------------------------- */

static status_t pipefs_node_load(struct fs *fs, struct node *node)
{
	struct pipes *pipes = pipes_of(fs);

	if (node->inode == ROOT) {
		node->attr = &pipes->root;
		return OK;
	}
	if (node->inode < FIRST_PIPE || node->inode - FIRST_PIPE >= pipes->top ||
	    pipes->table[node->inode - FIRST_PIPE].kind == 0)
		return ERR_NOT_FOUND;
	node->attr = &pipes->table[node->inode - FIRST_PIPE];
	return OK;
}

static void pipefs_node_free(struct fs *fs, struct node *node)
{
	place_free(pipes_of(fs), (uint32_t)(node->inode - FIRST_PIPE));
}

/* ---- the root: no names are in it, and none are made --------------------------------------------------------- */

static status_t pipefs_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	(void)fs, (void)dir, (void)name, (void)len, (void)inode;
	return ERR_NOT_FOUND;
}

static status_t pipefs_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	(void)fs, (void)dir;
	*inode = ROOT;
	return OK;
}

static status_t pipefs_list(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	(void)fs, (void)dir, (void)from, (void)list, (void)emit;
	return OK;
}

static status_t pipefs_create(struct fs *fs, struct node *dir, const char *name, size_t len, const struct fs_new *what,
			      uint64_t *inode)
{
	(void)fs, (void)dir, (void)name, (void)len, (void)what, (void)inode;
	return ERR_ACCESS;
}

static void pipefs_volume(struct fs *fs, struct file_volume *volume)
{
	const struct pipes *pipes = pipes_of(fs);

	volume->block_size = PAGE_SIZE;
	volume->files = PIPES_MAX;
	volume->free_files = PIPES_MAX - pipes->top + pipes->free_count;
}

const struct fs_ops pipefs_ops = {
	.type = "pipefs",
	.node_size = sizeof(struct node),
	.flags = FS_NO_NAME_CACHE,
	.root = ROOT,
	.links_max = 1,
	.block_size = PAGE_SIZE,
	.node_load = pipefs_node_load,
	.node_free = pipefs_node_free,
	.restored = pipefs_restored,
	.lookup = pipefs_lookup,
	.parent = pipefs_parent,
	.list = pipefs_list,
	.create = pipefs_create,
	.unnamed = pipefs_unnamed,
	.volume = pipefs_volume,
};
