/* SPDX-License-Identifier: BSD-2-Clause */
/* Inodes: between the table on the disk and the nodes in memory, and their life's end. */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/checksum.h"
#include "fs/ext4/volume.h"

/* Blocks that an operation reads at once, about. */
#define READING_ROOM     8u
#define NODES_MAX        2048u
#define NODE_BUCKETS     2048u
#define NS_PER_SECOND    1000000000
#define SECONDS_LOW      (-2147483648ll)
#define SECONDS_HIGH     (SECONDS_LOW + (4ll << 32) - 1)
#define SECONDS_HIGH_128 2147483647ll
#define SECONDS_KNOWN    (INT64_MAX / NS_PER_SECOND - 1)
/* Blocks that one step of a deletion changes, about. */
#define DELETE_BUDGET    32u
#define DELETE_CHANGES   96u

status_t inodes_open(struct ext4 *fs)
{
	fs->nodes = calloc(NODE_BUCKETS, sizeof(*fs->nodes));
	fs->node_mask = NODE_BUCKETS - 1;
	return fs->nodes ? OK : ERR_NO_MEMORY;
}

void inodes_close(struct ext4 *fs)
{
	for (struct inode *n = fs->use_first, *next; n; n = next) {
		next = n->use_next;
		free(n);
	}
	free(fs->nodes);
	fs->nodes = NULL;
	fs->use_first = fs->use_last = fs->orphans = NULL;
	fs->node_count = 0;
}

static void use_unlink(struct ext4 *fs, struct inode *n)
{
	if (n->use_next)
		n->use_next->use_previous = n->use_previous;
	else
		fs->use_last = n->use_previous;
	if (n->use_previous)
		n->use_previous->use_next = n->use_next;
	else
		fs->use_first = n->use_next;
}

static void use_link(struct ext4 *fs, struct inode *n)
{
	n->use_previous = NULL;
	n->use_next = fs->use_first;
	if (fs->use_first)
		fs->use_first->use_previous = n;
	else
		fs->use_last = n;
	fs->use_first = n;
}

void inode_drop(struct ext4 *fs, struct inode *n)
{
	struct inode **at = &fs->nodes[n->inode & fs->node_mask];

	while (n->writing)
		io_wait(fs);
	while (*at != n)
		at = &(*at)->hash_next;
	*at = n->hash_next;
	use_unlink(fs, n);
	fs->node_count--;
	free(n);
}

void inodes_trim(struct ext4 *fs)
{
	for (struct inode *n = fs->use_last, *previous; n && fs->node_count > NODES_MAX; n = previous) {
		previous = n->use_previous;
		if (!n->holds && !n->busy && !n->dirty_count && !n->writing && !n->orphan && !n->ordered &&
		    n->write_error == OK)
			inode_drop(fs, n);
	}
}

status_t reading_begin(struct ext4 *fs)
{
	status_t status;

	fs->operation++;
	if (fs->node_count > NODES_MAX)
		inodes_trim(fs);
	status = buffers_trim(fs, 0);
	if (status == OK)
		(void)buffers_room(fs, READING_ROOM);
	return status;
}

/* ---- times: seconds with a sign, and in the extra field two more bits of them and the nanoseconds */

static bool has_extra(const struct ext4 *fs, const struct ext4_raw_inode *raw, size_t end)
{
	return fs->inode_size > EXT4_INODE_SIZE_MIN && raw->extra_isize >= end;
}

static int64_t time_take(uint32_t low, const uint32_t *extra)
{
	int64_t seconds = (int32_t)low;
	uint32_t ns = 0;

	if (extra) {
		seconds += (int64_t)(*extra & 3) << 32;
		ns = *extra >> 2;
	}
	if (seconds > SECONDS_KNOWN) { /* ext4's last times are in 2446, ours in 2262 */
		seconds = SECONDS_KNOWN;
		ns = NS_PER_SECOND - 1;
	}
	return seconds * NS_PER_SECOND + (ns < NS_PER_SECOND ? ns : 0);
}

