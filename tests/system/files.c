/* SPDX-License-Identifier: BSD-2-Clause */
/* Files as clients of the protocol see them, on a tmpfs and the boot archive, over a vfs of the test's own. */
#include <string.h>

#include "tests/system/lib/files.h"
#include "tests/system/lib/make.h"

static handle_t root; /* the whole tree, as user 0 */
static handle_t dir;  /* a fresh directory in it */
static uint32_t root_mount, tmp_mount, system_mount;

static bool begin(void)
{
	static unsigned number;
	char name[16];

	if (!files_up())
		return false;
	if (root == HANDLE_NONE) {
		root = files_directory(files_view(), VFS_ROOT);
		root_mount = files_mount_of("/");
		tmp_mount = files_mount_of("/tmp");
		system_mount = files_mount_of("/system");
	}
	format_text(name, sizeof(name), "case%u", ++number);
	return CHECK_OK(f_mkdir(root, name, 0755)) && CHECK_OK(f_open(root, name, F_READ | F_DIR, 0, &dir));
}

static void end(void)
{
	shut(dir);
}

/* The same directory as another user sees it. */
static handle_t as_user(uint32_t user, uint32_t group, const uint32_t *groups, size_t count)
{
	struct file_attributes self;
	handle_t view = files_user(files_view(), user, group, groups, count), top = files_directory(view, VFS_ROOT),
		 out = HANDLE_NONE;
	char name[16];

	/* Its name, by its number */
	for (unsigned i = 1; i < 100; i++) {
		struct file_attributes other;

		format_text(name, sizeof(name), "case%u", i);
		if (f_stat(root, name, true, &other) == OK && f_stat(dir, "", true, &self) == OK &&
		    other.inode == self.inode)
			CHECK_OK(f_open(top, name, F_PATH | F_DIR, 0, &out));
	}
	CHECK(out != HANDLE_NONE);
	shut(top);
	shut(view);
	return out;
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static void test_open(void)
{
	handle_t a, b;
	char text[16] = {0};
	uint64_t count, position;

	REQUIRE(begin());
	CHECK_STATUS(f_open(dir, "a", F_READ, 0, &a), ERR_NOT_FOUND);
	CHECK_OK(f_open(dir, "a", F_RW | F_CREATE | F_EXCL, 0640, &a));
	CHECK_STATUS(f_open(dir, "a", F_RW | F_CREATE | F_EXCL, 0640, &b), ERR_EXISTS);
	CHECK_OK(f_write(a, FILE_AT_POSITION, "hello", 5, &count));
	CHECK_OK(f_open(dir, "a", F_READ, 0, &b));
	CHECK_OK(f_read(b, FILE_AT_POSITION, text, 3, &count));
	CHECK_EQ(count, 3);
	CHECK_OK(f_read(b, FILE_AT_POSITION, text + 3, 10, &count));
	CHECK_EQ(count, 2);
	CHECK(text_equal(text, "hello"));
	CHECK_OK(f_read(b, FILE_AT_POSITION, text, 10, &count));
	CHECK_EQ(count, 0);
	CHECK_STATUS(f_write(b, 0, "x", 1, &count), ERR_ACCESS);
	/* A duplicate is the same description; another open is not. */
	handle_t same = make_dup(a, RIGHTS_SAME);
	CHECK_OK(file_seek(same, 1, FILE_WHENCE_SET, &position));
	CHECK_OK(f_read(a, FILE_AT_POSITION, text, 1, &count));
	CHECK(text[0] == 'e');
	shut(a);
	CHECK_OK(f_read(same, FILE_AT_POSITION, text, 1, &count));
	CHECK(text[0] == 'l');
	shut(same);
	CHECK_OK(f_open(dir, "a", F_WRITE | FILE_MODE_APPEND, 0, &a));
	CHECK_OK(f_write(a, FILE_AT_POSITION, "!", 1, &count));
	shut(a);
	CHECK(f_holds(dir, "a", "hello!"));
	CHECK_STATUS(f_open(dir, "a/b", F_READ, 0, &a), ERR_NOT_DIRECTORY);
	CHECK_STATUS(f_open(dir, "a/", F_READ, 0, &a), ERR_NOT_DIRECTORY);
	CHECK_STATUS(f_open(dir, "a", F_READ | F_DIR, 0, &a), ERR_NOT_DIRECTORY);
	CHECK_STATUS(f_open(dir, "n/", F_WRITE | F_CREATE, 0644, &a), ERR_IS_DIRECTORY);
	CHECK_STATUS(f_open(dir, ".", F_WRITE, 0, &a), ERR_IS_DIRECTORY);
	CHECK_STATUS(f_open(dir, "/a", F_READ, 0, &a), ERR_INVALID);
	shut(b);
	end();
}

static void test_names(void)
{
	char name[300], path[1100];
	handle_t file;

	REQUIRE(begin());
	memset(name, 'x', sizeof(name));
	for (size_t len = 1; len <= 255; len += len < 34 || len > 250 ? 1 : 27) {
		name[len] = '\0';
		CHECK_OK(f_open(dir, name, F_WRITE | F_CREATE | F_EXCL, 0644, &file));
		shut(file);
		CHECK_STATUS(f_mkdir(dir, name, 0755), ERR_EXISTS);
		name[len] = 'x';
	}
	name[256] = '\0';
	CHECK_STATUS(f_open(dir, name, F_WRITE | F_CREATE, 0644, &file), ERR_NAME_TOO_LONG);
	memset(path, '/', sizeof(path));
	path[0] = '.';
	path[1023] = '\0';
	CHECK_OK(f_open(dir, path, F_READ, 0, &file));
	shut(file);
	/* Every name that was made is listed once and can be removed. */
	int before = f_count(dir, "");
	for (size_t len = 1; len <= 255; len += len < 34 || len > 250 ? 1 : 27) {
		name[len] = '\0';
		CHECK_OK(f_remove(dir, name));
		CHECK_STATUS(f_remove(dir, name), ERR_NOT_FOUND);
		name[len] = 'x';
		before--;
	}
	CHECK_EQ(before, 0);
	CHECK_EQ(f_count(dir, ""), 0);
	end();
}

static void test_directories(void)
{
	struct file_attributes a;

	REQUIRE(begin());
	CHECK_OK(f_mkdir(dir, "d", 0755));
	CHECK_OK(f_mkdir(dir, "d/e/", 0755));
	CHECK_OK(f_stat(dir, "d", true, &a));
	CHECK_EQ(a.links, 3);
	CHECK_STATUS(f_rmdir(dir, "d"), ERR_NOT_EMPTY);
	CHECK_STATUS(f_remove(dir, "d"), ERR_IS_DIRECTORY);
	CHECK_STATUS(f_rmdir(dir, "d/."), ERR_INVALID);
	CHECK_STATUS(f_rmdir(dir, "d/e/.."), ERR_NOT_EMPTY);
	CHECK(f_put(dir, "f", "1"));
	CHECK_STATUS(f_rmdir(dir, "f"), ERR_NOT_DIRECTORY);
	CHECK_OK(f_rmdir(dir, "d/e"));
	CHECK_OK(f_stat(dir, "d", true, &a));
	CHECK_EQ(a.links, 2);
	/* One that is open lives on without a name, and nothing can be made in it. */
	handle_t gone;
	CHECK_OK(f_open(dir, "d", F_READ | F_DIR, 0, &gone));
	CHECK_OK(f_rmdir(dir, "d"));
	CHECK_STATUS(f_mkdir(gone, "x", 0755), ERR_NOT_FOUND);
	CHECK_STATUS(f_stat(gone, "..", true, &a), ERR_NOT_FOUND);
	CHECK_OK(f_stat(gone, "", true, &a));
	CHECK_EQ(a.links, 0);
	CHECK_EQ(f_count(gone, ""), 0);
	shut(gone);
	end();
}

/* Entries that stay are listed exactly once, whatever else goes on. */
static void test_list(void)
{
	static uint8_t buffer[700], seen[200];
	char name[16];
	handle_t file, list;
	uint64_t next = 0;
	uint32_t len;

	REQUIRE(begin());
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
		format_text(name, sizeof(name), "f%u", i);
		CHECK_OK(f_open(dir, name, F_WRITE | F_CREATE, 0644, &file));
		shut(file);
	}
	CHECK_OK(f_open(dir, ".", F_READ | F_DIR, 0, &list));
	for (unsigned turn = 0;; turn++) {
		REQUIRE_OK(file_list(list, next, buffer, sizeof(buffer), &len));
		if (len == 0)
			break;
		for (uint32_t at = 0; at < len;) {
			struct file_entry entry;
			const char *text = (const char *)buffer + at + sizeof(entry);

			memcpy(&entry, buffer + at, sizeof(entry));
			REQUIRE(entry.size >= sizeof(entry) && entry.size <= len - at);
			next = entry.next;
			at += entry.size;
			if (text[0] == 'f') {
				unsigned n = 0;

				for (const char *c = text + 1; *c; c++)
					n = n * 10 + (unsigned)(*c - '0');
				REQUIRE(n < ARRAY_SIZE(seen));
				seen[n]++;
				/* What was just told is removed: every third. */
				if (n % 3 == 0)
					CHECK_OK(f_remove(dir, text));
			}
		}
		if (turn > 20)
			continue;
		format_text(name, sizeof(name), "new%u", turn);
		CHECK_OK(f_mkdir(dir, name, 0755));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++)
		CHECK_EQ(seen[i], 1);
	CHECK_STATUS(file_list(list, 0, buffer, 8, &len), ERR_INVALID);
	shut(list);
	end();
}

