/* SPDX-License-Identifier: BSD-2-Clause */
/* A file system in memory: struct fs_ops over the store. */
#include "fs/tmpfs/tmpfs.h"

#include <string.h>

#include "sys/lib/syscall.h"

struct tmpfs_node {
	struct node node;
	struct store_inode *inode;
	/* Where the last list ended, if the name is still that one */
	uint64_t list_order;
	uint32_t list_name;
};

static struct store *store_of(struct fs *fs)
{
	return fs_data(fs);
}

static struct store_inode *inode_of(struct node *node)
{
	return ((struct tmpfs_node *)node)->inode;
}

static uint32_t number_of(const struct node *node)
{
	return (uint32_t)node->inode;
}

static status_t tmpfs_node_load(struct fs *fs, struct node *node)
{
	struct store *s = store_of(fs);
	struct tmpfs_node *own = (struct tmpfs_node *)node;

	if (node->inode == 0 || node->inode >= s->header->inode_top || !s->inodes[node->inode].valid)
		return ERR_NOT_FOUND;
	own->inode = &s->inodes[node->inode];
	own->list_name = 0;
	node->attr = &own->inode->attr;
	return OK;
}

static void tmpfs_node_free(struct fs *fs, struct node *node)
{
	struct store *s = store_of(fs);
	struct store_inode *inode = inode_of(node);

	if (inode->attr.kind == FILE_KIND_REGULAR && inode->attr.blocks)
		map_cut(s, inode, 0, UINT64_MAX);
	else if (inode->attr.kind == FILE_KIND_REGULAR && inode->tree)
		map_cut(s, inode, 0, UINT64_MAX);
	else if (inode->attr.kind == FILE_KIND_SYMLINK && inode->attr.size > STORE_TEXT_MAX)
		store_pages_give(s, inode->direct[0], 1);
	store_inode_give(s, number_of(node));
}

static bool is_open(void *ctx, uint32_t inode)
{
	const struct node *node = fs_node_find(ctx, inode);

	return node && node->opens;
}

static void tmpfs_restored(struct fs *fs)
{
	store_reap(store_of(fs), is_open, fs);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static status_t tmpfs_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	const struct store *s = store_of(fs);
	uint32_t found = name_find(s, number_of(dir), name, len);

	if (!found)
		return ERR_NOT_FOUND;
	*inode = s->names[found].inode;
	return OK;
}

static status_t tmpfs_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	(void)fs;
	*inode = inode_of(dir)->parent;
	return OK;
}

/* The first name after one that may be gone. */
static uint32_t list_resume(const struct store *s, const struct tmpfs_node *dir, uint64_t order)
{
	uint32_t name = dir->list_name;

	if (name && dir->list_order == order && s->names[name].dir == dir->node.inode && s->names[name].order == order)
		return s->name_next[name];
	name = s->first_name[dir->node.inode];
	while (name && s->names[name].order <= order)
		name = s->name_next[name];
	return name;
}

static status_t tmpfs_list(struct fs *fs, struct node *node, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	const struct store *s = store_of(fs);
	struct tmpfs_node *dir = (struct tmpfs_node *)node;
	char text[FILE_NAME_MAX];

	for (uint32_t name = list_resume(s, dir, from ? from - FS_LIST_FIRST : 0); name; name = s->name_next[name]) {
		const struct store_name *entry = &s->names[name];

		name_text(s, name, text);
		if (!emit(list, text, entry->len, entry->inode, (enum file_kind)entry->kind,
			  entry->order + FS_LIST_FIRST))
			return OK;
		dir->list_name = name;
		dir->list_order = entry->order;
	}
	return OK;
}

static status_t tmpfs_read_link(struct fs *fs, struct node *node, char *text, size_t size, size_t *len)
{
	const struct store *s = store_of(fs);
	const struct store_inode *inode = inode_of(node);

	*len = inode->attr.size;
	memcpy(text, *len <= STORE_TEXT_MAX ? inode->text : (const char *)store_page(s, inode->direct[0]),
	       *len < size ? *len : size);
	return OK;
}

static status_t link_text(struct store *s, struct store_inode *inode, const struct fs_new *what)
{
	status_t status = OK;

	inode->attr.size = what->target_len;
	if (what->target_len <= STORE_TEXT_MAX) {
		memcpy(inode->text, what->target, what->target_len);
		return OK;
	}
	status = store_page_take_backed(s, &inode->direct[0]);
	if (status == OK) {
		memcpy(store_page(s, inode->direct[0]), what->target, what->target_len);
		inode->attr.blocks = STORE_PAGE / 512;
	}
	return status;
}

