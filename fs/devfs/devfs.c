/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system over the list of devices: two directories, nothing that can be changed. */
#include "fs/devfs/devfs.h"

#include <stdio.h>
#include <string.h>

struct dev_node {
	struct node node;
};

static struct fs_attr directories[3] = {
	{.kind = FILE_KIND_DIRECTORY, .permissions = 0755, .links = 3},
	{.kind = FILE_KIND_DIRECTORY, .permissions = 0755, .links = 2},
	{.kind = FILE_KIND_DIRECTORY, .permissions = 0755, .links = 2},
};

static status_t devfs_node_load(struct fs *fs, struct node *node)
{
	struct dev_entry *entry = devices_entry(fs_data(fs), node->inode);

	if (node->inode == DEVFS_ROOT || node->inode == DEVFS_LABELS) {
		node->attr = &directories[node->inode - DEVFS_ROOT];
		return OK;
	}
	if (node->inode >= DEVFS_PTS) {
		node->attr = node->inode == DEVFS_PTS ? &directories[2] : slave_attr(node->inode);
		return node->attr ? OK : ERR_NOT_FOUND;
	}
	if (!entry)
		return ERR_NOT_FOUND;
	node->attr = &entry->attr;
	return OK;
}

static status_t devfs_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	struct devices *devices = fs_data(fs);
	struct dev_entry *entry = devices_find(devices, dir->inode, name, len, inode);

	if (dir->inode == DEVFS_PTS)
		return slave_find(devices, name, len, inode) ? OK : ERR_NOT_FOUND;
	if (devices->tty != HANDLE_NONE && dir->inode == DEVFS_ROOT && len == 3 && memcmp(name, "pts", 3) == 0) {
		*inode = DEVFS_PTS;
		return OK;
	}
	if (dir->inode == DEVFS_ROOT && len == 5 && memcmp(name, "label", 5) == 0) {
		*inode = DEVFS_LABELS;
		return OK;
	}
	/* What is there all the time needs no look at the devices. */
	if (!entry || entry->class < FILE_DEVICE_NULL) {
		devices_refresh(devices);
		entry = devices_find(devices, dir->inode, name, len, inode);
	}
	return entry && !entry->gone ? OK : ERR_NOT_FOUND;
}

static status_t devfs_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	(void)fs;
	(void)dir;
	*inode = DEVFS_ROOT;
	return OK;
}

static status_t pts_list(struct devices *devices, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	uint32_t number = from <= FS_LIST_FIRST ? 0 : (uint32_t)(from - FS_LIST_FIRST);
	char name[12];

	for (; slave_next(devices, number, &number); number++) {
		int len = snprintf(name, sizeof(name), "%u", (unsigned)number);

		if (!emit(list, name, (size_t)len, DEVFS_SLAVES + number, FILE_KIND_CHARACTER,
			  FS_LIST_FIRST + number + 1))
			break;
	}
	return OK;
}

static status_t devfs_list(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	struct devices *devices = fs_data(fs);

	if (dir->inode == DEVFS_PTS)
		return pts_list(devices, from, list, emit);
	if (from == 0)
		devices_refresh(devices);
	/* An entry's place is its inode, behind which the next one is looked for. */
	if (dir->inode == DEVFS_ROOT && from == 0 &&
	    !emit(list, "label", 5, DEVFS_LABELS, FILE_KIND_DIRECTORY, FS_LIST_FIRST))
		return OK;
	if (dir->inode == DEVFS_ROOT && from <= FS_LIST_FIRST && devices->tty != HANDLE_NONE &&
	    !emit(list, "pts", 3, DEVFS_PTS, FILE_KIND_DIRECTORY, FS_LIST_FIRST + 1))
		return OK;
	from -= from > FS_LIST_FIRST;
	for (uint32_t i = from <= FS_LIST_FIRST ? 0 : (uint32_t)(from - FS_LIST_FIRST); i < devices->count; i++) {
		const struct dev_entry *entry = devices->list[i];

		if (entry->gone || entry->directory != dir->inode)
			continue;
		if (!emit(list, entry->name, strlen(entry->name), DEVFS_FIRST + i, (enum file_kind)entry->attr.kind,
			  FS_LIST_FIRST + i + 2))
			break;
	}
	return OK;
}

static status_t devfs_read_link(struct fs *fs, struct node *node, char *text, size_t size, size_t *len)
{
	struct devices *devices = fs_data(fs);
	const char *name = devices->list[devices_entry(devices, node->inode)->link]->name;
	size_t name_len = strlen(name);
	char target[DEVFS_NAME_MAX + 3] = "../";

	memcpy(target + 3, name, name_len);
	*len = 3 + name_len;
	memcpy(text, target, *len < size ? *len : size);
	return OK;
}

/* Never called: there are no regular files. */
static status_t devfs_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	(void)fs;
	(void)node;
	(void)offset;
	(void)io;
	(void)len;
	return ERR_IO;
}

static void devfs_volume(struct fs *fs, struct file_volume *volume)
{
	const struct devices *devices = fs_data(fs);

	volume->block_size = 4096;
	volume->files = devices->count + 2;
}

static status_t devfs_device(struct fs *fs, struct node *node, uint32_t mode, uint32_t user, uint32_t group,
			     handle_t *device, uint32_t *class_number)
{
	struct devices *devices = fs_data(fs);
	struct dev_entry *entry = devices_entry(devices, node->inode);

	status_t status;

	*class_number = FILE_DEVICE_TERMINAL;
	if (node->inode >= DEVFS_SLAVES)
		return slave_open(devices, node->inode, mode, user, group, device);
	if (!entry)
		return ERR_UNSUPPORTED;
	status = terminals_open(devices, entry, mode, user, group, device);
	/* A process without a controlling terminal: the file is there. */
	if (status == ERR_NOT_FOUND && entry->class == FILE_DEVICE_TTY)
		return ERR_UNSUPPORTED;
	if (status != ERR_UNSUPPORTED)
		return status;
	*class_number = entry->class;
	return devices_open(devices, entry, mode & (FILE_MODE_WRITE | FILE_MODE_APPEND), device);
}

const struct fs_ops devfs_ops = {
	.type = "devfs",
	.node_size = sizeof(struct dev_node),
	.flags = FS_NO_NAME_CACHE,
	.root = DEVFS_ROOT,
	.block_size = 4096,
	.node_load = devfs_node_load,
	.lookup = devfs_lookup,
	.parent = devfs_parent,
	.list = devfs_list,
	.read_link = devfs_read_link,
	.read = devfs_read,
	.volume = devfs_volume,
	.device = devfs_device,
};
