/* SPDX-License-Identifier: BSD-2-Clause */
/* Contents of files. */
#include <string.h>

#include "fs/ext4/volume.h"

/* Blocks written in one operation. */
#define WRITE_BLOCKS 64u
/* Read in advance: blocks at first, bytes at most, and a part of the cache at most. */
#define AHEAD_FIRST  32u
#define AHEAD_BYTES  (1u << 20)
#define AHEAD_SHARE  8u
#define CUT_BUDGET   32u
#define CUT_CHANGES  96u
#define LOGICAL_MAX  0xffffffffull
#define LARGE_FILE   0x7fffffffull

static uint64_t size_max(struct ext4 *fs)
{
	return LOGICAL_MAX << fs->block_shift;
}

static status_t file_get(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	status_t status = inode_get(fs, inode, out);

	if (status == OK && !inode_is(*out, EXT4_MODE_REGULAR))
		return ERR_INVALID;
	if (status == OK && (*out)->flags & EXT4_INODE_ENCRYPTED)
		return ERR_UNSUPPORTED;
	return status;
}

/* For an operation that changes the file. */
static status_t file_change(struct ext4 *fs, uint64_t inode, struct inode **out)
{
	status_t status = file_get(fs, inode, out);

	return status == OK && (*out)->flags & EXT4_INODE_IMMUTABLE ? ERR_ACCESS : status;
}

void inode_order(struct ext4 *fs, struct inode *n)
{
	if (n->ordered)
		return;
	n->ordered = true;
	n->ordered_next = fs->running.ordered;
	fs->running.ordered = n;
}

static void size_set(struct ext4 *fs, struct inode *n, uint64_t size)
{
	n->size = size;
	n->data_id = fs->running.id;
	if (size > LARGE_FILE && !(fs->super->ro_compat & EXT4_RO_LARGE_FILE)) {
		fs->super->ro_compat |= EXT4_RO_LARGE_FILE;
		buffer_changed(fs, fs->super_buffer);
	}
}

/* ---- reading */

/* Asks for blocks of the file as far as there is room; up to which one. What is wrong with them the reader finds. */
static uint64_t blocks_prefetch(struct ext4 *fs, struct inode *n, uint64_t from, uint64_t end)
{
	while (from < end) {
		struct mapping m;
		uint64_t run = end - from;
		uint32_t done;

		if (extent_find(fs, n, from, &m) != OK)
			break;
		if (run > m.logical + m.length - from)
			run = m.logical + m.length - from;
		done = (uint32_t)run;
		if (m.block && !m.unwritten)
			done = buffers_prefetch(fs, m.block + (from - m.logical), done);
		from += done;
		if (done < run)
			break;
	}
	return from;
}

/* The reader wants [first, end). If it reads on and on, what comes next is asked for before it does so. */
static void read_start(struct ext4 *fs, struct inode *n, uint64_t first, uint64_t end)
{
	uint64_t blocks = (n->size + fs->block_size - 1) >> fs->block_shift, until = end;
	uint32_t most = AHEAD_BYTES >> fs->block_shift;

	if (most > fs->cache.limit / AHEAD_SHARE)
		most = fs->cache.limit / AHEAD_SHARE;
	if (first != n->read_next && first + 1 != n->read_next) {
		n->ahead = 0;
		n->ahead_end = 0;
	} else if (end + n->ahead / 2 >= n->ahead_end) {
		n->ahead = n->ahead ? n->ahead * 2 : AHEAD_FIRST;
		n->ahead = n->ahead < most ? n->ahead : most;
		until = end + n->ahead < blocks ? end + n->ahead : blocks;
	}
	(void)blocks_prefetch(fs, n, first, end);
	if (until > end) {
		uint64_t from = n->ahead_end > end ? n->ahead_end : end;
		n->ahead_end = blocks_prefetch(fs, n, from, until);
	}
	io_kick(fs);
}

