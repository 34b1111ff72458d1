/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: a mounted file system, its cache of blocks, groups and files in memory.
 *
 * Memory. Pointers to buffers and nodes stay good until the operation ends: only operation_begin and buffers_trim (called
 * where no pointer is kept) let go of any. An operation that changes something says in operation_begin how many blocks it
 * will change at most; memory for those is there then, so that it cannot fail for lack of it half way.
 *
 * Failure. An operation looks for and allocates all that it needs before it changes anything that cannot be taken back;
 * what fails after that calls ext4_fail, and nothing more is written: the disk stays as of the last commit.
 */
#pragma once

#include "fs/ext4/ext4.h"
#include "fs/ext4/format.h"
#include "fs/ext4/hash.h"

struct inode;

enum buffer_flag {
	BUFFER_FILLED = 1,   /* data is what the disk has, or newer */
	BUFFER_CHANGED = 2,  /* metadata of the running transaction */
	BUFFER_LOGGED = 4,   /* committed to the log, not yet written to its place */
	BUFFER_DIRTY = 8,    /* file data that is not on the disk yet */
	BUFFER_USED = 16,    /* since the clock's hand came by */
	BUFFER_CHECKED = 32, /* its checksum was right */
	BUFFER_KEPT = 64,    /* always in memory */
	BUFFER_SANE = 128,   /* what is in it was looked through for what it is */
};

enum buffer_reading {
	READING_NO,
	READING_UNDER_WAY,
	READING_FAILED, /* by a request of several blocks perhaps: asked for alone, it has a second chance */
};

/* How its checksum is made, when it is committed. */
enum buffer_kind {
	BLOCK_PLAIN,
	BLOCK_SUPER,
	BLOCK_DESCRIPTORS,  /* index: the first descriptor's group */
	BLOCK_BLOCK_BITMAP, /* index: group */
	BLOCK_INODE_BITMAP,
	BLOCK_INODES,  /* index: the first inode */
	BLOCK_EXTENTS, /* seed: the file's */
	BLOCK_DIR_LEAF,
	BLOCK_DIR_INDEX,
	BLOCK_XATTR,
	BLOCK_ORPHANS,
};

struct buffer {
	uint64_t block;
	uint8_t *data;
	struct buffer *hash_next; /* or the next spare one */
	struct buffer *clock_next, *clock_previous;
	struct buffer *io_next;                     /* of the same request */
	struct buffer *list_next, *list_previous;   /* of the transaction, or of what waits for its checkpoint */
	struct buffer *dirty_next, *dirty_previous; /* of its file's */
	struct inode *owner;                        /* of dirty data */
	uint8_t flags;
	uint8_t kind;
	uint8_t reading;    /* enum buffer_reading */
	bool writing;       /* its data is on the way to the disk and stays as it is */
	bool spare;         /* no block's */
	bool extra;         /* its memory is not of the fixed part */
	uint32_t operation; /* that looked at it last: in that it stays what it is */
	uint32_t seed;
	uint64_t index;
	uint32_t full_before; /* BLOCK_DIR_LEAF: entries before this place have no room beside them */
	uint64_t mask[2];     /* BLOCK_INODES, BLOCK_DESCRIPTORS: which of them changed */
};

struct buffer_list {
	struct buffer *first, *last;
	uint32_t count;
};

/*
 * Those of the fixed part of memory, which the disk reaches by itself, stay in the clock's ring in the order of their places:
 * what its hand finds one after the other lies in one piece and takes one request. `extra` ones come and go.
 */
struct buffers {
	struct buffer **hash;
	uint32_t hash_mask;
	struct buffer *hand, *extra_hand; /* the clocks' rings of all buffers */
	uint8_t *fixed;                   /* memory of further buffers */
	uint32_t fixed_left;
	struct buffer *spare_first, *spare_last;
	uint32_t count, limit, spares;
	uint32_t reserved; /* spares that wait for the operation's changes */
	uint32_t dirty;    /* of file data */
	uint32_t writing;  /* of file data, on the way */
	bool spending;     /* the operation has begun to change things */
	struct buffer **sorted;
	size_t sorted_room;
};

