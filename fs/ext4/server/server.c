/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct fs_ops over an ext4. A node in memory is a hold on its file, so that one that is open stays when its last name goes; attributes are asked for
 * anew after whatever may have changed them.
 */
#include "fs/ext4/server/server.h"

#include <string.h>

#include "fs/disk/disk_block.h"
#include "fs/ext4/format.h"

/* What was changed is committed after this time at the latest, as Linux does it. */
#define COMMIT_NS 5000000000ull

struct ext4_node {
	struct node node;
	struct fs_attr attr;
};

static struct ext4_server *server_of(struct fs *fs)
{
	return fs_data(fs);
}

static struct ext4 *volume_of(struct fs *fs)
{
	return server_of(fs)->volume;
}

int64_t ext4_server_now(void *ctx)
{
	const struct ext4_server *server = ctx;

	return server->fs ? fs_now(server->fs) : 0;
}

/* An operation that changes nothing may be called again instead of waiting. */
static struct ext4 *reading_begin(struct fs *fs)
{
	struct ext4 *volume = volume_of(fs);

	ext4_set_wait(volume, !fs_may_defer(fs));
	return volume;
}

static status_t reading_end(struct fs *fs, status_t status)
{
	ext4_set_wait(volume_of(fs), true);
	return status;
}

/* ---- nodes ------------------------------------------------------------------------------------------------- */

static enum file_kind kind_of_mode(uint32_t mode)
{
	switch (mode & EXT4_MODE_KIND) {
	case EXT4_MODE_DIRECTORY: return FILE_KIND_DIRECTORY;
	case EXT4_MODE_SYMLINK: return FILE_KIND_SYMLINK;
	case EXT4_MODE_CHARACTER: return FILE_KIND_CHARACTER;
	case EXT4_MODE_BLOCK: return FILE_KIND_BLOCK;
	case EXT4_MODE_FIFO: return FILE_KIND_FIFO;
	case EXT4_MODE_SOCKET: return FILE_KIND_SOCKET;
	default: return FILE_KIND_REGULAR;
	}
}

static uint32_t mode_of_kind(enum file_kind kind)
{
	switch (kind) {
	case FILE_KIND_DIRECTORY: return EXT4_MODE_DIRECTORY;
	case FILE_KIND_SYMLINK: return EXT4_MODE_SYMLINK;
	case FILE_KIND_CHARACTER: return EXT4_MODE_CHARACTER;
	case FILE_KIND_BLOCK: return EXT4_MODE_BLOCK;
	case FILE_KIND_FIFO: return EXT4_MODE_FIFO;
	case FILE_KIND_SOCKET: return EXT4_MODE_SOCKET;
	default: return EXT4_MODE_REGULAR;
	}
}

static status_t refresh(struct fs *fs, struct node *node)
{
	struct ext4_attributes a;
	status_t status = ext4_attributes(volume_of(fs), node->inode, &a);

	if (status != OK)
		return status;
	*node->attr = (struct fs_attr){
		.size = a.size,
		.blocks = a.blocks,
		.device = (uint64_t)a.device_major << 32 | a.device_minor,
		.accessed = a.accessed,
		.modified = a.modified,
		.changed = a.changed,
		.permissions = a.mode & 07777,
		.links = a.links,
		.user = a.uid,
		.group = a.gid,
		.generation = a.generation,
		.kind = (uint8_t)kind_of_mode(a.mode),
	};
	return OK;
}

static status_t server_node_load(struct fs *fs, struct node *node)
{
	struct ext4_node *n = (struct ext4_node *)node;
	status_t status;

	server_of(fs)->fs = fs;
	status = reading_end(fs, ext4_hold(reading_begin(fs), node->inode));
	if (status != OK)
		return status;
	node->attr = &n->attr;
	status = refresh(fs, node); /* it is in memory now */
	if (status != OK)
		ext4_release(volume_of(fs), node->inode);
	return status;
}

/* With the last hold on a file without names its space is free. */
static void server_node_drop(struct fs *fs, struct node *node)
{
	ext4_release(volume_of(fs), node->inode);
}

static void server_restored(struct fs *fs)
{
	(void)ext4_clean_orphans(volume_of(fs)); /* an error shows in all that follows */
}

/* ---- names --------------------------------------------------------------------------------------------------- */

static status_t server_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	return reading_end(fs, ext4_lookup(reading_begin(fs), dir->inode, name, len, inode));
}

static status_t server_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	return reading_end(fs, ext4_lookup(reading_begin(fs), dir->inode, "..", 2, inode));
}

/* Cursors of the library start at FS_LIST_FIRST, and those of programs are signed: the 8 bits that tell entries of the same hash apart become 7.
 * Small ones are places, or the very first hashes. */
#define PLACES (1ull << 33)