/* Whether something of what was asked for is still under way. */
static bool read_is_late(struct ext4 *fs, struct inode *n, uint64_t first, uint64_t end)
{
	bool late = false;
	struct mapping m;

	for (uint64_t at = first; at < end; at++) {
		const struct buffer *b;

		if (extent_find(fs, n, at, &m) != OK)
			break; /* the reader finds out */
		b = m.block && !m.unwritten ? buffers_look(fs, m.block + (at - m.logical)) : NULL;
		if (b && b->reading == READING_UNDER_WAY) {
			fs->missing = b->block;
			late = true;
		}
	}
	return late;
}

/* From a block on, as much as lies in one piece of memory, and where on the disk: at least one block, at most `most`. */
static status_t read_piece(struct ext4 *fs, struct inode *n, uint64_t logical, uint64_t most, const uint8_t **data,
			   uint64_t *place, uint64_t *count)
{
	struct mapping m;
	struct buffer *b;
	uint64_t block;
	status_t status = extent_find(fs, n, logical, &m);

	*data = fs->zeroes;
	*place = 0;
	*count = 1;
	if (status < 0 || !m.block || m.unwritten)
		return status;
	block = m.block + (logical - m.logical);
	if (most > m.logical + m.length - logical)
		most = m.logical + m.length - logical;
	status = buffer_read(fs, block, &b);
	if (status < 0)
		return status;
	*data = b->data;
	*place = block;
	for (; *count < most; ++*count) {
		b = buffers_look(fs, block + *count);
		if (!b || b->reading != READING_NO || b->data != *data + (*count << fs->block_shift))
			break;
	}
	return OK;
}

status_t ext4_read_to(struct ext4 *fs, uint64_t inode, uint64_t offset, size_t size, ext4_give give, void *ctx,
		      size_t *count)
{
	struct inode *n;
	uint64_t started = 0;
	bool hurry = fs->hurry;
	status_t status = reading_begin(fs);

	*count = 0;
	if (status == OK)
		status = file_get(fs, inode, &n);
	if (status < 0)
		return status;
	if (offset >= n->size)
		return OK;
	if (size > n->size - offset)
		size = (size_t)(n->size - offset);
	n->busy++;
	while (*count < size && status == OK) {
		uint64_t at = offset + *count, logical = at >> fs->block_shift, blocks, piece, place;
		uint64_t end = (offset + size + fs->block_size - 1) >> fs->block_shift;
		uint32_t in = (uint32_t)(at & (fs->block_size - 1));
		const uint8_t *data;

		if (end > logical + fs->cache.limit / AHEAD_SHARE)
			end = logical + fs->cache.limit / AHEAD_SHARE;
		if (logical >= started) {
			status = buffers_trim(fs, 0);
			if (status < 0)
				break;
			read_start(fs, n, logical, end);
			started = end;
			if (fs->hurry && read_is_late(fs, n, logical, end)) {
				status = ERR_WOULD_BLOCK;
				break;
			}
		}
		status = read_piece(fs, n, logical, started - logical, &data, &place, &blocks);
		if (status < 0)
			break;
		piece = (blocks << fs->block_shift) - in;
		if (piece > size - *count)
			piece = size - *count;
		status = give(ctx, *count, data + in, piece);
		if (status == OK) {
			*count += piece;
			n->read_next = logical + blocks;
			fs->hurry = false; /* all or nothing */
			if (fs->passing && place)
				buffers_pass(fs, place, blocks);
		}
	}
	fs->hurry = hurry;
	n->busy--;
	return status;
}

status_t ext4_read_past(struct ext4 *fs, uint64_t inode, uint64_t offset, size_t size, ext4_give give, void *ctx,
			size_t *count)
{
	status_t status;

	fs->passing = true;
	status = ext4_read_to(fs, inode, offset, size, give, ctx, count);
	fs->passing = false;
	return status;
}

static status_t give_memory(void *ctx, size_t at, const void *data, size_t size)
{
	memcpy((uint8_t *)ctx + at, data, size);
	return OK;
}

status_t ext4_read(struct ext4 *fs, uint64_t inode, uint64_t offset, void *data, size_t size, size_t *count)
{
	return ext4_read_to(fs, inode, offset, size, give_memory, data, count);
}

/* ---- writing */

