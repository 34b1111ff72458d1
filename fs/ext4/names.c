/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on names and on inodes as a whole. */
#include <string.h>

#include "fs/ext4/volume.h"

#define LINKS_MAX      65000u
/* Directories on the way to the root; more are a ring. */
#define ANCESTORS_MAX  65536u
/* A new inode, and a block for what is in it. */
#define NEW_CHANGES    12u
#define RENAME_CHANGES (DIRECTORY_ADD_CHANGES + SMALL_CHANGES + 12u)

static bool is_dots(const char *name, size_t length)
{
	return length && name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
}

static status_t directory_get(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	status_t status = inode_get(fs, inode, out);

	return status == OK && !inode_is(*out, EXT4_MODE_DIRECTORY) ? ERR_NOT_DIRECTORY : status;
}

/* For a change of its entries. */
static status_t directory_change(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	status_t status = directory_get(fs, inode, out);

	if (status < 0)
		return status;
	if ((*out)->links == 0)
		return ERR_NOT_FOUND;
	return (*out)->flags & (EXT4_INODE_IMMUTABLE | EXT4_INODE_CASEFOLD) ? ERR_ACCESS : OK;
}

static status_t name_check(const char *name, size_t length)
{
	if (length == 0)
		return ERR_NOT_FOUND;
	if (length > EXT4_NAME_MAX)
		return ERR_NAME_TOO_LONG;
	return memchr(name, '/', length) || memchr(name, 0, length) ? ERR_INVALID : OK;
}

/* OK: the name is free. */
static status_t name_free(struct ext4 *fs, struct inode *d, const char *name, size_t length)
{
	struct slot slot;
	uint64_t inode;
	status_t status = name_check(name, length);

	if (status < 0)
		return status;
	if (is_dots(name, length))
		return ERR_EXISTS;
	status = directory_find(fs, d, name, length, &slot, &inode);
	return status == OK ? ERR_EXISTS : status == ERR_NOT_FOUND ? OK : status;
}

/* A directory that has so many links is full, or (dir_nlink) stops to count them: 1 from then on. */
static bool links_stop(struct ext4 *fs)
{
	return fs->super->ro_compat & EXT4_RO_DIR_NLINK;
}

static bool links_full(struct ext4 *fs, const struct inode *d)
{
	return d->links >= LINKS_MAX && !links_stop(fs);
}

static void links_add(struct ext4 *fs, struct inode *d)
{
	if (d->links != 1)
		d->links = d->links >= LINKS_MAX - 1 && links_stop(fs) ? 1 : (uint16_t)(d->links + 1);
}

static void links_take(struct inode *d)
{
	if (d->links > 2)
		d->links--;
}

status_t ext4_lookup(struct ext4 *fs, uint64_t directory, const char *name, size_t length, uint64_t *inode)
{
	struct inode *d;
	struct slot slot;
	status_t status = reading_begin(fs);

	if (status == OK)
		status = directory_get(fs, directory, &d);
	return status < 0 ? status : directory_find(fs, d, name, length, &slot, inode);
}

/* ---- making */

static status_t symlink_fill(struct ext4 *fs, struct inode *n, const char *target, size_t length)
{
	struct mapping m = {.length = 1};
	struct buffer *b;
	uint32_t count;
	status_t status;

	n->size = length;
	if (length < sizeof(n->root)) {
		memcpy(n->root, target, length);
		return OK;
	}
	extent_init(n);
	status = blocks_allocate(fs, group_first_block(fs, (uint32_t)((n->inode - 1) / fs->inodes_per_group)), 1,
				 &m.block, &count);
	if (status < 0)
		return status;
	status = buffer_make(fs, m.block, true, &b);
	if (status == OK)
		status = extent_add(fs, n, &m);
	if (status < 0) {
		if (!fs->failed)
			(void)blocks_free(fs, m.block, 1, false);
		return status;
	}
	n->blocks = fs->sectors_per_block;
	memcpy(b->data, target, length);
	buffer_changed(fs, b);
	return OK;
}

static void device_put(struct inode *n, uint32_t major, uint32_t minor)
{
	if (major < 256 && minor < 256)
		n->root[0] = major << 8 | minor;
	else
		n->root[1] = (minor & 0xff) | (major & 0xfff) << 8 | (minor & 0xfff00) << 12;
}

