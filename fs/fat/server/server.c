/* SPDX-License-Identifier: BSD-2-Clause */
/* struct fs_ops over a FAT volume. FAT has no owners and only one permission, that to write: everything belongs to user 0, and the options of
 * the mount say to whom else. */
#include "fs/fat/server/server.h"

#include <string.h>

#define COMMIT_NS 5000000000ull /* what was written is on the medium after this time at the latest */

struct server_node {
	struct node node;
	struct fs_attr attr;
	struct fat_node fat;
};

static struct fat_server *server_of(struct fs *fs)
{
	return fs_data(fs);
}

static struct fat *volume_of(struct fs *fs)
{
	return server_of(fs)->volume;
}

static struct fat_node *fat_of(struct node *node)
{
	return &((struct server_node *)node)->fat;
}

static void refresh(struct fs *fs, struct node *node)
{
	const struct fat_server *server = server_of(fs);
	const struct fat_node *fat = fat_of(node);
	uint32_t permissions = fat->directory ? server->directory_mode : server->file_mode;

	*node->attr = (struct fs_attr){
		.size = fat->directory ? 0 : fat->size,
		.blocks = fat_allocated(server->volume, fat) / 512,
		.accessed = fat->accessed,
		.modified = fat->modified,
		.changed = fat->modified,
		.permissions = fat->read_only ? permissions & ~0222u : permissions,
		.links = node->attr->links,
		.user = server->user,
		.group = server->group,
		.generation = fat->generation,
		.kind = fat->directory ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR,
	};
}

static status_t server_node_load(struct fs *fs, struct node *node)
{
	struct server_node *n = (struct server_node *)node;
	status_t status = fat_node_load(volume_of(fs), &n->fat, node->inode);

	if (status != OK)
		return status;
	node->attr = &n->attr;
	n->attr.links = n->fat.directory ? 2 : 1;
	refresh(fs, node);
	return OK;
}

static void server_node_drop(struct fs *fs, struct node *node)
{
	fat_node_drop(volume_of(fs), fat_of(node));
}

static void server_node_free(struct fs *fs, struct node *node)
{
	fat_node_free(volume_of(fs), fat_of(node));
}

static status_t server_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	return fat_lookup(volume_of(fs), fat_of(dir), name, len, inode);
}

static status_t server_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	return fat_parent(volume_of(fs), fat_of(dir), inode);
}

struct listing {
	struct fs_list *list;
	fs_emit_fn emit;
};

static bool entry_emit(void *context, const char *name, size_t length, uint64_t id, bool directory, uint64_t next)
{
	const struct listing *l = context;

	return l->emit(l->list, name, length, id, directory ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR, next);
}

static status_t server_list(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	struct listing l = {list, emit};

	_Static_assert(FAT_LIST_BASE >= FS_LIST_FIRST, "positions do not meet the library's own");
	return fat_list(volume_of(fs), fat_of(dir), from <= FS_LIST_FIRST ? 0 : from, &l, entry_emit);
}

/* Never called: there are none. */
static status_t server_read_link(struct fs *fs, struct node *node, char *text, size_t size, size_t *len)
{
	(void)fs, (void)node, (void)text, (void)size, (void)len;
	return ERR_INVALID;
}

static status_t server_create(struct fs *fs, struct node *dir, const char *name, size_t len, const struct fs_new *what,
			      uint64_t *inode)
{
	/* As Linux says it of a FAT */
	if (what->kind != FILE_KIND_REGULAR && what->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_OWNER;
	return fat_create(volume_of(fs), fat_of(dir), name, len, what->kind == FILE_KIND_DIRECTORY, inode);
}

static status_t server_unlink(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node)
{
	status_t status = fat_remove(volume_of(fs), fat_of(dir), name, len, fat_of(node));

	if (status == OK)
		node->attr->links = 0;
	return status;
}

static status_t server_rename(struct fs *fs, struct node *from, const char *name, size_t len, struct node *node,
			      struct node *to, const char *to_name, size_t to_len, struct node *replaced)
{
	status_t status = fat_rename(volume_of(fs), fat_of(from), name, len, fat_of(node), fat_of(to), to_name, to_len,
				     replaced ? fat_of(replaced) : NULL);

	if (status == OK && replaced)
		replaced->attr->links = 0;
	return status;
}

static status_t give(void *context, uint64_t at, void *page, size_t length)
{
	return fs_io_put(context, at, page, length);
}

static status_t take(void *context, uint64_t at, void *page, size_t length)
{
	return fs_io_take(context, at, page, length);
}

static status_t server_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	struct fs_io copy = *io;

	return fat_read(volume_of(fs), fat_of(node), offset, len, &copy, give);
}