static void test_links(void)
{
	struct file_attributes a, b;
	char text[64];
	uint32_t len;
	handle_t file;

	REQUIRE(begin());
	CHECK(f_put(dir, "a", "text"));
	CHECK_OK(f_link(dir, "a", dir, "b"));
	CHECK_STATUS(f_link(dir, "a", dir, "b"), ERR_EXISTS);
	CHECK_OK(f_stat(dir, "a", true, &a));
	CHECK_OK(f_stat(dir, "b", true, &b));
	CHECK_EQ(a.inode, b.inode);
	CHECK_EQ(a.links, 2);
	CHECK_OK(f_remove(dir, "a"));
	CHECK(f_holds(dir, "b", "text"));
	CHECK_OK(f_mkdir(dir, "d", 0755));
	CHECK_STATUS(f_link(dir, "d", dir, "e"), ERR_NOT_OWNER);
	CHECK_OK(f_symlink(dir, "s", "b"));
	CHECK_OK(f_symlink(dir, "d/up", "../s"));
	CHECK_OK(f_symlink(dir, "loop", "loop"));
	CHECK_OK(f_symlink(dir, "dangling", "nothing"));
	CHECK(f_holds(dir, "d/up", "text"));
	CHECK_OK(f_stat(dir, "s", false, &a));
	CHECK_EQ(a.kind, FILE_KIND_SYMLINK);
	CHECK_EQ(a.size, 1);
	CHECK_OK(file_read_link(dir, "d/up", text, sizeof(text), &len));
	CHECK_EQ(len, 4);
	CHECK_STATUS(f_open(dir, "loop", F_READ, 0, &file), ERR_LOOP);
	CHECK_STATUS(f_open(dir, "s", F_READ | FILE_MODE_NO_FOLLOW, 0, &file), ERR_LOOP);
	CHECK_STATUS(f_open(dir, "dangling", F_READ, 0, &file), ERR_NOT_FOUND);
	CHECK_STATUS(f_open(dir, "dangling", F_RW | F_CREATE | F_EXCL, 0644, &file), ERR_EXISTS);
	CHECK_OK(f_open(dir, "dangling", F_RW | F_CREATE, 0644, &file)); /* makes `nothing` */
	shut(file);
	CHECK_OK(f_stat(dir, "nothing", false, &a));
	CHECK_EQ(a.kind, FILE_KIND_REGULAR);
	/* A long text, and a chain of links up to what is allowed */
	char chain[16], target[16];
	for (unsigned i = 0; i <= FILE_LINKS_MAX; i++) {
		format_text(chain, sizeof(chain), "c%u", i);
		format_text(target, sizeof(target), i ? "c%u" : "b", i - 1);
		CHECK_OK(f_symlink(dir, chain, target));
	}
	CHECK(f_holds(dir, "c39", "text"));
	CHECK_STATUS(f_open(dir, "c40", F_READ, 0, &file), ERR_LOOP);
	static char longer[1000];
	memset(longer, '/', sizeof(longer) - 2);
	longer[0] = '.';
	longer[sizeof(longer) - 2] = 'b';
	CHECK_OK(f_symlink(dir, "long", longer));
	CHECK(f_holds(dir, "long", "text"));
	CHECK_STATUS(f_symlink(dir, "x", ""), ERR_NOT_FOUND);
	end();
}

