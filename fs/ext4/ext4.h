/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ext4 file system on a disk, for one thread. Files are named by inode number; permissions, paths, open files and locks
 * are the caller's.
 *
 * Changes go to a transaction in memory that is committed to the file system's own journal (jbd2's format) by
 * ext4_sync_file, ext4_sync, ext4_unmount, or when it has grown: what happened before a power cut is there up to some
 * operation, in their order, and everything up to the last sync. Linux and its tools read and replay what is left.
 *
 * The disk is not believed: what makes no sense ends the operation with ERR_IO and, where it could spread, makes the file
 * system read-only for good (`failed` of struct ext4_volume). After an error of the disk in a commit the same.
 *
 * Of the errors each operation lists its own; in addition ERR_IO, ERR_NO_MEMORY and, of those that change something,
 * ERR_READ_ONLY and ERR_NO_SPACE are possible everywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/disk/disk.h"

#define EXT4_ROOT     2u
#define EXT4_NAME_MAX 255u

struct ext4;

struct ext4_options {
	bool read_only;
	/* Blocks that the cache holds; more while they cannot be let go. 0: 4096. */
	uint32_t cache_blocks;
	/* Checksums in the journal even if it had none before (Linux does so for all disks with metadata checksums). */
	bool journal_checksums;
	/* Files that were held without a name when the last mount ended are kept for ext4_hold until ext4_clean_orphans. */
	bool keep_orphans;
	/* Nanoseconds since 1970; NULL: always 0. */
	int64_t (*now)(void *ctx);
	/* A line for people: why something is refused or broken. May be NULL. */
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/*
 * ERR_BAD_FORMAT: no ext4, or damaged. ERR_UNSUPPORTED: has features without which nothing can be read. With features
 * without which it cannot be written, or without a journal, it is mounted read-only. A journal that is not empty is
 * replayed, in memory only if the disk is read-only. The disk stays the caller's and must outlive the mount.
 */
status_t ext4_mount(struct disk *disk, const struct ext4_options *options, struct ext4 **out);

/* Everything on the medium, the journal empty; frees fs in any case. Files that are held and without names go. */
status_t ext4_unmount(struct ext4 *fs);

/* Frees fs and leaves the disk as it is, as if the power went. */
void ext4_abandon(struct ext4 *fs);

struct ext4_volume {
	uint32_t block_size;
	uint64_t blocks, free_blocks, available_blocks; /* available: to users without privilege */
	uint64_t files, free_files;
	bool read_only, failed;
};
void ext4_volume(struct ext4 *fs, struct ext4_volume *out);

/* Whether what follows may use the blocks that are kept for the privileged. */
void ext4_set_privileged(struct ext4 *fs, bool privileged);

/*
 * A held file stays when its last name goes; the holds are counted. ERR_NOT_FOUND: there is no such file.
 */
status_t ext4_hold(struct ext4 *fs, uint64_t inode);
void ext4_release(struct ext4 *fs, uint64_t inode);

/* Deletes what has neither name nor hold. After a mount with keep_orphans, when all holds are there again. */
status_t ext4_clean_orphans(struct ext4 *fs);

/*
 * After ext4_set_wait(fs, false), operations that change nothing (hold, attributes, lookup, read_link, list, read) ask the disk for what is not in memory
 * and end with ERR_WOULD_BLOCK, to be called again when that has arrived. Only on disks with `submit` does it happen. Before any other operation:
 * ext4_set_wait(fs, true), as after the mount.
 */
void ext4_set_wait(struct ext4 *fs, bool wait);
/* What the last ERR_WOULD_BLOCK was about; whether it has arrived, or cannot be had. */
uint64_t ext4_missing(const struct ext4 *fs);
bool ext4_arrived(struct ext4 *fs, uint64_t missing);
/* Takes what the disk has done. Never waits. */
void ext4_poll(struct ext4 *fs);

struct ext4_attributes {
	uint64_t size;
	uint64_t blocks;                     /* of 512 bytes */
	int64_t accessed, modified, changed; /* ns since 1970 */
	uint32_t mode; /* kind and permissions as in enum ext4_mode (format.h), which are POSIX's */
	uint32_t links, uid, gid;
	uint32_t device_major, device_minor; /* of devices */
	uint32_t generation;                 /* inode number and generation are never used twice together */
	uint32_t flags;                      /* enum ext4_inode_flag */
};
status_t ext4_attributes(struct ext4 *fs, uint64_t inode, struct ext4_attributes *out);

enum ext4_change {
	EXT4_CHANGE_PERMISSIONS = 1, /* mode's lower 12 bits */
	EXT4_CHANGE_UID = 2,
	EXT4_CHANGE_GID = 4,
	EXT4_CHANGE_ACCESSED = 8,
	EXT4_CHANGE_MODIFIED = 16,
};
/* `changed` becomes now, unless only `accessed` changes. */
status_t ext4_change(struct ext4 *fs, uint64_t inode, uint32_t change, const struct ext4_attributes *values);

/* ---- names. None contains a slash or NUL. ERR_NOT_DIRECTORY: `directory` is none. ERR_NAME_TOO_LONG. */

/* ERR_NOT_FOUND. "." and ".." are found. */
status_t ext4_lookup(struct ext4 *fs, uint64_t directory, const char *name, size_t length, uint64_t *inode);

struct ext4_new {
	uint32_t mode; /* kind and permissions: any kind but EXT4_MODE_SYMLINK */
	uint32_t uid, gid;
	uint32_t device_major, device_minor;
};
/* A file of any kind. ERR_EXISTS, ERR_TOO_MANY_LINKS, ERR_NOT_FOUND (the directory is removed already). */
status_t ext4_create(struct ext4 *fs, uint64_t directory, const char *name, size_t length, const struct ext4_new *with,
		     uint64_t *inode);
/* target: 1 to 4095 bytes, less than a block. `with`: the owner only. */
status_t ext4_symlink(struct ext4 *fs, uint64_t directory, const char *name, size_t length, const char *target,
		      size_t target_length, const struct ext4_new *with, uint64_t *inode);
/* What is too long is cut off; used: bytes that were put. ERR_INVALID: no symbolic link. */
status_t ext4_read_link(struct ext4 *fs, uint64_t inode, char *out, size_t size, size_t *used);
/* ERR_EXISTS, ERR_TOO_MANY_LINKS, ERR_IS_DIRECTORY, ERR_NOT_FOUND (without a name already). */
status_t ext4_link(struct ext4 *fs, uint64_t inode, uint64_t directory, const char *name, size_t length);
/* ERR_NOT_FOUND, ERR_IS_DIRECTORY. */
status_t ext4_unlink(struct ext4 *fs, uint64_t directory, const char *name, size_t length);
/* ERR_NOT_FOUND, ERR_NOT_DIRECTORY, ERR_NOT_EMPTY, ERR_INVALID ("."). */
status_t ext4_rmdir(struct ext4 *fs, uint64_t directory, const char *name, size_t length);
/*
 * Atomic. What was at the new name is replaced, unless exclusive: ERR_EXISTS. ERR_NOT_FOUND, ERR_IS_DIRECTORY,
 * ERR_NOT_DIRECTORY, ERR_NOT_EMPTY, ERR_INVALID (a directory into itself), ERR_TOO_MANY_LINKS.
 */
status_t ext4_rename(struct ext4 *fs, uint64_t from, const char *name, size_t length, uint64_t to, const char *new_name,
		     size_t new_length, bool exclusive);

struct ext4_entry {
	uint64_t inode;
	uint64_t next; /* the cursor behind it */
	uint32_t kind; /* enum ext4_dirent_kind of format.h; 0: unknown */
	uint32_t length;
	const char *name; /* no NUL; until the callback returns */
};
/*
 * Calls `emit` for the entries from the cursor on (0: the beginning) until it returns false; that entry comes again. "."
 * and ".." come first. Entries that stay come exactly once, whatever is made and removed between the calls. `emit` must
 * not call the file system.
 */
status_t ext4_list(struct ext4 *fs, uint64_t directory, uint64_t cursor,
		   bool (*emit)(void *ctx, const struct ext4_entry *entry), void *ctx);

/* ---- contents. ERR_INVALID: no regular file. */

/* Bytes go straight between the cache and wherever the caller has them; at: how many were moved before in this call. */
typedef status_t (*ext4_give)(void *ctx, size_t at, const void *data, size_t size);
typedef status_t (*ext4_take)(void *ctx, size_t at, void *data, size_t size);

/* count: what was read, less than size only at the end of the file or with an error. Does not change `accessed`. */
status_t ext4_read_to(struct ext4 *fs, uint64_t inode, uint64_t offset, size_t size, ext4_give give, void *ctx,
		      size_t *count);
/* The same past the cache: what was read is not kept there. */
status_t ext4_read_past(struct ext4 *fs, uint64_t inode, uint64_t offset, size_t size, ext4_give give, void *ctx,
			size_t *count);
/* count may be less than size with an error. ERR_TOO_BIG. */
status_t ext4_write_from(struct ext4 *fs, uint64_t inode, uint64_t offset, size_t size, ext4_take take, void *ctx,
			 size_t *count);
status_t ext4_read(struct ext4 *fs, uint64_t inode, uint64_t offset, void *data, size_t size, size_t *count);
status_t ext4_write(struct ext4 *fs, uint64_t inode, uint64_t offset, const void *data, size_t size, size_t *count);

/* ERR_TOO_BIG. */
status_t ext4_truncate(struct ext4 *fs, uint64_t inode, uint64_t size);
/* The range reads as zeroes and, by whole blocks, takes no room; the size stays. */
status_t ext4_punch(struct ext4 *fs, uint64_t inode, uint64_t offset, uint64_t size);
/* Room for the range; the file becomes that long unless keep_size. ERR_TOO_BIG. */
status_t ext4_allocate(struct ext4 *fs, uint64_t inode, uint64_t offset, uint64_t size, bool keep_size);
/* The next data, or hole (the end is one), at or behind the offset. ERR_RANGE: none, or offset behind the end. */
status_t ext4_seek(struct ext4 *fs, uint64_t inode, uint64_t offset, bool hole, uint64_t *out);

/* ---- the medium */

/* The file with its name is on the medium. data_only: only what is needed to read it back. */
status_t ext4_sync_file(struct ext4 *fs, uint64_t inode, bool data_only);
/* Everything is. */
status_t ext4_sync(struct ext4 *fs);
/* Everything is in its place and the journal empty: for idle times. */
status_t ext4_checkpoint(struct ext4 *fs);
