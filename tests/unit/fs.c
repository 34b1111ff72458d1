/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library of file systems and tmpfs: pure parts, and a tmpfs whose process ends at every single commit of an operation: afterwards the
 * tree is as it was before or as it should be.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/lib/later.h"
#include "fs/lib/lock.h"
#include "fs/lib/name_cache.h"
#include "fs/lib/options.h"
#include "fs/lib/permission.h"
#include "fs/tmpfs/store.h"
#include "fs/vfs/fstab.h"
#include "sys/lib/syscall.h"
#include "tests/unit/check.h"
#include "tests/unit/fs_host.h"

/* ---- locks against an array of bytes ----------------------------------------------------------------------- */

#define SPAN    40
#define HOLDERS 4

static void test_locks(void)
{
	static struct state_lock slots[STATE_LOCKS_MAX];
	static struct lock_table table;
	static uint8_t model[HOLDERS][SPAN];
	uint32_t list = LOCK_NONE, top = 7;

	lock_table_init(&table, slots, &top);
	srand(1);
	for (unsigned round = 0; round < 200000; round++) {
		unsigned who = (unsigned)rand() % HOLDERS;
		struct lock_wish wish = {
			.badge = 100 + who,
			.owner = who % 2 ? 7 + who : 0,
			.start = (unsigned)rand() % SPAN,
			.kind = (unsigned)rand() % 3,
		};
		bool conflict = false, found;

		wish.end = wish.start + 1 + (unsigned)rand() % (SPAN - wish.start);
		for (unsigned other = 0; other < HOLDERS; other++) {
			for (uint64_t i = wish.start; other != who && i < wish.end; i++)
				conflict |= wish.kind && model[other][i] && (wish.kind == 2 || model[other][i] == 2);
		}
		found = wish.kind && lock_conflict(&table, list, &wish) != LOCK_NONE;
		if (found != conflict) {
			CHECK(found == conflict);
			return;
		}
		if (conflict)
			continue;
		CHECK_INT(lock_set(&table, &list, &wish), OK);
		memset(&model[who][wish.start], (int)wish.kind, wish.end - wish.start);
		if (round % 1000 == 0) {
			lock_release_badge(&table, &list, 100);
			memset(model[0], 0, SPAN);
			lock_release_owner(&table, &list, 8);
			memset(model[1], 0, SPAN);
		}
	}
	for (uint32_t i = list; i != LOCK_NONE; i = table.next[i]) {
		unsigned who = (unsigned)slots[i].badge - 100;

		/* As few as can be: what is beside it is no part of the same. */
		CHECK(slots[i].start == 0 || model[who][slots[i].start - 1] != slots[i].kind);
		for (uint64_t k = slots[i].start; k < slots[i].end; k++) {
			CHECK_INT(model[who][k], slots[i].kind);
			model[who][k] = 0;
		}
	}
	for (unsigned who = 0; who < HOLDERS; who++) {
		for (unsigned k = 0; k < SPAN; k++)
			CHECK_INT(model[who][k], 0);
	}
	/* What was never used is not looked at; what cannot be is corrected. */
	CHECK(top > 0 && top < STATE_LOCKS_MAX);
	uint32_t used = top;
	lock_table_restore(&table, slots, &top);
	CHECK(table.free_count < STATE_LOCKS_MAX && top == used);
	top = UINT32_MAX;
	lock_table_restore(&table, slots, &top);
	CHECK_INT(top, STATE_LOCKS_MAX);
}

/* ---- options, fstab, names --------------------------------------------------------------------------------- */

static status_t number(const char *text, unsigned base, uint64_t whole, uint64_t *out)
{
	struct option option;

	return option_next(&text, &option) ? option_number(&option, base, whole, out) : ERR_NOT_FOUND;
}

