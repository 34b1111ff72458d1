/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The FAT engine on images by mkfs.vfat: random operations against a model of the tree, then fsck.vfat must find nothing and
 * mtools the same files; power cuts in between, after which what was synced must be there, and nothing worse than clusters
 * that belong to nobody.   fat [steps of each run] [power cuts] [seed]
 */
#include "fs/fat/fat.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/fat/fat_internal.h"
#include "tests/unit/check.h"
#include "tests/unit/disk_model.h"

#define FILES_MAX  200
#define FILE_BYTES 200000
#define CACHE_SIZE (160 * CACHE_PAGE_SIZE)

static char folder[] = "/tmp/fat-XXXXXX";
static struct disk_model model;
static struct cache cache;
static struct fat *fat;
static uint64_t state;
static int64_t clock_now = 1700000000ll * 1000000000;

struct file {
	bool used, directory, loaded, unlinked;
	bool touched;              /* contents since the last sync */
	int parent, synced_parent; /* -1: it was not there */
	char name[128], synced_name[128];
	uint8_t *data;
	size_t size;
	struct fat_node node;
};
static struct file files[FILES_MAX]; /* 0: the root */
static bool keep_files;              /* what the model says is still needed */
static bool uncertain;               /* there was a sync in the middle of something: names may be of before or after */