/* Zeroes in a block that is mapped and written; nothing elsewhere. */
static status_t block_zero(struct ext4 *fs, struct inode *n, uint64_t logical, uint32_t from, uint32_t end)
{
	struct mapping m;
	struct buffer *b;
	status_t status = extent_find(fs, n, logical, &m);

	if (status < 0 || !m.block || m.unwritten || from >= end)
		return status;
	status = buffer_data(fs, m.block + (logical - m.logical), true, &b);
	if (status < 0)
		return status;
	memset(b->data + from, 0, end - from);
	buffer_dirty(fs, b, n);
	inode_order(fs, n);
	return OK;
}

/* Behind the end of the file, in its last block. */
static status_t tail_zero(struct ext4 *fs, struct inode *n)
{
	uint32_t in = (uint32_t)(n->size & (fs->block_size - 1));

	return in ? block_zero(fs, n, n->size >> fs->block_shift, in, fs->block_size) : OK;
}

struct writing {
	ext4_take take;
	void *ctx;
	uint64_t offset; /* of the file, where the next byte goes */
	size_t left, done;
};

/*
 * The bytes of one block. fresh: what is not written of it becomes zeroes. Nothing of a fresh block's old contents is
 * left in any case.
 */
static status_t block_take(struct ext4 *fs, struct inode *n, struct writing *w, uint64_t block, bool fresh)
{
	uint32_t in = (uint32_t)(w->offset & (fs->block_size - 1)), piece = fs->block_size - in;
	struct buffer *b;
	bool empty;
	status_t status;

	if (piece > w->left)
		piece = (uint32_t)w->left;
	empty = !buffers_find(fs, block);
	status = buffer_data(fs, block, !fresh && piece < fs->block_size, &b);
	if (status < 0)
		return status;
	if (fresh && piece < fs->block_size) {
		memset(b->data, 0, in);
		memset(b->data + in + piece, 0, fs->block_size - in - piece);
	}
	status = w->take(w->ctx, w->done, b->data + in, piece);
	if (status < 0) {
		if (empty)
			buffer_drop(fs, b);
		else if (!fresh)
			buffer_dirty(fs, b, n);
		return status;
	}
	b->flags |= BUFFER_FILLED;
	buffer_dirty(fs, b, n);
	w->offset += piece;
	w->left -= piece;
	w->done += piece;
	return OK;
}

/* count: blocks that got all their bytes. */
static status_t blocks_take(struct ext4 *fs, struct inode *n, struct writing *w, uint64_t block, uint32_t want,
			    bool fresh, uint32_t *count)
{
	status_t status = OK;

	for (*count = 0; *count < want; ++*count) {
		status = block_take(fs, n, w, block + *count, fresh);
		if (status < 0)
			break;
	}
	return status;
}

static uint64_t first_goal(struct ext4 *fs, struct inode *n, uint64_t logical)
{
	struct mapping m;

	if (logical && extent_find(fs, n, logical - 1, &m) == OK && m.block)
		return m.block + (logical - m.logical);
	if (n->goal)
		return n->goal;
	return group_first_block(fs, (uint32_t)((n->inode - 1) / fs->inodes_per_group));
}

static status_t write_hole(struct ext4 *fs, struct inode *n, struct writing *w, uint64_t logical, uint32_t want)
{
	uint64_t first;
	uint32_t got, filled;
	status_t status, result;

	if (!(n->flags & EXT4_INODE_EXTENTS))
		return ERR_UNSUPPORTED;
	status = blocks_allocate(fs, first_goal(fs, n, logical), want, &first, &got);
	if (status < 0)
		return status;
	n->goal = first + got;
	result = blocks_take(fs, n, w, first, got, true, &filled);
	if (filled) {
		struct mapping m = {.logical = logical, .block = first, .length = filled};
		status = extent_add(fs, n, &m);
		if (status < 0) {
			w->done = 0; /* of this operation: nothing */
			filled = 0;
			result = status;
		} else {
			n->blocks += (uint64_t)filled * fs->sectors_per_block;
			n->data_id = fs->running.id;
			inode_order(fs, n);
		}
	}
	if (filled < got) {
		status = blocks_free(fs, first + filled, got - filled, false);
		if (status < 0)
			return status;
	}
	return result;
}