static void test_options(void)
{
	uint64_t n = 0;

	CHECK_INT(number("size=64M", 10, 0, &n), OK);
	CHECK_INT(n, 64 << 20);
	CHECK_INT(number("size=25%", 10, 1000, &n), OK);
	CHECK_INT(n, 250);
	CHECK_INT(number("size=25%", 10, 0, &n), ERR_INVALID);
	CHECK_INT(number("size=101%", 10, 1000, &n), ERR_INVALID);
	CHECK_INT(number("mode=1777", 8, 0, &n), OK);
	CHECK_INT(n, 01777);
	CHECK_INT(number("mode=8", 8, 0, &n), ERR_INVALID);
	CHECK_INT(number("x=0x1fK", 10, 0, &n), OK);
	CHECK_INT(n, 31 << 10);
	CHECK_INT(number("x=18446744073709551616", 10, 0, &n), ERR_INVALID);
	CHECK_INT(number("x=18014398509481984K", 10, 0, &n), ERR_INVALID);
	CHECK_INT(number("x=", 10, 0, &n), ERR_INVALID);
	CHECK_INT(number("x", 10, 0, &n), ERR_INVALID);
	CHECK_INT(number("x=1KK", 10, 0, &n), ERR_INVALID);
	CHECK_INT(number(",,,", 10, 0, &n), ERR_NOT_FOUND);
}

struct table {
	unsigned lines, mistakes, last;
	struct fstab_line line[4];
	char message[64];
};

static bool on_line(void *ctx, const struct fstab_line *line)
{
	struct table *t = ctx;

	if (t->lines < 4)
		t->line[t->lines] = *line;
	t->lines++;
	return true;
}

static void on_mistake(void *ctx, unsigned number_, const char *message)
{
	struct table *t = ctx;

	t->mistakes++;
	t->last = number_;
	snprintf(t->message, sizeof(t->message), "%s", message);
}

static struct table fstab(const char *text)
{
	struct table t = {0};

	fstab_read(text, strlen(text), on_line, on_mistake, &t);
	return t;
}

static void test_fstab(void)
{
	struct table t = fstab(
		"# comment\n\n  none / tmpfs defaults,size=1M 0 1\n/dev/a\\040b\t/m\\134n ext4\r\nx /y z");

	CHECK_INT(t.lines, 3);
	CHECK_INT(t.mistakes, 0);
	CHECK_STR(t.line[0].options, "size=1M");
	CHECK_STR(t.line[1].source, "/dev/a b");
	CHECK_STR(t.line[1].point, "/m\\n");
	CHECK_STR(t.line[1].options, "");
	CHECK_INT(t.line[2].number, 5);
	CHECK_STR(fstab("\nnone\n").message, "the mount point is missing");
	CHECK_INT(fstab("\nnone\n").last, 2);
	CHECK_STR(fstab("a /b").message, "the type is missing");
	CHECK_STR(fstab("a b c").message, "the mount point has to begin with a slash");
	CHECK_STR(fstab("a /b ../c").message, "the type has to be made of a-z, 0-9 and _");
	CHECK_STR(fstab("a\\4 /b c").message, "a backslash needs three octal digits up to 377 behind it");
	CHECK_STR(fstab("a\\000 /b c").message, "a NUL character");
	CHECK_STR(fstab("a /b c d e").message, "only two numbers may follow the options");
	CHECK_STR(fstab("a /b c d 1 2 3").message, "too many fields");
	CHECK_STR(fstab("a /b c4567890123456789").message, "a field is too long");
}

static void test_name_cache(void)
{
	struct name_cache cache = {0};
	uint64_t inode;
	char name[32];

	CHECK(name_cache_init(&cache));
	CHECK(!name_cache_find(&cache, 1, "a", 1, &inode));
	name_cache_set(&cache, 1, "a", 1, 5);
	CHECK(name_cache_find(&cache, 1, "a", 1, &inode) && inode == 5);
	CHECK(!name_cache_find(&cache, 2, "a", 1, &inode));
	name_cache_set(&cache, 1, "a", 1, 0);
	CHECK(name_cache_find(&cache, 1, "a", 1, &inode) && inode == 0);
	name_cache_forget(&cache, 1, "a", 1);
	CHECK(!name_cache_find(&cache, 1, "a", 1, &inode));
	/* Whatever is found is true. */
	for (unsigned i = 0; i < 20000; i++)
		name_cache_set(&cache, 1, name, (size_t)snprintf(name, sizeof(name), "name%u", i), i + 1);
	unsigned found = 0;
	for (unsigned i = 0; i < 20000; i++) {
		if (name_cache_find(&cache, 1, name, (size_t)snprintf(name, sizeof(name), "name%u", i), &inode)) {
			CHECK(inode == i + 1);
			found++;
		}
	}
	CHECK(found > NAME_CACHE_ENTRIES / 2);
	free(cache.entries);
	free(cache.turn);
}