/* The inode, with its contents but not its name. */
static status_t make_inode(struct ext4 *fs, struct inode *d, const struct ext4_new *with, const char *target,
			   size_t target_length, struct inode **out)
{
	uint16_t kind = with->mode & EXT4_MODE_KIND;
	bool directory = kind == EXT4_MODE_DIRECTORY;
	struct inode *n;
	uint64_t inode;
	status_t status = inode_allocate(fs, d->inode, directory, &inode);

	if (status < 0)
		return status;
	status = inode_make(fs, inode, (uint16_t)with->mode, d->flags & EXT4_INODE_INHERITED, &n);
	if (status < 0) {
		if (!fs->failed)
			(void)inode_free(fs, inode, directory);
		return status;
	}
	n->uid = with->uid;
	n->gid = with->gid;
	if (directory || kind == EXT4_MODE_REGULAR)
		extent_init(n);
	if (directory)
		status = directory_make(fs, n, d->inode);
	else if (kind == EXT4_MODE_SYMLINK)
		status = symlink_fill(fs, n, target, target_length);
	else if (kind == EXT4_MODE_CHARACTER || kind == EXT4_MODE_BLOCK)
		device_put(n, with->device_major, with->device_minor);
	if (status < 0) {
		if (!fs->failed)
			(void)inode_free_small(fs, n);
		return status;
	}
	*out = n;
	return OK;
}

static status_t make_named(struct ext4 *fs, uint64_t directory, const char *name, size_t length,
			   const struct ext4_new *with, const char *target, size_t target_length, uint64_t *inode)
{
	bool is_directory = (with->mode & EXT4_MODE_KIND) == EXT4_MODE_DIRECTORY;
	struct inode *d, *n;
	status_t status = directory_change(fs, directory, &d);

	if (status == OK)
		status = name_free(fs, d, name, length);
	if (status < 0)
		return status;
	if (is_directory && links_full(fs, d))
		return ERR_TOO_MANY_LINKS;
	status = make_inode(fs, d, with, target, target_length, &n);
	if (status < 0)
		return status;
	status = directory_add(fs, d, name, length, n->inode, directory_kind(n->mode));
	if (status < 0) {
		if (!fs->failed)
			(void)inode_free_small(fs, n);
		return status;
	}
	n->links = is_directory ? 2 : 1;
	if (is_directory)
		links_add(fs, d);
	inode_set_changed(fs, d, true);
	*inode = n->inode;
	status = inode_store(fs, n);
	return status < 0 ? status : inode_store(fs, d);
}

static status_t make_any(struct ext4 *fs, uint64_t directory, const char *name, size_t length,
			 const struct ext4_new *with, const char *target, size_t target_length, uint64_t *inode)
{
	status_t status;

	do {
		status = operation_begin(fs, DIRECTORY_ADD_CHANGES + NEW_CHANGES);
		if (status == OK)
			status = operation_end(
				fs, make_named(fs, directory, name, length, with, target, target_length, inode));
	} while (status == ERR_AGAIN);
	return status;
}

status_t ext4_create(struct ext4 *fs, uint64_t directory, const char *name, size_t length, const struct ext4_new *with,
		     uint64_t *inode)
{
	switch (with->mode & EXT4_MODE_KIND) {
	case EXT4_MODE_REGULAR:
	case EXT4_MODE_DIRECTORY:
	case EXT4_MODE_CHARACTER:
	case EXT4_MODE_BLOCK:
	case EXT4_MODE_FIFO:
	case EXT4_MODE_SOCKET: return make_any(fs, directory, name, length, with, NULL, 0, inode);
	default: return ERR_INVALID;
	}
}

status_t ext4_symlink(struct ext4 *fs, uint64_t directory, const char *name, size_t length, const char *target,
		      size_t target_length, const struct ext4_new *with, uint64_t *inode)
{
	struct ext4_new link = *with;

	if (target_length == 0)
		return ERR_NOT_FOUND;
	if (target_length >= fs->block_size)
		return ERR_NAME_TOO_LONG;
	link.mode = EXT4_MODE_SYMLINK | 0777;
	return make_any(fs, directory, name, length, &link, target, target_length, inode);
}

status_t ext4_read_link(struct ext4 *fs, uint64_t inode, char *out, size_t size, size_t *used)
{
	struct inode *n;
	const void *text;
	status_t status = reading_begin(fs);

	if (status == OK)
		status = inode_get(fs, inode, &n);
	if (status < 0)
		return status;
	if (!inode_is(n, EXT4_MODE_SYMLINK))
		return ERR_INVALID;
	if (n->flags & EXT4_INODE_ENCRYPTED)
		return ERR_UNSUPPORTED;
	text = n->root;
	if (inode_has_map(n)) {
		struct mapping m;
		struct buffer *b;

		status = extent_find(fs, n, 0, &m);
		if (status == OK && (!m.block || m.unwritten || n->size >= fs->block_size)) {
			ext4_say(fs, "symbolic link %llu is damaged", (unsigned long long)inode);
			status = ERR_IO;
		}
		if (status == OK)
			status = buffer_read(fs, m.block, &b);
		if (status == OK)
			status = buffer_check(fs, b, BLOCK_PLAIN, 0, 0);
		if (status < 0)
			return status;
		text = b->data;
	}
	*used = size < n->size ? size : (size_t)n->size;
	memcpy(out, text, *used);
	return OK;
}

