/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system as a test believes it to be: a tree of names over files, each file's bytes, and what of them was synced. The
 * same operations go to it and to the real one.
 */
#pragma once

#include "fs/ext4/ext4.h"

#define MODEL_DIRS_MAX  64u
#define MODEL_FILES_MAX 4096u

struct model_file {
	uint16_t mode; /* 0: not in use */
	uint16_t links;
	uint32_t parent; /* of a directory: its file number */
	uint32_t holds;
	uint64_t inode;
	uint64_t size;
	uint8_t *bytes;
	size_t room;
	/* Data as it was synced last, and whether each byte was left alone since. */
	bool synced, shortened;
	uint64_t synced_size;
	uint8_t *synced_bytes, *untouched;
	uint32_t named, sized; /* the last operations that changed its names and its size */
	uint32_t uid, gid;
	int64_t modified;
	uint32_t number; /* never used twice */
};

struct model_entry {
	uint32_t directory, file; /* numbers of files; file 0: unused */
	uint16_t length;
	char name[256];
};

struct model {
	struct model_file files[MODEL_FILES_MAX]; /* 0 is none, 1 the root */
	struct model_entry *entries;
	size_t entry_count, entry_room;
	uint32_t directories;
};

enum model_op_kind {
	MODEL_CREATE,
	MODEL_MKDIR,
	MODEL_SYMLINK,
	MODEL_NODE,
	MODEL_LINK,
	MODEL_UNLINK,
	MODEL_RMDIR,
	MODEL_RENAME,
	MODEL_WRITE,
	MODEL_TRUNCATE,
	MODEL_PUNCH,
	MODEL_ALLOCATE,
	MODEL_CHANGE,
	MODEL_HOLD,
	MODEL_RELEASE,
	MODEL_OPS,
};

struct model_op {
	enum model_op_kind kind;
	uint32_t directory, to, file;
	uint32_t mode;
	uint64_t offset, size;
	uint8_t version;
	uint16_t length, to_length;
	char name[256], to_name[256];
};

struct model_limits {
	uint64_t file_size;
	uint64_t write_size;
	uint32_t files, directories;
	uint32_t name_length;
};

void model_init(struct model *m);
void model_free(struct model *m);
/* Names and kinds only. */
void model_copy_names(struct model *to, const struct model *from);

/* Some operation that makes sense, most of the time. */
void model_choose(const struct model *m, const struct model_limits *limits, uint64_t *random, struct model_op *op);
/* done: of a write, what the file system wrote. */
void model_apply(struct model *m, const struct model_op *op, uint64_t inode, uint64_t done, uint32_t number);
/* Tells the file system; *inode of what was made, *done of a write. */
status_t model_tell(struct model *m, struct ext4 *fs, const struct model_op *op, uint64_t *inode, uint64_t *done);
/* What the file system should answer. */
status_t model_expect(const struct model *m, const struct model_op *op);

uint32_t model_find(const struct model *m, uint32_t directory, const char *name, size_t length);
/* A byte of a file's contents: it says which file, where and when. Never 0. */
uint8_t model_byte(uint32_t number, uint64_t offset, uint8_t version);
void model_synced(struct model_file *f);

/* Everything is as the model says; prints what is not. */
bool model_compare(struct model *m, struct ext4 *fs);

/* What a file system has, as names: to be compared with several models. */
struct tree_entry {
	uint32_t parent; /* index of a directory's entry in the list; the root is entry 0 */
	uint64_t inode;
	struct ext4_attributes attributes;
	uint16_t length;
	char name[256];
	char target[1100];
	size_t target_length;
};
struct tree {
	struct tree_entry *entries;
	size_t count, room;
};
bool tree_read(struct tree *t, struct ext4 *fs);
/* Whether names, kinds and links are the model's; then files[] has each entry's file. */
bool tree_matches(const struct tree *t, const struct model *m, uint32_t *files);
/* Both, for whoever looks for the difference. */
void tree_print(const struct tree *t, const struct model *m);
void tree_free(struct tree *t);
