/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way back, from an open file to a path. Nobody keeps it: a directory knows the one above, a file in use the directory that it was opened in
 * last, and names are found by looking through directories. Good enough to show it to people.
 */
#include <string.h>

#include "fs/lib/internal.h"

struct finder {
	uint64_t inode;
	char *name;
	size_t len; /* 0: not found so far */
};

static bool find(struct fs_list *list, const char *name, size_t len, uint64_t inode, enum file_kind kind, uint64_t next)
{
	struct finder *finder = (struct finder *)(void *)list;

	(void)kind;
	(void)next;
	if (inode != finder->inode || len > FILE_NAME_MAX)
		return true;
	memcpy(finder->name, name, len);
	finder->len = len;
	return false;
}

/* In front of what is at *at: the name, and a slash if something follows. */
static status_t name_prepend(struct fs *fs, struct node *dir, uint64_t inode, char *path, size_t *at, size_t end)
{
	char name[FILE_NAME_MAX];
	struct finder finder = {.inode = inode, .name = name};
	status_t status = fs->ops->list(fs, dir, 0, (struct fs_list *)(void *)&finder, find);

	if (status != OK)
		return status;
	if (!finder.len)
		return ERR_NOT_FOUND; /* renamed, or removed */
	if (finder.len + (*at != end) > *at)
		return ERR_NAME_TOO_LONG;
	if (*at != end)
		path[--*at] = '/';
	*at -= finder.len;
	memcpy(path + *at, name, finder.len);
	return OK;
}

status_t path_of_open_file(struct fs *fs, uint64_t badge, char *path, size_t size, size_t *len)
{
	struct open_file file;
	struct node *node, *dir;
	size_t at = size;
	status_t status = open_file_of(fs, badge, &file);

	if (status != OK)
		return ERR_NOT_FOUND;
	node = file.node;
	if (node->attr->links == 0)
		return ERR_NOT_FOUND;
	for (unsigned depth = 0; node != fs->root; depth++) {
		uint64_t above = node->opened_in;

		if (depth == FS_CONTROL_DEPTH_MAX)
			return ERR_NAME_TOO_LONG;
		if (node->attr->kind == FILE_KIND_DIRECTORY)
			status = fs->ops->parent(fs, node, &above);
		else if (above == 0)
			status = ERR_NOT_FOUND; /* opened by an earlier instance */
		if (status == OK)
			status = node_get(fs, above, &dir);
		if (status == OK && dir->attr->kind != FILE_KIND_DIRECTORY)
			status = ERR_NOT_FOUND;
		if (status == OK)
			status = name_prepend(fs, dir, node->inode, path, &at, size);
		if (status != OK)
			return status;
		node = dir;
	}
	*len = size - at;
	memmove(path, path + at, *len);
	return OK;
}