static status_t link_named(struct ext4 *fs, uint64_t inode, uint64_t directory, const char *name, size_t length)
{
	struct inode *d, *n;
	status_t status = directory_change(fs, directory, &d);

	if (status == OK)
		status = inode_get(fs, inode, &n);
	if (status < 0)
		return status;
	if (inode_is(n, EXT4_MODE_DIRECTORY))
		return ERR_IS_DIRECTORY;
	if (n->links == 0)
		return ERR_NOT_FOUND;
	if (n->links >= LINKS_MAX)
		return ERR_TOO_MANY_LINKS;
	if (n->flags & (EXT4_INODE_IMMUTABLE | EXT4_INODE_APPEND))
		return ERR_ACCESS;
	status = name_free(fs, d, name, length);
	if (status == OK)
		status = directory_add(fs, d, name, length, inode, directory_kind(n->mode));
	if (status < 0)
		return status;
	n->links++;
	inode_set_changed(fs, n, false);
	inode_set_changed(fs, d, true);
	status = inode_store(fs, n);
	return status < 0 ? status : inode_store(fs, d);
}

status_t ext4_link(struct ext4 *fs, uint64_t inode, uint64_t directory, const char *name, size_t length)
{
	status_t status;

	do {
		status = operation_begin(fs, DIRECTORY_ADD_CHANGES + 4);
		if (status == OK)
			status = operation_end(fs, link_named(fs, inode, directory, name, length));
	} while (status == ERR_AGAIN);
	return status;
}

/* ---- unmaking */

/* Its last name is gone. *later: it is too big for this operation; inode_delete is to follow. */
static status_t inode_end(struct ext4 *fs, struct inode *n, struct inode **later)
{
	status_t status;

	n->links = 0;
	inode_set_changed(fs, n, false);
	if (!n->holds && inode_is_small(fs, n))
		return inode_free_small(fs, n);
	status = orphan_add(fs, n);
	if (status == OK && !n->holds)
		*later = n;
	return status;
}

static status_t inode_loses_name(struct ext4 *fs, struct inode *n, struct inode **later)
{
	if (n->links == 0)
		return ext4_fail(fs, "inode %llu has more names than links", (unsigned long long)n->inode);
	if (n->links == 1 || inode_is(n, EXT4_MODE_DIRECTORY))
		return inode_end(fs, n, later);
	n->links--;
	inode_set_changed(fs, n, false);
	return inode_store(fs, n);
}

/* Whether a file may lose its name in that directory. */
static status_t removable(struct ext4 *fs, const struct inode *d, struct inode *n, bool directory)
{
	if (n == d)
		return ERR_IO;
	if (n->flags & (EXT4_INODE_IMMUTABLE | EXT4_INODE_APPEND))
		return ERR_ACCESS;
	if (directory != inode_is(n, EXT4_MODE_DIRECTORY))
		return directory ? ERR_NOT_DIRECTORY : ERR_IS_DIRECTORY;
	if (!directory)
		return OK;
	return n->inode == EXT4_ROOT ? ERR_BUSY : directory_is_empty(fs, n);
}

static status_t remove_named(struct ext4 *fs, uint64_t directory, const char *name, size_t length, bool is_directory,
			     struct inode **later)
{
	struct inode *d, *n;
	struct slot slot;
	uint64_t inode;
	status_t status = directory_change(fs, directory, &d);

	if (status == OK)
		status = name_check(name, length);
	if (status == OK)
		status = directory_find(fs, d, name, length, &slot, &inode);
	if (status == OK)
		status = inode_get(fs, inode, &n);
	if (status == OK)
		status = removable(fs, d, n, is_directory);
	if (status < 0)
		return status;
	directory_remove(fs, d, &slot);
	if (is_directory)
		links_take(d);
	inode_set_changed(fs, d, true);
	status = inode_store(fs, d);
	return status < 0 ? status : inode_loses_name(fs, n, later);
}

static status_t remove_any(struct ext4 *fs, uint64_t directory, const char *name, size_t length, bool is_directory)
{
	struct inode *later = NULL;
	status_t status = operation_begin(fs, SMALL_CHANGES + 8);

	if (status == OK)
		status = operation_end(fs, remove_named(fs, directory, name, length, is_directory, &later));
	return status == OK && later ? inode_delete(fs, later) : status;
}