static void test_rename(void)
{
	struct file_attributes a, b;

	REQUIRE(begin());
	CHECK(f_put(dir, "a", "one"));
	CHECK(f_put(dir, "b", "two"));
	CHECK_OK(f_rename(dir, "a", dir, "b"));
	CHECK(f_holds(dir, "b", "one"));
	CHECK_STATUS(f_stat(dir, "a", true, &a), ERR_NOT_FOUND);
	CHECK_OK(f_link(dir, "b", dir, "c"));
	CHECK_OK(f_rename(dir, "b", dir, "c")); /* the same file: nothing happens */
	CHECK(f_holds(dir, "b", "one"));
	CHECK_STATUS(file_rename(dir, "b", make_dup(dir, RIGHTS_SAME), "c", true), ERR_EXISTS);
	CHECK_OK(f_mkdir(dir, "d", 0755));
	CHECK_OK(f_mkdir(dir, "d/e", 0755));
	CHECK_OK(f_mkdir(dir, "full", 0755));
	CHECK(f_put(dir, "full/x", "x"));
	CHECK_STATUS(f_rename(dir, "d", dir, "d/e/f"), ERR_INVALID);
	CHECK_STATUS(f_rename(dir, "d/e", dir, "full"), ERR_NOT_EMPTY);
	CHECK_STATUS(f_rename(dir, "d/e", dir, "d"), ERR_NOT_EMPTY);
	CHECK_STATUS(f_rename(dir, "d", dir, "b"), ERR_NOT_DIRECTORY);
	CHECK_STATUS(f_rename(dir, "b", dir, "d"), ERR_IS_DIRECTORY);
	CHECK_STATUS(f_rename(dir, "b", dir, "new/"), ERR_NOT_DIRECTORY);
	CHECK_STATUS(f_rename(dir, "d/.", dir, "z"), ERR_INVALID);
	CHECK_STATUS(f_rename(dir, "none", dir, "z"), ERR_NOT_FOUND);
	CHECK_OK(f_rename(dir, "d/e", dir, "moved"));
	CHECK_OK(f_stat(dir, "moved/..", true, &a));
	CHECK_OK(f_stat(dir, "", true, &b));
	CHECK_EQ(a.inode, b.inode);
	CHECK_OK(f_rename(dir, "moved", dir, "d")); /* over an empty one */
	CHECK_OK(f_rename(dir, "d", dir, "full/d/"));
	CHECK_OK(f_stat(dir, "full", true, &a));
	CHECK_EQ(a.links, 3);
	/* Into another file system */
	handle_t tmp = files_directory(files_view(), tmp_mount);
	CHECK_STATUS(f_rename(dir, "b", tmp, "b"), ERR_CROSS_DEVICE);
	CHECK_STATUS(f_link(dir, "b", tmp, "b"), ERR_CROSS_DEVICE);
	CHECK_STATUS(f_rename(root, "tmp", dir, "t"), ERR_BUSY);
	CHECK_STATUS(f_rmdir(root, "tmp"), ERR_BUSY);
	CHECK_STATUS(f_rename(dir, "full", root, "tmp"), ERR_BUSY);
	CHECK_STATUS(f_mkdir(root, "tmp", 0755), ERR_EXISTS);
	CHECK_STATUS(f_rename(dir, "full", root, "tmp/full"), ERR_ELSEWHERE_TO);
	shut(tmp);
	end();
}

/* Somebody looks for the name all the time and finds one or the other file, always whole. */
struct looker {
	handle_t dir;
	volatile uint32_t stop, good, bad;
};

static void look(void *arg)
{
	struct looker *l = arg;

	while (!l->stop) {
		char text[8];
		handle_t file;
		uint64_t count = 0;

		if (f_open(l->dir, "target", F_READ, 0, &file) != OK) {
			l->bad++;
			continue;
		}
		if (f_read(file, 0, text, sizeof(text), &count) == OK && count == 3 &&
		    (memcmp(text, "one", 3) == 0 || memcmp(text, "two", 3) == 0))
			l->good++;
		else
			l->bad++;
		shut(file);
	}
}

static void test_rename_atomic(void)
{
	struct looker looker = {0};
	struct thread thread;

	REQUIRE(begin());
	looker.dir = dir;
	CHECK(f_put(dir, "target", "one"));
	REQUIRE(thread_spawn(&thread, look, &looker, 0));
	for (unsigned i = 0; i < 400; i++) {
		CHECK(f_put(dir, "new", i % 2 ? "one" : "two"));
		CHECK_OK(f_rename(dir, "new", dir, "target"));
		if (i % 16 == 0)
			(void)thread_yield();
	}
	while (looker.good < 50 && looker.bad == 0)
		sleep_ns(MS);
	looker.stop = 1;
	thread_join(&thread);
	CHECK_EQ(looker.bad, 0);
	end();
}

/* ---- bytes ------------------------------------------------------------------------------------------------ */

static void test_unlinked(void)
{
	struct file_volume before, after;
	static uint8_t data[65536];
	handle_t file;
	uint64_t count;
	uint32_t n;

	REQUIRE(begin());
	CHECK_OK(file_volume(dir, &before, 1, &n));
	CHECK_OK(f_open(dir, "a", F_RW | F_CREATE, 0600, &file));
	memset(data, 7, sizeof(data));
	CHECK_OK(f_write(file, 0, data, sizeof(data), &count));
	CHECK_OK(f_remove(dir, "a"));
	CHECK_EQ(f_count(dir, ""), 0);
	memset(data, 0, sizeof(data));
	CHECK_OK(f_read(file, 0, data, sizeof(data), &count));
	CHECK_EQ(count, sizeof(data));
	CHECK(data[0] == 7 && data[65535] == 7);
	struct file_attributes a;
	CHECK_OK(f_stat(file, "", true, &a));
	CHECK_EQ(a.links, 0);
	CHECK_STATUS(f_link(file, "", dir, "again"), ERR_NOT_FOUND);
	CHECK_OK(file_volume(dir, &after, 1, &n));
	CHECK_EQ(before.free_blocks - after.free_blocks, 17); /* and a page of the map */
	shut(file);
	/* The kernel tells of it before the next call is served. */
	CHECK_OK(file_volume(dir, &after, 1, &n));
	CHECK_EQ(before.free_blocks, after.free_blocks);
	CHECK_EQ(before.free_files, after.free_files);
	end();
}

static uint8_t byte_at(uint64_t offset, unsigned version)
{
	return (uint8_t)((offset * 31 + offset / 4096 * 7 + version) | 1);
}

