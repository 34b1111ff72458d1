/* SPDX-License-Identifier: BSD-2-Clause */
/* ext4 operation by operation: answers, errors, what other systems wrote, disks that fail or are full, features. */
#include <stdlib.h>

#include "fs/ext4/ext4.h"
#include "fs/ext4/volume.h"
#include "tests/unit/check.h"
#include "tests/unit/ext4_disk.h"

#define SKIPPED    77
#define NAME(text) text, sizeof(text) - 1
#define SECOND     1000000000ll

static const struct ext4_new new_file = {.mode = EXT4_MODE_REGULAR | 0640, .uid = 70000, .gid = 80000};
static const struct ext4_new new_directory = {.mode = EXT4_MODE_DIRECTORY | 0755};

static char said[4000];
static int64_t now = 1700000000 * SECOND + 123456789;

static void say(void *ctx, const char *line)
{
	size_t used = strlen(said);

	(void)ctx;
	printf("  %s\n", line);
	(void)snprintf(said + used, sizeof(said) - used, "%s\n", line);
}

static int64_t clock_now(void *ctx)
{
	(void)ctx;
	return now;
}

static struct ext4_options options = {.now = clock_now, .log = say};

static bool fresh(struct memory_disk *disk, const char *mkfs, uint64_t bytes)
{
	const char *image = test_file("image");

	said[0] = 0;
	return CHECK(tool_mkfs(image, mkfs, bytes)) && CHECK(memory_disk_load(disk, image));
}

static bool checked(const struct memory_disk *disk)
{
	const char *image = test_file("image");

	return CHECK(memory_disk_save(disk, image)) && CHECK(tool_check(image));
}

static struct ext4 *mounted(struct memory_disk *disk)
{
	struct ext4 *fs = NULL;

	if (!CHECK_INT(ext4_mount(&disk->disk, &options, &fs), OK)) {
		printf("%s", said);
		exit(1);
	}
	return fs;
}

static uint64_t made(struct ext4 *fs, uint64_t directory, const char *name)
{
	uint64_t inode = 0;

	CHECK_INT(ext4_create(fs, directory, name, strlen(name), &new_file, &inode), OK);
	return inode;
}

/* ---- answers and errors */

static void check_names(struct ext4 *fs)
{
	char longest[256];
	uint64_t d, e, f, inode;
	size_t used;
	char text[300];

	memset(longest, 'n', sizeof(longest));
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("d"), &new_directory, &d), OK);
	CHECK_INT(ext4_create(fs, d, NAME("e"), &new_directory, &e), OK);
	f = made(fs, d, "f");
	CHECK_INT(ext4_create(fs, d, NAME("f"), &new_file, &inode), ERR_EXISTS);
	CHECK_INT(ext4_create(fs, d, NAME("."), &new_file, &inode), ERR_EXISTS);
	CHECK_INT(ext4_create(fs, d, NAME("a/b"), &new_file, &inode), ERR_INVALID);
	CHECK_INT(ext4_create(fs, d, NAME(""), &new_file, &inode), ERR_NOT_FOUND);
	CHECK_INT(ext4_create(fs, d, longest, 256, &new_file, &inode), ERR_NAME_TOO_LONG);
	CHECK_INT(ext4_create(fs, d, longest, 255, &new_file, &inode), OK);
	CHECK_INT(ext4_lookup(fs, d, longest, 255, &inode), OK);
	CHECK_INT(ext4_lookup(fs, d, longest, 256, &inode), ERR_NAME_TOO_LONG);
	CHECK_INT(ext4_create(fs, f, NAME("x"), &new_file, &inode), ERR_NOT_DIRECTORY);
	CHECK_INT(ext4_create(fs, 99999, NAME("x"), &new_file, &inode), ERR_NOT_FOUND);
	CHECK_INT(ext4_create(fs, 8, NAME("x"), &new_file, &inode), ERR_NOT_FOUND); /* the journal is nobody's */
	CHECK_INT(ext4_lookup(fs, f, NAME("x"), &inode), ERR_NOT_DIRECTORY);
	CHECK_INT(ext4_lookup(fs, d, NAME("no"), &inode), ERR_NOT_FOUND);
	CHECK_INT(ext4_lookup(fs, e, NAME(".."), &inode), OK);
	CHECK_INT(inode, d);
	CHECK_INT(ext4_lookup(fs, e, NAME("."), &inode), OK);
	CHECK_INT(inode, e);
	CHECK_INT(ext4_unlink(fs, d, NAME("e")), ERR_IS_DIRECTORY);
	CHECK_INT(ext4_rmdir(fs, d, NAME("f")), ERR_NOT_DIRECTORY);
	CHECK_INT(ext4_rmdir(fs, EXT4_ROOT, NAME("d")), ERR_NOT_EMPTY);
	CHECK_INT(ext4_rmdir(fs, d, NAME(".")), ERR_INVALID);
	CHECK_INT(ext4_unlink(fs, d, NAME("no")), ERR_NOT_FOUND);
	CHECK_INT(ext4_link(fs, d, EXT4_ROOT, NAME("hard")), ERR_IS_DIRECTORY);
	CHECK_INT(ext4_link(fs, f, d, NAME("e")), ERR_EXISTS);
	CHECK_INT(ext4_rename(fs, EXT4_ROOT, NAME("d"), e, NAME("below"), false), ERR_INVALID);
	CHECK_INT(ext4_rename(fs, EXT4_ROOT, NAME("d"), d, NAME("below"), false), ERR_INVALID);
	CHECK_INT(ext4_rename(fs, d, NAME("f"), d, NAME("e"), false), ERR_IS_DIRECTORY);
	CHECK_INT(ext4_rename(fs, d, NAME("e"), d, NAME("f"), false), ERR_NOT_DIRECTORY);
	CHECK_INT(ext4_rename(fs, d, NAME("f"), EXT4_ROOT, NAME("d"), false), ERR_IS_DIRECTORY);
	CHECK_INT(ext4_rename(fs, d, NAME("e"), EXT4_ROOT, NAME("d"), false), ERR_NOT_EMPTY);
	CHECK_INT(ext4_rename(fs, d, NAME("f"), d, NAME("f"), true), ERR_EXISTS);
	CHECK_INT(ext4_rename(fs, d, NAME("f"), d, NAME("f"), false), OK);
	CHECK_INT(ext4_symlink(fs, d, NAME("s"), NAME(""), &new_file, &inode), ERR_NOT_FOUND);
	CHECK_INT(ext4_symlink(fs, d, NAME("s"), NAME("to/there"), &new_file, &inode), OK);
	CHECK_INT(ext4_read_link(fs, inode, text, 5, &used), OK);
	CHECK(used == 5 && !memcmp(text, "to/th", 5));
	CHECK_INT(ext4_symlink(fs, d, NAME("l"), longest, 255, &new_file, &inode), OK);
	CHECK_INT(ext4_read_link(fs, inode, text, sizeof(text), &used), OK);
	CHECK(used == 255 && !memcmp(text, longest, 255));
	CHECK_INT(ext4_read_link(fs, f, text, sizeof(text), &used), ERR_INVALID);
	CHECK_INT(ext4_create(fs, d, NAME("k"), &(struct ext4_new){.mode = 0123}, &inode), ERR_INVALID);
}