static void test_permission(void)
{
	const struct state_view owner = {.user = 10, .group = 20},
				member = {.user = 11, .group = 1, .group_count = 1, .groups = {20}},
				other = {.user = 12, .group = 2}, root = {.user = 0};
	struct fs_attr attr = {.kind = FILE_KIND_REGULAR, .user = 10, .group = 20};

	for (uint32_t bits = 0; bits < 01000; bits++) {
		attr.permissions = bits;
		for (unsigned want = 0; want < 8; want++) {
			CHECK(permission_may(&owner, &attr, want) == ((bits >> 6 & want) == want));
			CHECK(permission_may(&member, &attr, want) == ((bits >> 3 & want) == want));
			CHECK(permission_may(&other, &attr, want) == ((bits & want) == want));
			CHECK(permission_may(&root, &attr, want) == (!(want & 1) || (bits & 0111)));
		}
	}
}

/* ---- a tree as a text -------------------------------------------------------------------------------------- */

struct text {
	char at[20000];
	size_t len;
};

static void dump(handle_t dir, const char *path, struct text *out)
{
	static uint8_t buffers[6][8192];
	static unsigned depth;
	uint8_t *buffer = buffers[depth];
	handle_t list;
	enum file_kind kind;
	uint64_t next = 0;
	uint32_t len, n;

	CHECK_INT(file_open(dir, path, FILE_MODE_READ | FILE_MODE_DIRECTORY, 0, &list, &kind), OK);
	for (;;) {
		CHECK_INT(file_list(list, next, buffer, 8192, &len), OK);
		if (len == 0)
			break;
		for (uint32_t at = 0; at < len;) {
			const struct file_entry *entry = (const void *)(buffer + at);
			const char *name = (const char *)(entry + 1);
			char inner[300], data[512] = {0};
			struct file_attributes a;
			uint64_t count = 0;
			handle_t file;

			next = entry->next;
			at += entry->size;
			if (name[0] == '.')
				continue;
			snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "/" : "", name);
			CHECK_INT(file_attributes(dir, inner, false, &a, 1, &n), OK);
			CHECK_INT(a.kind, entry->kind);
			if (a.kind == FILE_KIND_REGULAR) {
				CHECK_INT(file_open(dir, inner, FILE_MODE_READ, 0, &file, &kind), OK);
				CHECK_INT(file_read(file, a.size > 400 ? a.size - 400 : 0, data, sizeof(data) - 1,
						    &count),
					  OK);
				handle_close(file);
			} else if (a.kind == FILE_KIND_SYMLINK) {
				CHECK_INT(file_read_link(dir, inner, data, sizeof(data) - 1, &n), OK);
			}
			out->len += (size_t)snprintf(out->at + out->len, sizeof(out->at) - out->len,
						     "%s %u %u links, %llu bytes: %s\n", inner, a.kind, a.links,
						     (unsigned long long)a.size, data);
			if (a.kind == FILE_KIND_DIRECTORY) {
				depth++;
				dump(dir, inner, out);
				depth--;
			}
		}
	}
	handle_close(list);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in order: a name that is moved comes last, and that is all right. */
static void tree(struct text *out)
{
	static struct text raw;
	char *lines[256];
	unsigned count = 0;
	handle_t root = host_root(0, 0, false);

	raw.len = 0;
	raw.at[0] = '\0';
	dump(root, "", &raw);
	handle_close(root);
	for (char *line = strtok(raw.at, "\n"); line && count < 256; line = strtok(NULL, "\n"))
		lines[count++] = line;
	qsort(lines, count, sizeof(lines[0]), by_text);
	out->len = 0;
	out->at[0] = '\0';
	for (unsigned i = 0; i < count; i++)
		out->len += (size_t)snprintf(out->at + out->len, sizeof(out->at) - out->len, "%s\n", lines[i]);
}

/* ---- operations -------------------------------------------------------------------------------------------- */

static handle_t root;

