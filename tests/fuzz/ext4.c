/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: ext4 on disks that were tampered with. An input is a choice of a good disk and changes to blocks of it that
 * are in use: without checksums, so that what is changed is looked at; with a journal to be replayed; with block maps. Then
 * everything is read, and much is changed.
 */
// fuzz-sources: fs/ext4/*.c tests/unit/ext4_disk.c
/* fuzz-flags: -fno-strict-aliasing */
/* fuzz-runs: 120 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/ext4.h"
#include "fs/ext4/format.h"
#include "tests/unit/ext4_disk.h"

#define BLOCK         1024u
#define BYTES         (3u << 20)
#define BASES         4u
#define RECORD        9u
#define RECORDS_MAX   24u
#define ENTRIES_MAX   300u
#define DEPTH_MAX     6u
#define FILE_READ_MAX 20000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct memory_disk base[BASES];
static uint32_t *used[BASES], used_count[BASES]; /* blocks that are not all zeroes */

static const struct ext4_options options = {.cache_blocks = 256};
static const struct ext4_new new_file = {.mode = EXT4_MODE_REGULAR | 0644};
static const struct ext4_new new_directory = {.mode = EXT4_MODE_DIRECTORY | 0755};
static uint8_t bytes[70000];

static void need(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "fuzz: ext4: %s\n", what);
		exit(1);
	}
}

/* Files and directories of all shapes. */
static void populate(struct memory_disk *disk, bool dirty)
{
	struct ext4 *fs;
	uint64_t d, f;
	char name[300];
	size_t count;

	need(ext4_mount(&disk->disk, &options, &fs) == OK, "the good disk cannot be mounted");
	need(ext4_create(fs, EXT4_ROOT, "many", 4, &new_directory, &d) == OK, "mkdir");
	for (unsigned i = 0; i < 120; i++) { /* an index */
		int length = snprintf(name, sizeof(name), "entry-%0*u", (int)(i % 60), i);
		need(ext4_create(fs, d, name, (size_t)length, &new_file, &f) == OK, "create");
	}
	need(ext4_create(fs, EXT4_ROOT, "holes", 5, &new_file, &f) == OK, "create");
	for (uint64_t i = 0; i < 200; i++) /* a tree of extents */
		need(ext4_write(fs, f, i * 3 * BLOCK, bytes, 10, &count) == OK, "write");
	need(ext4_create(fs, EXT4_ROOT, "plain", 5, &new_file, &f) == OK, "create");
	need(ext4_write(fs, f, 0, bytes, sizeof(bytes), &count) == OK, "write");
	need(ext4_allocate(fs, f, sizeof(bytes), 50000, true) == OK, "allocate");
	need(ext4_symlink(fs, EXT4_ROOT, "fast", 4, "plain", 5, &new_file, &f) == OK, "symlink");
	memset(name, 'l', sizeof(name));
	need(ext4_symlink(fs, EXT4_ROOT, "slow", 4, name, sizeof(name), &new_file, &f) == OK, "symlink");
	if (!dirty) {
		need(ext4_unmount(fs) == OK, "unmount");
		return;
	}
	need(ext4_checkpoint(fs) == OK, "checkpoint");
	need(ext4_hold(fs, f) == OK && ext4_unlink(fs, EXT4_ROOT, "slow", 4) == OK, "unlink"); /* an orphan */
	need(ext4_truncate(fs, f, 0) == ERR_INVALID, "truncate");
	need(ext4_unlink(fs, EXT4_ROOT, "holes", 5) == OK && ext4_sync(fs) == OK, "sync"); /* revoked blocks */
	need(ext4_create(fs, EXT4_ROOT, "last", 4, &new_file, &f) == OK && ext4_sync(fs) == OK, "sync");
	ext4_abandon(fs);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const kinds[BASES] = {"-O ^metadata_csum", "-O ^metadata_csum,^64bit", "",
						 "-O ^extent,^64bit,^metadata_csum"};

	(void)argc;
	(void)argv;
	need(setenv("E2FSPROGS_FAKE_TIME", "1700000000", 1) == 0, "setenv");
	for (unsigned i = 0; i < BASES; i++) {
		char command[400];
		(void)snprintf(command, sizeof(command),
			       "-b 1024 -N 256 -J size=1 -U 11111111-2222-3333-4444-555555555555 "
			       "-E hash_seed=11111111-2222-3333-4444-555555555555 %s",
			       kinds[i]);
		need(tool_mkfs(test_file("base"), command, BYTES) && memory_disk_load(&base[i], test_file("base")),
		     "mkfs.ext4 (Debian: e2fsprogs) is needed");
		if (i < 3)
			populate(&base[i], i == 1);
		used[i] = malloc(BYTES / BLOCK * sizeof(*used[i]));
		need(used[i], "memory");
		for (uint32_t b = 0; b < BYTES / BLOCK; b++)
			for (uint32_t k = 0; k < BLOCK; k++)
				if (base[i].bytes[(size_t)b * BLOCK + k]) {
					used[i][used_count[i]++] = b;
					break;
				}
	}
	test_folder_remove();
	return 0;
}

struct walk {
	struct ext4 *fs;
	uint64_t directories[ENTRIES_MAX];
	unsigned count, read;
};