static void check_attributes(struct ext4 *fs)
{
	uint64_t f = made(fs, EXT4_ROOT, "attributes"), inode;
	struct ext4_attributes a, b;
	struct ext4_new device = {.mode = EXT4_MODE_BLOCK | 0600, .device_major = 259, .device_minor = 1048575};

	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.uid, 70000);
	CHECK_INT(a.gid, 80000);
	CHECK_INT(a.mode, EXT4_MODE_REGULAR | 0640);
	CHECK_INT(a.modified, now);
	CHECK_INT(a.links, 1);
	a.mode = 07555;
	a.uid = 0xfffffffe;
	a.accessed = -3 * SECOND + 1;                   /* before 1970 */
	a.modified = 9000000000ll * SECOND + 999999999; /* 2255 */
	CHECK_INT(ext4_change(fs, f,
			      EXT4_CHANGE_PERMISSIONS | EXT4_CHANGE_UID | EXT4_CHANGE_ACCESSED | EXT4_CHANGE_MODIFIED,
			      &a),
		  OK);
	CHECK_INT(ext4_attributes(fs, f, &b), OK);
	CHECK_INT(b.mode, EXT4_MODE_REGULAR | 07555);
	CHECK_INT(b.uid, 0xfffffffe);
	CHECK_INT(b.gid, 80000);
	CHECK_INT(b.accessed, a.accessed);
	CHECK_INT(b.modified, a.modified);
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("device"), &device, &inode), OK);
	CHECK_INT(ext4_attributes(fs, inode, &b), OK);
	CHECK_INT(b.device_major, 259);
	CHECK_INT(b.device_minor, 1048575);
	CHECK_INT(ext4_attributes(fs, 0, &b), ERR_NOT_FOUND);
	CHECK_INT(ext4_attributes(fs, UINT64_MAX, &b), ERR_NOT_FOUND);
}

static void check_attributes_again(struct ext4 *fs)
{
	struct ext4_attributes a;
	uint64_t f;

	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("attributes"), &f), OK);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.accessed, -3 * SECOND + 1);
	CHECK_INT(a.modified, 9000000000ll * SECOND + 999999999);
	CHECK_INT(a.uid, 0xfffffffe);
}

