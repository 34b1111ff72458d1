/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories as blocks of entries; index.c has those with an index. */
#include <string.h>

#include "fs/ext4/volume.h"

struct ext4_dirent *directory_entry(struct ext4 *fs, struct buffer *b, uint32_t offset)
{
	(void)fs;
	return (void *)(b->data + offset);
}

uint32_t directory_room(struct ext4 *fs)
{
	return fs->block_size - (fs->metadata_checksum ? (uint32_t)sizeof(struct ext4_dir_tail) : 0);
}

bool directory_is_indexed(struct ext4 *fs, const struct inode *d)
{
	return fs->dir_index && d->flags & EXT4_INODE_INDEX;
}

uint8_t directory_kind(uint16_t mode)
{
	switch (mode & EXT4_MODE_KIND) {
	case EXT4_MODE_REGULAR: return EXT4_KIND_REGULAR;
	case EXT4_MODE_DIRECTORY: return EXT4_KIND_DIRECTORY;
	case EXT4_MODE_CHARACTER: return EXT4_KIND_CHARACTER;
	case EXT4_MODE_BLOCK: return EXT4_KIND_BLOCK;
	case EXT4_MODE_FIFO: return EXT4_KIND_FIFO;
	case EXT4_MODE_SOCKET: return EXT4_KIND_SOCKET;
	case EXT4_MODE_SYMLINK: return EXT4_KIND_SYMLINK;
	default: return EXT4_KIND_NONE;
	}
}

bool directory_hash(struct ext4 *fs, uint8_t kind, const char *name, size_t length, struct name_hash *out)
{
	const uint32_t *seed = fs->super->hash_seed;

	if (!(seed[0] | seed[1] | seed[2] | seed[3]))
		seed = NULL;
	return name_hash(kind + (fs->hash_unsigned && kind < NAME_HASH_UNSIGNED ? NAME_HASH_UNSIGNED : 0), seed, name,
			 length, out);
}

/* Entries one behind the other up to the end, each with a place for its name. */
static bool leaf_good(struct ext4 *fs, struct buffer *b)
{
	uint32_t room = directory_room(fs), offset = 0;

	while (offset < room) {
		const struct ext4_dirent *e = directory_entry(fs, b, offset);

		if (room - offset < 8 || e->size < 8 || e->size % 4 || e->size > room - offset)
			return false;
		if (e->inode &&
		    (e->name_length == 0 || e->size < EXT4_DIRENT_SIZE(e->name_length) || e->inode > fs->inodes))
			return false;
		offset += e->size;
	}
	return offset == room;
}

status_t directory_block(struct ext4 *fs, struct inode *d, uint64_t logical, enum buffer_kind kind, struct buffer **out)
{
	struct mapping m;
	status_t status = extent_find(fs, d, logical, &m);

	if (status < 0)
		return status;
	if (!m.block || m.unwritten) {
		ext4_say(fs, "directory %llu has a hole", (unsigned long long)d->inode);
		return ERR_IO;
	}
	status = buffer_read(fs, m.block + (logical - m.logical), out);
	if (status == OK)
		status = buffer_check(fs, *out, kind, 0, d->seed);
	if (status < 0)
		return status;
	if (kind == BLOCK_DIR_LEAF && !((*out)->flags & BUFFER_SANE)) {
		if (!leaf_good(fs, *out)) {
			ext4_say(fs, "directory %llu is damaged", (unsigned long long)d->inode);
			return ERR_IO;
		}
		(*out)->flags |= BUFFER_SANE;
	}
	return OK;
}

void directory_seal_leaf(struct ext4 *fs, struct buffer *b)
{
	if (fs->metadata_checksum)
		*(struct ext4_dir_tail *)(void *)(b->data + directory_room(fs)) = (struct ext4_dir_tail){
			.size = sizeof(struct ext4_dir_tail), .kind = EXT4_DIR_TAIL_KIND};
	b->full_before = 0;
	b->flags |= BUFFER_SANE;
}

bool directory_search(struct ext4 *fs, struct buffer *b, const char *name, size_t length, struct slot *slot)
{
	uint32_t room = directory_room(fs), previous = 0;

	for (uint32_t offset = 0; offset < room;) {
		const struct ext4_dirent *e = (const void *)(b->data + offset);

		/* Names of one directory often differ at their ends. */
		if (e->name_length == length && e->name[length - 1] == name[length - 1] && e->inode &&
		    memcmp(e->name, name, length) == 0) {
			*slot = (struct slot){b, offset, previous};
			return true;
		}
		previous = offset;
		offset += e->size;
	}
	return false;
}