static void test_sparse(void)
{
	static uint8_t data[3 * 4096 + 100];
	struct file_attributes a;
	handle_t file;
	uint64_t count, place = 0;

	REQUIRE(begin());
	CHECK_OK(f_open(dir, "s", F_RW | F_CREATE, 0600, &file));
	const uint64_t offsets[] = {5000, 50 * 4096 + 17, 2000 * 4096, 5000000 * 4096ull - 50};
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (size_t k = 0; k < sizeof(data); k++)
			data[k] = byte_at(offsets[i] + k, i);
		CHECK_OK(f_write(file, offsets[i], data, sizeof(data), &count));
		CHECK_EQ(count, sizeof(data));
	}
	CHECK_OK(f_stat(file, "", true, &a));
	CHECK_EQ(a.size, offsets[3] + sizeof(data));
	CHECK(a.blocks < 200);
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		memset(data, 0, sizeof(data));
		CHECK_OK(f_read(file, offsets[i], data, sizeof(data), &count));
		size_t k = 0;
		while (k < sizeof(data) && data[k] == byte_at(offsets[i] + k, i))
			k++;
		CHECK_EQ(k, sizeof(data));
	}
	memset(data, 1, sizeof(data));
	CHECK_OK(f_read(file, 20 * 4096, data, sizeof(data), &count));
	for (size_t k = 0; k < sizeof(data); k++)
		REQUIRE(data[k] == 0);
	CHECK_OK(file_seek(file, 0, FILE_WHENCE_DATA, &place));
	CHECK_EQ(place, 4096);
	CHECK_OK(file_seek(file, 4096, FILE_WHENCE_HOLE, &place));
	CHECK_EQ(place, 5 * 4096);
	CHECK_OK(file_seek(file, 60 * 4096, FILE_WHENCE_DATA, &place));
	CHECK_EQ(place, 2000 * 4096);
	CHECK_STATUS(file_seek(file, (int64_t)(offsets[3] + sizeof(data)), FILE_WHENCE_DATA, &place), ERR_RANGE);
	/* What is cut off is gone, also when the file gets longer again. */
	CHECK_OK(file_truncate(file, 6000));
	CHECK_OK(file_truncate(file, 9000));
	memset(data, 1, sizeof(data));
	CHECK_OK(f_read(file, 5000, data, 4000, &count));
	CHECK_EQ(count, 4000);
	for (size_t k = 0; k < 4000; k++)
		REQUIRE(data[k] == (k < 1000 ? byte_at(5000 + k, 0) : 0));
	CHECK_OK(file_allocate(file, 0, 40000, false, false));
	CHECK_OK(f_stat(file, "", true, &a));
	CHECK_EQ(a.size, 40000);
	CHECK_EQ(a.blocks, 80);
	CHECK_OK(file_allocate(file, 4096, 8192, true, true));
	CHECK_OK(f_stat(file, "", true, &a));
	CHECK_EQ(a.blocks, 64);
	CHECK_STATUS(file_truncate(file, INT64_MAX), ERR_TOO_BIG);
	CHECK_STATUS(f_write(file, 1ull << 62, data, 1, &count), ERR_TOO_BIG);
	CHECK_STATUS(file_seek(file, -1, FILE_WHENCE_SET, &place), ERR_INVALID);
	shut(file);
	end();
}

/* Random writes, cuts and reads against a model in memory */
static void test_model(void)
{
	static uint8_t model[300000], data[20000];
	uint64_t seed = 12345, size = 0, count;
	handle_t file;

	REQUIRE(begin());
	memset(model, 0, sizeof(model));
	CHECK_OK(f_open(dir, "m", F_RW | F_CREATE, 0600, &file));
	for (unsigned round = 0; round < 2000; round++) {
		uint64_t offset = random_next(&seed) % (sizeof(model) - sizeof(data)),
			 len = random_next(&seed) % sizeof(data);

		switch (random_next(&seed) % 8) {
		case 0:
			REQUIRE_OK(file_truncate(file, offset));
			if (offset < size)
				memset(model + offset, 0, size - offset);
			size = offset;
			break;
		case 1:
			REQUIRE_OK(file_allocate(file, offset, len + 1, true, true));
			memset(model + offset, 0, len + 1 < size - (offset < size ? offset : size) ? len + 1 : 0);
			if (offset < size)
				memset(model + offset, 0, len + 1 < size - offset ? len + 1 : size - offset);
			break;
		case 2:
		case 3:
		case 4:
			for (uint64_t k = 0; k < len; k++)
				data[k] = model[offset + k] = (uint8_t)random_next(&seed);
			REQUIRE_OK(f_write(file, offset, data, len, &count));
			REQUIRE(count == len);
			if (len && offset + len > size)
				size = offset + len;
			break;
		default:
			REQUIRE_OK(f_read(file, offset, data, len, &count));
			REQUIRE(count == (offset >= size ? 0 : len < size - offset ? len : size - offset));
			if (memcmp(data, model + offset, count) != 0) {
				print("  round %u, offset %lu, %lu bytes", round, offset, count);
				REQUIRE(!"the model's bytes");
			}
		}
	}
	shut(file);
	end();
}

static void test_memory(void)
{
	static uint8_t data[40000];
	handle_t file, vmo = HANDLE_NONE;
	uint64_t count, start, size;
	uint8_t byte;

	REQUIRE(begin());
	CHECK_OK(f_open(dir, "m", F_RW | F_CREATE, 0600, &file));
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = byte_at(i, 0);
	CHECK_OK(f_write(file, 0, data, sizeof(data), &count));
	CHECK_STATUS(file_memory(file, 100, 4096, false, &vmo, &start, &size), ERR_INVALID);
	REQUIRE_OK(file_memory(file, 4096, 1 << 20, false, &vmo, &start, &size));
	CHECK_EQ(size, sizeof(data) - 4096);
	uint8_t *at = map(vmo, start, 36864, MAP_READ);
	CHECK(memcmp(at, data + 4096, size) == 0);
	CHECK(at[size] == 0);
	CHECK_STATUS(vmo_write(vmo, 0, data, 1), ERR_RIGHTS);
	CHECK_OK(f_write(file, 4096, "x", 1, &count));
	CHECK(at[0] == data[4096]);
	/* Cut and grown: the memory is still what it was, the file is not. */
	CHECK_OK(file_truncate(file, 5000));
	CHECK_OK(file_truncate(file, 9000));
	CHECK(at[1000] == data[5096]);
	CHECK_OK(f_read(file, 5096, &byte, 1, &count));
	CHECK_EQ(byte, 0);
	unmap(at, 36864);
	shut(vmo);
	shut(file);
	/* A program of the boot archive is the archive's own memory. */
	handle_t system = files_directory(files_view(), system_mount);
	struct handle_info info, archive;
	CHECK_OK(f_open(system, "bin/true", FILE_MODE_EXECUTE | F_READ, 0, &file));
	REQUIRE_OK(file_memory(file, 0, 1 << 30, false, &vmo, &start, &size));
	CHECK_OK(handle_info(vmo, &info));
	CHECK_OK(handle_info(test_handle(HND_BOOTFS), &archive));
	CHECK_EQ(info.koid, archive.koid);
	CHECK_EQ(start % PAGE_SIZE, 0);
	CHECK_OK(vmo_read(vmo, start, data, 4));
	CHECK(memcmp(data, "\177ELF", 4) == 0);
	shut(vmo);
	shut(file);
	CHECK_STATUS(f_open(system, "bin/true", F_WRITE, 0, &file), ERR_READ_ONLY);
	CHECK_STATUS(f_open(system, "etc/motd", FILE_MODE_EXECUTE, 0, &file), ERR_ACCESS);
	CHECK_STATUS(f_remove(system, "bin/true"), ERR_READ_ONLY);
	CHECK_STATUS(f_mkdir(system, "new", 0755), ERR_READ_ONLY);
	shut(system);
	end();
}