static void check_contents(struct ext4 *fs)
{
	uint64_t f = made(fs, EXT4_ROOT, "contents"), d, at;
	static uint8_t bytes[100000], back[100000];
	struct ext4_attributes a;
	size_t count;

	memset(bytes, 0x5a, sizeof(bytes));
	CHECK_INT(ext4_write(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	CHECK_INT(count, sizeof(bytes));
	CHECK_INT(ext4_write(fs, f, 1ull << 40, bytes, 10, &count), OK); /* sparse, by a terabyte */
	CHECK_INT(ext4_read(fs, f, (1ull << 40) - 5, back, 100, &count), OK);
	CHECK_INT(count, 15);
	CHECK(!memcmp(back, "\0\0\0\0\0ZZZZZZZZZZ", 15));
	CHECK_INT(ext4_read(fs, f, 1ull << 50, back, 100, &count), OK);
	CHECK_INT(count, 0);
	CHECK_INT(ext4_write(fs, f, 1ull << 44, bytes, 10, &count), ERR_TOO_BIG);
	CHECK_INT(ext4_truncate(fs, f, 1ull << 60), ERR_TOO_BIG);
	CHECK_INT(ext4_seek(fs, f, 0, false, &at), OK);
	CHECK_INT(at, 0);
	CHECK_INT(ext4_seek(fs, f, 200000, false, &at), OK);
	CHECK_INT(at, 1ll << 40);
	CHECK_INT(ext4_seek(fs, f, 10, true, &at), OK);
	CHECK_INT(at, 100352); /* the next block's begin */
	CHECK_INT(ext4_seek(fs, f, 1ull << 40, true, &at), OK);
	CHECK_INT(at, (1ll << 40) + 10);
	CHECK_INT(ext4_seek(fs, f, 1ull << 41, true, &at), ERR_RANGE);
	CHECK_INT(ext4_truncate(fs, f, 50000), OK);
	CHECK_INT(ext4_truncate(fs, f, 60000), OK);
	CHECK_INT(ext4_read(fs, f, 49999, back, 100, &count), OK);
	CHECK(count == 100 && back[0] == 0x5a && back[1] == 0 && back[99] == 0);
	CHECK_INT(ext4_punch(fs, f, 1000, 10000), OK);
	CHECK_INT(ext4_read(fs, f, 999, back, 10002, &count), OK);
	CHECK(back[0] == 0x5a && back[1] == 0 && back[10000] == 0 && back[10001] == 0x5a);
	CHECK_INT(ext4_seek(fs, f, 2000, false, &at), OK);
	CHECK_INT(at, 10240);
	CHECK_INT(ext4_allocate(fs, f, 0, 200000, true), OK);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.size, 60000);
	CHECK(a.blocks >= 200000 / 512);
	CHECK_INT(ext4_read(fs, f, 999, back, 10002, &count), OK);
	CHECK(back[0] == 0x5a && back[1] == 0 && back[10001] == 0x5a);
	CHECK_INT(ext4_allocate(fs, f, 0, 200000, false), OK);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.size, 200000);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("d"), &d), OK);
	CHECK_INT(ext4_read(fs, d, 0, back, 10, &count), ERR_INVALID);
	CHECK_INT(ext4_write(fs, d, 0, back, 10, &count), ERR_INVALID);
	CHECK_INT(ext4_truncate(fs, d, 0), ERR_INVALID);
	CHECK_INT(ext4_sync_file(fs, f, true), OK);
	CHECK_INT(ext4_sync_file(fs, d, false), OK);
}

struct failing {
	size_t good;
};

static status_t take_some(void *ctx, size_t at, void *data, size_t size)
{
	memset(data, 0x77, size);
	return at + size > ((struct failing *)ctx)->good ? ERR_FAULT : OK;
}

/* The writer's memory goes away in the middle: nothing of what the disk had before shows. */
static void check_faults(struct ext4 *fs)
{
	uint64_t f = made(fs, EXT4_ROOT, "faults");
	static uint8_t back[20000];
	struct failing failing = {5000};
	struct ext4_attributes a;
	size_t count;

	CHECK_INT(ext4_write_from(fs, f, 0, 20000, take_some, &failing, &count), ERR_FAULT);
	CHECK(count <= 5000);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.size, count);
	CHECK_INT(ext4_truncate(fs, f, 20000), OK);
	CHECK_INT(ext4_read(fs, f, 0, back, sizeof(back), &count), OK);
	for (size_t i = 0; i < sizeof(back); i++)
		if (back[i] != 0 && back[i] != 0x77) {
			CHECK(!"old bytes");
			break;
		}
}

/* ---- held files */