/* A request to the disk. */
struct io {
	struct disk_request request; /* first */
	struct ext4 *fs;
	struct buffer *first; /* that it reads, or writes behind their owner's back */
	struct inode *owner;
	uint8_t *staging;
	struct io *next;
};
#define IO_COUNT      96u
/* Memory in which blocks are gathered that lie in one piece on the disk only. */
#define STAGING_COUNT 4u
#define STAGING_BYTES (256u << 10)

struct requests {
	struct io *all, *free;
	uint32_t under_way, writing;
	uint32_t blocks_max; /* of one; 0: the disk takes one at a time */
	uint8_t *staging[STAGING_COUNT];
	uint32_t staging_free;
	void *memory;
	status_t written; /* the worst result of writes since io_writes_end, but for those that are an owner's */
	bool submitted;   /* since the device was told */
};

/* A piece of a file that lies in one piece on the disk, or nowhere. */
struct mapping {
	uint64_t logical;
	uint64_t block; /* 0: a hole */
	uint64_t length;
	bool unwritten;
};

/* A file in memory. */
struct inode {
	uint64_t inode;
	struct inode *hash_next;
	struct inode *use_next, *use_previous; /* all nodes, the last used first */
	struct inode *orphan_next, *orphan_previous;
	struct inode *ordered_next; /* of the transaction's files whose data goes to the disk before it */
	struct buffer *dirty_first;
	uint32_t dirty_count;
	uint32_t writing; /* requests on the way */
	uint32_t holds;
	uint32_t busy;               /* pinned by the operation */
	uint64_t change_id, data_id; /* transactions that must be on the disk for a sync, and for one of its data */
	status_t write_error;        /* of data written behind the caller's back; told at the next sync */
	bool ordered, orphan;

	uint16_t mode;
	uint16_t links;
	uint32_t deleted; /* when, or the next orphan */
	uint32_t uid, gid, flags, generation;
	uint64_t size, blocks; /* blocks: of 512 bytes */
	uint64_t xattr_block;
	int64_t accessed, changed, modified;
	uint32_t seed; /* of checksums */
	uint32_t root[15];
	struct mapping last; /* the mapping found last; length 0: none */
	uint64_t goal;       /* where the next block should be */
	/* Logical blocks: behind what was read last; behind what was asked for in advance; how many will be. */
	uint64_t read_next, ahead_end;
	uint32_t ahead;
	uint64_t slot_hint; /* of directories: blocks before this one are full */
};

struct group {
	uint32_t free_blocks, free_inodes; /* as in the descriptor */
	uint32_t block_hint, inode_hint;   /* nothing free before these */
	uint64_t *freed; /* a bitmap: free in the transaction, but not to be used before it is committed */
	uint32_t next_freed;
	bool listed;
	bool bad_blocks, bad_inodes; /* its bitmap is damaged: nothing is taken from it */
};

struct zone {
	uint64_t first, end;
};

struct journal {
	bool present;
	bool begun;    /* the disk says that there is something to replay */
	uint64_t *map; /* the disk's block of each of the journal's */
	uint32_t blocks, first, end;
	uint32_t head;     /* where the next transaction begins */
	uint32_t tail;     /* where replay would begin */
	uint32_t sequence; /* of the running transaction */
	uint32_t incompat;
	uint32_t seed;
	uint32_t tag_size;
	uint32_t start;       /* of the log on the disk, when it was opened */
	uint32_t max_changed; /* blocks of one transaction */
	struct journal_super super;
};

/* The running transaction. */
struct transaction {
	uint64_t id;
	struct buffer_list changed;
	struct inode *ordered;
	uint64_t *revoked;
	uint32_t revoked_count, revoked_room;
	uint32_t first_freed; /* list of groups, by number + 1 */
	uint64_t freed_blocks;
	bool dirty;
	bool data_lost; /* of a file that is ordered */
};

struct ext4 {
	struct disk *disk;
	struct ext4_options options;
	bool read_only, failed, privileged, recovering;
	bool orphans_kept; /* those may be held */
	struct buffers cache;
	struct requests io;
	struct journal journal;
	struct transaction running;
	struct buffer_list logged; /* wait for the checkpoint */
	uint64_t committed_id;
	struct inode **nodes;
	uint32_t node_mask, node_count;
	struct inode *use_first, *use_last;
	struct inode *orphans;