static void put(const char *path, const char *text)
{
	handle_t file;
	enum file_kind kind;
	uint64_t count, position;

	if (file_open(root, path, FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file, &kind) != OK)
		return;
	(void)file_write(file, 0, text, strlen(text), &count, &position);
	handle_close(file);
}

static handle_t again(void)
{
	handle_t out = HANDLE_NONE;

	(void)handle_dup(root, 0, &out);
	return out;
}

static void op_create(void)
{
	handle_t file;
	enum file_kind kind;

	if (file_open(root, "new", FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file, &kind) == OK)
		handle_close(file);
}
static void op_mkdir(void)
{
	(void)file_make(root, "dir/made", FILE_KIND_DIRECTORY, 0755);
}
static void op_symlink(void)
{
	(void)file_make_symlink(root, "link", "some/text");
}
static void op_symlink_long(void)
{
	(void)file_make_symlink(root, "link", "a/text/that/does/not/fit/into/the/inode/itself/and/so/it/takes/a/page");
}
static void op_long_name(void)
{
	(void)file_make(
		root,
		"a-name-of-a-good-many-characters-which-has-to-go-on-in-another-place-and-in-one-more-because-it-is-so-very-long",
		FILE_KIND_FIFO, 0644);
}
static void op_unlink(void)
{
	(void)file_remove(root, "file", false);
}
static void op_unlink_big(void)
{
	(void)file_remove(root, "big", false);
}
static void op_rmdir(void)
{
	(void)file_remove(root, "dir/empty", true);
}
static void op_link(void)
{
	(void)file_link(root, "file", again(), "dir/hard", false);
}
static void op_rename(void)
{
	(void)file_rename(root, "file", again(), "dir/a-new-name-that-is-longer-than-what-fits-into-one-place", false);
}
static void op_rename_over(void)
{
	(void)file_rename(root, "file", again(), "other", false);
}
static void op_rename_dir(void)
{
	(void)file_rename(root, "dir", again(), "second/dir", false);
}
static void op_rename_dir_over(void)
{
	(void)file_rename(root, "second", again(), "dir/empty", false);
}
static void op_truncate(void)
{
	handle_t file;
	enum file_kind kind;

	if (file_open(root, "big", FILE_MODE_WRITE | FILE_MODE_TRUNCATE, 0, &file, &kind) == OK)
		handle_close(file);
}
static void op_shorten(void)
{
	handle_t file;
	enum file_kind kind;

	if (file_open(root, "big", FILE_MODE_WRITE, 0, &file, &kind) != OK)
		return;
	(void)file_truncate(file, 5000);
	handle_close(file);
}
/* Its bytes may be there in part, in order: compared apart. */
static void op_grow(void)
{
	static char bytes[100000];
	handle_t file;
	enum file_kind kind;
	uint64_t count, position;

	memset(bytes, 'g', sizeof(bytes));
	if (file_open(root, "file", FILE_MODE_WRITE, 0, &file, &kind) != OK)
		return;
	(void)file_write(file, 0, bytes, sizeof(bytes), &count, &position);
	handle_close(file);
}

static const struct {
	const char *name;
	void (*run)(void);
	bool partly; /* states between are allowed, as long as they are sound */
} operations[] = {
	{"create", op_create, false},
	{"mkdir", op_mkdir, false},
	{"symlink", op_symlink, false},
	{"symlink_long", op_symlink_long, false},
	{"long_name", op_long_name, false},
	{"unlink", op_unlink, false},
	{"unlink_big", op_unlink_big, false},
	{"rmdir", op_rmdir, false},
	{"link", op_link, false},
	{"rename", op_rename, false},
	{"rename_over", op_rename_over, false},
	{"rename_dir", op_rename_dir, false},
	{"rename_dir_over", op_rename_dir_over, false},
	{"truncate", op_truncate, false},
	{"shorten", op_shorten, true},
	{"grow", op_grow, true},
};