static void test_bad_memory(void)
{
	handle_t file;
	uint64_t count = 0;
	uint8_t *page = pages_alloc(2 * PAGE_SIZE);

	REQUIRE(begin() && page);
	CHECK_OK(f_open(dir, "b", F_RW | F_CREATE, 0600, &file));
	unmap(page + PAGE_SIZE, PAGE_SIZE);
	/* The client's memory ends in the middle: its own fault, and nobody else's. */
	status_t status = f_write(file, 0, page, 2 * PAGE_SIZE, &count);
	CHECK(status == ERR_FAULT || (status == OK && count <= PAGE_SIZE));
	CHECK_OK(file_truncate(file, 8192));
	CHECK_STATUS(f_read(file, 0, page, 2 * PAGE_SIZE, &count), ERR_FAULT);
	CHECK_OK(f_read(file, 0, page, PAGE_SIZE, &count));
	unmap(page, PAGE_SIZE);
	shut(file);
	end();
}

/* ---- permissions ------------------------------------------------------------------------------------------ */

static void test_permissions(void)
{
	static const uint32_t groups[] = {50, 60};
	handle_t user, other, file;
	struct file_attributes a;
	uint64_t count;

	REQUIRE(begin());
	CHECK_OK(f_chmod(dir, "", 0777));
	user = as_user(1000, 100, groups, 2);
	other = as_user(2000, 60, NULL, 0);
	CHECK(f_put(user, "f", "mine"));
	CHECK_OK(f_stat(dir, "f", true, &a));
	CHECK_EQ(a.user, 1000);
	CHECK_EQ(a.group, 100);
	CHECK_EQ(a.permissions, 0644);
	CHECK(f_holds(other, "f", "mine"));
	CHECK_STATUS(f_open(other, "f", F_RW, 0, &file), ERR_ACCESS);
	CHECK_STATUS(f_chmod(other, "f", 0777), ERR_NOT_OWNER);
	CHECK_STATUS(f_chown(other, "f", 2000, 60), ERR_NOT_OWNER);
	CHECK_STATUS(f_chown(user, "f", 2000, 100), ERR_NOT_OWNER);
	CHECK_STATUS(f_chown(user, "f", 1000, 70), ERR_NOT_OWNER);
	CHECK_OK(f_chown(user, "f", 1000, 60));
	CHECK_OK(f_chmod(user, "f", 0460));
	CHECK_STATUS(f_open(user, "f", F_WRITE, 0, &file), ERR_ACCESS); /* the owner's bits, not the group's */
	CHECK_OK(f_open(other, "f", F_WRITE, 0, &file));                /* the group's */
	shut(file);
	CHECK_OK(f_chmod(user, "f", 0));
	CHECK_STATUS(f_access(user, "f", FILE_WANT_READ), ERR_ACCESS);
	CHECK_OK(f_access(user, "f", 0));
	CHECK_OK(f_access(dir, "f", FILE_WANT_READ | FILE_WANT_WRITE));
	CHECK_STATUS(f_access(dir, "f", FILE_WANT_EXECUTE), ERR_ACCESS);
	/* Directories: to search is to execute, to list is to read. */
	CHECK_OK(f_mkdir(user, "d", 0755));
	CHECK(f_put(user, "d/x", "x"));
	CHECK_OK(f_chmod(user, "d", 0711));
	CHECK(f_holds(other, "d/x", "x"));
	CHECK_STATUS(f_open(other, "d", F_READ | F_DIR, 0, &file), ERR_ACCESS);
	CHECK_OK(f_chmod(user, "d", 0744));
	CHECK_STATUS(f_open(other, "d/x", F_READ, 0, &file), ERR_ACCESS);
	CHECK_STATUS(f_remove(other, "d/x"), ERR_ACCESS);
	CHECK_OK(f_open(other, "d", F_READ | F_DIR, 0, &file));
	shut(file);
	/* Sticky: others' files stay. */
	CHECK_OK(f_mkdir(dir, "t", 0755));
	CHECK_OK(f_chmod(dir, "t", 01777));
	CHECK(f_put(user, "t/a", "a"));
	CHECK_STATUS(f_remove(other, "t/a"), ERR_NOT_OWNER);
	CHECK_STATUS(f_rename(other, "t/a", other, "t/b"), ERR_NOT_OWNER);
	CHECK(f_put(other, "t/c", "c"));
	CHECK_STATUS(f_rename(other, "t/c", other, "t/a"), ERR_NOT_OWNER);
	CHECK_OK(f_remove(user, "t/a"));
	/* The directory's group goes on to what is made in it. */
	CHECK_OK(f_mkdir(dir, "g", 0777));
	CHECK_OK(f_chown(dir, "g", 0, 77));
	CHECK_OK(f_chmod(dir, "g", 02777));
	CHECK_OK(f_mkdir(user, "g/sub", 0755));
	CHECK_OK(f_stat(dir, "g/sub", true, &a));
	CHECK_EQ(a.group, 77);
	CHECK_EQ(a.permissions, 02755);
	CHECK(f_put(user, "g/file", "x"));
	CHECK_OK(f_stat(dir, "g/file", true, &a));
	CHECK_EQ(a.group, 77);
	/* set-user-id does not outlive somebody's writing. */
	CHECK(f_put(user, "suid", "x"));
	CHECK_OK(f_chmod(user, "suid", 04777));
	CHECK_OK(f_open(other, "suid", F_WRITE, 0, &file));
	CHECK_OK(f_write(file, 0, "y", 1, &count));
	shut(file);
	CHECK_OK(f_stat(dir, "suid", true, &a));
	CHECK_EQ(a.permissions, 0777);
	/* Times: anybody who may write for now, the owner for any other. */
	const struct file_new_attributes now_both = {.change = FILE_CHANGE_ACCESSED_NOW | FILE_CHANGE_MODIFIED_NOW};
	const struct file_new_attributes then = {.change = FILE_CHANGE_MODIFIED, .modified = 1234567890};
	CHECK_OK(file_set_attributes(other, "suid", true, &now_both, 1));
	CHECK_STATUS(file_set_attributes(other, "suid", true, &then, 1), ERR_NOT_OWNER);
	CHECK_OK(file_set_attributes(user, "suid", true, &then, 1));
	CHECK_OK(f_stat(dir, "suid", true, &a));
	CHECK_EQ(a.modified, 1234567890);
	CHECK(a.changed != 1234567890);
	shut(user);
	shut(other);
	end();
}

/* ---- locks ------------------------------------------------------------------------------------------------ */

struct locker {
	handle_t file;
	uint64_t owner, start, end;
	enum file_lock_kind kind;
	status_t status;
	volatile uint32_t done;
};

static void lock_wait(void *arg)
{
	struct locker *l = arg;

	l->status = f_lock(l->file, l->owner, l->start, l->end, l->kind, true);
	l->done = 1;
}