static status_t tmpfs_create(struct fs *fs, struct node *dir, const char *name, size_t len, const struct fs_new *what,
			     uint64_t *out)
{
	struct store *s = store_of(fs);
	uint32_t number;
	status_t status = store_inode_take(s, &number);

	if (status != OK)
		return status;
	struct store_inode *inode = &s->inodes[number];

	memset(inode, 0, sizeof(*inode));
	inode->attr.kind = (uint8_t)what->kind;
	inode->attr.permissions = what->permissions;
	inode->attr.links = what->kind == FILE_KIND_DIRECTORY ? 2 : 1;
	inode->attr.user = what->user;
	inode->attr.group = what->group;
	inode->attr.accessed = inode->attr.modified = inode->attr.changed = what->now;
	inode->attr.generation = ++s->header->generation;
	inode->parent = number_of(dir);
	if (what->kind == FILE_KIND_SYMLINK)
		status = link_text(s, inode, what);
	if (status == OK) {
		__atomic_store_n(&inode->valid, 1, __ATOMIC_RELEASE);
		status = name_add(s, number_of(dir), name, len, number);
	}
	if (status != OK) {
		if (inode->attr.blocks)
			store_pages_give(s, inode->direct[0], 1);
		store_inode_give(s, number);
		return status;
	}
	if (what->kind == FILE_KIND_DIRECTORY)
		dir->attr->links++;
	*out = number;
	return OK;
}

static status_t tmpfs_link(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node)
{
	status_t status = name_add(store_of(fs), number_of(dir), name, len, number_of(node));

	if (status == OK)
		node->attr->links++;
	return status;
}

/* A file loses a name; a directory goes with it. */
static void name_lost(struct node *dir, struct node *node)
{
	if (node->attr->kind == FILE_KIND_DIRECTORY) {
		node->attr->links = 0;
		dir->attr->links--;
	} else {
		node->attr->links--;
	}
}

static status_t tmpfs_unlink(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node)
{
	struct store *s = store_of(fs);
	uint32_t found = name_find(s, number_of(dir), name, len);

	if (node->attr->kind == FILE_KIND_DIRECTORY && s->first_name[number_of(node)])
		return ERR_NOT_EMPTY;
	name_drop(s, found);
	name_lost(dir, node);
	return OK;
}

static status_t tmpfs_rename(struct fs *fs, struct node *from, const char *name, size_t len, struct node *node,
			     struct node *to, const char *to_name, size_t to_len, struct node *replaced)
{
	struct store *s = store_of(fs);
	uint32_t found = name_find(s, number_of(from), name, len);
	uint32_t old = replaced ? name_find(s, number_of(to), to_name, to_len) : 0;

	if (replaced && replaced->attr->kind == FILE_KIND_DIRECTORY && s->first_name[number_of(replaced)])
		return ERR_NOT_EMPTY;
	status_t status = name_move(s, found, number_of(to), to_name, to_len, old);
	if (status != OK)
		return status;
	if (replaced)
		name_lost(to, replaced);
	if (node->attr->kind == FILE_KIND_DIRECTORY) {
		from->attr->links--;
		to->attr->links++;
		inode_of(node)->parent = number_of(to);
	}
	return OK;
}

/* ---- bytes ------------------------------------------------------------------------------------------------ */

static status_t tmpfs_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	return map_read(store_of(fs), inode_of(node), offset, io, len);
}

static status_t tmpfs_write(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len,
			    size_t *done)
{
	return map_write(store_of(fs), inode_of(node), offset, io, len, done);
}

static status_t tmpfs_truncate(struct fs *fs, struct node *node, uint64_t size)
{
	struct store *s = store_of(fs);
	struct store_inode *inode = inode_of(node);
	uint64_t old = inode->attr.size, pages = (size + STORE_PAGE - 1) / STORE_PAGE;
	status_t status = OK;

	/* The rest of the last page first: if that fails nothing has changed that anybody may see. */
	if (size < old)
		status = map_zero(s, inode, size, old < pages * STORE_PAGE ? old : pages * STORE_PAGE);
	if (status != OK)
		return status;
	__atomic_store_n(&inode->attr.size, size, __ATOMIC_RELEASE);
	if (size < old)
		map_cut(s, inode, pages, UINT64_MAX);
	return OK;
}