/* "." and "..": the first two of block 0, in an index too. */
static status_t find_dots(struct ext4 *fs, struct inode *d, size_t length, struct slot *slot)
{
	struct buffer *b;
	enum buffer_kind kind = directory_is_indexed(fs, d) ? BLOCK_DIR_INDEX : BLOCK_DIR_LEAF;
	status_t status = directory_block(fs, d, 0, kind, &b);
	const struct ext4_dirent *e;

	if (status < 0)
		return status;
	*slot = (struct slot){b, length == 1 ? 0 : 12, 0};
	e = directory_entry(fs, b, slot->offset);
	if (directory_entry(fs, b, 0)->size != 12 || e->name_length != length || memcmp(e->name, "..", length) != 0 ||
	    e->inode == 0) {
		ext4_say(fs, "directory %llu is damaged", (unsigned long long)d->inode);
		return ERR_IO;
	}
	return OK;
}

static bool is_dots(const char *name, size_t length)
{
	return name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
}

static status_t find_linear(struct ext4 *fs, struct inode *d, const char *name, size_t length, struct slot *slot)
{
	uint64_t blocks = d->size >> fs->block_shift;

	for (uint64_t logical = 0; logical < blocks; logical++) {
		struct mapping m;
		struct buffer *b;
		status_t status = extent_find(fs, d, logical, &m);

		if (status < 0)
			return status;
		if (!m.block) {
			logical = m.logical + m.length - 1;
			continue;
		}
		status = directory_block(fs, d, logical, BLOCK_DIR_LEAF, &b);
		if (status < 0)
			return status;
		if (directory_search(fs, b, name, length, slot))
			return OK;
	}
	return ERR_NOT_FOUND;
}

status_t directory_find(struct ext4 *fs, struct inode *d, const char *name, size_t length, struct slot *slot,
			uint64_t *inode)
{
	status_t status;

	if (!inode_is(d, EXT4_MODE_DIRECTORY))
		return ERR_NOT_DIRECTORY;
	if (length == 0)
		return ERR_NOT_FOUND;
	if (length > EXT4_NAME_MAX)
		return ERR_NAME_TOO_LONG;
	if (d->flags & EXT4_INODE_ENCRYPTED)
		return ERR_UNSUPPORTED;
	if (is_dots(name, length))
		status = find_dots(fs, d, length, slot);
	else if (directory_is_indexed(fs, d))
		status = index_find(fs, d, name, length, slot);
	else
		status = find_linear(fs, d, name, length, slot);
	if (status == OK)
		*inode = directory_entry(fs, slot->buffer, slot->offset)->inode;
	return status;
}

bool directory_put(struct ext4 *fs, struct buffer *b, const char *name, size_t length, uint64_t inode, uint8_t kind)
{
	uint32_t room = directory_room(fs), need = EXT4_DIRENT_SIZE((uint32_t)length);
	bool full = true;

	for (uint32_t offset = b->full_before; offset < room;) {
		struct ext4_dirent *e = (void *)(b->data + offset);
		uint32_t used = e->inode ? EXT4_DIRENT_SIZE(e->name_length) : 0;

		full = full && e->size - used < EXT4_DIRENT_SIZE(1);
		if (full)
			b->full_before = offset;
		if (e->size < need || e->size - used < need) {
			offset += e->size;
			continue;
		}
		if (used) {
			struct ext4_dirent *fresh = (void *)(b->data + offset + used);
			fresh->size = (uint16_t)(e->size - used);
			e->size = (uint16_t)used;
			e = fresh;
		}
		e->inode = (uint32_t)inode;
		e->name_length = (uint8_t)length;
		e->kind = kind;
		memcpy(e->name, name, length);
		buffer_changed(fs, b);
		return true;
	}
	return false;
}

