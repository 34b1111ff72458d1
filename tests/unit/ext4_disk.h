/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks in memory for tests of ext4, what a power cut leaves of them, and Linux's tools to make and check them. */
#pragma once

#include "fs/disk/disk.h"

#define TEST_SECTOR 512u
#define TEST_DEPTH  32u

/* What was written, in order. */
struct disk_event {
	uint64_t sector; /* UINT64_MAX: a flush */
	uint32_t count;
	size_t data; /* in struct memory_disk.log */
};

struct memory_disk {
	struct disk disk;
	uint8_t *bytes;
	bool recording;
	struct disk_event *events;
	size_t event_count, event_room;
	uint8_t *log;
	size_t log_used, log_room;
	uint64_t reads, writes, flushes;
	/* Requests that still succeed; below 0 there is no end. Then all fail. */
	int64_t good_writes, good_reads;
	struct disk_request *queue[TEST_DEPTH]; /* under way */
	unsigned queued;
	uint64_t random;
};

/* A file's contents. False, and says why, if it cannot be read. */
bool memory_disk_load(struct memory_disk *m, const char *path);
bool memory_disk_save(const struct memory_disk *m, const char *path);
/* Of the same size, with the same contents. */
void memory_disk_copy(struct memory_disk *to, const struct memory_disk *from);
void memory_disk_free(struct memory_disk *m);
/*
 * From now on it takes many requests at a time and ends them late and in any order, which is how they are recorded.
 * memory_bytes: of memory that their data has to be in, a multiple of 4096; 0: anywhere.
 */
void memory_disk_queue(struct memory_disk *m, size_t memory_bytes, uint64_t seed);

/* The events up to `end` as a power cut there leaves them, on `disk`, which has what was there when recording began. */
enum cut_kind { CUT_CLEAN, CUT_PREFIX, CUT_TORN, CUT_SHUFFLED, CUT_KINDS };
void cut_make(struct memory_disk *disk, const struct memory_disk *log, size_t end, enum cut_kind kind, uint64_t seed);

/* A directory for a test's files, made at the first use and removed with test_folder_remove. */
const char *test_folder(void);
void test_folder_remove(void);
/* Path of a file in it; good until the eighth call after it. */
const char *test_file(const char *name);

/* True if mkfs.ext4, e2fsck and debugfs are there. */
bool tools_present(void);
/* mkfs.ext4 with those options on a fresh file of that size. */
bool tool_mkfs(const char *path, const char *options, uint64_t bytes);
/* e2fsck -fn is content; else prints what it said. */
bool tool_check(const char *path);
/* e2fsck -fy can make it right. */
bool tool_repair(const char *path);
/* Runs a command line; its status, its output in the file "output" of the folder. */
int tool_run(const char *command);

uint64_t random_next(uint64_t *state);
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(random_next(state) >> 32) % limit;
}