static void check_held(void)
{
	struct memory_disk disk;
	struct ext4 *fs;
	struct ext4_volume before, after;
	static uint8_t bytes[500000];
	uint64_t f, inode;
	size_t count;

	if (!fresh(&disk, "-b 1024 -J size=1", 8u << 20))
		return;
	fs = mounted(&disk);
	ext4_volume(fs, &before);
	f = made(fs, EXT4_ROOT, "held");
	CHECK_INT(ext4_hold(fs, f), OK);
	CHECK_INT(ext4_hold(fs, f), OK);
	CHECK_INT(ext4_unlink(fs, EXT4_ROOT, NAME("held")), OK);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("held"), &inode), ERR_NOT_FOUND);
	CHECK_INT(ext4_link(fs, f, EXT4_ROOT, NAME("again")), ERR_NOT_FOUND);
	CHECK_INT(ext4_write(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	ext4_release(fs, f);
	CHECK_INT(ext4_read(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	CHECK_INT(count, sizeof(bytes));
	CHECK_INT(ext4_sync(fs), OK);
	/* The process dies; the next one has the file again. */
	ext4_abandon(fs);
	options.keep_orphans = true;
	fs = mounted(&disk);
	CHECK_INT(ext4_hold(fs, f), OK);
	CHECK_INT(ext4_clean_orphans(fs), OK);
	CHECK_INT(ext4_read(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	CHECK_INT(count, sizeof(bytes));
	ext4_release(fs, f);
	CHECK_INT(ext4_hold(fs, f), ERR_NOT_FOUND);
	ext4_volume(fs, &after);
	CHECK_INT(after.free_blocks, before.free_blocks);
	CHECK_INT(after.free_files, before.free_files);
	/* And the next does not ask for it. */
	f = made(fs, EXT4_ROOT, "held");
	CHECK_INT(ext4_hold(fs, f), OK);
	CHECK_INT(ext4_unlink(fs, EXT4_ROOT, NAME("held")), OK);
	CHECK_INT(ext4_sync(fs), OK);
	ext4_abandon(fs);
	options.keep_orphans = false;
	fs = mounted(&disk);
	CHECK_INT(ext4_hold(fs, f), ERR_NOT_FOUND);
	ext4_volume(fs, &after);
	CHECK_INT(after.free_files, before.free_files);
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* ---- listing */

#define LISTED 1500u

struct seen {
	uint8_t count[LISTED];
	uint64_t next;
	unsigned left, dots;
};

static bool emit(void *ctx, const struct ext4_entry *entry)
{
	struct seen *s = ctx;
	char name[256] = "";
	unsigned number;

	if (s->left-- == 0)
		return false;
	s->next = entry->next;
	memcpy(name, entry->name, entry->length);
	if (name[0] == '.')
		s->dots++;
	else if (sscanf(name, "stay%u", &number) == 1 && number < LISTED)
		s->count[number]++;
	return true;
}

/* Names come and go while it is listed, and the directory gets its index meanwhile; those that stay are seen once. */
static void check_listing(const char *mkfs)
{
	struct memory_disk disk;
	struct ext4 *fs;
	struct seen *s = calloc(1, sizeof(*s));
	uint64_t d, random = 5, inode;
	char name[100];
	unsigned stay = 20;

	if (!s || !fresh(&disk, mkfs, 8u << 20))
		return;
	fs = mounted(&disk);
	for (unsigned round = 0; round < 3; round++, stay *= 8) {
		uint64_t cursor;
		(void)snprintf(name, sizeof(name), "directory%u", round);
		CHECK_INT(ext4_create(fs, EXT4_ROOT, name, strlen(name), &new_directory, &d), OK);
		for (unsigned i = 0; i < stay; i++) {
			(void)snprintf(name, sizeof(name), "stay%u", i);
			CHECK_INT(ext4_link(fs, made(fs, d, name), d, "x", 1), i ? ERR_EXISTS : OK);
		}
		memset(s, 0, sizeof(*s));
		do {
			cursor = s->next;
			s->left = 1 + random_below(&random, 9);
			CHECK_INT(ext4_list(fs, d, cursor, emit, s), OK);
			for (unsigned i = 0; i < 3; i++) {
				unsigned number = random_below(&random, 400);
				(void)snprintf(name, sizeof(name), "other%u", number);
				if (ext4_unlink(fs, d, name, strlen(name)) == ERR_NOT_FOUND)
					CHECK_INT(ext4_create(fs, d, name, strlen(name), &new_file, &inode), OK);
			}
		} while (s->next != cursor);
		CHECK_INT(s->dots, 2);
		for (unsigned i = 0; i < stay; i++)
			if (s->count[i] != 1) {
				CHECK_INT(s->count[i], 1);
				printf("  stay%u of %u\n", i, stay);
			}
	}
	free(s);
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* ---- a full disk */

static void check_full(void)
{
	struct memory_disk disk;
	struct ext4 *fs;
	struct ext4_volume v;
	static uint8_t bytes[65536];
	char name[300];
	uint64_t f, inode;
	size_t count;
	unsigned files = 0, links = 0;
	status_t status;

	memset(bytes, 1, sizeof(bytes));
	if (!fresh(&disk, "-b 1024 -J size=1 -N 200", 4u << 20))
		return;
	fs = mounted(&disk);
	f = made(fs, EXT4_ROOT, "big");
	for (uint64_t at = 0;; at += count) {
		status = ext4_write(fs, f, at, bytes, sizeof(bytes), &count);
		if (status < 0)
			break;
	}
	CHECK_INT(status, ERR_NO_SPACE);
	ext4_volume(fs, &v);
	CHECK_INT(v.available_blocks, 0);
	CHECK(v.free_blocks > 0); /* what is kept for the privileged */
	ext4_set_privileged(fs, true);
	do
		status = ext4_write(fs, f, 1u << 30, bytes, sizeof(bytes), &count);
	while (status == OK && count == sizeof(bytes) && ++links < 1000 &&
	       ext4_write(fs, f, (uint64_t)links << 24, bytes, sizeof(bytes), &count) == OK);
	ext4_volume(fs, &v);
	CHECK_INT(v.free_blocks, 0);
	status = ext4_create(fs, EXT4_ROOT, NAME("no-directory"), &new_directory, &inode);
	CHECK_INT(status, ERR_NO_SPACE);
	for (;; files++) { /* until inodes, or room in the directory, run out */
		(void)snprintf(name, sizeof(name), "file%0*u", (int)(files % 200), files);
		status = ext4_create(fs, EXT4_ROOT, name, strlen(name), &new_file, &inode);
		if (status < 0)
			break;
	}
	CHECK_INT(status, ERR_NO_SPACE);
	CHECK(files > 2);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, name, strlen(name), &inode), ERR_NOT_FOUND);
	/* What is freed can be had at once. */
	CHECK_INT(ext4_unlink(fs, EXT4_ROOT, NAME("big")), OK);
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("directory"), &new_directory, &inode), OK);
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* ---- disks that fail */

/* Whatever request fails, the operations end, and what was there before is there after. */
static void check_failing(void)
{
	struct memory_disk disk, copy;
	struct ext4 *fs;
	static uint8_t bytes[30000], back[30000];
	unsigned failures = 0;
	size_t count;

	memset(bytes, 9, sizeof(bytes));
	if (!fresh(&disk, "-b 1024 -J size=1", 4u << 20))
		return;
	fs = mounted(&disk);
	for (unsigned i = 0; i < 100; i++) {
		char name[20];
		(void)snprintf(name, sizeof(name), "old%u", i);
		CHECK_INT(ext4_write(fs, made(fs, EXT4_ROOT, name), 0, bytes, i * 100, &count), OK);
	}
	CHECK_INT(ext4_unmount(fs), OK);
	for (int64_t round = 0; round < 120; round++) {
		int64_t good = round / 2;
		uint64_t f = 0;
		status_t status;

		memory_disk_copy(&copy, &disk);
		if (round % 2)
			memory_disk_queue(&copy, 1u << 20, (uint64_t)round);
		if (good % 2)
			copy.good_reads = good;
		else
			copy.good_writes = good / 2;
		status = ext4_mount(&copy.disk, &options, &fs);
		if (status == OK) {
			for (unsigned i = 0; i < 30 && status == OK; i++) {
				char name[20];
				(void)snprintf(name, sizeof(name), "new%u", i);
				status = ext4_create(fs, EXT4_ROOT, name, strlen(name), &new_file, &f);
				if (status == OK)
					status = ext4_write(fs, f, 0, bytes, i * 1000, &count);
				if (status == OK && i % 5 == 4)
					status = ext4_sync_file(fs, f, false);
				if (status == OK)
					status = ext4_unlink(fs, EXT4_ROOT, name, strlen(name));
			}
			if (status == OK)
				status = ext4_unmount(fs);
			else
				ext4_abandon(fs);
		}
		failures += status == ERR_IO;
		if (status < 0)
			CHECK_INT(status, ERR_IO);
		copy.good_reads = copy.good_writes = -1;
		fs = mounted(&copy);
		CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("old99"), &f), OK);
		CHECK_INT(ext4_read(fs, f, 0, back, sizeof(back), &count), OK);
		CHECK(count == 9900 && !memcmp(back, bytes, count));
		CHECK_INT(ext4_unmount(fs), OK);
		checked(&copy);
		memory_disk_free(&copy);
	}
	CHECK(failures > 40);
	memory_disk_free(&disk);
}

/* ---- what others wrote */

static void check_linux_files(const char *mkfs)
{
	struct memory_disk disk;
	struct ext4 *fs;
	char command[1500], text[3000], want[2000];
	uint8_t *back = malloc(3u << 20);
	uint64_t f, d;
	size_t count, used;
	struct ext4_attributes a;

	(void)snprintf(
		command, sizeof(command),
		"cd '%s' && rm -rf source && mkdir -p source/many source/e && cd source && "
		"(cd many && seq -f 'file with the number %%g' 3000 | xargs -d '\\n' touch) && "
		"head -c 2500000 /dev/zero | tr '\\0' x > large && ln large second && "
		"printf here > sparse && printf there | dd of=sparse bs=1 seek=1500000 conv=notrunc && "
		"ln -s short fast && ln -s $(printf '%%0900d' 7) slow && mkfifo pipe && touch -d '2030-01-01 UTC' later",
		test_folder());
	if (!CHECK(back && tool_run(command) == 0))
		return;
	(void)snprintf(text, sizeof(text), "%s -d '%s'", mkfs, test_file("source"));
	if (!fresh(&disk, text, 24u << 20))
		return;
	fs = mounted(&disk);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("large"), &f), OK);
	CHECK_INT(ext4_read(fs, f, 0, back, 3u << 20, &count), OK);
	CHECK_INT(count, 2500000);
	for (size_t i = 0; i < count; i++)
		if (back[i] != 'x') {
			CHECK(!"wrong byte");
			break;
		}
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.links, 2);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("sparse"), &f), OK);
	CHECK_INT(ext4_read(fs, f, 0, back, 3u << 20, &count), OK);
	CHECK(count == 1500005 && !memcmp(back, "here\0\0", 6) && !memcmp(back + 1499998, "\0\0there", 7));
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("fast"), &f), OK);
	CHECK_INT(ext4_read_link(fs, f, text, sizeof(text), &used), OK);
	CHECK(used == 5 && !memcmp(text, "short", 5));
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("slow"), &f), OK);
	CHECK_INT(ext4_read_link(fs, f, text, sizeof(text), &used), OK);
	(void)snprintf(want, sizeof(want), "%0900d", 7);
	CHECK(used == 900 && !memcmp(text, want, 900));
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("pipe"), &f), OK);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.mode & EXT4_MODE_KIND, EXT4_MODE_FIFO);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("later"), &f), OK);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.modified, 1893456000ll * SECOND);
	CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("many"), &d), OK);
	for (unsigned i = 1; i <= 3000; i++) {
		(void)snprintf(text, sizeof(text), "file with the number %u", i);
		if (ext4_lookup(fs, d, text, strlen(text), &f) != OK) {
			CHECK(!"not found");
			break;
		}
	}
	if (!strstr(mkfs, "^extent")) {
		for (unsigned i = 1; i <= 3000; i += 2) {
			(void)snprintf(text, sizeof(text), "file with the number %u", i);
			CHECK_INT(ext4_unlink(fs, d, text, strlen(text)), OK);
			(void)snprintf(text, sizeof(text), "another file, with the number %u", i);
			(void)made(fs, d, text);
		}
		CHECK_INT(ext4_unlink(fs, EXT4_ROOT, NAME("large")), OK);
		CHECK_INT(ext4_unlink(fs, EXT4_ROOT, NAME("second")), OK);
	}
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
	free(back);
}