status_t directory_grow(struct ext4 *fs, struct inode *d, uint64_t *logical, struct buffer **out)
{
	struct mapping m = {.logical = d->size >> fs->block_shift, .length = 1};
	uint64_t goal = d->goal;
	uint32_t count;
	status_t status;

	if (!(d->flags & EXT4_INODE_EXTENTS))
		return ERR_UNSUPPORTED;
	if (m.logical >= UINT32_MAX >> 4)
		return ERR_NO_SPACE;
	if (!goal) {
		struct mapping last;
		goal = m.logical && extent_find(fs, d, m.logical - 1, &last) == OK && last.block
			       ? last.block + last.length
			       : group_first_block(fs, (uint32_t)((d->inode - 1) / fs->inodes_per_group));
	}
	status = blocks_allocate(fs, goal, 1, &m.block, &count);
	if (status < 0)
		return status;
	status = buffer_make(fs, m.block, true, out);
	if (status == OK)
		status = extent_add(fs, d, &m);
	if (status < 0) {
		if (!fs->failed) {
			(void)blocks_free(fs, m.block, 1, false);
			(void)inode_store(fs, d);
		}
		return status;
	}
	d->goal = m.block + 1;
	d->blocks += fs->sectors_per_block;
	d->size += fs->block_size;
	d->data_id = fs->running.id;
	buffer_become(*out, BLOCK_DIR_LEAF, 0, d->seed);
	directory_entry(fs, *out, 0)->size = (uint16_t)directory_room(fs);
	directory_seal_leaf(fs, *out);
	buffer_changed(fs, *out);
	*logical = m.logical;
	return inode_store(fs, d);
}

status_t directory_make(struct ext4 *fs, struct inode *d, uint64_t parent)
{
	struct ext4_dirent *dot, *dots;
	struct buffer *b;
	uint64_t logical;
	status_t status = directory_grow(fs, d, &logical, &b);

	if (status < 0)
		return status;
	dot = directory_entry(fs, b, 0);
	*dot = (struct ext4_dirent){
		.inode = (uint32_t)d->inode, .size = 12, .name_length = 1, .kind = EXT4_KIND_DIRECTORY};
	memcpy(dot->name, ".\0\0", 4);
	dots = directory_entry(fs, b, 12);
	*dots = (struct ext4_dirent){.inode = (uint32_t)parent,
				     .size = (uint16_t)(directory_room(fs) - 12),
				     .name_length = 2,
				     .kind = EXT4_KIND_DIRECTORY};
	memcpy(dots->name, "..\0", 4);
	return OK;
}

static status_t add_linear(struct ext4 *fs, struct inode *d, const char *name, size_t length, uint64_t inode,
			   uint8_t kind)
{
	uint64_t blocks = d->size >> fs->block_shift, logical;
	struct buffer *b;
	status_t status;

	for (logical = d->slot_hint < blocks ? d->slot_hint : 0; logical < blocks; logical++) {
		struct mapping m;
		status = extent_find(fs, d, logical, &m);
		if (status < 0)
			return status;
		if (!m.block) {
			logical = m.logical + m.length - 1;
			continue;
		}
		status = directory_block(fs, d, logical, BLOCK_DIR_LEAF, &b);
		if (status < 0)
			return status;
		if (directory_put(fs, b, name, length, inode, kind))
			return OK;
	}
	if (blocks == 1 && fs->dir_index) {
		status = index_build(fs, d);
		if (status != ERR_UNSUPPORTED)
			return status < 0 ? status : index_add(fs, d, name, length, inode, kind);
	}
	/* Short names may still fit before; they do after the next removal. */
	d->slot_hint = blocks;
	status = directory_grow(fs, d, &logical, &b);
	if (status < 0)
		return status;
	(void)directory_put(fs, b, name, length, inode, kind); /* an empty block has room for any name */
	return OK;
}

status_t directory_add(struct ext4 *fs, struct inode *d, const char *name, size_t length, uint64_t inode, uint8_t kind)
{
	if (directory_is_indexed(fs, d))
		return index_add(fs, d, name, length, inode, kind);
	return add_linear(fs, d, name, length, inode, kind);
}

void directory_remove(struct ext4 *fs, struct inode *d, const struct slot *slot)
{
	struct ext4_dirent *e = directory_entry(fs, slot->buffer, slot->offset);

	if (slot->previous != slot->offset)
		directory_entry(fs, slot->buffer, slot->previous)->size += e->size;
	e->inode = 0;
	if (slot->buffer->full_before > slot->previous)
		slot->buffer->full_before = slot->previous;
	d->slot_hint = 0;
	buffer_changed(fs, slot->buffer);
}

void directory_set(struct ext4 *fs, struct inode *d, const struct slot *slot, uint64_t inode, uint8_t kind)
{
	struct ext4_dirent *e = directory_entry(fs, slot->buffer, slot->offset);

	(void)d;
	e->inode = (uint32_t)inode;
	e->kind = kind;
	buffer_changed(fs, slot->buffer);
}