static void time_put(int64_t time, uint32_t *low, uint32_t *extra)
{
	int64_t seconds = time / NS_PER_SECOND, ns = time % NS_PER_SECOND;
	int64_t high = extra ? SECONDS_HIGH : SECONDS_HIGH_128;

	if (ns < 0) {
		ns += NS_PER_SECOND;
		seconds--;
	}
	if (seconds > high || seconds < SECONDS_LOW) {
		seconds = seconds > high ? high : SECONDS_LOW;
		ns = 0;
	}
	*low = (uint32_t)seconds;
	if (extra)
		*extra = (uint32_t)ns << 2 | (uint32_t)((seconds - (int32_t)seconds) >> 32 & 3);
}

/* ---- the table */

static status_t inode_place(struct ext4 *fs, uint64_t inode, struct buffer **out, uint8_t **raw)
{
	uint32_t g = (uint32_t)((inode - 1) / fs->inodes_per_group);
	uint32_t i = (uint32_t)((inode - 1) % fs->inodes_per_group);
	uint32_t in_block = i % fs->inodes_per_block;
	status_t status = buffer_read(fs, group_inode_table(fs, g) + i / fs->inodes_per_block, out);

	if (status == OK)
		status = buffer_check(fs, *out, BLOCK_INODES, inode - in_block, 0);
	if (status == OK)
		*raw = (*out)->data + (size_t)in_block * fs->inode_size;
	return status;
}

bool inode_has_map(const struct inode *n)
{
	switch (n->mode & EXT4_MODE_KIND) {
	case EXT4_MODE_REGULAR:
	case EXT4_MODE_DIRECTORY: return true;
	case EXT4_MODE_SYMLINK: return n->size >= sizeof(n->root) || n->flags & EXT4_INODE_EXTENTS;
	default: return false;
	}
}

static void inode_take(struct ext4 *fs, struct inode *n, const struct ext4_raw_inode *raw)
{
	uint64_t blocks = raw->blocks_low;

	n->mode = raw->mode;
	n->links = raw->links;
	n->deleted = raw->deleted;
	n->uid = raw->uid_low | (uint32_t)raw->uid_high << 16;
	n->gid = raw->gid_low | (uint32_t)raw->gid_high << 16;
	n->flags = raw->flags;
	n->generation = raw->generation;
	n->size = raw->size_low | (uint64_t)raw->size_high << 32;
	if (fs->super->ro_compat & EXT4_RO_HUGE_FILE) {
		blocks |= (uint64_t)raw->blocks_high << 32;
		if (n->flags & EXT4_INODE_HUGE_FILE)
			blocks *= fs->sectors_per_block;
	}
	n->blocks = blocks;
	n->xattr_block = raw->xattr_block_low;
	if (fs->super->incompat & EXT4_INCOMPAT_64BIT)
		n->xattr_block |= (uint64_t)raw->xattr_block_high << 32;
	n->accessed = time_take(raw->accessed,
				has_extra(fs, raw, EXT4_EXTRA_END(accessed_extra)) ? &raw->accessed_extra : NULL);
	n->changed = time_take(raw->changed,
			       has_extra(fs, raw, EXT4_EXTRA_END(changed_extra)) ? &raw->changed_extra : NULL);
	n->modified = time_take(raw->modified,
				has_extra(fs, raw, EXT4_EXTRA_END(modified_extra)) ? &raw->modified_extra : NULL);
	memcpy(n->root, raw->block, sizeof(n->root));
}

static bool inode_good(struct ext4 *fs, const struct inode *n)
{
	if (n->size > INT64_MAX)
		return false;
	if (inode_is(n, EXT4_MODE_DIRECTORY) && n->links && (n->size & (fs->block_size - 1)))
		return false;
	return !inode_has_map(n) || !(n->flags & EXT4_INODE_EXTENTS) || extent_root_good(fs, n);
}