static uint64_t random_below(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static int64_t tick(void)
{
	return clock_now += 1000000;
}

/* ---- images ------------------------------------------------------------------------------------------------------- */

static void command(const char *text)
{
	char line[1024];

	snprintf(line, sizeof(line), "export LC_ALL=C.UTF-8 MTOOLS_SKIP_CHECK=1 PATH=$PATH:/usr/sbin:/sbin; %s", text);
	if (!CHECK_INT(system(line), 0)) {
		printf("  %s\n", text);
		if (system("cat log"))
			perror("log");
	}
}

static void image_make(const char *options, const char *size)
{
	char line[256];

	snprintf(line, sizeof(line), "rm -f image; truncate -s %s image && mkfs.vfat %s image >log", size, options);
	command(line);
	struct stat st;
	if (!CHECK_INT(stat("image", &st), 0))
		exit(1);
	disk_model_open(&model, (uint64_t)st.st_size / 512, 512, true, CACHE_SIZE);
	FILE *file = fopen("image", "rb");
	CHECK(file && fread(model.now, 1, (size_t)st.st_size, file) == (size_t)st.st_size);
	fclose(file);
	memcpy(model.medium, model.now, (size_t)st.st_size);
}

static void image_save(const uint8_t *bytes)
{
	FILE *file = fopen("image", "wb");
	size_t size = model.disk.blocks * 512;

	CHECK(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void mount(void)
{
	CHECK_INT(cache_open(&cache, &model.disk, CACHE_SIZE), OK);
	if (!CHECK_INT(fat_mount(&fat, &cache, tick, false), OK))
		exit(1);
}

static void load(int i)
{
	struct file *f = &files[i];
	uint64_t id = FAT_ROOT;

	if (f->loaded)
		return;
	if (i) {
		load(f->parent);
		if (!CHECK_INT(fat_lookup(fat, &files[f->parent].node, f->name, strlen(f->name), &id), OK)) {
			printf("  %s\n", f->name);
			exit(1);
		}
	}
	if (!CHECK_INT(fat_node_load(fat, &f->node, id), OK))
		exit(1);
	CHECK_INT(f->node.directory, f->directory);
	CHECK(f->directory || f->node.size == f->size);
	f->loaded = true;
}

static void drop(int i)
{
	if (files[i].loaded)
		fat_node_drop(fat, &files[i].node);
	files[i].loaded = false;
}

static void unmount(void)
{
	for (int i = 0; i < FILES_MAX; i++) {
		if (files[i].unlinked && !keep_files) {
			fat_node_free(fat, &files[i].node);
			drop(i);
			free(files[i].data);
			files[i] = (struct file){0};
		}
		drop(i);
	}
	CHECK_INT(fat_unmount(fat), OK);
	cache_close(&cache);
}

/* ---- comparing ------------------------------------------------------------------------------------------------------- */

struct target {
	uint8_t *data;
};

static status_t copy_out(void *context, uint64_t at, void *page, size_t length)
{
	memcpy(((struct target *)context)->data + at, page, length);
	return OK;
}

static status_t copy_in(void *context, uint64_t at, void *page, size_t length)
{
	memcpy(page, ((struct target *)context)->data + at, length);
	return OK;
}

static void contents_check(int i, size_t offset, size_t length)
{
	struct target t = {malloc(length + 1)};

	load(i);
	CHECK_INT(files[i].node.size, files[i].size);
	CHECK_INT(fat_read(fat, &files[i].node, offset, length, &t, copy_out), OK);
	if (!CHECK(!length || !memcmp(t.data, files[i].data + offset, length)))
		printf("  %s: %zu bytes at %zu of %zu\n", files[i].name, length, offset, files[i].size);
	free(t.data);
}

static unsigned listed, stop_after;
static uint64_t list_next;
static int list_dir;

static bool on_entry(void *context, const char *name, size_t length, uint64_t id, bool directory, uint64_t next)
{
	(void)context;
	if (!stop_after--)
		return false;
	list_next = next;
	for (int i = 1; i < FILES_MAX; i++) {
		struct file *f = &files[i];

		if (f->used && !f->unlinked && f->parent == list_dir && strlen(f->name) == length &&
		    !memcmp(f->name, name, length)) {
			listed++;
			CHECK_INT(directory, f->directory);
			if (f->loaded)
				CHECK_INT(id, f->node.id);
			return true;
		}
	}
	printf("%.*s: ", (int)length, name);
	CHECK(!"a name that is not there");
	return true;
}

static void list_check(int dir)
{
	unsigned want = 0;

	load(dir);
	for (int i = 1; i < FILES_MAX; i++)
		want += files[i].used && !files[i].unlinked && files[i].parent == dir;
	listed = 0;
	list_dir = dir;
	list_next = 0;
	for (unsigned before = ~0u; before != listed;) {
		before = listed;
		stop_after = 1 + (unsigned)random_below(8);
		if (!CHECK_INT(fat_list(fat, &files[dir].node, list_next, NULL, on_entry), OK))
			return;
	}
	CHECK_INT(listed, want);
	if (dir) {
		uint64_t id;

		load(files[dir].parent);
		CHECK_INT(fat_parent(fat, &files[dir].node, &id), OK);
		CHECK_INT(id, files[files[dir].parent].node.id);
	}
}

static void path_of(int i, bool old, char *path, size_t size)
{
	char above[2048] = "";
	int parent = old ? files[i].synced_parent : files[i].parent;

	if (parent > 0)
		path_of(parent, old, above, sizeof(above));
	snprintf(path, size, "%s/%s", above, old ? files[i].synced_name : files[i].name);
}

/* By other people's programs: nothing is wrong, and the files are the same. */
static void image_check(void)
{
	command("fsck.vfat -n image >log");
	command("rm -rf out; mkdir out; mcopy -s -n -m -i image '::/*' out/ >log 2>&1 </dev/null || test -z \"$(mdir -b -i image ::/)\"");
	unsigned want = 0, got = 0;
	for (int i = 1; i < FILES_MAX; i++) {
		char path[2100], full[2200];
		struct stat st;

		if (!files[i].used)
			continue;
		want++;
		path_of(i, false, path, sizeof(path));
		snprintf(full, sizeof(full), "out%s", path);
		if (!CHECK_INT(stat(full, &st), 0)) {
			printf("  %s\n", path);
			continue;
		}
		CHECK_INT(S_ISDIR(st.st_mode), files[i].directory);
		if (files[i].directory || !CHECK_INT(st.st_size, files[i].size))
			continue;
		FILE *file = fopen(full, "rb");
		uint8_t *bytes = malloc(files[i].size + 1);
		CHECK(file && fread(bytes, 1, files[i].size, file) == files[i].size);
		CHECK(!files[i].size || !memcmp(bytes, files[i].data, files[i].size));
		fclose(file);
		free(bytes);
	}
	FILE *count = popen("find out -mindepth 1 | wc -l", "r");
	CHECK(count && fscanf(count, "%u", &got) == 1);
	pclose(count);
	CHECK_INT(got, want);
}

/* ---- random steps ------------------------------------------------------------------------------------------------------ */

static void name_make(char *name, size_t size)
{
	static const char *const forms[] = {
		"f%u",
		"FILE%u.TXT",
		"read.me%u",
		"A longer name with spaces, number %u.text",
		"%u.tar",
		"Gr\xc3\xbc\xc3\x9f-%u",
		"snow \xe2\x98\x83 %u.dat",
		"\xd0\xb4\xd0\xb8\xd1\x81\xd0\xba %u",
		".hid%u",
		"UPPER%u.lower",
		"a+b=%u;c,[d]",
		"%u-0123456789012345678901234567890123456789012345678901234567890123456789"};

	snprintf(name, size, forms[random_below(sizeof(forms) / sizeof(forms[0]))], (unsigned)random_below(100000));
}

static bool name_taken(int dir, const char *name)
{
	for (int i = 1; i < FILES_MAX; i++) {
		if (files[i].used && !files[i].unlinked && files[i].parent == dir && !strcmp(files[i].name, name))
			return true;
	}
	return false;
}

static int pick(bool directory)
{
	for (unsigned n = 0; n < 50; n++) {
		int i = (int)random_below(FILES_MAX);

		if (files[i].used && files[i].directory == directory && (directory || !files[i].unlinked))
			return i;
	}
	return directory ? 0 : -1;
}

static bool below(int i, int above)
{
	for (; i > 0; i = files[i].parent) {
		if (i == above)
			return true;
	}
	return above == 0;
}

static void forget(int i)
{
	/* Somebody may still have it open; its number is not given to others then. */
	if (!files[i].directory && random_below(2)) {
		files[i].unlinked = true;
		return;
	}
	fat_node_free(fat, &files[i].node);
	drop(i);
	free(files[i].data);
	files[i] = (struct file){.synced_parent = -1};
}

static void do_create(void)
{
	int dir = pick(true), i = 1;
	bool directory = !random_below(5);
	uint64_t id;

	while (i < FILES_MAX && files[i].used)
		i++;
	if (i == FILES_MAX)
		return;
	char name[128];
	name_make(name, sizeof(name));
	if (name_taken(dir, name))
		return;
	load(dir);
	CHECK_INT(fat_lookup(fat, &files[dir].node, name, strlen(name), &id), ERR_NOT_FOUND);
	status_t status = fat_create(fat, &files[dir].node, name, strlen(name), directory, &id);
	if (status == ERR_NO_SPACE)
		return;
	if (!CHECK_INT(status, OK))
		return;
	files[i] = (struct file){
		.used = true, .directory = directory, .parent = dir, .synced_parent = -1, .touched = true};
	strcpy(files[i].name, name);
	load(i);
	CHECK_INT(files[i].node.id, id);
}

static void do_write(int i)
{
	static uint8_t bytes[70000];
	size_t length = random_below(random_below(4) ? 2000 : sizeof(bytes)), done;
	size_t offset = random_below(3) ? files[i].size : random_below(files[i].size + 5000);
	struct target t = {bytes};

	if (offset + length > FILE_BYTES)
		return;
	for (size_t n = 0; n < length; n++)
		bytes[n] = (uint8_t)(random_below(256));
	load(i);
	status_t status = fat_write(fat, &files[i].node, offset, length, &t, copy_in, &done);
	CHECK(status == OK || status == ERR_NO_SPACE);
	CHECK(status != OK || done <= length);
	files[i].touched = true;
	size_t size = files[i].node.size;
	CHECK(done == 0 || size >= offset + done);
	if (size > files[i].size) {
		files[i].data = realloc(files[i].data, size);
		memset(files[i].data + files[i].size, 0, size - files[i].size);
		files[i].size = size;
	}
	if (done)
		memcpy(files[i].data + offset, bytes, done);
}

static void do_truncate(int i)
{
	size_t size = random_below(4)   ? random_below(files[i].size + 1)
		      : random_below(2) ? 0
					: random_below(FILE_BYTES);

	load(i);
	status_t status = fat_truncate(fat, &files[i].node, size);
	files[i].touched = true;
	if (!CHECK(status == OK || (status == ERR_NO_SPACE && size > files[i].size)))
		return;
	size = files[i].node.size;
	files[i].data = realloc(files[i].data, size + 1);
	if (size > files[i].size)
		memset(files[i].data + files[i].size, 0, size - files[i].size);
	files[i].size = size;
}

static void do_remove(int i)
{
	bool empty = true;

	if (!i || files[i].unlinked)
		return;
	for (int n = 1; n < FILES_MAX; n++)
		empty &= !files[n].used || files[n].unlinked || files[n].parent != i;
	load(i);
	load(files[i].parent);
	status_t status = fat_remove(fat, &files[files[i].parent].node, files[i].name, strlen(files[i].name),
				     &files[i].node);
	CHECK_INT(status, empty ? OK : ERR_NOT_EMPTY);
	if (status != OK)
		return;
	/* what was open in it knows no parent any more */
	for (int n = 1; n < FILES_MAX; n++) {
		if (files[n].used && files[n].unlinked && files[n].parent == i)
			files[n].parent = 0;
	}
	forget(i);
}

static void do_rename(int i)
{
	int to = pick(true), replaced = -1;
	char name[128];

	if (!i || files[i].unlinked || (files[i].directory && below(to, i)))
		return;
	name_make(name, sizeof(name));
	if (random_below(3) == 0) {
		for (int n = 1; n < FILES_MAX; n++) {
			if (n != i && files[n].used && !files[n].unlinked && files[n].parent == to &&
			    !files[n].directory && !files[i].directory) {
				replaced = n;
				strcpy(name, files[n].name);
			}
		}
	}
	if (replaced < 0 && name_taken(to, name))
		return;
	load(i);
	load(to);
	load(files[i].parent);
	if (replaced >= 0)
		load(replaced);
	uint64_t id = files[i].node.id;
	status_t status = fat_rename(fat, &files[files[i].parent].node, files[i].name, strlen(files[i].name),
				     &files[i].node, &files[to].node, name, strlen(name),
				     replaced >= 0 ? &files[replaced].node : NULL);
	if (status == ERR_NO_SPACE)
		return;
	if (!CHECK_INT(status, OK))
		return;
	CHECK_INT(files[i].node.id, id);
	if (replaced >= 0)
		forget(replaced);
	files[i].parent = to;
	strcpy(files[i].name, name);
	uint64_t found;
	CHECK_INT(fat_lookup(fat, &files[to].node, name, strlen(name), &found), OK);
	CHECK_INT(found, id);
}

static void all_synced(void)
{
	for (int i = 1; i < FILES_MAX; i++) {
		files[i].touched = false;
		files[i].synced_parent = files[i].used && !files[i].unlinked ? files[i].parent : -1;
		strcpy(files[i].synced_name, files[i].name);
	}
}

static void step(void)
{
	int i = pick(false);

	switch (random_below(20)) {
	case 0:
	case 1:
	case 2: do_create(); break;
	case 3:
		if (!random_below(4))
			CHECK_INT(fat_sync(fat, NULL, false), OK);
		break;
	case 4: do_remove(random_below(3) ? i < 0 ? 0 : i : pick(true)); break;
	case 5: do_rename(random_below(4) ? i < 0 ? 0 : i : pick(true)); break;
	case 6: list_check(pick(true)); break;
	case 7:
		for (i = 1; i < FILES_MAX; i++) {
			if (files[i].unlinked && random_below(2)) {
				contents_check(i, 0, files[i].size);
				fat_node_free(fat, &files[i].node);
				drop(i);
				free(files[i].data);
				files[i] = (struct file){.synced_parent = -1};
			}
		}
		break;
	case 8:
		if (i > 0 && !files[i].unlinked)
			drop(i);
		break;
	case 9:
		if (i > 0)
			do_truncate(i);
		break;
	case 10:
	case 11:
	case 12:
		if (i > 0 && files[i].size) {
			size_t offset = random_below(files[i].size);

			contents_check(i, offset, random_below(files[i].size - offset + 1));
		}
		break;
	case 13: cache_write_back(&cache, cache_mark(&cache)); break;
	case 14:
		if (i > 0 && random_below(2)) {
			load(i);
			CHECK_INT(fat_sync(fat, &files[i].node, random_below(2)), OK);
		}
		break;
	default:
		if (i > 0)
			do_write(i);
	}
}

static void random_step(void)
{
	uint64_t syncs = fat->syncs;
	bool armed = model.cut_image != NULL && model.cut_after;

	step();
	if (fat->syncs == syncs || (armed && !model.cut_image))
		return; /* after a cut nothing more is promised */
	uncertain = fat->held_count || fat->fs.wflag || fat->changed;
	if (!uncertain)
		all_synced();
}

static void files_clear(void)
{
	for (int i = 0; i < FILES_MAX; i++) {
		free(files[i].data);
		files[i] = (struct file){.synced_parent = -1};
	}
	files[0].used = files[0].directory = true;
}

static void random_run(const char *options, const char *size, unsigned steps)
{
	files_clear();
	image_make(options, size);
	mount();
	for (unsigned i = 0; i < steps && !checks_failed; i++) {
		random_step();
		if (random_below(steps / 4 + 1) == 0) {
			unmount();
			image_save(model.medium);
			image_check();
			mount();
		}
	}
	unmount();
	image_save(model.medium);
	image_check();
	disk_model_close(&model);
	if (checks_failed)
		printf("  with mkfs.vfat %s, %s\n", options, size);
}

/* ---- power cuts --------------------------------------------------------------------------------------------------------- */

static status_t path_find(struct fat *f, const char *path, struct fat_node *node)
{
	struct fat_node at;
	uint64_t id = FAT_ROOT;
	status_t status = OK;

	while (status == OK && *path) {
		size_t length = strcspn(++path, "/");

		status = fat_node_load(f, &at, id);
		if (status == OK) {
			status = fat_lookup(f, &at, path, length, &id);
			fat_node_drop(f, &at);
		}
		path += length;
	}
	return status == OK ? fat_node_load(f, node, id) : status;
}

static bool same_at(struct fat *f, int i, bool old)
{
	char path[2100];
	struct fat_node node;
	struct target t = {malloc(files[i].size + 1)};

	path_of(i, old, path, sizeof(path));
	status_t status = path_find(f, path, &node);
	bool same = status == OK && node.directory == files[i].directory &&
		    (node.directory || node.size == files[i].size);
	if (same && !node.directory)
		same = fat_read(f, &node, 0, files[i].size, &t, copy_out) == OK &&
		       (!files[i].size || !memcmp(t.data, files[i].data, files[i].size));
	if (status == OK)
		fat_node_drop(f, &node);
	free(t.data);
	return same;
}

/* Any of the directories above has another name or place than at the last sync. */
static bool moved(int i)
{
	for (; i > 0; i = files[i].parent) {
		if (files[i].synced_parent != files[i].parent || strcmp(files[i].synced_name, files[i].name) != 0)
			return true;
	}
	return false;
}

/* What a power cut may leave after our mount: parts of long names */
static void damage_check(void)
{
	static const char allowed[] =
		"^$|^fsck.fat |^There are differences between boot sector|^This is mostly harmless|^  65:0|"
		"^  Not automatically fixing|^Orphaned long file name part|^  Auto-deleting|"
		"^Long filename fragment|^  Not auto-correcting|^  [(]Maybe the start bit|^  [(]Short name |^Wrong checksum for long file|^Leaving filesystem|^image: ";
	char line[1024];

	snprintf(line, sizeof(line), "PATH=$PATH:/usr/sbin:/sbin fsck.vfat -n image >log; ! grep -vE '%s' log",
		 allowed);
	if (!CHECK_INT(system(line), 0) && system("cat log"))
		perror("log");
}

static void cut_look(const uint8_t *image)
{
	static struct disk_model other;
	static struct cache other_cache;
	struct fat *f;

	disk_model_open(&other, model.disk.blocks, 512, false, 0);
	memcpy(other.now, image, model.disk.blocks * 512);
	memcpy(other.medium, image, model.disk.blocks * 512);
	CHECK_INT(cache_open(&other_cache, &other.disk, CACHE_SIZE), OK);
	if (!CHECK_INT(fat_mount(&f, &other_cache, tick, false), OK))
		return;
	for (int i = 1; i < FILES_MAX; i++) {
		if (!files[i].used || files[i].unlinked || files[i].synced_parent < 0 || files[i].touched)
			continue;
		if (!same_at(f, i, true) && !(moved(i) && same_at(f, i, false))) {
			/* of several directories above, some may have moved already */
			bool many = false;
			for (int n = files[i].parent; n > 0; n = files[n].parent)
				many |= moved(n);
			if (many || uncertain)
				continue;
			CHECK(!"a synced file is lost");
			printf("  %s\n", files[i].name);
		}
	}
	CHECK_INT(fat_unmount(f), OK);
	image_save(other.now);
	damage_check();
	cache_close(&other_cache);
	disk_model_close(&other);
}

/* Power fails after some steps, half of the time in the middle of one. What runs then is ended, and goes without a trace. */
static void cuts_run(const char *options, const char *size, unsigned cuts)
{
	for (unsigned n = 0; n < cuts && !checks_failed; n++) {
		files_clear();
		image_make(options, size);
		uint8_t *image = malloc(model.disk.blocks * 512);
		model.random += n * 7919 + state % 1000;
		mount();
		uncertain = false;
		for (uint64_t steps = 20 + random_below(400); steps; steps--)
			random_step();
		model.cut_image = image;
		model.cut_after = random_below(2) ? 1 + random_below(60) : 0;
		for (unsigned steps = 0; model.cut_after && steps < 100; steps++)
			random_step();
		if (model.cut_image)
			disk_model_cut(&model, image);
		model.cut_image = NULL;
		model.cut_after = 0;
		keep_files = true;
		unmount();
		keep_files = false;
		cut_look(image);
		free(image);
		disk_model_close(&model);
	}
}

/* ---- a full volume ----------------------------------------------------------------------------------------------------- */

static struct fat_node full_node[4];

static void full_make(struct fat_node *dir, unsigned i, const char *name)
{
	uint64_t id;

	CHECK_INT(fat_create(fat, dir, name, strlen(name), false, &id), OK);
	CHECK_INT(fat_node_load(fat, &full_node[i], id), OK);
}

static void full_byte(unsigned i, uint64_t at, uint8_t byte, status_t want)
{
	struct target t = {&byte};
	size_t done;

	CHECK_INT(fat_write(fat, &full_node[i], at, 1, &t, copy_in, &done), want);
}

/* A write that finds no room after it had taken clusters and synced: the file has none of them afterwards, and nobody finds them with it later. */
static void full_run(void)
{
	struct fat_node root;
	struct target t;
	uint64_t id, empty, at = 0;
	uint8_t byte = 0;

	files_clear();
	image_make("-F 12 -s 1 -r 64", "400K");
	mount();
	CHECK_INT(fat_node_load(fat, &root, FAT_ROOT), OK);
	full_make(&root, 0, "rest");
	full_make(&root, 1, "one");
	full_make(&root, 2, "two");
	full_make(&root, 3, "empty");
	empty = full_node[3].id;
	full_byte(1, 0, '1', OK);
	full_byte(2, 0, '2', OK);
	struct fat_volume v;
	CHECK_INT(fat_volume_get(fat, &v), OK);
	for (; v.free_clusters; v.free_clusters--, at += v.cluster_bytes)
		full_byte(0, at, 'r', OK);
	CHECK_INT(fat_truncate(fat, &full_node[1], 0), OK);
	CHECK_INT(fat_sync(fat, NULL, false), OK);          /* one cluster is free, */
	CHECK_INT(fat_truncate(fat, &full_node[2], 0), OK); /* and another with the next sync */
	fat_changed(fat, &full_node[3]);                    /* that sync stores its entry */
	full_byte(3, 5 * v.cluster_bytes, 'x', ERR_NO_SPACE);
	fat_node_drop(fat, &full_node[3]);
	CHECK_INT(fat_sync(fat, NULL, false), OK);
	full_byte(1, 0, '1', OK);
	full_byte(2, 0, '2', OK);
	CHECK_INT(fat_truncate(fat, &full_node[0], at - v.cluster_bytes), OK);
	CHECK_INT(fat_sync(fat, NULL, false), OK);
	CHECK_INT(fat_lookup(fat, &root, "empty", 5, &id), OK);
	CHECK_INT(id, empty);
	CHECK_INT(fat_node_load(fat, &full_node[3], id), OK);
	full_byte(3, 0, 'e', OK);
	t.data = &byte;
	for (unsigned i = 1; i < 4; i++) {
		CHECK_INT(fat_read(fat, &full_node[i], 0, 1, &t, copy_out), OK);
		CHECK_INT(byte, "r12e"[i]);
	}
	for (unsigned i = 0; i < 4; i++)
		fat_node_drop(fat, &full_node[i]);
	fat_node_drop(fat, &root);
	CHECK_INT(fat_unmount(fat), OK);
	cache_close(&cache);
	image_save(model.medium);
	command("fsck.vfat -n image >log");
	disk_model_close(&model);
}

int main(int argc, char **argv)
{
	static const char *const runs[][2] = {
		{"-F 12", "1440K"},
		{"-F 12 -s 1 -r 64", "400K"},
		{"-F 16", "16M"},
		{"-F 16 -s 1 -f 1", "9M"},
		{"-F 32 -s 1", "40M"},
		{"-F 16 -S 4096 -s 1", "20M"},
		{"-F 16 -s 8 -a -h 63", "20M"},
		{"-F 12 -S 2048", "4M"},
	};
	unsigned steps = argc > 1 ? (unsigned)atoi(argv[1]) : 1500, cuts = argc > 2 ? (unsigned)atoi(argv[2]) : 5;

	state = (argc > 3 ? (uint64_t)atoll(argv[3]) : 1) * 0x9e3779b97f4a7c15ull;
	if (!mkdtemp(folder) || chdir(folder)) {
		perror(folder);
		return 1;
	}
	full_run();
	for (unsigned i = 0; i < sizeof(runs) / sizeof(runs[0]) && !checks_failed; i++) {
		random_run(runs[i][0], runs[i][1], steps);
		if (model.disk.blocks < 100000)
			cuts_run(runs[i][0], runs[i][1], cuts);
	}
	files_clear();
	char line[64];
	snprintf(line, sizeof(line), "rm -r %s", folder);
	if (checks_failed)
		printf("left for a look: %s\n", folder);
	else if (chdir("/") || system(line))
		perror(folder);
	return check_end();
}