/* Of the file, as much as lies in one piece. */
static status_t write_piece(struct ext4 *fs, struct inode *n, struct writing *w)
{
	uint64_t logical = w->offset >> fs->block_shift, end = w->offset + w->left, want;
	struct mapping m;
	uint32_t filled;
	status_t status = extent_find(fs, n, logical, &m);

	if (status < 0)
		return status;
	want = ((end + fs->block_size - 1) >> fs->block_shift) - logical;
	if (want > m.logical + m.length - logical)
		want = m.logical + m.length - logical;
	if (want > WRITE_BLOCKS)
		want = WRITE_BLOCKS;
	if (!m.block)
		return write_hole(fs, n, w, logical, (uint32_t)want);
	status = blocks_take(fs, n, w, m.block + (logical - m.logical), (uint32_t)want, m.unwritten, &filled);
	if (m.unwritten && filled) {
		status_t result = extent_set_written(fs, n, logical, filled);
		n->data_id = fs->running.id;
		inode_order(fs, n);
		if (result < 0) {
			w->done = 0;
			return result;
		}
	}
	return status;
}

status_t ext4_write_from(struct ext4 *fs, uint64_t inode, uint64_t offset, size_t size, ext4_take take, void *ctx,
			 size_t *count)
{
	struct writing w = {.take = take, .ctx = ctx, .offset = offset, .left = size};
	struct inode *n;
	status_t status = fs->read_only ? ERR_READ_ONLY : file_change(fs, inode, &n);

	*count = 0;
	if (status < 0)
		return status;
	if (offset > size_max(fs) || size > size_max(fs) - offset)
		return ERR_TOO_BIG;
	n->busy++;
	while (*count < size && status == OK) {
		uint64_t blocks = ((size - *count) >> fs->block_shift) + 3; /* the ends, and the old one of the file */

		status = operation_begin(fs, extent_changes(n) + 12);
		if (status < 0)
			break;
		(void)buffers_room(fs, WRITE_BLOCKS < blocks ? WRITE_BLOCKS : (uint32_t)blocks);
		w.offset = offset + *count;
		w.left = size - *count;
		w.done = *count;
		if (w.offset > n->size)
			status = tail_zero(fs, n);
		if (status == OK)
			status = write_piece(fs, n, &w);
		if (w.done > *count) {
			status_t stored;
			*count = w.done;
			if (w.offset > n->size)
				size_set(fs, n, w.offset);
			inode_set_changed(fs, n, true);
			stored = inode_store(fs, n);
			status = status < 0 ? status : stored;
		} else if (status == ERR_NO_SPACE) {
			(void)inode_store(fs, n); /* its tree may have grown by a block */
		}
		status = operation_end(fs, status);
		if (status == ERR_AGAIN)
			status = OK;
	}
	n->busy--;
	return status;
}

static status_t take_memory(void *ctx, size_t at, void *data, size_t size)
{
	memcpy(data, *(const uint8_t *const *)ctx + at, size);
	return OK;
}

status_t ext4_write(struct ext4 *fs, uint64_t inode, uint64_t offset, const void *data, size_t size, size_t *count)
{
	return ext4_write_from(fs, inode, offset, size, take_memory, &data, count);
}

/* ---- shapes */

status_t inode_cut(struct ext4 *fs, struct inode *n, uint64_t size)
{
	uint64_t from = (size + fs->block_size - 1) >> fs->block_shift, end = UINT64_MAX;
	bool done = false;
	status_t status = OK;

	n->busy++;
	while (status == OK && !done) {
		status = operation_begin(fs, CUT_CHANGES);
		if (status < 0)
			break;
		if (!inode_has_map(n))
			done = true;
		else if (n->flags & EXT4_INODE_EXTENTS)
			status = extent_remove(fs, n, from, &end, CUT_BUDGET, &done);
		else if (from == 0)
			status = indirect_remove_all(fs, n, CUT_BUDGET, &done);
		else
			done = true;                  /* blocks behind the end stay with it */
		if (status == OK && done && n->links) /* without a name it stays in the list */
			status = orphan_remove(fs, n);
		if (status == OK)
			status = inode_store(fs, n);
		status = operation_end(fs, status);
	}
	n->busy--;
	return status;
}