static uint32_t inode_seed(struct ext4 *fs, uint64_t inode, uint32_t generation)
{
	uint32_t number = (uint32_t)inode;

	return fs->metadata_checksum ? crc32c(crc32c(fs->seed, &number, 4), &generation, 4) : 0;
}

static struct inode *inode_insert(struct ext4 *fs, uint64_t inode)
{
	struct inode *n = calloc(1, sizeof(*n)), **bucket = &fs->nodes[inode & fs->node_mask];

	if (!n)
		return NULL;
	n->inode = inode;
	n->hash_next = *bucket;
	*bucket = n;
	use_link(fs, n);
	fs->node_count++;
	/* It may have been changed, and let go since: a sync must not take it for unchanged. */
	n->change_id = n->data_id = fs->running.id;
	return n;
}

static status_t inode_load(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	struct buffer *b;
	uint8_t *bytes;
	const struct ext4_raw_inode *raw;
	struct inode *n;
	bool fresh;
	status_t status;

	if (inode == 0 || inode > fs->inodes)
		return ERR_NOT_FOUND;
	status = inode_place(fs, inode, &b, &bytes);
	if (status < 0)
		return status;
	raw = (const void *)bytes;
	if (raw->mode == 0 && raw->links == 0)
		return ERR_NOT_FOUND;
	/* What was changed and is not committed yet has no checksum. */
	fresh = b->flags & BUFFER_CHANGED && b->mask[(inode - b->index) / 64] >> (inode - b->index) % 64 & 1;
	if (fs->metadata_checksum && !fs->recovering && !fresh) {
		uint32_t crc = inode_checksum(fs, inode, bytes), want = raw->checksum_low;
		if (has_extra(fs, raw, EXT4_EXTRA_END(checksum_high)))
			want |= (uint32_t)raw->checksum_high << 16;
		if (crc != want) {
			ext4_say(fs, "inode %llu has a wrong checksum", (unsigned long long)inode);
			return ERR_IO;
		}
	}
	if (fs->inode_size > EXT4_INODE_SIZE_MIN &&
	    (raw->extra_isize > fs->inode_size - EXT4_INODE_SIZE_MIN || raw->extra_isize % 4)) {
		ext4_say(fs, "inode %llu is damaged", (unsigned long long)inode);
		return ERR_IO;
	}
	if (raw->flags & EXT4_INODE_INLINE_DATA)
		return ERR_UNSUPPORTED;
	n = inode_insert(fs, inode);
	if (!n)
		return ERR_NO_MEMORY;
	inode_take(fs, n, raw);
	n->seed = inode_seed(fs, inode, n->generation);
	if (!inode_good(fs, n)) {
		ext4_say(fs, "inode %llu is damaged", (unsigned long long)inode);
		inode_drop(fs, n);
		return ERR_IO;
	}
	*out = n;
	return OK;
}

status_t inode_get_any(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	struct inode *n = fs->nodes[inode & fs->node_mask];

	while (n && n->inode != inode)
		n = n->hash_next;
	if (!n)
		return inode_load(fs, inode, out);
	if (n != fs->use_first) {
		use_unlink(fs, n);
		use_link(fs, n);
	}
	*out = n;
	return OK;
}

status_t inode_get(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	status_t status;

	if (inode != EXT4_ROOT && inode < fs->first_inode)
		return ERR_NOT_FOUND;
	status = inode_get_any(fs, inode, out);
	if (status == OK && (*out)->links == 0 && !(*out)->holds && !(fs->orphans_kept && (*out)->orphan))
		return ERR_NOT_FOUND;
	return status;
}