status_t ext4_unlink(struct ext4 *fs, uint64_t directory, const char *name, size_t length)
{
	if (is_dots(name, length))
		return ERR_IS_DIRECTORY;
	return remove_any(fs, directory, name, length, false);
}

status_t ext4_rmdir(struct ext4 *fs, uint64_t directory, const char *name, size_t length)
{
	if (is_dots(name, length))
		return length == 1 ? ERR_INVALID : ERR_NOT_EMPTY;
	return remove_any(fs, directory, name, length, true);
}

/* ---- rename */

struct renaming {
	struct inode *from, *to, *file, *replaced;
	const char *name, *new_name;
	size_t length, new_length;
};

/* Whether `n` is `d` or above it. */
static status_t is_above(struct ext4 *fs, const struct inode *n, struct inode *d)
{
	struct slot slot;
	uint64_t inode = d->inode;

	for (uint32_t steps = 0; steps < ANCESTORS_MAX; steps++) {
		status_t status;

		if (inode == n->inode)
			return ERR_INVALID;
		if (inode == EXT4_ROOT)
			return OK;
		status = directory_get(fs, inode, &d);
		if (status == OK)
			status = directory_find(fs, d, "..", 2, &slot, &inode);
		if (status < 0)
			return status == ERR_NOT_FOUND || status == ERR_NOT_DIRECTORY ? ERR_IO : status;
	}
	ext4_say(fs, "directory %llu is below itself", (unsigned long long)d->inode);
	return ERR_IO;
}

static status_t rename_check(struct ext4 *fs, struct renaming *r, uint64_t from, uint64_t to, bool exclusive)
{
	struct slot slot;
	uint64_t inode;
	bool directory;
	status_t status = directory_change(fs, from, &r->from);

	if (status == OK)
		status = directory_change(fs, to, &r->to);
	if (status == OK)
		status = name_check(r->name, r->length);
	if (status == OK)
		status = name_check(r->new_name, r->new_length);
	if (status < 0)
		return status;
	if (is_dots(r->name, r->length))
		return ERR_INVALID;
	if (is_dots(r->new_name, r->new_length))
		return exclusive ? ERR_EXISTS : ERR_INVALID;
	status = directory_find(fs, r->from, r->name, r->length, &slot, &inode);
	if (status == OK)
		status = inode_get(fs, inode, &r->file);
	if (status < 0)
		return status;
	if (r->file->flags & (EXT4_INODE_IMMUTABLE | EXT4_INODE_APPEND))
		return ERR_ACCESS;
	directory = inode_is(r->file, EXT4_MODE_DIRECTORY);
	if (directory && r->file->inode == EXT4_ROOT)
		return ERR_BUSY;
	if (directory) {
		status = is_above(fs, r->file, r->to);
		if (status < 0)
			return status;
	}
	r->replaced = NULL;
	status = directory_find(fs, r->to, r->new_name, r->new_length, &slot, &inode);
	if (status == ERR_NOT_FOUND)
		return directory && r->from != r->to && links_full(fs, r->to) ? ERR_TOO_MANY_LINKS : OK;
	if (status < 0)
		return status;
	if (exclusive)
		return ERR_EXISTS;
	status = inode_get(fs, inode, &r->replaced);
	if (status < 0 || r->replaced == r->file)
		return status;
	return directory && r->replaced == r->from ? ERR_NOT_EMPTY : removable(fs, r->to, r->replaced, directory);
}

/* All that can fail without harm is in front. */
static status_t rename_do(struct ext4 *fs, struct renaming *r, struct inode **later)
{
	bool directory = inode_is(r->file, EXT4_MODE_DIRECTORY);
	uint8_t kind = directory_kind(r->file->mode);
	struct slot slot;
	uint64_t inode;
	status_t status;

	if (directory && r->from != r->to) {
		status = directory_find(fs, r->file, "..", 2, &slot, &inode);
		if (status < 0)
			return status;
	}
	if (r->replaced) {
		status = directory_find(fs, r->to, r->new_name, r->new_length, &slot, &inode);
		if (status == OK)
			directory_set(fs, r->to, &slot, r->file->inode, kind);
	} else {
		status = directory_add(fs, r->to, r->new_name, r->new_length, r->file->inode, kind);
	}
	if (status < 0)
		return status;
	status = directory_find(fs, r->from, r->name, r->length, &slot, &inode);
	if (status < 0)
		return ext4_fail(fs, "directory %llu has lost a name", (unsigned long long)r->from->inode);
	directory_remove(fs, r->from, &slot);
	if (directory && r->from != r->to) {
		status = directory_find(fs, r->file, "..", 2, &slot, &inode);
		if (status < 0)
			return ext4_fail(fs, "directory %llu has lost its parent", (unsigned long long)r->file->inode);
		directory_set(fs, r->file, &slot, r->to->inode, EXT4_KIND_DIRECTORY);
		links_take(r->from);
		links_add(fs, r->to);
	}
	if (directory && r->replaced)
		links_take(r->to);
	inode_set_changed(fs, r->file, false);
	inode_set_changed(fs, r->from, true);
	inode_set_changed(fs, r->to, true);
	status = inode_store(fs, r->file);
	if (status == OK)
		status = inode_store(fs, r->from);
	if (status == OK && r->to != r->from)
		status = inode_store(fs, r->to);
	if (status == OK && r->replaced)
		status = inode_loses_name(fs, r->replaced, later);
	return status;
}