	struct buffer *super_buffer;
	struct ext4_super *super;
	uint32_t block_size, block_shift, sectors_per_block, sector_shift;
	uint64_t blocks;
	uint32_t first_data_block, blocks_per_group, inodes_per_group, inodes, groups;
	uint32_t inode_size, inodes_per_block, desc_size, descs_per_block, first_inode;
	bool metadata_checksum, gdt_checksum, dir_index, hash_unsigned, large_dir;
	uint32_t seed;
	uint64_t reserved_blocks, free_blocks;
	uint32_t free_inodes;
	struct buffer **desc_buffers;
	struct group *group;
	struct zone *zones; /* where the file system's own structures lie, in order */
	uint32_t zone_count;
	uint64_t freed_before; /* by the transaction, when the operation began */
	void *scratch;         /* a block */
	void *zeroes;          /* another, of zeroes */
	bool unflushed;        /* something was written since the last flush */
	bool hurry;            /* who reads does not wait: ERR_WOULD_BLOCK, for `missing` */
	uint64_t missing;
	bool passing; /* what is read is not kept */
	uint32_t generation;
	uint32_t operation; /* number of the one under way */
};

/* ---- volume.c */

void ext4_say(struct ext4 *fs, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The disk contradicts itself, or fails where it must not: nothing is written any more. Always ERR_IO. */
status_t ext4_fail(struct ext4 *fs, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t ext4_now(struct ext4 *fs);

/* Blocks that one operation may change: memory and room in the journal. ERR_READ_ONLY, ERR_IO, ERR_NO_MEMORY. */
status_t operation_begin(struct ext4 *fs, uint32_t changes);
/* status: its result, handed through. ERR_NO_SPACE while the transaction has freed some becomes ERR_AGAIN, once. */
status_t operation_end(struct ext4 *fs, status_t status);

struct ext4_group_desc *group_desc(struct ext4 *fs, uint32_t group);
void group_desc_changed(struct ext4 *fs, uint32_t group);
uint64_t group_block_bitmap(struct ext4 *fs, uint32_t group);
uint64_t group_inode_bitmap(struct ext4 *fs, uint32_t group);
uint64_t group_inode_table(struct ext4 *fs, uint32_t group);
bool group_has_super(struct ext4 *fs, uint32_t group);
uint32_t group_blocks(struct ext4 *fs, uint32_t group);
static inline uint64_t group_first_block(struct ext4 *fs, uint32_t group)
{
	return fs->first_data_block + (uint64_t)group * fs->blocks_per_group;
}
/* The range may be a file's: on the disk, and none of the file system's own structures. */
bool blocks_good(struct ext4 *fs, uint64_t first, uint64_t count);

/* ---- buffer.c */

status_t buffers_open(struct ext4 *fs, uint32_t limit);
void buffers_close(struct ext4 *fs);
/* Lets go of what is over the limit; sees to it that `spares` more are there. */
status_t buffers_trim(struct ext4 *fs, uint32_t spares);
/* With no pointers to buffers: room for so many more, without taking memory beyond the cache's; how many it became. */
uint32_t buffers_room(struct ext4 *fs, uint32_t want);
/* Of the block, once it is read; NULL: there is none. */
struct buffer *buffers_find(struct ext4 *fs, uint64_t block);
/* The same without waiting: it may be under way. */
struct buffer *buffers_look(struct ext4 *fs, uint64_t block);
/* With its contents from the disk. */
status_t buffer_read(struct ext4 *fs, uint64_t block, struct buffer **out);
/* Whatever was there: the caller fills it, or zero. */
status_t buffer_make(struct ext4 *fs, uint64_t block, bool zero, struct buffer **out);
/* Metadata: into the running transaction. */
void buffer_changed(struct ext4 *fs, struct buffer *b);
/* File data, to be written before long. */
void buffer_dirty(struct ext4 *fs, struct buffer *b, struct inode *owner);
/* The block is free: what was to be written there is not. */
void buffer_forget(struct ext4 *fs, struct buffer *b);
/*
 * Starts to read those of the blocks that are not in memory, as far as there is room; how many are there or under way.
 * With no pointers to buffers: makes room.
 */
uint32_t buffers_prefetch(struct ext4 *fs, uint64_t block, uint32_t count);
/* Writes buffers to their places, in the order of the disk and many at a time. Their flags stay. */
status_t buffers_write(struct ext4 *fs, struct buffer **list, uint32_t count);
/*
 * Begins to write a file's dirty data. How that goes is n->write_error when io_writes_end has come back; ERR_NO_MEMORY:
 * it was not begun.
 */
status_t buffers_write_file(struct ext4 *fs, struct inode *n);
/* That of all files. */
status_t buffers_write_all(struct ext4 *fs);
/* Its data is not on the way any more, and may be changed. */
void buffer_settle(struct ext4 *fs, struct buffer *b);
/* Array of at least `count` buffers, for buffers_write. NULL: no memory. */
struct buffer **buffers_sorting(struct ext4 *fs, uint32_t count);
void list_add(struct buffer_list *list, struct buffer *b);
void list_remove(struct buffer_list *list, struct buffer *b);
/* ---- io.c: requests to the disk, many at a time where it takes them so */

status_t io_open(struct ext4 *fs);
/* Waits for what is under way. */
void io_close(struct ext4 *fs);
/* The disk reaches it by itself. */
bool io_reaches(struct ext4 *fs, const void *data);
bool io_is_free(struct ext4 *fs);
/* Blocks that lie in one piece on the disk and in memory, linked by io_next; their `reading` tells the end. */
void io_read(struct ext4 *fs, struct buffer *first, uint32_t count);
/* At most STAGING_BYTES; waits until there is some. */
uint8_t *io_staging(struct ext4 *fs);
/* Blocks that one request may have. */
uint32_t io_blocks(struct ext4 *fs);
/*
 * data stays as it is until it is written; staging: it is io_staging's, and given back. first, with an owner: the blocks'
 * buffers, linked by io_next, and whose they are.
 */
void io_write(struct ext4 *fs, uint64_t block, uint32_t count, uint8_t *data, bool staging, struct buffer *first,
	      struct inode *owner);
/* Waits for all writes. ERR_IO: one went wrong since the last call, and it was no owner's. */
status_t io_writes_end(struct ext4 *fs);
/* The device looks at what was asked for. */
void io_kick(struct ext4 *fs);
/* Until something has ended. */
void io_wait(struct ext4 *fs);

/* One request that is waited for. */
status_t volume_read(struct ext4 *fs, uint64_t block, uint32_t count, void *data);
status_t volume_write(struct ext4 *fs, uint64_t block, uint32_t count, const void *data);
/* Everything written before, by either way, is on the medium. */
status_t volume_flush(struct ext4 *fs);
/* Lets go of those of the blocks that are not needed: no pointers to them are kept. */
void buffers_pass(struct ext4 *fs, uint64_t block, uint64_t count);
/* Takes a buffer out that has nothing to be kept. */
void buffer_drop(struct ext4 *fs, struct buffer *b);
/* For a file's data; fill: with what the disk has, if it is not in memory. */
status_t buffer_data(struct ext4 *fs, uint64_t block, bool fill, struct buffer **out);

/* ---- checked.c: checksums of what lies on the disk */

/* Sets what is to be known for its checksum, and checks it if it came from the disk. */
status_t buffer_check(struct ext4 *fs, struct buffer *b, enum buffer_kind kind, uint64_t index, uint32_t seed);
/* Makes the checksums of a changed buffer. */
void buffer_seal(struct ext4 *fs, struct buffer *b);
uint32_t inode_checksum(struct ext4 *fs, uint64_t inode, const uint8_t *raw);
bool desc_checksum_good(struct ext4 *fs, uint32_t group);
/* As metadata, by the operation under way: a hostile disk may have a block in two places. */
static inline bool buffer_is_looked_at(struct ext4 *fs, const struct buffer *b)
{
	return b->flags & BUFFER_CHECKED && b->kind != BLOCK_PLAIN && b->operation == fs->operation;
}
/* What it is from now on, whatever it was. */
void buffer_become(struct buffer *b, enum buffer_kind kind, uint64_t index, uint32_t seed);
bool super_checksum_good(const struct ext4_super *super);

/* ---- journal.c, replay.c */

/* Reads the journal's superblock and where its blocks are. Replays. */
status_t journal_open(struct ext4 *fs, struct inode *n);
status_t journal_replay(struct ext4 *fs);
void journal_close(struct ext4 *fs);
/* The block was metadata and will be something else. */
status_t journal_revoke(struct ext4 *fs, uint64_t block);
status_t journal_commit(struct ext4 *fs);
/* After a commit, with nothing running: all to their places, the log empty. */
status_t journal_checkpoint(struct ext4 *fs);
/* Before the first change: what says that the journal is to be replayed. After the last, with an empty log: that not. */
status_t journal_begin(struct ext4 *fs);
status_t journal_finish(struct ext4 *fs);
/* Replay begins at `start` (0: nothing to replay) with that transaction. */
status_t journal_write_super(struct ext4 *fs, uint32_t start, uint32_t sequence);
/* Of a block of the journal with its checksum at `at`. */
uint32_t journal_block_checksum(struct ext4 *fs, void *data, size_t at);
uint32_t journal_tag_checksum(struct ext4 *fs, uint32_t sequence, const void *data);

/* ---- allocate.c */

/* Up to `want` blocks in a row, the first as near behind `goal` as may be. ERR_NO_SPACE. Changes three blocks at most. */
status_t blocks_allocate(struct ext4 *fs, uint64_t goal, uint32_t want, uint64_t *first, uint32_t *count);
/* metadata: may be in the journal. Changes two blocks per group. */
status_t blocks_free(struct ext4 *fs, uint64_t first, uint64_t count, bool metadata);
/* Forgets which blocks must wait: the transaction that freed them is on the disk. */
void blocks_committed(struct ext4 *fs);
status_t inode_allocate(struct ext4 *fs, uint64_t parent, bool directory, uint64_t *inode);
status_t inode_free(struct ext4 *fs, uint64_t inode, bool directory);
/* Whether the bitmap says that it is in use. */
status_t inode_in_use(struct ext4 *fs, uint64_t inode, bool *used);

/* ---- inode.c */

status_t inodes_open(struct ext4 *fs);
void inodes_close(struct ext4 *fs);
void inodes_trim(struct ext4 *fs);
/* ERR_NOT_FOUND: not in use. */
status_t inode_get(struct ext4 *fs, uint64_t inode, struct inode **out);
/* As inode_get, of inodes that users cannot name too. */
status_t inode_get_any(struct ext4 *fs, uint64_t inode, struct inode **out);
/* A new one, of links 0; its block of the inode table was read. */
status_t inode_make(struct ext4 *fs, uint64_t inode, uint16_t mode, uint32_t flags, struct inode **out);
/* Into the inode table. */
status_t inode_store(struct ext4 *fs, struct inode *n);
void inode_drop(struct ext4 *fs, struct inode *n);
void inode_set_changed(struct ext4 *fs, struct inode *n, bool modified);
status_t orphan_add(struct ext4 *fs, struct inode *n);
status_t orphan_remove(struct ext4 *fs, struct inode *n);
/* What a power cut left undone; where the list makes no sense it is cut off. */
status_t orphans_load(struct ext4 *fs);
/* A file without links and holds: frees all of it, in steps that begin and end operations of their own. */
status_t inode_delete(struct ext4 *fs, struct inode *n);
static inline bool inode_is(const struct inode *n, uint16_t kind)
{
	return (n->mode & EXT4_MODE_KIND) == kind;
}

/* Whether it can be freed as part of another operation; how many blocks that changes. */
bool inode_is_small(struct ext4 *fs, struct inode *n);
#define SMALL_CHANGES 24u
status_t inode_free_small(struct ext4 *fs, struct inode *n);
/* Frees what lies behind `size`, in steps as inode_delete; takes it off the list of orphans. */
status_t inode_cut(struct ext4 *fs, struct inode *n, uint64_t size);
/* Before an operation that only reads. */
status_t reading_begin(struct ext4 *fs);

/* ---- extent.c */

void extent_init(struct inode *n);
/* What lies at the logical block, and how far it goes. */
status_t extent_find(struct ext4 *fs, struct inode *n, uint64_t logical, struct mapping *out);
/* Maps blocks where a hole is (or, of the same length and place, what was unwritten). */
status_t extent_add(struct ext4 *fs, struct inode *n, const struct mapping *m);
/* What of the mapping was unwritten is so no more. */
status_t extent_set_written(struct ext4 *fs, struct inode *n, uint64_t logical, uint64_t length);
/*
 * Unmaps and frees [from, end) from behind, until all is done or about `budget` blocks were changed; *done: all. The
 * rest is left of [from, *end).
 */
status_t extent_remove(struct ext4 *fs, struct inode *n, uint64_t from, uint64_t *end, uint32_t budget, bool *done);
/* Blocks that adding to the tree may change. */
uint32_t extent_changes(struct inode *n);
bool extent_root_good(struct ext4 *fs, const struct inode *n);
bool inode_has_map(const struct inode *n);

/* ---- indirect.c: block maps of old files */

status_t indirect_find(struct ext4 *fs, struct inode *n, uint64_t logical, struct mapping *out);
status_t indirect_remove_all(struct ext4 *fs, struct inode *n, uint32_t budget, bool *done);

/* ---- file.c */

/* Its data goes to the disk before the running transaction. */
void inode_order(struct ext4 *fs, struct inode *n);

/* ---- directory.c, index.c */

struct slot {
	struct buffer *buffer;
	uint32_t offset;   /* of the entry */
	uint32_t previous; /* of the entry before; == offset: none */
};
status_t directory_find(struct ext4 *fs, struct inode *d, const char *name, size_t length, struct slot *slot,
			uint64_t *inode);
/* Blocks that directory_add may change. */
#define DIRECTORY_ADD_CHANGES 40u
/* The name is not there. On an error nothing was changed. */
status_t directory_add(struct ext4 *fs, struct inode *d, const char *name, size_t length, uint64_t inode, uint8_t kind);
void directory_remove(struct ext4 *fs, struct inode *d, const struct slot *slot);
void directory_set(struct ext4 *fs, struct inode *d, const struct slot *slot, uint64_t inode, uint8_t kind);
/* The first block of a new directory. */
status_t directory_make(struct ext4 *fs, struct inode *d, uint64_t parent);
uint8_t directory_kind(uint16_t mode);
status_t directory_block(struct ext4 *fs, struct inode *d, uint64_t logical, enum buffer_kind kind,
			 struct buffer **out);
/* A further block; nothing else is changed on an error. */
status_t directory_grow(struct ext4 *fs, struct inode *d, uint64_t *logical, struct buffer **out);
struct ext4_dirent *directory_entry(struct ext4 *fs, struct buffer *b, uint32_t offset);
uint32_t directory_room(struct ext4 *fs); /* bytes of a block for entries */
void directory_seal_leaf(struct ext4 *fs, struct buffer *b);
bool directory_put(struct ext4 *fs, struct buffer *b, const char *name, size_t length, uint64_t inode, uint8_t kind);

/* The entry of the name in a block, or false. */
bool directory_search(struct ext4 *fs, struct buffer *b, const char *name, size_t length, struct slot *slot);
bool directory_is_indexed(struct ext4 *fs, const struct inode *d);
bool directory_hash(struct ext4 *fs, uint8_t kind, const char *name, size_t length, struct name_hash *out);

status_t index_find(struct ext4 *fs, struct inode *d, const char *name, size_t length, struct slot *slot);
status_t index_add(struct ext4 *fs, struct inode *d, const char *name, size_t length, uint64_t inode, uint8_t kind);
/* Of a directory of one block. ERR_UNSUPPORTED: it is not as it must be for that. */
status_t index_build(struct ext4 *fs, struct inode *d);
/*
 * The leaf for entries of that hash, and the hash where the next leaf begins; *last: there is none. *continued: entries of
 * one hash are in both.
 */
status_t index_leaf(struct ext4 *fs, struct inode *d, uint32_t hash, uint32_t skip, struct buffer **leaf,
		    uint32_t *next, bool *continued, bool *last);
status_t index_hash_kind(struct ext4 *fs, struct inode *d, uint8_t *kind);

/* ---- list.c */

status_t directory_is_empty(struct ext4 *fs, struct inode *d);
