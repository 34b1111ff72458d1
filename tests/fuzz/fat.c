/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: any bytes as a FAT volume. It is mounted as after a power cut, walked, read, written to, and unmounted: nothing
 * may come of that but errors. The input's first byte says what is done, the rest is the beginning of the volume.
 */
/* fuzz-sources: fs/fat/data.c fs/fat/fatfs.c fs/fat/names.c fs/fat/node.c fs/fat/repair.c fs/fat/time.c fs/fat/volume.c fs/disk/cache.c fs/disk/cache_io.c fs/disk/cache_write.c fs/disk/cache_ahead.c tests/unit/disk_model.c subprojects/fusefatfs-0.3/fatfs/source/ffunicode.c */
/* fuzz-flags: -isystem subprojects/fusefatfs-0.3/fatfs/source -w */
/* fuzz-runs: 2000 */
#include <string.h>

#include "fs/fat/fat.h"
#include "tests/unit/disk_model.h"

#define BLOCKS    1024
#define NODES_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cache cache;
static struct fat *fat;
static struct fat_node nodes[NODES_MAX];
static unsigned node_count, calls;

static int64_t now(void)
{
	return 1700000000000000000ll;
}

static status_t touch(void *context, uint64_t at, void *page, size_t length)
{
	uint8_t *bytes = page;

	(void)at;
	if (context)
		memset(page, 'x', length);
	else if (length && bytes[0] == bytes[length - 1])
		calls++;
	return OK;
}

static bool on_entry(void *context, const char *name, size_t length, uint64_t id, bool directory, uint64_t next)
{
	(void)context;
	(void)directory;
	(void)next;
	if (!length || length > FAT_NAME_MAX || memchr(name, '/', length) || memchr(name, 0, length))
		__builtin_trap();
	if (node_count < NODES_MAX && fat_node_load(fat, &nodes[node_count], id) == OK)
		node_count++;
	return ++calls < 2000;
}

static void walk(void)
{
	if (fat_node_load(fat, &nodes[0], FAT_ROOT) != OK)
		return;
	node_count = 1;
	for (unsigned i = 0; i < node_count; i++) {
		struct fat_node *n = &nodes[i];
		uint64_t id;

		if (n->directory) {
			(void)fat_list(fat, n, 0, n, on_entry);
			(void)fat_parent(fat, n, &id);
			(void)fat_lookup(fat, n, "a longer name.txt", 17, &id);
		} else {
			(void)fat_read(fat, n, 0, n->size < 100000 ? n->size : 100000, NULL, touch);
			if (n->size > 1)
				(void)fat_read(fat, n, n->size - 1, 1, NULL, touch);
		}
	}
}

static void change(uint8_t how)
{
	uint64_t id;
	size_t done;

	for (unsigned i = 0; i < node_count; i++) {
		struct fat_node *n = &nodes[i];

		if (n->directory) {
			(void)fat_create(fat, n, "A new name", 10, how & 1, &id);
			continue;
		}
		(void)fat_write(fat, n, how & 2 ? n->size : 0, 5000, n, touch, &done);
		if (n->size < 1000000)
			(void)fat_truncate(fat, n, how & 4 ? n->size / 2 : n->size + 3000);
	}
	(void)fat_sync(fat, NULL, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct disk_model model;
	struct fat_volume volume;

	if (size < 513 || size > BLOCKS * 512)
		return 0;
	calls = node_count = 0;
	disk_model_open(&model, BLOCKS, 512, false, 0);
	memcpy(model.now, data + 1, size - 1);
	if (cache_open(&cache, &model.disk, 96 * CACHE_PAGE_SIZE) != OK)
		__builtin_trap();
	if (fat_mount(&fat, &cache, now, data[0] & 8) == OK) {
		walk();
		if (fat_volume_get(fat, &volume) == OK && volume.free_clusters > volume.clusters)
			__builtin_trap();
		if (data[0] & 16)
			change(data[0]);
		for (unsigned i = 0; i < node_count; i++)
			fat_node_drop(fat, &nodes[i]);
		(void)fat_unmount(fat);
	}
	cache_close(&cache);
	disk_model_close(&model);
	return 0;
}
