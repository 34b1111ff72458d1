/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations on an ext4 that Linux's mkfs made, beside a model. In the end e2fsck is content, and debugfs reads back
 * what the model has.
 *
 *   test-ext4-random [OPERATIONS [SEED]]       of each kind of file system
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/ext4/format.h"
#include "tests/unit/ext4_disk.h"
#include "tests/unit/ext4_model.h"

#define OPERATIONS 1500u
#define SKIPPED    77

struct kind {
	const char *name, *options;
	uint64_t bytes;
	struct model_limits limits;
	uint32_t cache_blocks;
	bool checksums;
};

static const struct kind kinds[] = {
	{"defaults", "", 24u << 20, {300000, 100000, 600, 12, 200}, 0, true},
	{"4096", "-b 4096 -J size=4", 48u << 20, {3000000, 300000, 2000, 30, 240}, 0, true},
	{"full", "-b 1024 -J size=1 -N 300", 4u << 20, {200000, 60000, 500, 8, 100}, 256, false},
	{"4096, no checksums",
	 "-b 4096 -O ^metadata_csum,^64bit -J size=4",
	 32u << 20,
	 {500000, 200000, 900, 10, 200},
	 300,
	 false},
	{"deep",
	 "-b 1024 -O large_dir,metadata_csum_seed -J size=1",
	 32u << 20,
	 {100000, 20000, 3500, 3, 240},
	 0,
	 true},
	{"no index, small inodes",
	 "-b 2048 -O ^dir_index -I 128 -J size=2",
	 24u << 20,
	 {300000, 100000, 500, 8, 200},
	 0,
	 false},
	{"groups apart",
	 "-b 1024 -g 1024 -O ^flex_bg,^resize_inode,meta_bg -J size=1",
	 24u << 20,
	 {300000, 100000, 600, 20, 200},
	 0,
	 true},
};

static int64_t clock_now(void *ctx)
{
	return *(int64_t *)ctx += 12345678;
}

static void say(void *ctx, const char *line)
{
	(void)ctx;
	printf("  %s\n", line);
}

static struct model model;

static status_t sync_some(struct ext4 *fs, uint64_t *random)
{
	uint32_t file = 1 + random_below(random, MODEL_FILES_MAX - 1);

	if (random_below(random, 2))
		return ext4_sync(fs);
	while (!model.files[file].mode)
		file = 1 + (file + 1) % (MODEL_FILES_MAX - 1);
	return ext4_sync_file(fs, model.files[file].inode, random_below(random, 2));
}

/* One operation on both. */
static bool step(struct ext4 *fs, const struct kind *kind, uint64_t *random, uint32_t number)
{
	struct model_op op;
	uint64_t inode = 0, done;
	status_t status, expected;

	model_choose(&model, &kind->limits, random, &op);
	expected = model_expect(&model, &op);
	status = model_tell(&model, fs, &op, &inode, &done);
	if (status == OK && expected == OK) {
		model_apply(&model, &op, inode, done, number);
		return true;
	}
	if (status == ERR_NO_SPACE && expected == OK) {
		if (op.kind == MODEL_WRITE)
			model_apply(&model, &op, 0, done, number);
		return true;
	}
	if (status != expected)
		printf("operation %u, kind %d on %.*s: %lld, expected %lld\n", number, op.kind, op.length, op.name,
		       (long long)status, (long long)expected);
	return status == expected;
}

/* Held files without a name do not outlive a mount. */
static void forget_held(void)
{
	for (uint32_t i = 2; i < MODEL_FILES_MAX; i++) {
		struct model_op op = {.kind = MODEL_RELEASE, .file = i};
		while (model.files[i].holds)
			model_apply(&model, &op, 0, 0, 0);
	}
}

static bool bytes_equal(const char *path, const struct model_file *f)
{
	FILE *file = fopen(path, "r");
	uint8_t *bytes = malloc(f->size + 1);
	bool good = file && bytes && fread(bytes, 1, f->size + 1, file) == f->size &&
		    (f->size == 0 || !memcmp(bytes, f->bytes, f->size));

	if (file)
		(void)fclose(file);
	free(bytes);
	if (!good)
		printf("%s differs\n", path);
	return good;
}