static void test_locks(void)
{
	handle_t a, b, c;
	struct thread thread;
	uint64_t holder, start, stop;
	enum file_lock_kind kind;

	REQUIRE(begin());
	CHECK_OK(f_open(dir, "l", F_RW | F_CREATE, 0600, &a));
	CHECK_OK(f_open(dir, "l", F_RW, 0, &b));
	CHECK_OK(f_open(dir, "l", F_READ, 0, &c));
	CHECK_OK(f_lock(a, 1, 10, 20, FILE_LOCK_KIND_EXCLUSIVE, false));
	CHECK_STATUS(f_lock(b, 2, 15, 16, FILE_LOCK_KIND_SHARED, false), ERR_WOULD_BLOCK);
	CHECK_OK(f_lock(b, 2, 20, 30, FILE_LOCK_KIND_EXCLUSIVE, false));
	CHECK_OK(f_lock(b, 1, 12, 14, FILE_LOCK_KIND_NONE, false)); /* the owner counts, not the file */
	CHECK_OK(f_lock(b, 2, 12, 14, FILE_LOCK_KIND_SHARED, false));
	CHECK_STATUS(f_lock(c, 3, 40, 50, FILE_LOCK_KIND_EXCLUSIVE, false), ERR_ACCESS);
	CHECK_OK(file_lock_find(c, 3, 0, FILE_AT_POSITION, FILE_LOCK_KIND_SHARED, &holder, &start, &stop, &kind));
	CHECK_EQ(holder, 1);
	CHECK_EQ(start, 10);
	CHECK_EQ(stop, 12);
	CHECK_EQ(kind, FILE_LOCK_KIND_EXCLUSIVE);
	/* Waiting, until the holder lets go */
	struct locker waiter = {.file = a, .owner = 1, .start = 25, .end = 26, .kind = FILE_LOCK_KIND_EXCLUSIVE};
	REQUIRE(thread_spawn(&thread, lock_wait, &waiter, 0));
	REQUIRE(thread_await_blocked(thread.handle));
	/* and the other way round, which would never end */
	CHECK_STATUS(f_lock(b, 2, 16, 17, FILE_LOCK_KIND_EXCLUSIVE, true), ERR_DEADLOCK);
	CHECK_EQ(waiter.done, 0);
	CHECK_OK(file_unlock_owner(b, 2));
	thread_join(&thread);
	CHECK_OK(waiter.status);
	CHECK_OK(file_unlock_owner(a, 1));
	/* Those of a description end with its last handle. */
	CHECK_OK(f_lock(a, 0, 0, FILE_AT_POSITION, FILE_LOCK_KIND_EXCLUSIVE, false));
	handle_t same = make_dup(a, RIGHTS_SAME);
	shut(a);
	CHECK_STATUS(f_lock(b, 0, 0, FILE_AT_POSITION, FILE_LOCK_KIND_SHARED, false), ERR_WOULD_BLOCK);
	waiter = (struct locker){.file = b, .start = 0, .end = FILE_AT_POSITION, .kind = FILE_LOCK_KIND_SHARED};
	REQUIRE(thread_spawn(&thread, lock_wait, &waiter, 0));
	REQUIRE(thread_await_blocked(thread.handle));
	shut(same);
	thread_join(&thread);
	CHECK_OK(waiter.status);
	CHECK_OK(f_lock(c, 0, 0, FILE_AT_POSITION, FILE_LOCK_KIND_SHARED, false));
	CHECK_STATUS(f_lock(c, 0, 5, 5, FILE_LOCK_KIND_SHARED, false), ERR_INVALID);
	shut(b);
	shut(c);
	end();
}

/* ---- mounts and views ------------------------------------------------------------------------------------- */

static void check_walk(handle_t from, const char *path, enum file_step want, uint32_t used, const char *rest,
		       uint32_t mount)
{
	char target[FILE_PATH_MAX + 1] = {0};
	uint32_t length = 0, consumed = 0, number = 0;
	enum file_step step;
	bool plain;

	CHECK_OK(file_walk(from, path, true, target, FILE_PATH_MAX, &length, &step, &plain, &consumed, &number));
	if (step != want || consumed != used || !text_equal(target, rest) ||
	    (want == FILE_STEP_DOWN && number != mount)) {
		print("  walk %s: step %u, consumed %u, target '%s', mount %u", path, (unsigned)step, consumed, target,
		      number);
		CHECK(!"the way that was expected");
	}
}

static void test_walk(void)
{
	handle_t tmp, above, file;
	struct file_attributes a, b;
	uint32_t number;

	REQUIRE(begin());
	check_walk(root, "tmp", FILE_STEP_DOWN, 3, "", tmp_mount);
	check_walk(root, "tmp//x/y", FILE_STEP_DOWN, 5, "", tmp_mount);
	check_walk(root, "bin/ls", FILE_STEP_DOWN, 3, "bin", system_mount);
	check_walk(root, "./system/../x", FILE_STEP_DOWN, 9, "", system_mount);
	check_walk(root, "..", FILE_STEP_HERE, 2, "", 0);
	CHECK_STATUS(f_open(root, "tmp", F_READ | F_DIR, 0, &file), ERR_ELSEWHERE);
	CHECK_STATUS(f_stat(root, "tmp", false, &a), ERR_ELSEWHERE);
	CHECK_STATUS(f_open(root, "bin/ls", F_READ, 0, &file), ERR_ELSEWHERE);
	tmp = files_directory(files_view(), tmp_mount);
	check_walk(tmp, "..", FILE_STEP_UP, 2, "", 0);
	check_walk(tmp, "../x", FILE_STEP_UP, 3, "", 0);
	CHECK_OK(f_symlink(tmp, "abs", "//etc/motd"));
	CHECK_OK(f_mkdir(tmp, "d", 0755));
	CHECK_OK(f_symlink(tmp, "d/out", "../../home/x"));
	check_walk(tmp, "abs", FILE_STEP_ROOT, 3, "etc/motd", 0);
	check_walk(tmp, "abs/z", FILE_STEP_ROOT, 3, "etc/motd", 0);
	check_walk(tmp, "d/out/more", FILE_STEP_UP, 5, "home/x", 0);
	CHECK_OK(vfs_above(files_view(), tmp_mount, &above, &number));
	CHECK_EQ(number, root_mount);
	CHECK_OK(f_stat(above, "", true, &a));
	CHECK_OK(f_stat(root, "", true, &b));
	CHECK_EQ(a.inode, b.inode);
	CHECK_EQ(a.mount, root_mount);
	CHECK_STATUS(vfs_above(files_view(), root_mount, &file, &number), ERR_NOT_FOUND);
	CHECK_STATUS(vfs_directory(files_view(), 12345, &file, &number), ERR_NOT_FOUND);
	CHECK_OK(f_remove(tmp, "abs"));
	CHECK_OK(f_remove(tmp, "d/out"));
	CHECK_OK(f_rmdir(tmp, "d"));
	shut(above);
	shut(tmp);
	end();
}