status_t inode_make(struct ext4 *fs, uint64_t inode, uint16_t mode, uint32_t flags, struct inode **out)
{
	uint32_t extra = fs->super->want_extra_isize;
	uint32_t extra_room = fs->inode_size - EXT4_INODE_SIZE_MIN;
	struct buffer *b;
	uint8_t *bytes;
	struct ext4_raw_inode *raw;
	struct inode *n = NULL;
	status_t status = inode_place(fs, inode, &b, &bytes);

	if (status < 0)
		return status;
	for (n = fs->nodes[inode & fs->node_mask]; n && n->inode != inode; n = n->hash_next)
		;
	if (n && n->links == 0 && !n->holds && !n->busy && !n->orphan && !n->ordered && !n->dirty_count) {
		inode_drop(fs, n); /* somebody asked for the file that had the number before */
		n = NULL;
	}
	if (n)
		return ext4_fail(fs, "inode %llu is in use and was to be used anew", (unsigned long long)inode);
	n = inode_insert(fs, inode);
	if (!n)
		return ERR_NO_MEMORY;
	raw = (void *)bytes;
	memset(raw, 0, fs->inode_size);
	if (extra_room) {
		if (extra < EXT4_EXTRA_END(created_extra) || extra > extra_room || extra % 4)
			extra = sizeof(*raw) - EXT4_INODE_SIZE_MIN;
		raw->extra_isize = (uint16_t)(extra < extra_room ? extra : extra_room);
	}
	n->mode = mode;
	n->flags = flags;
	n->generation = fs->generation++;
	n->seed = inode_seed(fs, inode, n->generation);
	n->accessed = n->changed = n->modified = ext4_now(fs);
	if (has_extra(fs, raw, EXT4_EXTRA_END(created_extra)))
		time_put(n->modified, &raw->created, &raw->created_extra);
	*out = n;
	return OK;
}

status_t inode_store(struct ext4 *fs, struct inode *n)
{
	struct buffer *b;
	uint8_t *bytes;
	struct ext4_raw_inode *raw;
	uint32_t i;
	status_t status = inode_place(fs, n->inode, &b, &bytes);

	if (status < 0)
		return ext4_fail(fs, "inode %llu cannot be written", (unsigned long long)n->inode);
	raw = (void *)bytes;
	raw->mode = n->mode;
	raw->links = n->links;
	raw->deleted = n->deleted;
	raw->uid_low = (uint16_t)n->uid;
	raw->uid_high = (uint16_t)(n->uid >> 16);
	raw->gid_low = (uint16_t)n->gid;
	raw->gid_high = (uint16_t)(n->gid >> 16);
	raw->flags = n->flags;
	raw->generation = n->generation;
	raw->size_low = (uint32_t)n->size;
	raw->size_high = (uint32_t)(n->size >> 32);
	if (fs->super->ro_compat & EXT4_RO_HUGE_FILE) {
		uint64_t blocks = n->flags & EXT4_INODE_HUGE_FILE ? n->blocks / fs->sectors_per_block : n->blocks;
		raw->blocks_low = (uint32_t)blocks;
		raw->blocks_high = (uint16_t)(blocks >> 32);
	} else {
		raw->blocks_low = (uint32_t)n->blocks;
	}
	raw->xattr_block_low = (uint32_t)n->xattr_block;
	if (fs->super->incompat & EXT4_INCOMPAT_64BIT)
		raw->xattr_block_high = (uint16_t)(n->xattr_block >> 32);
	time_put(n->accessed, &raw->accessed,
		 has_extra(fs, raw, EXT4_EXTRA_END(accessed_extra)) ? &raw->accessed_extra : NULL);
	time_put(n->changed, &raw->changed,
		 has_extra(fs, raw, EXT4_EXTRA_END(changed_extra)) ? &raw->changed_extra : NULL);
	time_put(n->modified, &raw->modified,
		 has_extra(fs, raw, EXT4_EXTRA_END(modified_extra)) ? &raw->modified_extra : NULL);
	memcpy(raw->block, n->root, sizeof(n->root));
	buffer_changed(fs, b);
	i = (uint32_t)(n->inode - b->index);
	b->mask[i / 64] |= 1ull << i % 64;
	n->change_id = fs->running.id;
	return OK;
}