/* A log that debugfs wrote: a block, the same block again, and one that is revoked. */
static void check_linux_journal(const char *mkfs, const char *open)
{
	struct memory_disk disk;
	struct ext4 *fs;
	char command[1000];
	FILE *f;
	uint8_t first[1024], second[1024];

	if (!fresh(&disk, mkfs, 8u << 20))
		return;
	memory_disk_free(&disk);
	memset(first, 0x11, sizeof(first));
	memset(second, 0x22, sizeof(second));
	memcpy(second, "\xc0\x3b\x39\x98", 4); /* as a block of the journal begins */
	f = fopen(test_file("first"), "w");
	CHECK(f && fwrite(first, sizeof(first), 1, f) == 1 && fclose(f) == 0);
	f = fopen(test_file("second"), "w");
	CHECK(f && fwrite(second, sizeof(second), 1, f) == 1 && fclose(f) == 0);
	f = fopen(test_file("script"), "w");
	CHECK(f &&
	      fprintf(f, "%s\njw -b 7000 %s\njw -b 7001 %s\njc\n%s\njw -b 7000 %s\njw -r 7001\njc\n", open,
		      test_file("first"), test_file("first"), open, test_file("second")) > 0 &&
	      fclose(f) == 0);
	(void)snprintf(command, sizeof(command), "debugfs -w -f '%s' '%s'", test_file("script"), test_file("image"));
	if (!CHECK(tool_run(command) == 0) || !CHECK(memory_disk_load(&disk, test_file("image"))))
		return;
	memset(disk.bytes + 7000 * 1024, 0, 2048);
	/* First without the right to write: nothing of the disk is touched, and the log counts. */
	disk.disk.read_only = true;
	fs = mounted(&disk);
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("x"), &new_file, &(uint64_t){0}), ERR_READ_ONLY);
	CHECK_INT(ext4_unmount(fs), OK);
	CHECK_INT(disk.writes, 0);
	disk.disk.read_only = false;
	fs = mounted(&disk);
	CHECK(strstr(said, "replayed 4 transactions, 2 blocks") != NULL);
	CHECK(!memcmp(disk.bytes + 7000 * 1024, second, 1024));
	CHECK(disk.bytes[7001 * 1024] == 0); /* revoked */
	(void)made(fs, EXT4_ROOT, "after");
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* ---- features */

