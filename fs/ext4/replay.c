/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay of the journal. The log is walked three times: to find its end, which is the first transaction that is not whole;
 * for the blocks that were revoked; and to write the others to their places.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/volume.h"

#define CHECKSUM_2_3 (JOURNAL_INCOMPAT_CHECKSUM_2 | JOURNAL_INCOMPAT_CHECKSUM_3)

enum pass { PASS_SCAN, PASS_REVOKED, PASS_WRITE };

struct revoked {
	uint64_t block;
	uint32_t sequence; /* up to this transaction it is not to be written */
};

struct replay {
	struct ext4 *fs;
	enum pass pass;
	uint32_t end; /* the first transaction that is not whole */
	struct revoked *revoked;
	size_t revoked_count, revoked_room;
	uint8_t *block, *data;
	uint64_t written;
};

static uint32_t be32(uint32_t x)
{
	return __builtin_bswap32(x);
}

static uint32_t log_next(const struct journal *j, uint32_t at)
{
	return at + 1 == j->end ? j->first : at + 1;
}

static bool tail_good(struct replay *r)
{
	struct ext4 *fs = r->fs;
	uint32_t at = fs->block_size - 4, crc;

	if (!(fs->journal.incompat & CHECKSUM_2_3))
		return true;
	memcpy(&crc, r->block + at, 4);
	return be32(crc) == journal_block_checksum(fs, r->block, at);
}

static int by_block(const void *a, const void *b)
{
	const struct revoked *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->sequence == y->sequence ? 0 : (int32_t)(x->sequence - y->sequence) < 0 ? -1 : 1;
}

static bool is_revoked(const struct replay *r, uint64_t block, uint32_t sequence)
{
	size_t low = 0, high = r->revoked_count;

	while (low < high) { /* behind the last of that block, which is the latest */
		size_t middle = low + (high - low) / 2;
		if (r->revoked[middle].block <= block)
			low = middle + 1;
		else
			high = middle;
	}
	return low && r->revoked[low - 1].block == block && (int32_t)(r->revoked[low - 1].sequence - sequence) >= 0;
}

static status_t revoked_add(struct replay *r, uint64_t block, uint32_t sequence)
{
	if (r->revoked_count == r->revoked_room) {
		size_t room = r->revoked_room ? r->revoked_room * 2 : 256;
		struct revoked *list = realloc(r->revoked, room * sizeof(*list));
		if (!list)
			return ERR_NO_MEMORY;
		r->revoked = list;
		r->revoked_room = room;
	}
	r->revoked[r->revoked_count++] = (struct revoked){block, sequence};
	return OK;
}

static status_t revokes_read(struct replay *r, uint32_t sequence)
{
	struct ext4 *fs = r->fs;
	uint32_t step = fs->journal.incompat & JOURNAL_INCOMPAT_64BIT ? 8 : 4;
	uint32_t size = be32(((const struct journal_revoke *)(const void *)r->block)->size);

	if (size > fs->block_size)
		return ERR_BAD_FORMAT;
	for (uint32_t at = sizeof(struct journal_revoke); at + step <= size; at += step) {
		uint32_t words[2] = {0, 0};
		status_t status;

		memcpy(words, r->block + at, step);
		status = revoked_add(r, step == 8 ? (uint64_t)be32(words[0]) << 32 | be32(words[1]) : be32(words[0]),
				     sequence);
		if (status < 0)
			return status;
	}
	return OK;
}

static status_t block_write(struct replay *r, uint64_t block)
{
	struct ext4 *fs = r->fs;
	struct buffer *b;
	status_t status;

	if (block >= fs->blocks) {
		ext4_say(fs, "the journal names block %llu, behind the end", (unsigned long long)block);
		return ERR_BAD_FORMAT;
	}
	r->written++;
	if (!fs->disk->read_only)
		return volume_write(fs, block, 1, r->data) < 0 ? ERR_IO : OK;
	status = buffer_read(fs, block, &b); /* kept: a later version, or the descriptors, may be in use already */
	if (status < 0)
		return status;
	memcpy(b->data, r->data, fs->block_size);
	b->flags |= BUFFER_KEPT;
	return OK;
}

/* One block of a transaction. ERR_BAD_FORMAT: its checksum is wrong. */
static status_t tag_take(struct replay *r, uint32_t at, uint64_t block, uint32_t flags, uint32_t crc, uint32_t sequence)
{
	struct ext4 *fs = r->fs;
	uint32_t incompat = fs->journal.incompat;

	if (r->pass == PASS_REVOKED || (r->pass == PASS_SCAN && !(incompat & CHECKSUM_2_3)))
		return OK;
	if (r->pass == PASS_WRITE && is_revoked(r, block, sequence))
		return OK;
	if (volume_read(fs, fs->journal.map[at], 1, r->data) < 0)
		return ERR_IO;
	if (incompat & CHECKSUM_2_3) {
		uint32_t want = journal_tag_checksum(fs, sequence, r->data);
		if (incompat & JOURNAL_INCOMPAT_CHECKSUM_3 ? crc != want : crc != (want & 0xffff))
			return ERR_BAD_FORMAT;
	}
	if (r->pass == PASS_SCAN)
		return OK;
	if (flags & JOURNAL_TAG_ESCAPED) {
		uint32_t magic = be32(JOURNAL_MAGIC);
		memcpy(r->data, &magic, 4);
	}
	return block_write(r, block);
}