static void furnish(void)
{
	static char big[60000];
	handle_t file;
	enum file_kind kind;
	uint64_t count, position;

	(void)file_make(root, "dir", FILE_KIND_DIRECTORY, 0755);
	(void)file_make(root, "dir/empty", FILE_KIND_DIRECTORY, 0755);
	(void)file_make(root, "second", FILE_KIND_DIRECTORY, 0755);
	put("file", "one");
	put("other", "two");
	put("dir/inner", "three");
	put("second/x", "four");
	memset(big, 'b', sizeof(big));
	CHECK_INT(file_open(root, "big", FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file, &kind), OK);
	CHECK_INT(file_write(file, 3000000, big, sizeof(big), &count, &position), OK);
	CHECK_INT(file_write(file, 0, big, sizeof(big), &count, &position), OK);
	handle_close(file);
}

static uint64_t used(void)
{
	struct file_volume volume = {0};
	uint32_t n;
	handle_t top = host_root(0, 0, false);

	host_closed();
	CHECK_INT(file_volume(top, &volume, 1, &n), OK);
	handle_close(top);
	return (volume.blocks - volume.free_blocks) << 32 | (volume.files - volume.free_files);
}

/* The instance ends at every commit in turn, and before and behind it. */
static void test_crash(void)
{
	static uint8_t snapshot[HOST_STORE_BYTES];
	static struct state state;
	static struct text before, after, got;
	static unsigned points;

	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	furnish();
	host_closed();
	memcpy(snapshot, host_store, sizeof(snapshot));
	memcpy(&state, host_state, sizeof(state));
	tree(&before);
	uint64_t used_before = used();
	for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		volatile unsigned at = 0;
		static uint64_t used_after;

		for (;;) {
			volatile bool crashed = false;

			host_reset();
			memcpy(host_store, snapshot, sizeof(snapshot));
			memcpy(host_state, &state, sizeof(state));
			for (unsigned t = 0; t < STATE_TICKETS_MAX; t++)
				host_state->tickets[t].state = STATE_TICKET_FREE;
			memset(host_state->files, 0, sizeof(host_state->files));
			CHECK_INT(host_start(), OK);
			root = host_root(0, 0, false);
			host_crash_at = at;
			if (setjmp(host_crash) == 0)
				operations[i].run();
			else
				crashed = true;
			if (at != 0 && !crashed)
				break; /* there are not so many */
			host_crash_at = 0;
			if (!crashed) {
				host_closed();
				tree(&after);
				used_after = used();
				CHECK(strcmp(before.at, after.at) != 0);
			} else {
				points++;
				host_end();
				/* As the kernel would: handles that were about to be given out are gone. */
				memset(host_state->files, 0, sizeof(host_state->files));
				for (unsigned t = 0; t < STATE_TICKETS_MAX; t++)
					host_state->tickets[t].state = STATE_TICKET_FREE;
				if (!CHECK(host_start() == OK)) {
					printf("  %s, ended at %u: damaged\n", operations[i].name, at);
					return;
				}
				tree(&got);
				if (!operations[i].partly && strcmp(got.at, before.at) != 0 &&
				    strcmp(got.at, after.at) != 0) {
					CHECK(!"the tree is as before or as after");
					printf("  %s, ended at %u:\n%s", operations[i].name, at, got.at);
					return;
				}
				/* Nothing is lost on the way. */
				if (strcmp(got.at, before.at) == 0)
					CHECK(used() == used_before);
				else if (strcmp(got.at, after.at) == 0)
					CHECK(used() == used_after);
			}
			at++;
		}
		host_crash_at = 0;
	}
	printf("%u places to end at\n", points);
	CHECK(points > 100);
	host_reset();
}

/* ---- open files over instances ----------------------------------------------------------------------------- */