static void check_feature(const char *mkfs, status_t status, bool read_only, const char *named)
{
	struct memory_disk disk;
	struct ext4 *fs;
	struct ext4_volume v;
	uint64_t inode;

	if (!fresh(&disk, mkfs, 16u << 20))
		return;
	status = CHECK_INT(ext4_mount(&disk.disk, &options, &fs), status) ? status : ERR_STATE;
	if (named && !CHECK(strstr(said, named) != NULL))
		printf("  %s: %s", mkfs, said);
	if (status == OK) {
		ext4_volume(fs, &v);
		CHECK_INT(v.read_only, read_only);
		CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("x"), &new_file, &inode), read_only ? ERR_READ_ONLY : OK);
		CHECK_INT(ext4_lookup(fs, EXT4_ROOT, NAME("lost+found"), &inode), OK);
		CHECK_INT(ext4_unmount(fs), OK);
		if (read_only)
			CHECK_INT(disk.writes, 0);
		else
			checked(&disk);
	}
	memory_disk_free(&disk);
}

static void check_features(void)
{
	check_feature("", OK, false, NULL);
	check_feature("-O inline_data", ERR_UNSUPPORTED, false, "inline_data");
	check_feature("-O casefold", ERR_UNSUPPORTED, false, "casefold");
	check_feature("-O encrypt", OK, true, "encrypt");
	check_feature("-O quota", OK, true, "quota");
	check_feature("-b 4096 -O bigalloc", OK, true, "bigalloc");
	check_feature("-O ^has_journal", OK, true, "has_journal");
	check_feature("-O mmp", OK, true, "mmp");
	check_feature("-t ext3", OK, true, "extent");
	check_feature("-O orphan_file", OK, false, NULL);
	check_feature("-O meta_bg,^resize_inode", OK, false, NULL);
	check_feature("-O sparse_super2", OK, false, NULL);
	check_feature("-E lazy_itable_init=1,lazy_journal_init=1", OK, false, NULL);
	check_feature("-E hash_seed=00000000-0000-0000-0000-000000000000", OK, false, NULL);
	check_feature("-b 65536", ERR_BAD_FORMAT, false, "4096");
}

/* As many names of a file, and as many directories in one, as there can be. Where directories are not counted beyond that (dir_nlink)
 * their links are 1. */
static void check_links(const char *mkfs, bool counted)
{
	struct memory_disk disk;
	struct ext4_attributes a;
	struct ext4 *fs;
	uint64_t f, d, e, top, inode;
	char name[16];
	unsigned i;

	if (!fresh(&disk, mkfs, 192u << 20))
		return;
	fs = mounted(&disk);
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("names"), &new_directory, &d), OK);
	f = made(fs, d, "f");
	for (i = 1; i < 65000; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		if (ext4_link(fs, f, d, name, strlen(name)) != OK)
			break;
	}
	CHECK_INT(i, 65000);
	CHECK_INT(ext4_link(fs, f, d, NAME("more")), ERR_TOO_MANY_LINKS);
	CHECK_INT(ext4_unlink(fs, d, NAME("n1")), OK);
	CHECK_INT(ext4_link(fs, f, d, NAME("more")), OK);
	CHECK_INT(ext4_attributes(fs, f, &a), OK);
	CHECK_INT(a.links, 65000);
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("top"), &new_directory, &top), OK);
	CHECK_INT(ext4_create(fs, d, NAME("e"), &new_directory, &e), OK);
	for (i = 2; i < 65000; i++) {
		(void)snprintf(name, sizeof(name), "d%u", i);
		if (ext4_create(fs, top, name, strlen(name), &new_directory, &inode) != OK)
			break;
	}
	CHECK_INT(i, 65000);
	CHECK_INT(ext4_create(fs, top, NAME("more"), &new_directory, &inode), counted ? ERR_TOO_MANY_LINKS : OK);
	CHECK_INT(ext4_rename(fs, d, NAME("e"), top, NAME("e"), false), counted ? ERR_TOO_MANY_LINKS : OK);
	CHECK_INT(ext4_attributes(fs, top, &a), OK);
	CHECK_INT(a.links, counted ? 65000 : 1);
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* A mount without changes leaves the disk as it is. */
static void check_untouched(void)
{
	struct memory_disk disk;
	struct ext4 *fs;

	if (!fresh(&disk, "", 16u << 20))
		return;
	fs = mounted(&disk);
	CHECK_INT(ext4_sync(fs), OK);
	CHECK_INT(ext4_unmount(fs), OK);
	CHECK_INT(disk.writes, 0);
	memory_disk_free(&disk);
}