static void test_confined(void)
{
	handle_t inner, view, top, file, moved, strange;
	struct file_attributes a, b;
	uint32_t number;

	REQUIRE(begin());
	CHECK_OK(f_mkdir(dir, "jail", 0755));
	CHECK_OK(f_mkdir(dir, "jail/a", 0755));
	CHECK_OK(f_mkdir(dir, "jail/a/b", 0755));
	CHECK(f_put(dir, "secret", "secret"));
	CHECK(f_put(dir, "jail/inside", "inside"));
	CHECK_OK(f_open(dir, "jail", F_PATH | F_DIR, 0, &inner));
	REQUIRE_OK(vfs_confine(files_view(), make_dup(inner, RIGHTS_SAME), false, &view));
	top = files_directory(view, VFS_ROOT);
	CHECK_OK(f_stat(top, "", true, &a));
	CHECK_OK(f_stat(inner, "", true, &b));
	CHECK_EQ(a.inode, b.inode);
	/* `..` */
	CHECK_OK(f_stat(top, "..", true, &a));
	CHECK_EQ(a.inode, b.inode);
	CHECK_OK(f_stat(top, "a/../../../..", true, &a));
	CHECK_EQ(a.inode, b.inode);
	CHECK_STATUS(f_open(top, "../secret", F_READ, 0, &file), ERR_NOT_FOUND);
	/* links */
	CHECK_OK(f_symlink(top, "rel", "../secret"));
	CHECK_OK(f_symlink(top, "abs", "/secret"));
	CHECK_OK(f_symlink(top, "abs2", "/inside"));
	CHECK_STATUS(f_open(top, "rel", F_READ, 0, &file), ERR_NOT_FOUND);
	CHECK_STATUS(f_open(top, "abs", F_READ, 0, &file), ERR_NOT_FOUND);
	CHECK(f_holds(top, "abs2", "inside"));
	CHECK_OK(f_open(top, "rel", F_WRITE | F_CREATE, 0644, &file)); /* makes jail/secret */
	shut(file);
	CHECK_OK(f_stat(dir, "jail/secret", true, &a));
	CHECK(f_holds(dir, "secret", "secret"));
	/* other mounts are not below it */
	CHECK_STATUS(vfs_directory(view, tmp_mount, &file, &number), ERR_NOT_FOUND);
	CHECK_STATUS(vfs_directory(view, root_mount, &file, &number), ERR_NOT_FOUND);
	CHECK_STATUS(vfs_above(view, tmp_mount, &file, &number), ERR_NOT_FOUND);
	CHECK_STATUS(vfs_above(view, root_mount, &file, &number), ERR_NOT_FOUND);
	/* a directory that somebody moves away under one's feet leads nowhere */
	CHECK_OK(f_open(top, "a/b", F_PATH | F_DIR, 0, &moved));
	CHECK_OK(f_stat(moved, "../..", true, &a));
	CHECK_OK(f_rename(dir, "jail/a/b", dir, "outside"));
	CHECK_STATUS(f_stat(moved, "..", true, &a), ERR_NOT_FOUND);
	CHECK_STATUS(f_open(moved, "../secret", F_READ, 0, &file), ERR_NOT_FOUND);
	CHECK_OK(f_stat(moved, "", true, &a));
	shut(moved);
	/* a handle from outside carries its own view, and only that: with the jail's it is not to be mixed */
	CHECK_OK(f_open(dir, ".", F_PATH | F_DIR, 0, &strange));
	CHECK_OK(f_rename(strange, "jail/inside", top, "here"));
	CHECK(f_holds(top, "here", "inside"));
	shut(strange);
	/* no way back, no other user, no mount */
	handle_t more = HANDLE_NONE, again = HANDLE_NONE;
	CHECK_OK(vfs_narrow(view, 1000, 1000, NULL, 0, 0, &more));
	CHECK_STATUS(vfs_narrow(more, 0, 0, NULL, 0, 0, &again), ERR_NOT_OWNER);
	CHECK_STATUS(vfs_narrow(more, 1000, 1000, NULL, 0, VFS_VIEW_MANAGE, &again), ERR_INVALID);
	CHECK_OK(vfs_narrow(more, 1000, 1000, NULL, 0, VFS_VIEW_READ_ONLY, &again));
	struct vfs_identity who;
	CHECK_OK(vfs_identity(again, NULL, 0, &who, &number));
	CHECK_EQ(who.user, 1000);
	CHECK_EQ(who.view, VFS_VIEW_READ_ONLY | VFS_VIEW_CONFINED);
	handle_t below = files_directory(again, VFS_ROOT);
	CHECK_STATUS(f_open(below, "x", F_WRITE | F_CREATE, 0644, &file), ERR_READ_ONLY);
	CHECK(f_holds(below, "here", "inside"));
	CHECK_STATUS(vfs_mount(again, make_dup(below, RIGHTS_SAME), "tmpfs", "", "", "/x", 0, &number), ERR_ACCESS);
	shut(below);
	shut(again);
	shut(more);
	shut(top);
	shut(view);
	shut(inner);
	end();
}

static void test_mount(void)
{
	handle_t point, inside, file;
	struct vfs_mount mount;
	struct file_attributes a, b;
	uint32_t number = 0, second = 0;

	REQUIRE(begin());
	CHECK_OK(f_mkdir(dir, "m", 0755));
	CHECK_OK(f_mkdir(dir, "m/under", 0755));
	CHECK_OK(f_open(dir, "m", F_PATH | F_DIR, 0, &point));
	CHECK_STATUS(vfs_mount(files_view(), make_dup(point, RIGHTS_SAME), "nosuch", "", "", "/m", 0, &number),
		     ERR_NOT_FOUND);
	CHECK_STATUS(vfs_mount(files_view(), make_dup(point, RIGHTS_SAME), "../init", "", "", "/m", 0, &number),
		     ERR_NOT_FOUND);
	CHECK_STATUS(vfs_mount(files_view(), make_dup(point, RIGHTS_SAME), "tmpfs", "", "colour=red", "/m", 0, &number),
		     ERR_INVALID);
	REQUIRE_OK(vfs_mount(files_view(), make_dup(point, RIGHTS_SAME), "tmpfs", "none", "size=1M,mode=700", "/m", 0,
			     &number));
	CHECK_STATUS(vfs_mount(files_view(), make_dup(point, RIGHTS_SAME), "tmpfs", "", "", "/m", 0, &second),
		     ERR_BUSY);
	CHECK(files_mount(number, &mount));
	CHECK_EQ(mount.parent, root_mount);
	CHECK_EQ(mount.state, VFS_STATE_RUNNING);
	check_walk(dir, "m", FILE_STEP_DOWN, 1, "", number);
	inside = files_directory(files_view(), number);
	CHECK_OK(f_stat(inside, "", true, &a));
	CHECK_EQ(a.mount, number);
	CHECK_EQ(a.permissions, 0700);
	CHECK_STATUS(f_rmdir(dir, "m"), ERR_BUSY);
	CHECK_STATUS(f_rename(dir, "m", dir, "n"), ERR_BUSY);
	CHECK(f_put(inside, "x", "x"));
	CHECK_OK(f_open(inside, "x", F_READ, 0, &file));
	CHECK_STATUS(vfs_unmount(files_view(), number, false), ERR_BUSY);
	shut(file);
	/* The handle of the root that is kept here is none that is in the way. */
	CHECK_OK(vfs_unmount(files_view(), number, false));
	CHECK_STATUS(f_stat(inside, "", true, &b), ERR_CLOSED);
	CHECK_OK(f_stat(dir, "m/under", true, &b));
	shut(inside);
	CHECK_STATUS(vfs_unmount(files_view(), number, false), ERR_NOT_FOUND);
	REQUIRE_OK(vfs_mount(files_view(), make_dup(point, RIGHTS_SAME), "tmpfs", "none", "ro", "/m", 0, &second));
	CHECK(second > number);
	inside = files_directory(files_view(), second);
	CHECK_STATUS(f_mkdir(inside, "d", 0755), ERR_READ_ONLY);
	CHECK_OK(vfs_unmount(files_view(), second, true));
	CHECK_STATUS(vfs_unmount(files_view(), root_mount, true), ERR_BUSY);
	shut(inside);
	shut(point);
	CHECK_OK(f_rmdir(dir, "m/under"));
	CHECK_OK(f_rmdir(dir, "m"));
	end();
}