static status_t server_write(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len,
			     size_t *done)
{
	struct fs_io copy = *io;
	status_t status = fat_write(volume_of(fs), fat_of(node), offset, len, &copy, take, done);

	refresh(fs, node);
	return status;
}

static status_t server_truncate(struct fs *fs, struct node *node, uint64_t size)
{
	status_t status = fat_truncate(volume_of(fs), fat_of(node), size);

	refresh(fs, node);
	return status;
}

static status_t server_sync(struct fs *fs, struct node *node, bool data_only)
{
	return fat_sync(volume_of(fs), fat_of(node), data_only);
}

static status_t server_sync_all(struct fs *fs)
{
	return fat_sync(volume_of(fs), NULL, false);
}

/* Clean: the next mount need not look for what a power cut leaves. */
static status_t server_stop_all(struct fs *fs)
{
	struct fat *volume = volume_of(fs);

	server_of(fs)->volume = NULL;
	return fat_unmount(volume);
}

/* Of owners nothing, and of permissions only that nobody may write to a file. */
static bool can_keep(const struct fat_server *server, const struct fs_attr *attr)
{
	bool directory = attr->kind == FILE_KIND_DIRECTORY;
	uint32_t mode = directory ? server->directory_mode : server->file_mode;

	return attr->user == server->user && attr->group == server->group &&
	       (attr->permissions == mode || (!directory && attr->permissions == (mode & ~0222u)));
}

static status_t server_changed(struct fs *fs, struct node *node, uint32_t what)
{
	struct fat_node *fat = fat_of(node);

	if (what & FS_CHANGED_OWNER) {
		if (!can_keep(server_of(fs), node->attr)) {
			refresh(fs, node);
			return ERR_NOT_OWNER;
		}
		fat->read_only = !fat->directory && !(node->attr->permissions & 0222);
	}
	fat->accessed = node->attr->accessed;
	if (what & FS_CHANGED_TIMES)
		fat->modified = node->attr->modified;
	fat_changed(volume_of(fs), fat);
	refresh(fs, node);
	return OK;
}

static void server_volume(struct fs *fs, struct file_volume *out)
{
	struct fat_volume v;

	if (fat_volume_get(volume_of(fs), &v) != OK)
		return;
	out->block_size = v.cluster_bytes;
	out->blocks = v.clusters;
	out->free_blocks = out->available_blocks = v.free_clusters;
}

static void server_end(struct fs *fs)
{
	fs_later(fs, COMMIT_NS);
}

static void server_idle(struct fs *fs)
{
	(void)fat_sync(volume_of(fs), NULL, false); /* an error stays, and is told to who syncs */
}

const struct fs_ops fat_ops = {
	.type = "fat",
	.node_size = sizeof(struct server_node),
	/* Names differ in more than their bytes. */
	.flags = FS_NO_NAME_CACHE,
	.root = FAT_ROOT,
	.size_max = FAT_SIZE_MAX,
	.links_max = 1,
	.block_size = 4096,
	.node_load = server_node_load,
	.node_drop = server_node_drop,
	.node_free = server_node_free,
	.lookup = server_lookup,
	.parent = server_parent,
	.list = server_list,
	.read_link = server_read_link,
	.create = server_create,
	.unlink = server_unlink,
	.rename = server_rename,
	.read = server_read,
	.write = server_write,
	.truncate = server_truncate,
	.sync = server_sync,
	.sync_all = server_sync_all,
	.stop = server_stop_all,
	.changed = server_changed,
	.volume = server_volume,
	.end = server_end,
	.idle = server_idle,
};