static status_t give_bytes(void *ctx, size_t at, const void *data, size_t size)
{
	memcpy((uint8_t *)ctx + at, data, size);
	return OK;
}

/* Data that is older than the last commit, and was not its business, is on the medium after a sync too. */
static void check_sync(void)
{
	struct memory_disk disk;
	struct ext4 *fs;
	uint64_t f, g;
	size_t count;

	if (!fresh(&disk, "-b 1024 -J size=1", 4u << 20))
		return;
	fs = mounted(&disk);
	f = made(fs, EXT4_ROOT, "f");
	g = made(fs, EXT4_ROOT, "g");
	CHECK_INT(ext4_write(fs, f, 0, "before", 6, &count), OK);
	CHECK_INT(ext4_sync(fs), OK);
	CHECK_INT(ext4_write(fs, f, 0, "behind", 6, &count), OK);
	CHECK_INT(ext4_write(fs, g, 0, "g", 1, &count), OK);
	CHECK_INT(ext4_sync_file(fs, g, false), OK);
	disk.recording = true;
	CHECK_INT(ext4_sync(fs), OK);
	CHECK(disk.event_count >= 2);
	CHECK(disk.event_count && disk.events[disk.event_count - 1].sector == UINT64_MAX);
	ext4_abandon(fs);
	memory_disk_free(&disk);
}