void inode_set_changed(struct ext4 *fs, struct inode *n, bool modified)
{
	n->changed = ext4_now(fs);
	if (modified)
		n->modified = n->changed;
}

/* ---- the list of files to be deleted or cut, through their `deleted` fields */

static void super_orphan_set(struct ext4 *fs, uint64_t inode)
{
	fs->super->last_orphan = (uint32_t)inode;
	buffer_changed(fs, fs->super_buffer);
}

status_t orphan_add(struct ext4 *fs, struct inode *n)
{
	if (n->orphan)
		return OK;
	n->orphan = true;
	n->deleted = fs->super->last_orphan;
	n->orphan_previous = NULL;
	n->orphan_next = fs->orphans;
	if (fs->orphans)
		fs->orphans->orphan_previous = n;
	fs->orphans = n;
	super_orphan_set(fs, n->inode);
	return inode_store(fs, n);
}

static status_t orphan_unlink(struct ext4 *fs, struct inode *n)
{
	uint64_t next = n->orphan_next ? n->orphan_next->inode : 0;
	status_t status = OK;

	if (!n->orphan)
		return OK;
	if (n->orphan_next)
		n->orphan_next->orphan_previous = n->orphan_previous;
	if (n->orphan_previous) {
		n->orphan_previous->orphan_next = n->orphan_next;
		n->orphan_previous->deleted = (uint32_t)next;
		status = inode_store(fs, n->orphan_previous);
	} else {
		fs->orphans = n->orphan_next;
		super_orphan_set(fs, next);
	}
	n->orphan = false;
	n->orphan_next = n->orphan_previous = NULL;
	n->deleted = 0;
	return status;
}

status_t orphan_remove(struct ext4 *fs, struct inode *n)
{
	status_t status;

	if (!n->orphan)
		return OK;
	status = orphan_unlink(fs, n);
	return status < 0 ? status : inode_store(fs, n);
}

/* ---- the end */

static status_t xattr_release(struct ext4 *fs, struct inode *n)
{
	struct buffer *b;
	struct ext4_xattr_header *h;
	status_t status;

	if (n->xattr_block == 0)
		return OK;
	if (!blocks_good(fs, n->xattr_block, 1))
		return ext4_fail(fs, "inode %llu has its attributes outside of the disk", (unsigned long long)n->inode);
	status = buffer_read(fs, n->xattr_block, &b);
	if (status == OK)
		status = buffer_check(fs, b, BLOCK_XATTR, 0, 0);
	h = status == OK ? (void *)b->data : NULL;
	if (!h || h->magic != EXT4_XATTR_MAGIC || h->references == 0)
		return ext4_fail(fs, "the attributes of inode %llu are damaged", (unsigned long long)n->inode);
	if (h->references > 1) {
		h->references--;
		buffer_changed(fs, b);
	} else {
		status = blocks_free(fs, n->xattr_block, 1, true);
	}
	n->xattr_block = 0;
	n->blocks -= n->blocks < fs->sectors_per_block ? n->blocks : fs->sectors_per_block;
	return status;
}

/* Without a clock too it must not be taken for the number of another orphan. */
static uint32_t deletion_time(struct ext4 *fs)
{
	int64_t now = ext4_now(fs) / NS_PER_SECOND;

	if (now < fs->super->make_time)
		now = fs->super->make_time;
	return now > fs->inodes ? (uint32_t)now : fs->inodes + 1;
}

static status_t inode_end(struct ext4 *fs, struct inode *n)
{
	bool directory = inode_is(n, EXT4_MODE_DIRECTORY);
	status_t status = xattr_release(fs, n);

	if (status == OK)
		status = orphan_unlink(fs, n);
	n->size = 0;
	n->blocks = 0;
	n->deleted = deletion_time(fs);
	if (status == OK)
		status = inode_store(fs, n);
	if (status == OK)
		status = inode_free(fs, n->inode, directory);
	return status;
}

