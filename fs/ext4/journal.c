/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal: transactions of whole blocks, in jbd2's format, in a file of the file system itself.
 *
 * A commit writes, in this order: data of files that got new blocks; the log's copies of changed blocks; a flush; the commit
 * block; a flush. The changed blocks are written to their places at a checkpoint, which happens only when everything in
 * them is committed, that is right after a commit. Then the log is empty.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/checksum.h"
#include "fs/ext4/volume.h"

#define JOURNAL_BLOCKS_MIN  256u
/* A transaction is a quarter of the log at most, so that the next fits in while the log is nearly full. */
#define TRANSACTION_SHARE   4u
#define FAST_BLOCKS_DEFAULT 256u

#define CHECKSUM_2_3 (JOURNAL_INCOMPAT_CHECKSUM_2 | JOURNAL_INCOMPAT_CHECKSUM_3)
#define INCOMPAT_KNOWN                                                                                     \
	(JOURNAL_INCOMPAT_REVOKE | JOURNAL_INCOMPAT_64BIT | JOURNAL_INCOMPAT_ASYNC_COMMIT | CHECKSUM_2_3 | \
	 JOURNAL_INCOMPAT_FAST_COMMIT)

static uint32_t be32(uint32_t x)
{
	return __builtin_bswap32(x);
}

uint32_t journal_block_checksum(struct ext4 *fs, void *data, size_t at)
{
	uint32_t *place = (uint32_t *)(void *)((uint8_t *)data + at), old = *place, crc;

	*place = 0;
	crc = crc32c(fs->journal.seed, data, fs->block_size);
	*place = old;
	return crc;
}

uint32_t journal_tag_checksum(struct ext4 *fs, uint32_t sequence, const void *data)
{
	uint32_t number = be32(sequence);

	return crc32c(crc32c(fs->journal.seed, &number, 4), data, fs->block_size);
}

static uint32_t super_checksum(struct journal_super *s)
{
	uint32_t old = s->checksum, crc;

	s->checksum = 0;
	crc = crc32c(~0u, s, sizeof(*s));
	s->checksum = old;
	return crc;
}

status_t journal_write_super(struct ext4 *fs, uint32_t start, uint32_t sequence)
{
	struct journal *j = &fs->journal;
	uint8_t *block = io_staging(fs);

	j->super.start = be32(start);
	j->super.sequence = be32(sequence);
	if (j->incompat & CHECKSUM_2_3)
		j->super.checksum = be32(super_checksum(&j->super));
	memset(block, 0, fs->block_size);
	memcpy(block, &j->super, sizeof(j->super));
	io_write(fs, j->map[0], 1, block, true, NULL, NULL);
	return volume_flush(fs) < 0 ? ext4_fail(fs, "the journal cannot be written") : OK;
}

/* Only with an empty log. */
static void features_set(struct ext4 *fs)
{
	struct journal *j = &fs->journal;

	j->incompat |= JOURNAL_INCOMPAT_REVOKE;
	j->incompat &= ~(uint32_t)JOURNAL_INCOMPAT_ASYNC_COMMIT;
	if (fs->super->incompat & EXT4_INCOMPAT_64BIT)
		j->incompat |= JOURNAL_INCOMPAT_64BIT;
	if (fs->options.journal_checksums && fs->metadata_checksum) {
		j->incompat &= ~(uint32_t)JOURNAL_INCOMPAT_CHECKSUM_2;
		j->incompat |= JOURNAL_INCOMPAT_CHECKSUM_3;
	}
	j->super.checksum_type = j->incompat & CHECKSUM_2_3 ? JOURNAL_CHECKSUM_CRC32C : 0;
	j->super.compat &= ~be32(JOURNAL_COMPAT_CHECKSUM);
	j->super.incompat = be32(j->incompat);
	if (!(j->incompat & CHECKSUM_2_3))
		j->super.checksum = 0;
}

static void tag_size_set(struct journal *j)
{
	if (j->incompat & JOURNAL_INCOMPAT_CHECKSUM_3) {
		j->tag_size = sizeof(struct journal_tag_3);
		return;
	}
	j->tag_size = j->incompat & JOURNAL_INCOMPAT_64BIT ? sizeof(struct journal_tag)
							   : sizeof(struct journal_tag) - 4;
	if (j->incompat & JOURNAL_INCOMPAT_CHECKSUM_2)
		j->tag_size += 2;
}