/* What is written behind a writer's back goes wrong behind it too: the next sync tells. */
static void check_late_error(void)
{
	static uint8_t bytes[600000];
	struct memory_disk disk;
	struct ext4_volume volume;
	struct ext4 *fs;
	uint64_t f;
	size_t count;

	if (!fresh(&disk, "-b 1024 -J size=1", 8u << 20))
		return;
	memory_disk_queue(&disk, 1u << 20, 7);
	fs = mounted(&disk);
	f = made(fs, EXT4_ROOT, "f");
	CHECK_INT(ext4_write(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	CHECK_INT(ext4_sync(fs), OK);
	disk.good_writes = 0;
	CHECK_INT(ext4_write(fs, f, 0, bytes, 200000, &count), OK); /* more than waits in memory */
	while (disk.queued)
		disk.disk.ops->poll(&disk.disk);
	disk.good_writes = -1;
	CHECK_INT(ext4_sync_file(fs, f, false), ERR_IO);
	CHECK_INT(ext4_sync_file(fs, f, false), OK);
	/* of blocks that were a file's already nothing but that is lost */
	ext4_volume(fs, &volume);
	CHECK(!volume.failed);
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* A full cache makes room out of itself: memory that the disk does not reach is for emergencies. */
static void check_room(void)
{
	static uint8_t bytes[3000000];
	struct memory_disk disk;
	struct ext4 *fs;
	uint64_t f, random = 1;
	size_t count;

	if (!fresh(&disk, "-b 1024 -J size=1", 8u << 20))
		return;
	memory_disk_queue(&disk, 1u << 20, 3);
	fs = mounted(&disk);
	f = made(fs, EXT4_ROOT, "f");
	CHECK_INT(ext4_write(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	CHECK_INT(ext4_sync(fs), OK);
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t at = random_below(&random, sizeof(bytes) / 1024 - 4) * 1024ull;
		if (i % 4 == 0)
			CHECK_INT(ext4_read_past(fs, f, at, 1 + random_below(&random, 4000), give_bytes, bytes, &count),
				  OK);
		else if (i % 3)
			CHECK_INT(ext4_write(fs, f, at, bytes, 1 + random_below(&random, 4000), &count), OK);
		else
			CHECK_INT(ext4_read(fs, f, at, bytes, 1 + random_below(&random, 4000), &count), OK);
		if (!CHECK(fs->cache.count <= fs->cache.limit))
			break;
	}
	CHECK_INT(ext4_unmount(fs), OK);
	checked(&disk);
	memory_disk_free(&disk);
}

/* ---- reading without waiting */

#define HURRY_FILES 300u
#define HURRY_BYTES 200000u

static unsigned blocked; /* calls that had to be made again */

static bool again(struct ext4 *fs, status_t status)
{
	if (status != ERR_WOULD_BLOCK)
		return false;
	blocked++;
	while (!ext4_arrived(fs, ext4_missing(fs)))
		ext4_poll(fs);
	return true;
}

static bool entry_count(void *ctx, const struct ext4_entry *entry)
{
	(void)entry;
	++*(unsigned *)ctx;
	return true;
}

static void check_hurry_tree(struct ext4 *fs, const uint8_t *bytes)
{
	static uint8_t back[HURRY_BYTES];
	struct ext4_attributes a;
	uint64_t d = 0, f = 0;
	size_t count = 0;
	char text[300];
	status_t status;
	unsigned before, entries;

	while (again(fs, status = ext4_lookup(fs, EXT4_ROOT, NAME("d"), &d)))
		;
	CHECK_INT(status, OK);
	for (unsigned i = 0; i < HURRY_FILES; i++) {
		char name[40];
		(void)snprintf(name, sizeof(name), "a file with number %u", i);
		while (again(fs, status = ext4_lookup(fs, d, name, strlen(name), &f)))
			;
		CHECK_INT(status, OK);
		while (again(fs, status = ext4_hold(fs, f)))
			;
		CHECK_INT(status, OK);
		CHECK_INT(ext4_attributes(fs, f, &a), OK); /* what is held is in memory */
		CHECK_INT(a.uid, i);
		ext4_set_wait(fs, true);
		ext4_release(fs, f);
		ext4_set_wait(fs, false);
	}
	while (again(fs, status = ext4_lookup(fs, d, NAME("none"), &f)))
		;
	CHECK_INT(status, ERR_NOT_FOUND);
	do
		entries = 0;
	while (again(fs, status = ext4_list(fs, d, 0, entry_count, &entries)));
	CHECK_INT(status, OK);
	CHECK_INT(entries, HURRY_FILES + 2);
	while (again(fs, status = ext4_lookup(fs, EXT4_ROOT, NAME("link"), &f)))
		;
	while (again(fs, status = ext4_read_link(fs, f, text, sizeof(text), &count)))
		;
	CHECK_INT(status, OK);
	CHECK_INT(count, 200);
	while (again(fs, status = ext4_lookup(fs, EXT4_ROOT, NAME("data"), &f)))
		;
	before = blocked;
	memset(back, 0, sizeof(back));
	for (;;) {
		status = ext4_read_to(fs, f, 100, HURRY_BYTES - 100, give_bytes, back + 100, &count);
		if (status != ERR_WOULD_BLOCK)
			break;
		CHECK_INT(count, 0);
		(void)again(fs, status);
	}
	CHECK_INT(status, OK);
	CHECK_INT(count, HURRY_BYTES - 100);
	CHECK(!memcmp(back + 100, bytes + 100, HURRY_BYTES - 100));
	CHECK(blocked > before);
}

/* Whatever is not in memory yet: the operation says so, and called again gives what it would have given. */
static void check_hurry(bool fails)
{
	static uint8_t bytes[HURRY_BYTES];
	static char target[201];
	struct memory_disk disk;
	struct ext4_new with = new_file;
	struct ext4 *fs;
	uint64_t d, f;
	size_t count;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 11 + i / 999);
	memset(target, 'x', 200);
	if (!fresh(&disk, "-b 1024 -J size=1", 16u << 20))
		return;
	fs = mounted(&disk);
	CHECK_INT(ext4_create(fs, EXT4_ROOT, NAME("d"), &new_directory, &d), OK);
	for (unsigned i = 0; i < HURRY_FILES; i++) {
		char name[40];
		with.uid = i;
		(void)snprintf(name, sizeof(name), "a file with number %u", i);
		CHECK_INT(ext4_create(fs, d, name, strlen(name), &with, &f), OK);
	}
	CHECK_INT(ext4_symlink(fs, EXT4_ROOT, NAME("link"), target, 200, &new_file, &f), OK);
	f = made(fs, EXT4_ROOT, "data");
	CHECK_INT(ext4_write(fs, f, 0, bytes, sizeof(bytes), &count), OK);
	CHECK_INT(ext4_unmount(fs), OK);
	memory_disk_queue(&disk, 1u << 20, 4);
	fs = mounted(&disk);
	ext4_set_wait(fs, false);
	blocked = 0;
	if (fails) { /* at once or in the end, but an answer */
		status_t status;

		disk.good_reads = 0;
		while (again(fs, status = ext4_lookup(fs, EXT4_ROOT, NAME("d"), &d)))
			;
		CHECK_INT(status, ERR_IO);
		disk.good_reads = -1;
		while (again(fs, status = ext4_lookup(fs, EXT4_ROOT, NAME("d"), &d)))
			;
		CHECK_INT(status, OK);
	} else {
		check_hurry_tree(fs, bytes);
		CHECK(blocked > 30);
	}
	ext4_set_wait(fs, true);
	CHECK_INT(ext4_unmount(fs), OK);
	memory_disk_free(&disk);
}

int main(void)
{
	struct memory_disk disk;
	struct ext4 *fs;

	(void)setvbuf(stdout, NULL, _IONBF, 0);
	if (!tools_present()) {
		printf("mkfs.ext4, e2fsck and debugfs (Debian: e2fsprogs) are needed\n");
		return SKIPPED;
	}
	if (fresh(&disk, "-b 1024 -J size=1", 16u << 20)) {
		fs = mounted(&disk);
		check_names(fs);
		check_attributes(fs);
		check_contents(fs);
		check_faults(fs);
		CHECK_INT(ext4_unmount(fs), OK);
		checked(&disk);
		fs = mounted(&disk);
		check_attributes_again(fs);
		CHECK_INT(ext4_unmount(fs), OK);
		memory_disk_free(&disk);
	}
	check_held();
	check_listing("-b 1024 -J size=1");
	check_listing("-b 1024 -J size=1 -O ^dir_index");
	check_full();
	check_failing();
	check_sync();
	check_late_error();
	check_room();
	check_hurry(false);
	check_hurry(true);
	check_linux_files("-b 1024 -J size=1");
	check_linux_files("-b 4096 -J size=4 -O ^metadata_csum");
	check_linux_files("-b 1024 -J size=1 -O ^extent,^64bit");
	check_linux_files("-b 1024 -J size=1 -I 128");
	check_linux_journal("-b 1024 -J size=1", "jo");
	check_linux_journal("-b 1024 -J size=1", "jo -c");
	check_linux_journal("-b 1024 -J size=1", "jo -c -v 2");
	check_linux_journal("-b 1024 -J size=1 -O ^64bit", "jo");
	check_features();
	check_links("-b 1024 -J size=4 -N 70000", false);
	check_links("-b 1024 -J size=4 -N 70000 -O ^dir_nlink", true);
	check_untouched();
	return check_end();
}