static uint64_t cursor_out(uint64_t next)
{
	uint64_t same = next & 0xff;

	if (next >= PLACES)
		next = PLACES + (next >> 8 << 7 | (same > 0x7f ? 0x7f : same));
	return next + FS_LIST_FIRST;
}

static uint64_t cursor_in(uint64_t from)
{
	if (from <= FS_LIST_FIRST)
		return 0;
	from -= FS_LIST_FIRST;
	return from < PLACES ? from : (from - PLACES) >> 7 << 8 | ((from - PLACES) & 0x7f);
}

struct listing {
	struct fs_list *list;
	fs_emit_fn emit;
};

static enum file_kind kind_of_entry(uint32_t kind)
{
	static const uint8_t kinds[] = {FILE_KIND_REGULAR, FILE_KIND_REGULAR, FILE_KIND_DIRECTORY, FILE_KIND_CHARACTER,
					FILE_KIND_BLOCK,   FILE_KIND_FIFO,    FILE_KIND_SOCKET,    FILE_KIND_SYMLINK};

	return (enum file_kind)kinds[kind < sizeof(kinds) ? kind : 0];
}

static bool entry_emit(void *ctx, const struct ext4_entry *entry)
{
	struct listing *l = ctx;

	/* "." and ".." are the library's. */
	if (entry->name[0] == '.' && (entry->length == 1 || (entry->length == 2 && entry->name[1] == '.')))
		return true;
	return l->emit(l->list, entry->name, entry->length, entry->inode, kind_of_entry(entry->kind),
		       cursor_out(entry->next));
}

static status_t server_list(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	struct listing l = {list, emit};

	return reading_end(fs, ext4_list(reading_begin(fs), dir->inode, cursor_in(from), entry_emit, &l));
}

static status_t server_read_link(struct fs *fs, struct node *node, char *text, size_t size, size_t *len)
{
	size_t used = 0;
	status_t status = reading_end(fs, ext4_read_link(reading_begin(fs), node->inode, text, size, &used));

	/* What was cut off counts. */
	*len = used < size || node->attr->size < used ? used : node->attr->size;
	return status;
}

static status_t server_create(struct fs *fs, struct node *dir, const char *name, size_t len, const struct fs_new *what,
			      uint64_t *inode)
{
	const struct ext4_new with = {
		.mode = mode_of_kind(what->kind) | (what->permissions & 07777),
		.uid = what->user,
		.gid = what->group,
	};
	status_t status;

	if (what->kind == FILE_KIND_SYMLINK)
		status = ext4_symlink(volume_of(fs), dir->inode, name, len, what->target, what->target_len, &with,
				      inode);
	else
		status = ext4_create(volume_of(fs), dir->inode, name, len, &with, inode);
	return status == OK ? refresh(fs, dir) : status;
}

static status_t server_link(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node)
{
	status_t status = ext4_link(volume_of(fs), node->inode, dir->inode, name, len);

	if (status == OK)
		status = refresh(fs, dir);
	return status == OK ? refresh(fs, node) : status;
}

static status_t server_unlink(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node)
{
	status_t status = node->attr->kind == FILE_KIND_DIRECTORY ? ext4_rmdir(volume_of(fs), dir->inode, name, len)
								  : ext4_unlink(volume_of(fs), dir->inode, name, len);

	if (status == OK)
		status = refresh(fs, dir);
	return status == OK ? refresh(fs, node) : status;
}

static status_t server_rename(struct fs *fs, struct node *from, const char *name, size_t len, struct node *node,
			      struct node *to, const char *to_name, size_t to_len, struct node *replaced)
{
	status_t status = ext4_rename(volume_of(fs), from->inode, name, len, to->inode, to_name, to_len, false);

	if (status == OK)
		status = refresh(fs, from);
	if (status == OK && to != from)
		status = refresh(fs, to);
	if (status == OK)
		status = refresh(fs, node);
	return status == OK && replaced ? refresh(fs, replaced) : status;
}

/* ---- contents -------------------------------------------------------------------------------------------------- */

static status_t give(void *ctx, size_t at, const void *data, size_t size)
{
	return fs_io_put(ctx, at, data, size);
}

static status_t take(void *ctx, size_t at, void *data, size_t size)
{
	return fs_io_take(ctx, at, data, size);
}

static status_t server_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	struct fs_io copy = *io;
	size_t count = 0;
	struct ext4 *volume = reading_begin(fs);
	status_t status = io->direct ? ext4_read_past(volume, node->inode, offset, len, give, &copy, &count)
				     : ext4_read_to(volume, node->inode, offset, len, give, &copy, &count);

	(void)reading_end(fs, status);
	return status == OK && count != len ? ERR_IO : status;
}