static status_t map_make(struct ext4 *fs, struct inode *n)
{
	struct journal *j = &fs->journal;
	uint32_t at = 0;

	j->map = malloc((size_t)j->blocks * sizeof(*j->map));
	if (!j->map)
		return ERR_NO_MEMORY;
	while (at < j->blocks) {
		struct mapping m;
		uint64_t skip;
		status_t status = extent_find(fs, n, at, &m);

		if (status < 0)
			return status;
		skip = at - m.logical;
		if (!m.block || m.unwritten || !blocks_good(fs, m.block + skip, m.length - skip)) {
			ext4_say(fs, "the journal has holes or lies where it cannot be");
			return ERR_BAD_FORMAT;
		}
		for (; skip < m.length && at < j->blocks; skip++)
			j->map[at++] = m.block + skip;
	}
	return OK;
}

static status_t journal_refuse(struct ext4 *fs, const char *what)
{
	ext4_say(fs, "the journal is not usable: %s", what);
	return ERR_BAD_FORMAT;
}

status_t journal_open(struct ext4 *fs, struct inode *n)
{
	struct journal *j = &fs->journal;
	struct journal_super *s = &j->super;
	struct mapping m;
	uint8_t *block = fs->scratch;
	uint32_t fast = 0;
	status_t status;

	if (!inode_is(n, EXT4_MODE_REGULAR) || n->links == 0)
		return journal_refuse(fs, "its inode is no file");
	status = extent_find(fs, n, 0, &m);
	if (status < 0)
		return status;
	if (!m.block || m.unwritten || !blocks_good(fs, m.block, 1))
		return journal_refuse(fs, "it has no first block");
	if (volume_read(fs, m.block, 1, block) < 0)
		return ERR_IO;
	memcpy(s, block, sizeof(*s));
	if (be32(s->header.magic) != JOURNAL_MAGIC || be32(s->header.type) != JOURNAL_SUPER_2)
		return journal_refuse(fs, "it has no superblock of version 2");
	j->incompat = be32(s->incompat);
	if (j->incompat & ~INCOMPAT_KNOWN || s->ro_compat) {
		ext4_say(fs, "unknown features %#x of the journal", (unsigned)(j->incompat & ~INCOMPAT_KNOWN));
		return ERR_UNSUPPORTED;
	}
	if ((j->incompat & CHECKSUM_2_3) == CHECKSUM_2_3)
		return journal_refuse(fs, "two kinds of checksums");
	j->seed = crc32c(~0u, s->uuid, sizeof(s->uuid));
	if (j->incompat & CHECKSUM_2_3 &&
	    (s->checksum_type != JOURNAL_CHECKSUM_CRC32C || be32(s->checksum) != super_checksum(s)))
		return journal_refuse(fs, "its superblock's checksum is wrong");
	if (be32(s->block_size) != fs->block_size)
		return journal_refuse(fs, "another size of blocks");
	j->blocks = be32(s->blocks);
	j->first = be32(s->first);
	j->start = be32(s->start);
	j->sequence = be32(s->sequence);
	if (j->incompat & JOURNAL_INCOMPAT_FAST_COMMIT)
		fast = s->fast_blocks ? be32(s->fast_blocks) : FAST_BLOCKS_DEFAULT;
	if (j->blocks < JOURNAL_BLOCKS_MIN || j->blocks > n->size >> fs->block_shift || j->blocks > fs->blocks ||
	    fast > j->blocks / 2)
		return journal_refuse(fs, "a wrong size");
	j->end = j->blocks - fast;
	if (j->first == 0 || j->first >= j->end || j->end - j->first < JOURNAL_BLOCKS_MIN / 2 ||
	    (j->start && (j->start < j->first || j->start >= j->end)))
		return journal_refuse(fs, "its log lies outside of it");
	if (j->start && j->incompat & JOURNAL_INCOMPAT_ASYNC_COMMIT && !(j->incompat & CHECKSUM_2_3))
		return journal_refuse(fs, "asynchronous commits without checksums: let e2fsck replay it");
	if (fs->recovering && j->incompat & JOURNAL_INCOMPAT_FAST_COMMIT) {
		ext4_say(fs, "the journal may have fast commits: let Linux or e2fsck replay it");
		return ERR_UNSUPPORTED;
	}
	if (s->error && !fs->recovering && !fs->read_only) {
		ext4_say(fs, "the journal was given up after an error (e2fsck repairs that): mounted read-only");
		fs->read_only = true;
	}
	status = map_make(fs, n);
	if (status < 0)
		return status;
	tag_size_set(j);
	j->head = j->tail = j->first;
	j->max_changed = (j->end - j->first) / TRANSACTION_SHARE;
	if (!fs->recovering && j->start == 0 && !fs->read_only) {
		features_set(fs);
		tag_size_set(j);
	}
	j->present = true;
	return OK;
}