static bool visit(void *ctx, const struct ext4_entry *entry)
{
	struct walk *w = ctx;

	if (w->count == ENTRIES_MAX)
		return false;
	if (entry->name[0] != '.')
		w->directories[w->count++] = entry->inode;
	return true;
}

static void look_at(struct ext4 *fs, uint64_t inode)
{
	struct ext4_attributes a;
	uint64_t at, found;
	char target[1100];
	size_t count;

	if (ext4_attributes(fs, inode, &a) < 0)
		return;
	(void)ext4_read_link(fs, inode, target, sizeof(target), &count);
	(void)ext4_read(fs, inode, 0, bytes, FILE_READ_MAX, &count);
	(void)ext4_read(fs, inode, a.size > 5000 ? a.size - 5000 : 0, bytes, 6000, &count);
	for (at = 0; at < 30 && ext4_seek(fs, inode, at << 10, at & 1, &found) == OK; at++)
		;
	(void)ext4_lookup(fs, inode, "..", 2, &found);
	(void)ext4_lookup(fs, inode, "entry-7", 7, &found);
}

static bool forget(void *ctx, const struct ext4_entry *entry)
{
	struct ext4_entry *first = ctx;
	static char name[256];

	if (entry->name[0] == '.')
		return true;
	memcpy(name, entry->name, entry->length);
	*first = *entry;
	first->name = name;
	return false;
}

static void change(struct ext4 *fs)
{
	uint64_t f = 0, d = 0, inode;
	size_t count;
	struct ext4_attributes a = {.mode = 0600};
	static const char *const old[] = {"plain", "holes", "fast", "slow", "many"};

	memset(bytes, 5, sizeof(bytes));
	(void)ext4_create(fs, EXT4_ROOT, "new", 3, &new_directory, &d);
	(void)ext4_create(fs, d, "file", 4, &new_file, &f);
	(void)ext4_write(fs, f, 3000, bytes, 20000, &count);
	for (unsigned i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		if (ext4_lookup(fs, EXT4_ROOT, old[i], strlen(old[i]), &inode) < 0)
			continue;
		(void)ext4_write(fs, inode, 2000, bytes, 5000, &count);
		(void)ext4_write(fs, inode, 90000, bytes, 3000, &count);
		(void)ext4_punch(fs, inode, 5000, 9000);
		(void)ext4_change(fs, inode, EXT4_CHANGE_PERMISSIONS, &a);
		(void)ext4_create(fs, inode, "below", 5, &new_file, &f);
		(void)ext4_sync_file(fs, inode, true);
		(void)ext4_link(fs, inode, d, "link", 4);
		(void)ext4_truncate(fs, inode, 1500);
		(void)ext4_hold(fs, inode);
		(void)ext4_rename(fs, EXT4_ROOT, old[i], strlen(old[i]), d, old[i], strlen(old[i]), false);
		(void)ext4_unlink(fs, d, old[i], strlen(old[i]));
		(void)ext4_release(fs, inode);
	}
	if (ext4_lookup(fs, d, "many", 4, &inode) == OK) {
		struct ext4_entry first;
		for (unsigned i = 0; i < 130; i++) {
			first.length = 0;
			if (ext4_list(fs, inode, 0, forget, &first) < 0 || first.length == 0 ||
			    ext4_unlink(fs, inode, first.name, first.length) < 0)
				break;
		}
		(void)ext4_rmdir(fs, d, "many", 4);
	}
	for (unsigned i = 0; i < 60; i++) {
		char name[100];
		int length = snprintf(name, sizeof(name), "%0*u", (int)i, i);
		(void)ext4_create(fs, d, name, (size_t)length, &new_file, &f);
	}
}

static void disk_use(struct memory_disk *disk)
{
	struct ext4 *fs;
	static struct walk w;

	if (ext4_mount(&disk->disk, &options, &fs) < 0)
		return;
	w = (struct walk){.fs = fs, .count = 1, .directories = {EXT4_ROOT}};
	for (w.read = 0; w.read < w.count; w.read++) {
		look_at(fs, w.directories[w.read]);
		(void)ext4_list(fs, w.directories[w.read], 0, visit, &w);
	}
	change(fs);
	(void)ext4_sync(fs);
	(void)ext4_unmount(fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_disk disk;
	unsigned kind;

	if (size < 1)
		return 0;
	kind = data[0] % BASES;
	memory_disk_copy(&disk, &base[kind]);
	data++;
	size--;
	for (unsigned i = 0; i < RECORDS_MAX && size >= RECORD; i++, data += RECORD, size -= RECORD) {
		uint32_t block = used[kind][(data[0] | (uint32_t)data[1] << 8) % used_count[kind]];
		uint32_t length = 1u << data[4] % 3, offset = (data[2] | (uint32_t)data[3] << 8) % BLOCK;

		offset &= ~(length - 1);
		memcpy(disk.bytes + (size_t)block * BLOCK + offset, data + 5, length);
	}
	disk.disk.read_only = data[-1] == 0x5a;
	disk_use(&disk);
	disk.disk.read_only = false;
	disk_use(&disk);
	memory_disk_free(&disk);
	return 0;
}