static status_t server_write(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len,
			     size_t *done)
{
	struct fs_io copy = *io;
	status_t status = ext4_write_from(volume_of(fs), node->inode, offset, len, take, &copy, done);
	status_t second = *done ? refresh(fs, node) : OK;

	return status == OK ? second : status;
}

static status_t server_truncate(struct fs *fs, struct node *node, uint64_t size)
{
	status_t status = ext4_truncate(volume_of(fs), node->inode, size);

	return status == OK ? refresh(fs, node) : status;
}

static status_t server_allocate(struct fs *fs, struct node *node, uint64_t offset, uint64_t len, bool punch)
{
	status_t status = punch ? ext4_punch(volume_of(fs), node->inode, offset, len)
				: ext4_allocate(volume_of(fs), node->inode, offset, len, true);

	return status == OK ? refresh(fs, node) : status;
}

static status_t server_seek(struct fs *fs, struct node *node, bool hole, uint64_t *offset)
{
	return ext4_seek(volume_of(fs), node->inode, *offset, hole, offset);
}

/* ---- all the rest ------------------------------------------------------------------------------------------------ */

static status_t server_sync(struct fs *fs, struct node *node, bool data_only)
{
	return ext4_sync_file(volume_of(fs), node->inode, data_only);
}

static status_t server_sync_all(struct fs *fs)
{
	return ext4_sync(volume_of(fs));
}

/* Clean: the next mount has nothing to replay. */
static status_t server_stop_all(struct fs *fs)
{
	struct ext4 *volume = volume_of(fs);

	server_of(fs)->volume = NULL;
	return ext4_unmount(volume);
}

static status_t server_changed(struct fs *fs, struct node *node, uint32_t what)
{
	const struct fs_attr *attr = node->attr;
	const struct ext4_attributes values = {
		.mode = attr->permissions,
		.uid = attr->user,
		.gid = attr->group,
		.accessed = attr->accessed,
		.modified = attr->modified,
	};
	uint32_t change = 0;

	if (what & FS_CHANGED_OWNER)
		change |= EXT4_CHANGE_PERMISSIONS | EXT4_CHANGE_UID | EXT4_CHANGE_GID;
	if (what & FS_CHANGED_TIMES)
		change |= EXT4_CHANGE_ACCESSED | EXT4_CHANGE_MODIFIED;
	if (what & FS_CHANGED_ACCESSED)
		change |= EXT4_CHANGE_ACCESSED;
	return ext4_change(volume_of(fs), node->inode, change, &values);
}

static void server_volume(struct fs *fs, struct file_volume *out)
{
	struct ext4_volume v;

	ext4_volume(volume_of(fs), &v);
	out->block_size = v.block_size;
	out->blocks = v.blocks;
	out->free_blocks = v.free_blocks;
	out->available_blocks = v.available_blocks;
	out->files = v.files;
	out->free_files = v.free_files;
	out->read_only |= v.read_only;
}

static void server_end(struct fs *fs)
{
	fs_later(fs, COMMIT_NS);
}

/* Nobody has to wait for it; an error stays with the volume and is told to who syncs. */
static void server_idle(struct fs *fs)
{
	(void)ext4_sync(volume_of(fs));
}

static uint64_t server_missing(struct fs *fs)
{
	return ext4_missing(volume_of(fs));
}

static bool server_arrived(struct fs *fs, uint64_t missing)
{
	return ext4_arrived(volume_of(fs), missing);
}

static void server_signalled(struct fs *fs, bool late)
{
	struct ext4_server *server = server_of(fs);

	if (!server->volume)
		return;
	if (late)
		disk_block_check(server->disk);
	ext4_poll(server->volume);
}

const struct fs_ops ext4_ops = {
	.type = "ext4",
	.flags = FS_DEFERS,
	.node_size = sizeof(struct ext4_node),
	.root = EXT4_ROOT,
	.size_max = 0xffffffffull << 12, /* block numbers of a file have 32 bits */
	.links_max = 65000,
	.block_size = 4096,
	.direct_unit = 512,
	.node_load = server_node_load,
	.node_drop = server_node_drop,
	.restored = server_restored,
	.lookup = server_lookup,
	.parent = server_parent,
	.list = server_list,
	.read_link = server_read_link,
	.create = server_create,
	.link = server_link,
	.unlink = server_unlink,
	.rename = server_rename,
	.read = server_read,
	.write = server_write,
	.truncate = server_truncate,
	.allocate = server_allocate,
	.seek = server_seek,
	.sync = server_sync,
	.sync_all = server_sync_all,
	.stop = server_stop_all,
	.changed = server_changed,
	.volume = server_volume,
	.end = server_end,
	.idle = server_idle,
	.missing = server_missing,
	.arrived = server_arrived,
	.signalled = server_signalled,
};