void journal_close(struct ext4 *fs)
{
	free(fs->journal.map);
	memset(&fs->journal, 0, sizeof(fs->journal));
}

static status_t super_place(struct ext4 *fs)
{
	status_t status;

	fs->super->write_time = (uint32_t)(ext4_now(fs) / 1000000000);
	buffer_seal(fs, fs->super_buffer);
	status = volume_write(fs, fs->super_buffer->block, 1, fs->super_buffer->data);
	if (status == OK)
		status = volume_flush(fs);
	return status < 0 ? ext4_fail(fs, "the superblock cannot be written") : OK;
}

status_t journal_begin(struct ext4 *fs)
{
	status_t status = journal_write_super(fs, fs->journal.head, fs->journal.sequence);

	if (status < 0)
		return status;
	fs->journal.begun = true;
	fs->super->incompat |= EXT4_INCOMPAT_RECOVER;
	fs->super->mount_time = (uint32_t)(ext4_now(fs) / 1000000000);
	fs->super->mount_count++;
	return super_place(fs);
}

status_t journal_finish(struct ext4 *fs)
{
	status_t status;

	if (!(fs->super->incompat & EXT4_INCOMPAT_RECOVER))
		return OK;
	status = journal_write_super(fs, 0, fs->journal.sequence);
	if (status < 0)
		return status;
	fs->super->incompat &= ~(uint32_t)EXT4_INCOMPAT_RECOVER;
	fs->super->free_blocks_low = (uint32_t)fs->free_blocks;
	if (fs->super->incompat & EXT4_INCOMPAT_64BIT)
		fs->super->free_blocks_high = (uint32_t)(fs->free_blocks >> 32);
	fs->super->free_inodes = fs->free_inodes;
	return super_place(fs);
}

status_t journal_revoke(struct ext4 *fs, uint64_t block)
{
	struct transaction *t = &fs->running;

	if (t->revoked_count == t->revoked_room) {
		uint32_t room = t->revoked_room ? t->revoked_room * 2 : 256;
		uint64_t *revoked = realloc(t->revoked, room * sizeof(*revoked));
		if (!revoked)
			return ext4_fail(fs, "no memory for the list of revoked blocks");
		t->revoked = revoked;
		t->revoked_room = room;
	}
	t->revoked[t->revoked_count++] = block;
	return OK;
}

/* ---- writing the log */

/* Blocks for the log are gathered as long as their places are in one piece. They reach the disk in any order. */
struct log_writer {
	struct ext4 *fs;
	uint32_t at; /* the journal's block that comes next */
	uint32_t gathered, room;
	uint64_t place; /* of the first gathered */
	uint8_t *staging;
};

static void writer_flush(struct log_writer *w)
{
	if (w->gathered)
		io_write(w->fs, w->place, w->gathered, w->staging, true, NULL, NULL);
	w->gathered = 0;
}

/* Where the next block of the log is to be put; good until the one after that is asked for. */
static uint8_t *writer_next(struct log_writer *w)
{
	struct journal *j = &w->fs->journal;
	uint64_t place = j->map[w->at];

	if (w->gathered == w->room || (w->gathered && place != w->place + w->gathered))
		writer_flush(w);
	if (w->gathered == 0) {
		w->place = place;
		w->staging = io_staging(w->fs);
	}
	if (++w->at == j->end)
		w->at = j->first;
	return w->staging + (size_t)w->gathered++ * w->fs->block_size;
}

static void header_put(struct ext4 *fs, void *block, enum journal_block_type type)
{
	struct journal_header *h = block;

	memset(block, 0, fs->block_size);
	h->magic = be32(JOURNAL_MAGIC);
	h->type = be32(type);
	h->sequence = be32(fs->journal.sequence);
}

/* Bytes at the end of descriptors and revoke blocks. */
static uint32_t tail_size(const struct journal *j)
{
	return j->incompat & CHECKSUM_2_3 ? 4 : 0;
}

static void tail_put(struct ext4 *fs, uint8_t *block)
{
	uint32_t at = fs->block_size - 4;

	if (tail_size(&fs->journal))
		*(uint32_t *)(void *)(block + at) = be32(journal_block_checksum(fs, block, at));
}

static uint32_t revokes_per_block(struct ext4 *fs)
{
	uint32_t size = fs->journal.incompat & JOURNAL_INCOMPAT_64BIT ? 8 : 4;

	return (fs->block_size - (uint32_t)sizeof(struct journal_revoke) - tail_size(&fs->journal)) / size;
}