/* at: the descriptor's block, and afterwards the one behind its last. left: blocks of the log that were not looked at. */
static status_t tags_read(struct replay *r, uint32_t *at, uint32_t *left, uint32_t sequence)
{
	struct ext4 *fs = r->fs;
	const struct journal *j = &fs->journal;
	uint32_t end = fs->block_size - (j->incompat & CHECKSUM_2_3 ? 4 : 0);
	uint32_t place = sizeof(struct journal_header), flags;

	do {
		uint64_t block;
		uint32_t crc;
		status_t status;

		if (place + j->tag_size > end || *left == 0)
			return ERR_BAD_FORMAT;
		if (j->incompat & JOURNAL_INCOMPAT_CHECKSUM_3) {
			struct journal_tag_3 tag;
			memcpy(&tag, r->block + place, sizeof(tag));
			block = be32(tag.block) | (uint64_t)be32(tag.block_high) << 32;
			if (!(j->incompat & JOURNAL_INCOMPAT_64BIT))
				block &= UINT32_MAX;
			flags = be32(tag.flags);
			crc = be32(tag.checksum);
		} else {
			struct journal_tag tag = {0};
			memcpy(&tag, r->block + place,
			       j->incompat & JOURNAL_INCOMPAT_64BIT ? sizeof(tag) : sizeof(tag) - 4);
			block = be32(tag.block) | (uint64_t)be32(tag.block_high) << 32;
			flags = __builtin_bswap16(tag.flags);
			crc = __builtin_bswap16(tag.checksum);
		}
		*at = log_next(j, *at);
		(*left)--;
		status = tag_take(r, *at, block, flags, crc, sequence);
		if (status < 0)
			return status;
		place += j->tag_size + (flags & JOURNAL_TAG_SAME_UUID ? 0 : 16);
	} while (!(flags & JOURNAL_TAG_LAST));
	*at = log_next(j, *at);
	return OK;
}

static bool commit_good(struct replay *r)
{
	const struct journal_commit *c = (const void *)r->block;

	if (!(r->fs->journal.incompat & CHECKSUM_2_3))
		return true;
	return be32(c->checksum[0]) ==
	       journal_block_checksum(r->fs, r->block, offsetof(struct journal_commit, checksum));
}

static status_t log_walk(struct replay *r, enum pass pass)
{
	struct ext4 *fs = r->fs;
	const struct journal *j = &fs->journal;
	uint32_t at = j->start, left = j->end - j->first, sequence = j->sequence;
	status_t status = OK;

	r->pass = pass;
	while (left && (pass == PASS_SCAN || sequence != r->end)) {
		const struct journal_header *h = (const void *)r->block;

		if (volume_read(fs, j->map[at], 1, r->block) < 0)
			return ERR_IO;
		left--;
		if (be32(h->magic) != JOURNAL_MAGIC || be32(h->sequence) != sequence)
			break;
		switch (be32(h->type)) {
		case JOURNAL_DESCRIPTOR:
			status = tail_good(r) ? tags_read(r, &at, &left, sequence) : ERR_BAD_FORMAT;
			break;
		case JOURNAL_REVOKE:
			status = tail_good(r) ? OK : ERR_BAD_FORMAT;
			if (status == OK && pass == PASS_REVOKED)
				status = revokes_read(r, sequence);
			at = log_next(j, at);
			break;
		case JOURNAL_COMMIT:
			status = commit_good(r) ? OK : ERR_BAD_FORMAT;
			at = log_next(j, at);
			sequence++;
			break;
		default: status = ERR_BAD_FORMAT;
		}
		if (status == ERR_BAD_FORMAT && pass == PASS_SCAN) {
			sequence -= be32(h->type) == JOURNAL_COMMIT;
			status = OK;
			break;
		}
		if (status < 0)
			return status;
	}
	if (pass == PASS_SCAN)
		r->end = sequence;
	return sequence == r->end ? OK : ERR_BAD_FORMAT;
}

status_t journal_replay(struct ext4 *fs)
{
	struct journal *j = &fs->journal;
	struct replay r = {.fs = fs};
	uint32_t begin = j->sequence;
	status_t status = OK;

	if (!j->present)
		return OK;
	r.block = malloc(fs->block_size);
	r.data = malloc(fs->block_size);
	if (!r.block || !r.data)
		status = ERR_NO_MEMORY;
	if (status == OK && j->start) {
		status = log_walk(&r, PASS_SCAN);
		if (status == OK)
			status = log_walk(&r, PASS_REVOKED);
		if (status == OK && r.revoked_count)
			qsort(r.revoked, r.revoked_count, sizeof(*r.revoked), by_block);
		if (status == OK)
			status = log_walk(&r, PASS_WRITE);
		if (status == OK)
			ext4_say(fs, "replayed %u transactions, %llu blocks", (unsigned)(r.end - begin),
				 (unsigned long long)r.written);
	}
	free(r.block);
	free(r.data);
	free(r.revoked);
	if (status < 0) {
		ext4_say(fs, "the journal cannot be replayed");
		return status;
	}
	if (fs->disk->read_only)
		return OK;
	if (volume_flush(fs) < 0)
		return ERR_IO;
	/* A number is left out: what remains of the transaction that was not whole must never look like the next one. */
	return journal_write_super(fs, 0, (j->start ? r.end : begin) + 1);
}