static void test_restart(void)
{
	enum file_kind kind;
	handle_t file, gone, locked;
	uint64_t count, position;
	struct file_attributes a;
	uint32_t n;
	char text[16] = {0};

	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	put("file", "hello");
	CHECK_INT(file_open(root, "file", FILE_MODE_READ | FILE_MODE_WRITE, 0, &file, &kind), OK);
	CHECK_INT(file_read(file, FILE_AT_POSITION, text, 2, &count), OK);
	put("gone", "unlinked");
	CHECK_INT(file_open(root, "gone", FILE_MODE_READ, 0, &gone, &kind), OK);
	CHECK_INT(file_open(root, "file", FILE_MODE_READ | FILE_MODE_WRITE, 0, &locked, &kind), OK);
	CHECK_INT(file_remove(root, "gone", false), OK);
	CHECK_INT(file_lock(locked, 0, 3, 5, FILE_LOCK_KIND_EXCLUSIVE, false), OK);
	host_end();
	CHECK_INT(host_start(), OK);
	CHECK_INT(file_read(file, FILE_AT_POSITION, text, 10, &count), OK);
	CHECK_INT(count, 3);
	CHECK_INT(memcmp(text, "llo", 3), 0);
	CHECK_INT(file_read(gone, 0, text, 10, &count), OK);
	CHECK_INT(memcmp(text, "unlinked", 8), 0);
	CHECK_INT(file_attributes(gone, "", true, &a, 1, &n), OK);
	CHECK_INT(a.links, 0);
	CHECK_INT(file_lock(file, 0, 4, 6, FILE_LOCK_KIND_SHARED, false), ERR_WOULD_BLOCK);
	CHECK_INT(file_lock(file, 0, 4, 6, FILE_LOCK_KIND_SHARED, true), ERR_CANCELLED); /* deferred */
	CHECK_INT(host_deferred, ERR_WOULD_BLOCK);
	handle_close(locked);
	host_closed();
	CHECK_INT(host_deferred, OK);
	/* A store that is damaged is empty, and open files of it are lost, once and for all. */
	host_end();
	((struct store_header *)(void *)host_store)->inode_top = UINT32_MAX;
	CHECK_INT(host_start(), ERR_BAD_FORMAT);
	CHECK_INT(file_read(file, 0, text, 10, &count), ERR_IO);
	CHECK_INT(file_write(file, 0, text, 1, &count, &position), ERR_IO);
	handle_t fresh = host_root(0, 0, false);
	CHECK_INT(file_attributes(fresh, "file", true, &a, 1, &n), ERR_NOT_FOUND);
	handle_close(fresh);
	handle_close(file);
	handle_close(gone);
	handle_close(root);
	host_closed();
	for (uint32_t i = 0; i < STATE_FILES_MAX + STATE_TICKETS_MAX; i++)
		CHECK(host_state->files[i].badge == 0);
	CHECK_INT(host_handles(), 0);
	host_reset();
}

/* ---- requests that wait for a device */

static void test_later(void)
{
	struct file_attributes a;
	char text[10];
	uint64_t count, position;
	uint32_t n;
	handle_t file, made;
	enum file_kind kind;

	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	CHECK_INT(file_open(root, "file", FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file, &kind), OK);
	CHECK_INT(file_write(file, 0, "hello", 5, &count, &position), OK);
	/* others are served, and nothing is tried before there is something */
	host_slow = 2;
	host_arrived = false;
	CHECK_INT(file_attributes(root, "file", true, &a, 1, &n), ERR_CANCELLED);
	CHECK_INT(file_attributes(file, "", true, &a, 1, &n), OK);
	a.size = 0;
	host_signal();
	CHECK_INT(host_slow, 1);
	host_arrived = true;
	host_signal();
	CHECK_INT(host_slow, 0);
	CHECK_INT(host_deferred, ERR_WOULD_BLOCK);
	host_signal();
	CHECK_INT(host_deferred, OK);
	CHECK_INT(a.size, 5);
	/* the position moves once */
	host_slow = 1;
	CHECK_INT(file_read(file, FILE_AT_POSITION, text, 5, &count), ERR_CANCELLED);
	host_signal();
	CHECK_INT(host_deferred, OK);
	CHECK_INT(memcmp(text, "hello", 5), 0);
	CHECK_INT(file_read(file, FILE_AT_POSITION, text, 5, &count), OK);
	CHECK_INT(count, 0);
	/* an error is an answer too */
	host_slow = 1;
	CHECK_INT(file_attributes(root, "none", true, &a, 1, &n), ERR_CANCELLED);
	host_signal();
	CHECK_INT(host_deferred, ERR_NOT_FOUND);
	/* what changes something waits */
	host_slow = 1;
	CHECK_INT(file_open(root, "new", FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &made, &kind), OK);
	CHECK_INT(file_remove(root, "new", false), OK);
	CHECK_INT(host_slow, 1);
	/* not for ever */
	host_slow = 1000;
	CHECK_INT(file_attributes(root, "file", true, &a, 1, &n), ERR_CANCELLED);
	for (unsigned i = 0; i < 8 && host_deferred == ERR_WOULD_BLOCK; i++)
		host_signal();
	CHECK_INT(host_deferred, OK);
	/* nobody is left behind at the end; nor kept whose file was closed */
	host_slow = 1;
	host_arrived = false;
	CHECK_INT(file_read(file, 0, text, 5, &count), ERR_CANCELLED);
	handle_close(file);
	host_closed();
	later_finish(host_fs);
	CHECK_INT(host_deferred, ERR_HANDLE);
	handle_close(made);
	handle_close(root);
	host_closed();
	host_end();
}