static void revokes_write(struct log_writer *w)
{
	struct ext4 *fs = w->fs;
	const struct transaction *t = &fs->running;
	bool wide = fs->journal.incompat & JOURNAL_INCOMPAT_64BIT;
	uint32_t per_block = revokes_per_block(fs);

	for (uint32_t i = 0; i < t->revoked_count;) {
		uint32_t count = t->revoked_count - i < per_block ? t->revoked_count - i : per_block;
		uint8_t *block = writer_next(w), *to = block + sizeof(struct journal_revoke);

		header_put(fs, block, JOURNAL_REVOKE);
		for (; count; count--, i++) {
			if (wide) {
				uint64_t value = __builtin_bswap64(t->revoked[i]);
				memcpy(to, &value, 8);
				to += 8;
			} else {
				uint32_t value = be32((uint32_t)t->revoked[i]);
				memcpy(to, &value, 4);
				to += 4;
			}
		}
		((struct journal_revoke *)(void *)block)->size = be32((uint32_t)(to - block));
		tail_put(fs, block);
	}
}

static uint32_t tags_per_block(struct ext4 *fs)
{
	uint32_t room = fs->block_size - (uint32_t)sizeof(struct journal_header) - 16 - tail_size(&fs->journal);

	return room / fs->journal.tag_size;
}

static void tag_put(struct ext4 *fs, uint8_t *to, uint64_t block, uint32_t flags, uint32_t crc)
{
	const struct journal *j = &fs->journal;

	if (j->incompat & JOURNAL_INCOMPAT_CHECKSUM_3) {
		struct journal_tag_3 tag = {be32((uint32_t)block), be32(flags), be32((uint32_t)(block >> 32)),
					    be32(crc)};
		memcpy(to, &tag, sizeof(tag));
		return;
	}
	struct journal_tag tag = {be32((uint32_t)block), 0, __builtin_bswap16((uint16_t)flags),
				  be32((uint32_t)(block >> 32))};
	if (j->incompat & JOURNAL_INCOMPAT_CHECKSUM_2)
		tag.checksum = __builtin_bswap16((uint16_t)crc);
	memcpy(to, &tag, j->incompat & JOURNAL_INCOMPAT_64BIT ? sizeof(tag) : sizeof(tag) - 4);
}

/* The descriptor is kept apart until its blocks, whose checksums it has, are gathered: it goes in front of them. */
static void blocks_write(struct log_writer *w)
{
	struct ext4 *fs = w->fs;
	struct journal *j = &fs->journal;
	uint32_t per_block = tags_per_block(fs);
	struct buffer *b = fs->running.changed.first;

	while (b) {
		uint8_t *block = fs->scratch, *to = block + sizeof(struct journal_header);
		struct buffer *next = b;
		uint32_t count = 0;

		header_put(fs, block, JOURNAL_DESCRIPTOR);
		for (; next && count < per_block; next = next->list_next, count++) {
			bool escape = *(const uint32_t *)(const void *)next->data == be32(JOURNAL_MAGIC);
			bool last = !next->list_next || count + 1 == per_block;
			uint32_t flags = (escape ? JOURNAL_TAG_ESCAPED : 0) | (count ? JOURNAL_TAG_SAME_UUID : 0) |
					 (last ? JOURNAL_TAG_LAST : 0);
			uint32_t crc = 0;

			if (j->incompat & CHECKSUM_2_3) {
				uint32_t first = *(const uint32_t *)(const void *)next->data;
				if (escape)
					memset(next->data, 0, 4);
				crc = journal_tag_checksum(fs, j->sequence, next->data);
				memcpy(next->data, &first, 4);
			}
			tag_put(fs, to, next->block, flags, crc);
			to += j->tag_size;
			if (count == 0) {
				memcpy(to, j->super.uuid, 16);
				to += 16;
			}
		}
		tail_put(fs, block);
		memcpy(writer_next(w), block, fs->block_size);
		for (; b != next; b = b->list_next) {
			uint8_t *copy = writer_next(w);
			memcpy(copy, b->data, fs->block_size);
			if (*(const uint32_t *)(const void *)copy == be32(JOURNAL_MAGIC))
				memset(copy, 0, 4);
		}
	}
}

static void commit_write(struct log_writer *w)
{
	struct ext4 *fs = w->fs;
	uint8_t *block = writer_next(w);
	struct journal_commit *c = (void *)block;
	int64_t now = ext4_now(fs);

	header_put(fs, block, JOURNAL_COMMIT);
	c->seconds = __builtin_bswap64((uint64_t)(now / 1000000000));
	c->nanoseconds = be32((uint32_t)(now % 1000000000));
	if (fs->journal.incompat & CHECKSUM_2_3)
		c->checksum[0] = be32(journal_block_checksum(fs, block, offsetof(struct journal_commit, checksum)));
	writer_flush(w);
}