status_t ext4_rename(struct ext4 *fs, uint64_t from, const char *name, size_t length, uint64_t to, const char *new_name,
		     size_t new_length, bool exclusive)
{
	struct renaming r = {.name = name, .new_name = new_name, .length = length, .new_length = new_length};
	struct inode *later = NULL;
	status_t status;

	do {
		status = operation_begin(fs, RENAME_CHANGES);
		if (status < 0)
			return status;
		status = rename_check(fs, &r, from, to, exclusive);
		if (status == OK && r.replaced != r.file)
			status = rename_do(fs, &r, &later);
		status = operation_end(fs, status);
	} while (status == ERR_AGAIN);
	return status == OK && later ? inode_delete(fs, later) : status;
}

/* ---- inodes */

status_t ext4_hold(struct ext4 *fs, uint64_t inode)
{
	struct inode *n;
	status_t status = inode_get(fs, inode, &n);

	if (status == OK)
		n->holds++;
	return status;
}

void ext4_release(struct ext4 *fs, uint64_t inode)
{
	struct inode *n;

	if (inode_get(fs, inode, &n) < 0 || n->holds == 0 || --n->holds > 0)
		return;
	if (n->links == 0 && !fs->read_only && !fs->failed)
		(void)inode_delete(fs, n); /* what fails is done at the next mount: it is in the list of orphans */
}

status_t ext4_attributes(struct ext4 *fs, uint64_t inode, struct ext4_attributes *out)
{
	struct inode *n;
	status_t status = reading_begin(fs);

	if (status == OK)
		status = inode_get(fs, inode, &n);
	if (status < 0)
		return status;
	*out = (struct ext4_attributes){
		.size = n->size,
		.blocks = n->blocks,
		.accessed = n->accessed,
		.modified = n->modified,
		.changed = n->changed,
		.mode = n->mode,
		.links = n->links,
		.uid = n->uid,
		.gid = n->gid,
		.generation = n->generation,
		.flags = n->flags,
	};
	if (inode_is(n, EXT4_MODE_CHARACTER) || inode_is(n, EXT4_MODE_BLOCK)) {
		uint32_t old = n->root[0], wide = n->root[1];
		out->device_major = old ? old >> 8 & 0xff : wide >> 8 & 0xfff;
		out->device_minor = old ? old & 0xff : (wide & 0xff) | (wide >> 12 & 0xfff00);
	}
	return OK;
}

static status_t change_node(struct ext4 *fs, uint64_t inode, uint32_t change, const struct ext4_attributes *values)
{
	struct inode *n;
	status_t status = inode_get(fs, inode, &n);

	if (status < 0)
		return status;
	if (n->flags & EXT4_INODE_IMMUTABLE)
		return ERR_ACCESS;
	if (change & EXT4_CHANGE_PERMISSIONS)
		n->mode = (uint16_t)((n->mode & EXT4_MODE_KIND) | (values->mode & EXT4_MODE_PERMISSIONS));
	if (change & EXT4_CHANGE_UID)
		n->uid = values->uid;
	if (change & EXT4_CHANGE_GID)
		n->gid = values->gid;
	if (change & EXT4_CHANGE_ACCESSED)
		n->accessed = values->accessed;
	if (change & EXT4_CHANGE_MODIFIED)
		n->modified = values->modified;
	if (change & ~(uint32_t)EXT4_CHANGE_ACCESSED)
		inode_set_changed(fs, n, false);
	return inode_store(fs, n);
}

status_t ext4_change(struct ext4 *fs, uint64_t inode, uint32_t change, const struct ext4_attributes *values)
{
	status_t status = operation_begin(fs, 2);

	return status < 0 ? status : operation_end(fs, change_node(fs, inode, change, values));
}
