/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power cuts. Random operations run on an ext4 whose disk records what is written and flushed. For cuts at each flush and in
 * between, with sectors of what was not flushed lost, torn apart and in another order, the file system is mounted anew; then
 * - its names, links and kinds are those after one of the operations since the last sync: each is there wholly or not at all;
 * - files have every byte that was synced and not overwritten since, and no byte that was never written there;
 * - e2fsck -fn is content. Of some, e2fsck -fy gets the cut disk first, and what it makes of it must be as good.
 *
 *   test-ext4-cuts [IMAGES [SEED]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/format.h"
#include "tests/unit/ext4_disk.h"
#include "tests/unit/ext4_model.h"

#define IMAGES       160u
#define SKIPPED      77
#define ROUND_OPS    400u
#define CUTS_PER_OP  3u
#define REPAIR_EVERY 6u
#define PENDING_MAX  4096u

struct kind {
	const char *name, *options;
	uint64_t bytes;
	struct model_limits limits;
	uint32_t cache_blocks;
	bool checksums;
	size_t memory; /* that the disk reaches */
};

static const struct kind kinds[] = {
	{"1024", "-b 1024 -J size=1", 8u << 20, {150000, 40000, 150, 8, 200}, 0, false, 2u << 20},
	{"journal with checksums", "-b 1024 -J size=1", 8u << 20, {150000, 40000, 150, 8, 200}, 0, true, 1u << 20},
	{"4096", "-b 4096 -J size=4", 16u << 20, {400000, 100000, 150, 8, 240}, 0, true, 1u << 20},
	{"no checksums, small cache",
	 "-b 1024 -O ^metadata_csum,^64bit -J size=1",
	 8u << 20,
	 {200000, 60000, 400, 4, 240},
	 200,
	 false,
	 1u << 20},
};

/* Operations that may or may not have reached the disk. */
struct pending {
	struct model_op op;
	uint64_t inode, done;
	uint32_t number;
};

static struct model model, base, candidate;
static struct pending *pending;
static size_t pending_count;
static uint32_t base_number; /* the last operation in `base` */
static unsigned images, repairs, replays;

static int64_t clock_now(void *ctx)
{
	return *(int64_t *)ctx += 1234567;
}

static void say(void *ctx, const char *line)
{
	(void)ctx;
	if (!strncmp(line, "replayed", 8)) {
		replays++;
		return;
	}
	if (strncmp(line, "deleted", 7) != 0)
		printf("  %s\n", line);
}

/* Everything up to that operation is on the disk for certain. */
static void base_advance(uint32_t number)
{
	size_t i = 0;

	for (; i < pending_count && pending[i].number <= number; i++)
		model_apply(&base, &pending[i].op, pending[i].inode, pending[i].done, pending[i].number);
	memmove(pending, pending + i, (pending_count - i) * sizeof(*pending));
	pending_count -= i;
	if (number > base_number)
		base_number = number;
}

static bool file_check(struct ext4 *fs, const struct tree_entry *e, const struct model_file *f, const struct kind *kind)
{
	uint8_t *bytes = malloc(kind->limits.file_size + 1);
	size_t count = 0;
	bool good = true;
	status_t status;

	if (!bytes)
		return false;
	status = ext4_read(fs, e->inode, 0, bytes, kind->limits.file_size + 1, &count);
	if (status < 0 || count != e->attributes.size) {
		printf("file %u: cannot be read: %lld\n", f->number, (long long)status);
		good = false;
	}
	if (good && f->synced && !f->shortened && count < f->synced_size) {
		printf("file %u: %zu bytes, %llu were synced\n", f->number, count, (unsigned long long)f->synced_size);
		good = false;
	}
	for (uint64_t i = 0; good && i < count; i++) {
		bool known = bytes[i] == 0;
		for (uint8_t v = 0; v < 4 && !known; v++)
			known = bytes[i] == model_byte(f->number, i, v);
		if (!known) {
			printf("file %u: byte %llu was never written there\n", f->number, (unsigned long long)i);
			good = false;
		}
		if (f->synced && i < f->synced_size && f->untouched[i] && bytes[i] != f->synced_bytes[i]) {
			printf("file %u: byte %llu was synced and is lost\n", f->number, (unsigned long long)i);
			good = false;
		}
	}
	free(bytes);
	return good;
}

/* The tree is the model's after one of the operations that are pending, and its files are right. */
static bool state_check(struct ext4 *fs, const struct kind *kind)
{
	struct tree tree = {0};
	uint32_t *files = malloc(5 * MODEL_FILES_MAX * sizeof(*files));
	bool found = false, good = files && tree_read(&tree, fs);

	if (good) {
		model_copy_names(&candidate, &base);
		found = tree_matches(&tree, &candidate, files);
		for (size_t i = 0; i < pending_count && !found; i++) {
			model_apply(&candidate, &pending[i].op, pending[i].inode, pending[i].done, pending[i].number);
			found = tree_matches(&tree, &candidate, files);
		}
		if (!found) {
			printf("the names are of no moment between operations %u and %u\n", base_number,
			       pending_count ? pending[pending_count - 1].number : base_number);
			for (size_t i = 0; i < pending_count; i++)
				printf("  operation %u: kind %d in %u, %.*s, file %u, to %u, %.*s\n", pending[i].number,
				       pending[i].op.kind, pending[i].op.directory, pending[i].op.length,
				       pending[i].op.name, pending[i].op.file, pending[i].op.to,
				       pending[i].op.to_length, pending[i].op.to_name);
			tree_print(&tree, &candidate);
		}
	}
	for (size_t i = 0; good && found && i < tree.count; i++) {
		const struct model_file *f = &candidate.files[files[i]], *now = &model.files[files[i]];

		if (!files[i] || (f->mode & EXT4_MODE_KIND) != EXT4_MODE_REGULAR)
			continue;
		/* What is known of its data is in the newest model, unless that knows another file by the number. */
		good = file_check(fs, &tree.entries[i], now->mode && now->number == f->number ? now : f, kind);
	}
	tree_free(&tree);
	free(files);
	return good && found;
}

static bool image_check(struct memory_disk *disk, const struct kind *kind, bool repair, int64_t now)
{
	struct ext4_options options = {.cache_blocks = kind->cache_blocks,
				       .journal_checksums = kind->checksums,
				       .now = clock_now,
				       .log = say,
				       .ctx = &now};
	const char *image = test_file("cut");
	struct ext4 *fs;
	bool good;
	status_t status;

	if (repair) {
		struct memory_disk repaired;
		repairs++;
		if (!memory_disk_save(disk, image) || !tool_repair(image) || !memory_disk_load(&repaired, image)) {
			printf("e2fsck cannot repair it\n");
			return false;
		}
		memcpy(disk->bytes, repaired.bytes, disk->disk.blocks * TEST_SECTOR);
		memory_disk_free(&repaired);
	}
	status = ext4_mount(&disk->disk, &options, &fs);
	if (status < 0) {
		printf("cannot be mounted: %lld\n", (long long)status);
		return false;
	}
	good = state_check(fs, kind);
	good = ext4_unmount(fs) == OK && good;
	return good && memory_disk_save(disk, image) && tool_check(image);
}

/* Some cuts in what was written between two points of the log. */
static bool cuts_check(const struct memory_disk *disk, const struct memory_disk *start, const struct kind *kind,
		       size_t from, size_t end, uint32_t cuts, uint64_t *random, int64_t now)
{
	for (uint32_t i = 0; i < cuts && from < end; i++) {
		struct memory_disk cut;
		size_t at = from + 1 + random_below(random, (uint32_t)(end - from));
		enum cut_kind how = random_below(random, CUT_KINDS);
		uint64_t seed = random_next(random);
		bool good;

		if (i == 0) { /* right behind a flush, if there was one */
			how = CUT_CLEAN;
			for (size_t k = end; k > from; k--) {
				if (disk->events[k - 1].sector == UINT64_MAX) {
					at = k;
					break;
				}
			}
		}
		memory_disk_copy(&cut, start);
		cut_make(&cut, disk, at, how, seed);
		good = image_check(&cut, kind, images % REPAIR_EVERY == REPAIR_EVERY - 1, now);
		images++;
		memory_disk_free(&cut);
		if (!good) {
			printf("cut at event %zu of %zu, kind %d, seed %llu%s\n", at, disk->event_count, how,
			       (unsigned long long)seed,
			       (images - 1) % REPAIR_EVERY == REPAIR_EVERY - 1 ? ", after e2fsck" : "");
			return false;
		}
	}
	return true;
}

/* Syncs all or one file, and then holds it to that. Cuts while it goes on are checked against what was promised before. */
static bool sync_some(struct ext4 *fs, struct memory_disk *disk, const struct memory_disk *start,
		      const struct kind *kind, uint64_t *random, uint32_t number, int64_t now)
{
	bool all = random_below(random, 3) == 0, checkpoint = random_below(random, 2),
	     data_only = random_below(random, 2);
	uint32_t file = 1 + random_below(random, MODEL_FILES_MAX - 1), tried = 0;
	size_t from = disk->event_count;
	status_t status;

	while (!all && (model.files[file].mode & EXT4_MODE_KIND) != EXT4_MODE_REGULAR) {
		if (++tried == MODEL_FILES_MAX)
			return true;
		file = 1 + file % (MODEL_FILES_MAX - 1);
	}
	status = all ? (checkpoint ? ext4_checkpoint(fs) : ext4_sync(fs))
		     : ext4_sync_file(fs, model.files[file].inode, data_only);
	if (status < 0) {
		printf("sync: %lld\n", (long long)status);
		return false;
	}
	if (!cuts_check(disk, start, kind, from, disk->event_count, CUTS_PER_OP, random, now))
		return false;
	for (uint32_t i = 2; i < MODEL_FILES_MAX; i++)
		if ((all || i == file) && (model.files[i].mode & EXT4_MODE_KIND) == EXT4_MODE_REGULAR)
			model_synced(&model.files[i]);
	if (all)
		base_advance(number);
	else
		base_advance(data_only || model.files[file].sized > model.files[file].named ? model.files[file].sized
											    : model.files[file].named);
	return disk->event_count == 0 ||
	       cuts_check(disk, start, kind, disk->event_count - 1, disk->event_count, 1, random, now);
}

static bool step(struct ext4 *fs, const struct kind *kind, uint64_t *random, uint32_t number)
{
	struct pending *p = &pending[pending_count];
	status_t status;

	do
		model_choose(&model, &kind->limits, random, &p->op);
	while (p->op.kind == MODEL_HOLD || p->op.kind == MODEL_RELEASE || model_expect(&model, &p->op) != OK);
	status = model_tell(&model, fs, &p->op, &p->inode, &p->done);
	if (status < 0) { /* the disks are large enough */
		printf("operation %u, kind %d: %lld\n", number, p->op.kind, (long long)status);
		return false;
	}
	p->number = number;
	model_apply(&model, &p->op, p->inode, p->done, number);
	pending_count++;
	return true;
}

static bool round_run(const struct kind *kind, unsigned wanted, uint64_t seed)
{
	struct memory_disk disk, start;
	struct ext4 *fs;
	int64_t now = 1700000000ll * 1000000000;
	struct ext4_options options = {.cache_blocks = kind->cache_blocks,
				       .journal_checksums = kind->checksums,
				       .now = clock_now,
				       .log = say,
				       .ctx = &now};
	uint64_t random = seed;
	const char *image = test_file("image");
	unsigned first = images;
	bool good;

	if (!tool_mkfs(image, kind->options, kind->bytes) || !memory_disk_load(&disk, image))
		return false;
	memory_disk_copy(&start, &disk);
	switch (random_below(&random, 4)) {
	case 0: break; /* one request after the other */
	case 1: memory_disk_queue(&disk, 0, seed); break;
	default: memory_disk_queue(&disk, kind->memory, seed); break;
	}
	disk.recording = true;
	model_init(&model);
	model_init(&base);
	pending_count = 0;
	base_number = 0;
	good = ext4_mount(&disk.disk, &options, &fs) == OK;
	for (uint32_t i = 1; good && i <= ROUND_OPS && images - first < wanted; i++) {
		size_t from = disk.event_count;

		good = step(fs, kind, &random, i) &&
		       cuts_check(&disk, &start, kind, from, disk.event_count, 1, &random, now);
		if (good && random_below(&random, 8) == 0)
			good = sync_some(fs, &disk, &start, kind, &random, i, now);
	}
	ext4_abandon(fs);
	model_free(&model);
	model_free(&base);
	model_free(&candidate);
	memory_disk_free(&disk);
	memory_disk_free(&start);
	return good;
}

int main(int argc, char **argv)
{
	unsigned wanted = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : IMAGES, failed = 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	if (!tools_present()) {
		printf("mkfs.ext4, e2fsck and debugfs (Debian: e2fsprogs) are needed\n");
		return SKIPPED;
	}
	pending = malloc(PENDING_MAX * sizeof(*pending));
	if (!pending)
		return 1;
	for (unsigned round = 0; images < wanted && !failed; round++) {
		const struct kind *kind = &kinds[round % (sizeof(kinds) / sizeof(kinds[0]))];
		unsigned share = wanted / (sizeof(kinds) / sizeof(kinds[0])) + 1;
		if (share > wanted - images)
			share = wanted - images;
		if (!round_run(kind, share, seed + round)) {
			printf("FAILED: %s, seed %llu\n", kind->name, (unsigned long long)(seed + round));
			failed++;
		}
	}
	free(pending);
	printf("%u images, %u of them through e2fsck first; %u replays\n", images, repairs, replays);
	printf("DONE %u passed, %u failed\n", images - failed, failed);
	return failed != 0;
}