static status_t file_shrink(struct ext4 *fs, struct inode *n, uint64_t size, bool *all)
{
	uint32_t in = (uint32_t)(size & (fs->block_size - 1));
	status_t status = in ? block_zero(fs, n, size >> fs->block_shift, in, fs->block_size) : OK;

	if (status < 0)
		return status;
	size_set(fs, n, size);
	inode_set_changed(fs, n, true);
	*all = inode_is_small(fs, n);
	if (*all) {
		uint64_t end = UINT64_MAX;
		status = extent_remove(fs, n, (size + fs->block_size - 1) >> fs->block_shift, &end, UINT32_MAX, all);
		if (status < 0)
			return ext4_fail(fs, "inode %llu cannot be cut", (unsigned long long)n->inode);
		return inode_store(fs, n);
	}
	status = orphan_add(fs, n);
	return status < 0 ? status : inode_store(fs, n);
}

status_t ext4_truncate(struct ext4 *fs, uint64_t inode, uint64_t size)
{
	struct inode *n;
	bool all = true;
	status_t status = fs->read_only ? ERR_READ_ONLY : file_change(fs, inode, &n);

	if (status < 0)
		return status;
	if (size > size_max(fs))
		return ERR_TOO_BIG;
	if (size && size < n->size && !(n->flags & EXT4_INODE_EXTENTS))
		return ERR_UNSUPPORTED;
	n->busy++;
	status = operation_begin(fs, SMALL_CHANGES + 4);
	if (status == OK) {
		if (size < n->size) {
			status = file_shrink(fs, n, size, &all);
		} else {
			status = tail_zero(fs, n);
			if (status == OK) {
				size_set(fs, n, size);
				inode_set_changed(fs, n, true);
				status = inode_store(fs, n);
			}
		}
		status = operation_end(fs, status);
	}
	if (status == OK && !all)
		status = inode_cut(fs, n, size);
	n->busy--;
	return status;
}

status_t ext4_punch(struct ext4 *fs, uint64_t inode, uint64_t offset, uint64_t size)
{
	struct inode *n;
	uint64_t stop, first, end;
	uint32_t mask = fs->block_size - 1;
	bool done = false;
	status_t status = fs->read_only ? ERR_READ_ONLY : file_change(fs, inode, &n);

	if (status < 0)
		return status;
	if (!(n->flags & EXT4_INODE_EXTENTS))
		return ERR_UNSUPPORTED;
	if (offset >= n->size || size == 0)
		return OK;
	stop = size < n->size - offset ? offset + size : n->size;
	first = (offset + mask) >> fs->block_shift;
	/* What lies behind the end in the last block is zeroes already. */
	end = stop == n->size ? (stop + mask) >> fs->block_shift : stop >> fs->block_shift;
	n->busy++;
	status = operation_begin(fs, 4);
	if (status == OK) {
		if (first > stop >> fs->block_shift) { /* within one block */
			status = block_zero(fs, n, offset >> fs->block_shift, (uint32_t)(offset & mask),
					    (uint32_t)(stop & mask));
		} else {
			if (offset & mask)
				status = block_zero(fs, n, offset >> fs->block_shift, (uint32_t)(offset & mask),
						    fs->block_size);
			if (status == OK && stop & mask && end == stop >> fs->block_shift)
				status = block_zero(fs, n, end, 0, (uint32_t)(stop & mask));
		}
		inode_set_changed(fs, n, true);
		n->data_id = fs->running.id;
		if (status == OK)
			status = inode_store(fs, n);
		status = operation_end(fs, status);
	}
	while (status == OK && !done && first < end) {
		status = operation_begin(fs, CUT_CHANGES + extent_changes(n));
		if (status < 0)
			break;
		status = extent_remove(fs, n, first, &end, CUT_BUDGET, &done);
		if (!fs->failed && (status == OK || status == ERR_NO_SPACE)) {
			status_t stored = inode_store(fs, n);
			status = status < 0 ? status : stored;
		}
		status = operation_end(fs, status);
		if (status == ERR_AGAIN)
			status = OK;
	}
	n->busy--;
	return status;
}