/* ---- how files are opened ---------------------------------------------------------------------------------- */

static void test_open_modes(void)
{
	static const uint32_t beside[] = {
		FILE_MODE_READ,   FILE_MODE_WRITE,    FILE_MODE_APPEND,
		FILE_MODE_CREATE, FILE_MODE_TRUNCATE, FILE_MODE_EXECUTE,
		FILE_MODE_SYNC,   FILE_MODE_DIRECT,   FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_TRUNCATE};
	handle_t other, file;
	enum file_kind kind;
	struct file_attributes a;
	uint32_t n;

	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	other = host_root(1000, 1000, false);
	put("secret", "text");
	const struct file_new_attributes values = {.change = FILE_CHANGE_PERMISSIONS, .permissions = 0600};
	CHECK_INT(file_set_attributes(root, "secret", true, &values, 1), OK);
	CHECK_INT(file_open(other, "secret", FILE_MODE_READ, 0, &file, &kind), ERR_ACCESS);
	CHECK_INT(file_open(other, "secret", FILE_MODE_TRUNCATE, 0, &file, &kind), ERR_ACCESS);
	/* A place needs no permission, and gives none. */
	for (unsigned i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		CHECK_INT(file_open(other, "secret", FILE_MODE_PATH | beside[i], 0, &file, &kind), ERR_INVALID);
	CHECK_INT(file_open(other, "secret", FILE_MODE_PATH, 0, &file, &kind), OK);
	handle_close(file);
	CHECK_INT(file_attributes(root, "secret", true, &a, 1, &n), OK);
	CHECK_INT(a.size, 4);
	CHECK_INT(file_open(root, "secret", FILE_MODE_READ | FILE_MODE_TRUNCATE, 0, &file, &kind), OK);
	handle_close(file);
	CHECK_INT(file_attributes(root, "secret", true, &a, 1, &n), OK);
	CHECK_INT(a.size, 0);
	CHECK_INT(file_open(root, ".", FILE_MODE_READ | FILE_MODE_TRUNCATE, 0, &file, &kind), ERR_IS_DIRECTORY);
	handle_close(other);
	handle_close(root);
	host_reset();
}

static void test_direct(void)
{
	static char bytes[2048];
	uint64_t count, position;
	uint32_t now;
	handle_t file;
	enum file_kind kind;

	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	CHECK_INT(file_open(root, "file", FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_CREATE | FILE_MODE_DIRECT, 0644,
			    &file, &kind),
		  OK);
	CHECK_INT(file_write(file, 512, bytes, 1024, &count, &position), OK);
	CHECK_INT(file_write(file, 511, bytes, 512, &count, &position), ERR_INVALID);
	CHECK_INT(file_write(file, 512, bytes, 511, &count, &position), ERR_INVALID);
	CHECK_INT(file_read(file, 512, bytes, 2048, &count), OK);
	CHECK_INT(count, 1024);
	CHECK_INT(file_read(file, 1, bytes, 512, &count), ERR_INVALID);
	CHECK_INT(file_read(file, 0, bytes, 100, &count), ERR_INVALID);
	CHECK_INT(file_mode(file, true, 0, &now), OK);
	CHECK_INT(file_read(file, 1, bytes, 100, &count), OK);
	handle_close(file);
	handle_close(root);
	host_closed();
	host_end();
}

int main(void)
{
	test_open_modes();
	test_locks();
	test_options();
	test_fstab();
	test_name_cache();
	test_permission();
	test_restart();
	test_later();
	test_direct();
	test_crash();
	return check_end();
}