/* Takes it out of what the transaction will write before it commits. */
static void ordered_remove(struct ext4 *fs, struct inode *n)
{
	struct inode **at = &fs->running.ordered;

	if (!n->ordered)
		return;
	while (*at != n)
		at = &(*at)->ordered_next;
	*at = n->ordered_next;
	n->ordered = false;
}

static status_t remove_some(struct ext4 *fs, struct inode *n, uint64_t *end, uint32_t budget, bool *done)
{
	*done = true;
	if (!inode_has_map(n))
		return OK;
	if (n->flags & EXT4_INODE_EXTENTS)
		return extent_remove(fs, n, 0, end, budget, done);
	return indirect_remove_all(fs, n, budget, done);
}

bool inode_is_small(struct ext4 *fs, struct inode *n)
{
	const struct ext4_extent_header *h = (const void *)n->root;

	/* Without further blocks for its map, and so short that its blocks are in a few groups. */
	return !inode_has_map(n) || (n->flags & EXT4_INODE_EXTENTS && h->depth == 0 &&
				     n->blocks / fs->sectors_per_block <= fs->blocks_per_group / 2 && h->entries <= 4);
}

status_t inode_free_small(struct ext4 *fs, struct inode *n)
{
	uint64_t end = UINT64_MAX;
	bool done;
	status_t status = remove_some(fs, n, &end, UINT32_MAX, &done);

	if (status == OK && !done)
		return ext4_fail(fs, "inode %llu has more than it seemed", (unsigned long long)n->inode);
	if (status == OK)
		status = inode_end(fs, n);
	if (status == OK) {
		ordered_remove(fs, n);
		if (n->dirty_count)
			return ext4_fail(fs, "inode %llu has data outside of its blocks", (unsigned long long)n->inode);
		inode_drop(fs, n);
	}
	return status;
}

status_t inode_delete(struct ext4 *fs, struct inode *n)
{
	uint64_t end = UINT64_MAX;
	bool done = false;
	status_t status = OK;

	n->busy++;
	if (!inode_is_small(fs, n) && !n->orphan) {
		status = operation_begin(fs, 3);
		if (status == OK)
			status = operation_end(fs, orphan_add(fs, n));
	}
	while (status == OK && !done) {
		status = operation_begin(fs, DELETE_CHANGES);
		if (status < 0)
			break;
		if (inode_is_small(fs, n) && n->dirty_count == 0) {
			done = true;
			n->busy--;
			return operation_end(fs, inode_free_small(fs, n));
		}
		status = remove_some(fs, n, &end, DELETE_BUDGET, &done);
		if (status == OK && done)
			status = inode_end(fs, n);
		else if (status == OK)
			status = inode_store(fs, n);
		status = operation_end(fs, status);
	}
	n->busy--;
	if (status == OK) {
		ordered_remove(fs, n);
		if (n->dirty_count)
			return ext4_fail(fs, "inode %llu has data outside of its blocks", (unsigned long long)n->inode);
		inode_drop(fs, n);
	}
	return status;
}

/* ---- after a power cut */

static status_t orphan_take(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	bool used = false;
	status_t status = OK;

	if (inode < fs->first_inode || inode > fs->inodes)
		return ERR_BAD_FORMAT;
	status = inode_in_use(fs, inode, &used);
	if (status == OK && !used)
		return ERR_BAD_FORMAT;
	if (status == OK)
		status = inode_get_any(fs, inode, out);
	if (status == OK && (*out)->orphan)
		return ERR_BAD_FORMAT; /* a ring */
	return status == ERR_NOT_FOUND ? ERR_BAD_FORMAT : status;
}