status_t ext4_allocate(struct ext4 *fs, uint64_t inode, uint64_t offset, uint64_t size, bool keep_size)
{
	struct inode *n;
	uint64_t at, end;
	status_t status = fs->read_only ? ERR_READ_ONLY : file_change(fs, inode, &n);

	if (status < 0)
		return status;
	if (!(n->flags & EXT4_INODE_EXTENTS))
		return ERR_UNSUPPORTED;
	if (offset > size_max(fs) || size > size_max(fs) - offset)
		return ERR_TOO_BIG;
	at = offset >> fs->block_shift;
	end = (offset + size + fs->block_size - 1) >> fs->block_shift;
	n->busy++;
	while (status == OK && at < end) {
		struct mapping m;
		uint64_t left;

		status = operation_begin(fs, extent_changes(n) + 8);
		if (status == OK)
			status = extent_find(fs, n, at, &m);
		if (status < 0)
			break;
		left = m.logical + m.length - at;
		if (left > end - at)
			left = end - at;
		if (!m.block) {
			uint32_t got;
			m = (struct mapping){.logical = at, .unwritten = true};
			if (left > EXT4_UNWRITTEN_LENGTH_MAX)
				left = EXT4_UNWRITTEN_LENGTH_MAX;
			status = blocks_allocate(fs, first_goal(fs, n, at), (uint32_t)left, &m.block, &got);
			if (status == OK) {
				m.length = left = got;
				n->goal = m.block + got;
				status = extent_add(fs, n, &m);
				if (status < 0 && !fs->failed)
					(void)blocks_free(fs, m.block, got, false);
				else
					n->blocks += (uint64_t)got * fs->sectors_per_block;
			}
			n->data_id = fs->running.id;
			inode_set_changed(fs, n, false);
			if (!fs->failed) {
				status_t stored = inode_store(fs, n);
				status = status < 0 ? status : stored;
			}
		}
		if (status == OK)
			at += left;
		status = operation_end(fs, status);
		if (status == ERR_AGAIN)
			status = OK;
	}
	if (status == OK && !keep_size && offset + size > n->size) {
		status = operation_begin(fs, 4);
		if (status == OK) {
			status = tail_zero(fs, n);
			if (status == OK) {
				size_set(fs, n, offset + size);
				inode_set_changed(fs, n, true);
				status = inode_store(fs, n);
			}
			status = operation_end(fs, status);
		}
	}
	n->busy--;
	return status;
}

status_t ext4_seek(struct ext4 *fs, uint64_t inode, uint64_t offset, bool hole, uint64_t *out)
{
	struct inode *n;
	status_t status = reading_begin(fs);

	if (status == OK)
		status = file_get(fs, inode, &n);
	if (status < 0)
		return status;
	while (offset < n->size) {
		struct mapping m;

		status = extent_find(fs, n, offset >> fs->block_shift, &m);
		if (status < 0)
			return status;
		if ((m.block && !m.unwritten) != hole) {
			*out = offset;
			return OK;
		}
		if (m.length >= (UINT64_MAX >> fs->block_shift) - m.logical)
			break;
		offset = (m.logical + m.length) << fs->block_shift;
		if (hole && offset >= n->size) {
			*out = n->size;
			return OK;
		}
	}
	return ERR_RANGE;
}

/* ---- the medium */

status_t ext4_sync_file(struct ext4 *fs, uint64_t inode, bool data_only)
{
	struct inode *n;
	status_t status = inode_get(fs, inode, &n), result;

	if (status < 0 || fs->read_only)
		return status;
	if (fs->failed)
		return ERR_IO;
	status = buffers_write_file(fs, n);
	if (status == OK && (data_only ? n->data_id : n->change_id) > fs->committed_id)
		status = journal_commit(fs);
	if (status == OK && volume_flush(fs) < 0)
		status = ERR_IO;
	result = n->write_error;
	n->write_error = OK;
	return status < 0 ? status : result;
}