/* Path of an entry below the folder where debugfs has put everything; false: too long for the test. */
static bool path_make(const struct model_entry *e, char *path, size_t size)
{
	const struct model_entry *way[MODEL_DIRS_MAX];
	size_t depth = 0, used;

	for (way[depth++] = e; way[depth - 1]->directory != 1; depth++) {
		size_t i = 0;
		while (model.entries[i].file != way[depth - 1]->directory)
			i++;
		if (depth == MODEL_DIRS_MAX)
			return false;
		way[depth] = &model.entries[i];
	}
	used = (size_t)snprintf(path, size, "%s", test_file("dump"));
	while (depth-- > 0) {
		if (used + 300 > size)
			return false;
		used += (size_t)snprintf(path + used, size - used, "/%.*s", way[depth]->length, way[depth]->name);
	}
	return true;
}

static bool debugfs_compare(const char *image)
{
	char command[700], path[1300];
	size_t compared = 0;

	(void)snprintf(command, sizeof(command), "rm -rf '%s'; mkdir '%s' && debugfs -R 'rdump / %s' '%s'",
		       test_file("dump"), test_file("dump"), test_file("dump"), image);
	if (tool_run(command) != 0)
		return false;
	for (size_t i = 0; i < model.entry_count; i++) {
		const struct model_file *f = &model.files[model.entries[i].file];
		struct stat about;

		if ((f->mode & EXT4_MODE_KIND) != EXT4_MODE_REGULAR)
			continue;
		if (!path_make(&model.entries[i], path, sizeof(path)))
			continue;
		if (stat(path, &about) < 0 || (uint64_t)about.st_size != f->size || !bytes_equal(path, f)) {
			printf("debugfs sees another %s\n", path);
			return false;
		}
		compared++;
	}
	printf("  debugfs: %zu files are the same\n", compared);
	return true;
}

static bool run(const struct kind *kind, uint32_t operations, uint64_t seed)
{
	struct memory_disk disk;
	struct ext4 *fs;
	int64_t now = 1700000000ll * 1000000000;
	struct ext4_options options = {.cache_blocks = kind->cache_blocks,
				       .journal_checksums = kind->checksums,
				       .now = clock_now,
				       .log = say,
				       .ctx = &now};
	uint64_t random = seed;
	bool good = true;
	const char *image = test_file("image");

	printf("%s, %u operations, seed %llu\n", kind->name, operations, (unsigned long long)seed);
	if (!tool_mkfs(image, kind->options, kind->bytes) || !memory_disk_load(&disk, image))
		return false;
	if (seed % 3) /* many requests at a time */
		memory_disk_queue(&disk, seed % 3 == 1 ? 2u << 20 : 0, seed);
	model_init(&model);
	good = ext4_mount(&disk.disk, &options, &fs) == OK;
	for (uint32_t i = 1; good && i <= operations; i++) {
		uint32_t chance = random_below(&random, 1000);

		good = step(fs, kind, &random, i);
		if (good && chance < 15)
			good = sync_some(fs, &random) == OK;
		else if (good && chance < 17)
			good = model_compare(&model, fs);
		else if (good && chance < 20) {
			forget_held();
			good = ext4_unmount(fs) == OK && ext4_mount(&disk.disk, &options, &fs) == OK;
		}
		if (!good)
			printf("failed at operation %u\n", i);
	}
	good = good && model_compare(&model, fs);
	forget_held();
	good = good && ext4_unmount(fs) == OK && memory_disk_save(&disk, image) && tool_check(image) &&
	       debugfs_compare(image);
	if (good) {
		good = ext4_mount(&disk.disk, &options, &fs) == OK && model_compare(&model, fs);
		ext4_abandon(fs);
	}
	model_free(&model);
	memory_disk_free(&disk);
	return good;
}

int main(int argc, char **argv)
{
	uint32_t operations = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : OPERATIONS;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned passed = 0, failed = 0;

	if (!tools_present()) {
		printf("mkfs.ext4, e2fsck and debugfs (Debian: e2fsprogs) are needed\n");
		return SKIPPED;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (run(&kinds[i], operations, seed + i)) {
			passed++;
		} else {
			failed++;
			printf("FAILED: %s\n", kinds[i].name);
		}
	}
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