static status_t tmpfs_allocate(struct fs *fs, struct node *node, uint64_t offset, uint64_t len, bool punch)
{
	struct store *s = store_of(fs);
	struct store_inode *inode = inode_of(node);
	uint64_t first = offset / STORE_PAGE, end = (offset + len + STORE_PAGE - 1) / STORE_PAGE;
	uint64_t inner = (offset + STORE_PAGE - 1) / STORE_PAGE, inner_end = (offset + len) / STORE_PAGE;

	if (!punch) {
		/* Not more than there is: otherwise it would fail at the end of a long way. */
		if (end - first > s->quota_pages)
			return ERR_NO_SPACE;
		return map_fill(s, inode, first, end - first);
	}
	if (inner >= inner_end)
		return map_zero(s, inode, offset, offset + len);
	status_t status = map_zero(s, inode, offset, inner * STORE_PAGE);
	if (status == OK)
		status = map_zero(s, inode, inner_end * STORE_PAGE, offset + len);
	if (status == OK)
		map_cut(s, inode, inner, inner_end - inner);
	return status;
}

static status_t tmpfs_seek(struct fs *fs, struct node *node, bool hole, uint64_t *offset)
{
	const struct store_inode *inode = inode_of(node);
	uint64_t end = (inode->attr.size + STORE_PAGE - 1) / STORE_PAGE, index = *offset / STORE_PAGE;
	uint64_t found = map_find(store_of(fs), inode, index, end, hole);

	if (found == end && !hole)
		return ERR_RANGE;
	if (found != index)
		*offset = found * STORE_PAGE;
	return OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

static void tmpfs_volume(struct fs *fs, struct file_volume *volume)
{
	const struct store *s = store_of(fs);

	volume->block_size = STORE_PAGE;
	volume->blocks = s->quota_pages;
	volume->free_blocks = volume->available_blocks = s->quota_pages - s->used_pages;
	volume->files = s->quota_inodes;
	volume->free_files = s->used_inodes - 1 < s->quota_inodes ? s->quota_inodes - (s->used_inodes - 1) : 0;
}

/* Page by page, what is a hole stays one. */
static status_t memory_copy(struct store *s, const struct store_inode *inode, uint64_t first, uint64_t count,
			    handle_t *vmo)
{
	status_t status = vmo_create(count * STORE_PAGE, 0, HANDLE_NONE, vmo);

	for (uint64_t i = 0; status == OK && i < count; i++) {
		uint32_t page = map_page(s, inode, first + i);

		if (page)
			status = vmo_write(*vmo, i * STORE_PAGE, store_page(s, page), STORE_PAGE);
		if (status != OK)
			(void)handle_close(*vmo);
	}
	return status;
}

/* A snapshot. Nothing of it is copied before somebody writes, if the file's pages follow each other, as they do in one that was
 * written in one go. Memory beyond the end of the file is zero. */
static status_t tmpfs_memory(struct fs *fs, struct node *node, uint64_t offset, uint64_t len, bool exec, handle_t *out,
			     uint64_t *start, uint64_t *size)
{
	struct store *s = store_of(fs);
	const struct store_inode *inode = inode_of(node);
	uint64_t first = offset / STORE_PAGE, end, count = 0;
	uint32_t rights = RIGHT_VMO_READ | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO, page;
	handle_t vmo = HANDLE_NONE;
	status_t status;

	if (offset >= inode->attr.size)
		return ERR_INVALID;
	if (len > inode->attr.size - offset)
		len = inode->attr.size - offset;
	end = first + (len + STORE_PAGE - 1) / STORE_PAGE;
	page = map_page(s, inode, first);
	while (page && first + count < end && map_page(s, inode, first + count) == page + count)
		count++;
	if (first + count == end)
		status = vmo_clone(s->vmo, store_page_offset(s, page), count * STORE_PAGE, &vmo);
	else
		status = memory_copy(s, inode, first, end - first, &vmo);
	if (status != OK)
		return status;
	if (exec) {
		rights |= RIGHT_VMO_EXEC;
		status = vmo_sync_code(vmo);
	}
	if (status == OK)
		status = handle_dup(vmo, rights, out);
	(void)handle_close(vmo);
	*start = 0;
	*size = len;
	return status;
}

const struct fs_ops tmpfs_ops = {
	.type = "tmpfs",
	.node_size = sizeof(struct tmpfs_node),
	.flags = FS_NO_NAME_CACHE,
	.root = STORE_ROOT,
	.size_max = STORE_FILE_PAGES * STORE_PAGE,
	.links_max = UINT32_MAX - 1,
	.block_size = STORE_PAGE,
	.node_load = tmpfs_node_load,
	.node_free = tmpfs_node_free,
	.restored = tmpfs_restored,
	.lookup = tmpfs_lookup,
	.parent = tmpfs_parent,
	.list = tmpfs_list,
	.read_link = tmpfs_read_link,
	.create = tmpfs_create,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rename = tmpfs_rename,
	.read = tmpfs_read,
	.write = tmpfs_write,
	.truncate = tmpfs_truncate,
	.allocate = tmpfs_allocate,
	.seek = tmpfs_seek,
	.volume = tmpfs_volume,
	.memory = tmpfs_memory,
};