static status_t list_load(struct ext4 *fs)
{
	struct inode *last = NULL, *n;
	uint64_t inode = fs->super->last_orphan;
	status_t status = OK;

	while (inode) {
		status = orphan_take(fs, inode, &n);
		if (status < 0)
			break;
		n->orphan = true;
		n->orphan_previous = last;
		if (last)
			last->orphan_next = n;
		else
			fs->orphans = n;
		last = n;
		inode = n->deleted;
	}
	if (status == OK || status == ERR_NO_MEMORY)
		return status;
	ext4_say(fs, "the list of files to be deleted is damaged: e2fsck gets back what they occupy");
	status = operation_begin(fs, 2);
	if (status < 0)
		return status;
	if (last) {
		last->deleted = 0;
		status = inode_store(fs, last);
	} else {
		super_orphan_set(fs, 0);
	}
	return operation_end(fs, status);
}

/* Entries of the orphan file go over to the list. */
static status_t orphan_file_block(struct ext4 *fs, struct inode *file, uint64_t block)
{
	uint32_t count = (fs->block_size - (uint32_t)sizeof(struct ext4_orphan_tail)) / 4;

	for (uint32_t i = 0; i < count; i++) {
		struct buffer *b;
		struct inode *n;
		uint32_t *entries;
		status_t status = operation_begin(fs, 4);

		if (status == OK)
			status = buffer_read(fs, block, &b);
		if (status == OK)
			status = buffer_check(fs, b, BLOCK_ORPHANS, 0, file->seed);
		if (status < 0)
			return operation_end(fs, status);
		entries = (uint32_t *)(void *)b->data;
		while (i < count && entries[i] == 0)
			i++;
		if (i == count)
			return operation_end(fs, OK);
		status = orphan_take(fs, entries[i], &n);
		if (status == OK)
			status = orphan_add(fs, n);
		else if (status == ERR_BAD_FORMAT)
			status = OK;
		entries[i] = 0;
		buffer_changed(fs, b);
		status = operation_end(fs, status);
		if (status < 0)
			return status;
	}
	return OK;
}

static status_t orphan_file_clean(struct ext4 *fs)
{
	struct inode *file;
	status_t status;

	if (!(fs->super->ro_compat & EXT4_RO_ORPHAN_PRESENT))
		return OK;
	status = inode_get_any(fs, fs->super->orphan_file_inode, &file);
	if (status < 0 || !inode_is(file, EXT4_MODE_REGULAR) || !(file->flags & EXT4_INODE_EXTENTS)) {
		ext4_say(fs, "the orphan file is damaged: mounted read-only");
		fs->read_only = true;
		return status == ERR_NO_MEMORY ? status : OK;
	}
	file->busy++;
	for (uint64_t at = 0; at < file->size >> fs->block_shift && status == OK; at++) {
		struct mapping m;
		status = extent_find(fs, file, at, &m);
		if (status == OK && m.block && !m.unwritten)
			status = orphan_file_block(fs, file, m.block + at - m.logical);
		else if (status == OK)
			at = m.logical + m.length - 1;
	}
	file->busy--;
	if (status == OK)
		status = operation_begin(fs, 1);
	if (status == OK) {
		fs->super->ro_compat &= ~(uint32_t)EXT4_RO_ORPHAN_PRESENT;
		buffer_changed(fs, fs->super_buffer);
		status = operation_end(fs, OK);
	}
	return status;
}

status_t orphans_load(struct ext4 *fs)
{
	status_t status = list_load(fs);

	return status < 0 ? status : orphan_file_clean(fs);
}

status_t ext4_clean_orphans(struct ext4 *fs)
{
	status_t status = OK;
	uint32_t deleted = 0;

	for (struct inode *n = fs->orphans, *next; status == OK && n && !fs->read_only; n = next) {
		next = n->orphan_next;
		if (n->links) {
			status = inode_cut(fs, n, n->size);
		} else if (!n->holds) {
			status = inode_delete(fs, n);
			deleted++;
		}
	}
	fs->orphans_kept = false;
	if (deleted)
		ext4_say(fs, "deleted %u files that were open without a name", (unsigned)deleted);
	return status;
}