/* A view that is confined to a mount, or above one */
static void test_confined_mounts(void)
{
	handle_t point, view, top, file, inside;
	uint32_t number = 0, got;

	REQUIRE(begin());
	CHECK_OK(f_mkdir(dir, "j", 0755));
	CHECK_OK(f_mkdir(dir, "j/m", 0755));
	CHECK_OK(f_open(dir, "j/m", F_PATH | F_DIR, 0, &point));
	REQUIRE_OK(vfs_mount(files_view(), point, "tmpfs", "", "size=1M", "/j/m", 0, &number));
	CHECK_OK(f_open(dir, "j", F_PATH | F_DIR, 0, &point));
	REQUIRE_OK(vfs_confine(files_view(), point, false, &view));
	top = files_directory(view, VFS_ROOT);
	check_walk(top, "m/x", FILE_STEP_DOWN, 2, "", number);
	inside = files_directory(view, number);
	check_walk(inside, "..", FILE_STEP_UP, 2, "", 0);
	CHECK_OK(vfs_above(view, number, &file, &got));
	check_walk(file, "..", FILE_STEP_HERE, 2, "", 0);
	shut(file);
	CHECK_STATUS(vfs_directory(view, tmp_mount, &file, &got), ERR_NOT_FOUND);
	shut(view);
	shut(top);
	/* The mount's root itself as a world */
	REQUIRE_OK(vfs_confine(files_view(), inside, true, &view));
	top = files_directory(view, VFS_ROOT);
	check_walk(top, "..", FILE_STEP_HERE, 2, "", 0);
	CHECK_STATUS(vfs_above(view, number, &file, &got), ERR_NOT_FOUND);
	CHECK_STATUS(vfs_unmount(files_view(), number, false), ERR_BUSY);
	shut(top);
	shut(view);
	CHECK_OK(vfs_unmount(files_view(), number, false));
	end();
}

/* ---- limits ----------------------------------------------------------------------------------------------- */

static void test_quota(void)
{
	static uint8_t data[65536];
	struct file_volume volume;
	handle_t point, inside, file;
	uint32_t number = 0, n;
	uint64_t count, total = 0;
	status_t status;
	char name[16];

	REQUIRE(begin());
	CHECK_OK(f_mkdir(dir, "q", 0755));
	CHECK_OK(f_open(dir, "q", F_PATH | F_DIR, 0, &point));
	REQUIRE_OK(vfs_mount(files_view(), point, "tmpfs", "", "size=1M,inodes=100", "/q", 0, &number));
	inside = files_directory(files_view(), number);
	CHECK_OK(f_open(inside, "big", F_RW | F_CREATE, 0644, &file));
	while ((status = f_write(file, FILE_AT_POSITION, data, sizeof(data), &count)) == OK && count)
		total += count;
	CHECK_STATUS(status, ERR_NO_SPACE);
	CHECK(total >= MIB - 2 * PAGE_SIZE && total <= MIB);
	CHECK_OK(file_volume(inside, &volume, 1, &n));
	CHECK_EQ(volume.free_blocks, 0);
	/* What is there can be written over, read, and removed. */
	CHECK_OK(f_write(file, 0, data, sizeof(data), &count));
	CHECK_OK(file_truncate(file, 0));
	CHECK_OK(file_volume(inside, &volume, 1, &n));
	CHECK_EQ(volume.free_blocks, volume.blocks);
	CHECK_STATUS(file_allocate(file, 0, 2 * MIB, false, false), ERR_NO_SPACE);
	shut(file);
	for (n = 0; n < 200; n++) {
		format_text(name, sizeof(name), "f%u", n);
		status = f_open(inside, name, F_WRITE | F_CREATE, 0644, &file);
		if (status != OK)
			break;
		shut(file);
	}
	CHECK_STATUS(status, ERR_NO_SPACE);
	CHECK_EQ(n, 99); /* and `big` */
	for (n = 0; n < 99; n++) {
		format_text(name, sizeof(name), "f%u", n);
		CHECK_OK(f_remove(inside, name));
	}
	CHECK_OK(f_mkdir(inside, "d", 0755));
	CHECK_OK(vfs_unmount(files_view(), number, true));
	shut(inside);
	end();
}

/* As many open files as there can be; the table is whole again afterwards. */
static void test_many_open(void)
{
	enum { COUNT = 3000 };
	static handle_t files[COUNT];
	struct test_account before;

	REQUIRE(begin());
	CHECK(f_put(dir, "f", "text"));
	for (unsigned round = 0; round < 2; round++) {
		if (round == 1)
			before = test_account();
		for (unsigned i = 0; i < COUNT; i++)
			REQUIRE_OK(f_open(dir, "f", F_READ, 0, &files[i]));
		for (unsigned i = 0; i < COUNT; i++)
			shut(files[i]);
		CHECK(f_holds(dir, "f", "text"));
		if (round == 1)
			CHECK_ACCOUNT(&before);
	}
	end();
}

TEST_CASES("files", {"open", test_open}, {"names", test_names}, {"directories", test_directories}, {"list", test_list},
	   {"links", test_links}, {"rename", test_rename}, {"rename_atomic", test_rename_atomic},
	   {"unlinked", test_unlinked}, {"sparse", test_sparse}, {"model", test_model}, {"memory", test_memory},
	   {"bad_memory", test_bad_memory}, {"permissions", test_permissions}, {"locks", test_locks},
	   {"walk", test_walk}, {"confined", test_confined}, {"mount", test_mount},
	   {"confined_mounts", test_confined_mounts}, {"quota", test_quota}, {"many_open", test_many_open});