static uint32_t log_used(const struct journal *j)
{
	return j->head >= j->tail ? j->head - j->tail : j->head + (j->end - j->first) - j->tail;
}

/* Of the log, for a transaction with that many blocks and revocations. */
static uint32_t log_needed(struct ext4 *fs, uint32_t changed, uint32_t revoked)
{
	uint32_t tags = tags_per_block(fs), revokes = revokes_per_block(fs);

	return changed + (changed + tags - 1) / tags + (revoked + revokes - 1) / revokes + 1;
}

static status_t ordered_write(struct ext4 *fs)
{
	status_t result = OK;

	for (struct inode *n = fs->running.ordered; n; n = n->ordered_next) {
		status_t status = buffers_write_file(fs, n);
		if (status < 0)
			result = status;
	}
	if (io_writes_end(fs) < 0 || fs->running.data_lost)
		result = ERR_IO;
	fs->running.data_lost = false;
	for (struct inode *n = fs->running.ordered, *next; n; n = next) {
		next = n->ordered_next;
		n->ordered = false;
		n->ordered_next = NULL;
	}
	fs->running.ordered = NULL;
	return result;
}

status_t journal_commit(struct ext4 *fs)
{
	struct journal *j = &fs->journal;
	struct transaction *t = &fs->running;
	struct log_writer w = {.fs = fs, .at = j->head, .room = io_blocks(fs)};
	struct buffer *b;
	status_t status;

	if (fs->failed)
		return ERR_IO;
	if (!t->dirty)
		return OK;
	/* Before metadata that shows them: else a file could show what was deleted long ago. */
	if (ordered_write(fs) < 0)
		return ext4_fail(fs, "file data cannot be written");
	for (b = t->changed.first; b; b = b->list_next) /* their checksums are in descriptors */
		if (b->kind == BLOCK_BLOCK_BITMAP || b->kind == BLOCK_INODE_BITMAP)
			buffer_seal(fs, b);
	for (b = t->changed.first; b; b = b->list_next)
		if (b->kind != BLOCK_BLOCK_BITMAP && b->kind != BLOCK_INODE_BITMAP)
			buffer_seal(fs, b);
	if (log_used(j) + log_needed(fs, t->changed.count, t->revoked_count) >= j->end - j->first)
		return ext4_fail(fs, "a transaction of %u blocks is too big for the journal",
				 (unsigned)t->changed.count);
	revokes_write(&w);
	blocks_write(&w);
	writer_flush(&w);
	status = volume_flush(fs);
	if (status == OK) {
		commit_write(&w);
		status = volume_flush(fs);
	}
	if (status < 0)
		return ext4_fail(fs, "the journal cannot be written");
	j->head = w.at;
	j->sequence++;
	while ((b = t->changed.first)) {
		list_remove(&t->changed, b);
		b->flags = (uint8_t)((b->flags & ~BUFFER_CHANGED) | BUFFER_LOGGED);
		list_add(&fs->logged, b);
	}
	blocks_committed(fs);
	fs->committed_id = t->id++;
	t->revoked_count = 0;
	t->dirty = false;
	/* The next one may be as large as any. */
	if (log_used(j) + 2 * j->max_changed > j->end - j->first)
		return journal_checkpoint(fs);
	return OK;
}

status_t journal_checkpoint(struct ext4 *fs)
{
	struct journal *j = &fs->journal;
	uint32_t count = fs->logged.count, i = 0;
	struct buffer **list;
	status_t status;

	if (fs->failed)
		return ERR_IO;
	if (j->head == j->tail)
		return OK;
	list = buffers_sorting(fs, count);
	if (!list)
		return ERR_NO_MEMORY;
	for (struct buffer *b = fs->logged.first; b; b = b->list_next)
		list[i++] = b;
	status = buffers_write(fs, list, count);
	if (status == OK)
		status = volume_flush(fs);
	if (status < 0)
		return ext4_fail(fs, "metadata cannot be written");
	for (i = 0; i < count; i++) {
		list_remove(&fs->logged, list[i]);
		list[i]->flags &= (uint8_t)~BUFFER_LOGGED;
	}
	status = journal_write_super(fs, j->head, j->sequence);
	if (status < 0)
		return status;
	j->tail = j->head;
	return OK;
}
