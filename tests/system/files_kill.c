/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File systems that are killed at random moments under load. Calls under way end with ERR_PEER_DIED and are made again; everything else goes on as if
 * nothing had happened: bytes, names, positions, locks, files without a name, mounts inside.   kills=N; seed=N
 */
#include <string.h>

#include "tests/system/lib/files.h"
#include "tests/system/lib/make.h"

#define PRIO_KILLER 220
#define FILE_BYTES  200000
#define PIECE       12000

struct killer {
	uint32_t mount;
	uint64_t kills, seed;
	volatile uint32_t done, stop;
	struct thread thread;
};

/* Above everything, so that it strikes in the middle. */
static void killer_run(void *arg)
{
	struct killer *k = arg;
	const struct thread_sched sched = {.prio = PRIO_KILLER};
	handle_t res = test_system_resource(SYSTEM_PRIORITY);

	CHECK_OK(thread_set_sched(HANDLE_NONE, &sched, res));
	(void)handle_close(res);
	while (k->done < k->kills && !k->stop && !test_failures()) {
		sleep_ns(MS + random_next(&k->seed) % (8 * MS));
		/* In turn, so that its deaths are not too many in a row. */
		if (k->done % 2)
			CHECK_OK(vfs_restart_until(files_view(), now() + FILES_TIMEOUT, k->mount));
		else
			CHECK(files_kill(k->mount));
		k->done++;
	}
}

static bool killer_start(struct killer *k, uint32_t mount)
{
	*k = (struct killer){
		.mount = mount, .kills = test_option("kills", 24), .seed = test_option("seed", 1) * 7919 + 1};
	if (!thread_spawn(&k->thread, killer_run, k, 0))
		return false;
	sleep_ns(MS); /* it makes itself more important than us */
	return true;
}

static bool over(const struct killer *k)
{
	return k->done >= k->kills || test_failures() != 0;
}

/* ---- retrying ---------------------------------------------------------------------------------------------- */

static volatile uint64_t retries;

#define RETRY(status, call)                                                \
	do {                                                               \
		(status) = (call);                                         \
		if ((status) == ERR_PEER_DIED)                             \
			__atomic_add_fetch(&retries, 1, __ATOMIC_RELAXED); \
	} while ((status) == ERR_PEER_DIED)

/* ---- bytes ------------------------------------------------------------------------------------------------- */

struct bytes {
	handle_t dir;
	const struct killer *killer;
	struct thread thread;
	uint64_t rounds, seed;
	uint8_t model[FILE_BYTES + PIECE], data[PIECE];
};

static void bytes_run(void *arg)
{
	struct bytes *b = arg;
	uint64_t size = 0, count;
	handle_t file;
	status_t status;

	RETRY(status, f_open(b->dir, "bytes", F_RW | F_CREATE, 0600, &file));
	CHECK_OK(status);
	while (!over(b->killer)) {
		uint64_t offset = random_next(&b->seed) % FILE_BYTES, len = random_next(&b->seed) % PIECE + 1;

		switch (random_next(&b->seed) % 6) {
		case 0:
			RETRY(status, file_truncate(file, offset));
			if (offset < size)
				memset(b->model + offset, 0, size - offset);
			size = offset;
			break;
		case 1:
		case 2:
			for (uint64_t i = 0; i < len; i++)
				b->data[i] = b->model[offset + i] = (uint8_t)random_next(&b->seed);
			for (uint64_t done = 0; done < len; done += count) {
				RETRY(status, f_write(file, offset + done, b->data + done, len - done, &count));
				if (!CHECK_OK(status) || !CHECK(count != 0))
					return;
			}
			if (offset + len > size)
				size = offset + len;
			break;
		default:
			RETRY(status, f_read(file, offset, b->data, len, &count));
			if (!CHECK_OK(status) || !CHECK_EQ(count, offset >= size        ? 0
								  : len < size - offset ? len
											: size - offset))
				return;
			if (!CHECK(memcmp(b->data, b->model + offset, count) == 0)) {
				print("  %lu bytes at %lu of %lu, round %lu", count, offset, size, b->rounds);
				return;
			}
		}
		if (!CHECK_OK(status))
			return;
		b->rounds++;
	}
	shut(file);
	RETRY(status, f_remove(b->dir, "bytes"));
	CHECK(status == OK || status == ERR_NOT_FOUND);
}

/* ---- names ------------------------------------------------------------------------------------------------- */

struct names {
	handle_t dir;
	const struct killer *killer;
	struct thread thread;
	uint64_t rounds;
};

/* An operation that happened although nobody heard so looks like a failure the second time. */
static bool done_or(status_t status, status_t already, bool died)
{
	if (status != OK && !(died && status == already))
		print("  status %ld, %s", status, died ? "asked again" : "asked once");
	return CHECK(status == OK || (died && status == already));
}

#define ONCE(status, died, call)                             \
	do {                                                 \
		(died) = false;                              \
		while (((status) = (call)) == ERR_PEER_DIED) \
			(died) = true;                       \
	} while (0)

static bool put(handle_t dir, const char *name, const char *text)
{
	handle_t file;
	uint64_t count;
	status_t status;

	RETRY(status, f_open(dir, name, F_WRITE | F_CREATE | FILE_MODE_TRUNCATE, 0644, &file));
	if (!CHECK_OK(status))
		return false;
	RETRY(status, f_write(file, 0, text, strlen(text), &count));
	CHECK_OK(status);
	shut(file);
	return status == OK;
}

static bool holds(handle_t dir, const char *name, const char *text)
{
	char buffer[64];
	handle_t file;
	uint64_t count = 0;
	status_t status;

	RETRY(status, f_open(dir, name, F_READ, 0, &file));
	if (!CHECK_OK(status))
		return false;
	RETRY(status, f_read(file, 0, buffer, sizeof(buffer), &count));
	shut(file);
	return CHECK_OK(status) && CHECK(count == strlen(text) && memcmp(buffer, text, count) == 0);
}

static void names_run(void *arg)
{
	struct names *n = arg;
	char text[32], name[100];
	status_t status;
	bool died;

	while (!over(n->killer)) {
		format_text(text, sizeof(text), "round %lu", n->rounds);
		format_text(name, sizeof(name), "a-name-that-takes-more-than-one-place-in-the-table-of-names-%lu",
			    n->rounds % 7);
		if (!put(n->dir, name, text))
			return;
		ONCE(status, died, f_rename(n->dir, name, n->dir, "current"));
		if (!done_or(status, ERR_NOT_FOUND, died) || !holds(n->dir, "current", text))
			return;
		ONCE(status, died, f_mkdir(n->dir, "d", 0755));
		if (!done_or(status, ERR_EXISTS, died))
			return;
		ONCE(status, died, f_link(n->dir, "current", n->dir, "d/link"));
		if (!done_or(status, ERR_EXISTS, died) || !holds(n->dir, "d/link", text))
			return;
		ONCE(status, died, f_symlink(n->dir, "d/s", "../current"));
		if (!done_or(status, ERR_EXISTS, died) || !holds(n->dir, "d/s", text))
			return;
		ONCE(status, died, f_rename(n->dir, "d", n->dir, "e"));
		if (!done_or(status, ERR_NOT_FOUND, died) || !holds(n->dir, "e/link", text))
			return;
		ONCE(status, died, f_remove(n->dir, "e/link"));
		if (!done_or(status, ERR_NOT_FOUND, died))
			return;
		ONCE(status, died, f_remove(n->dir, "e/s"));
		if (!done_or(status, ERR_NOT_FOUND, died))
			return;
		ONCE(status, died, f_rmdir(n->dir, "e"));
		if (!done_or(status, ERR_NOT_FOUND, died))
			return;
		n->rounds++;
	}
	RETRY(status, f_remove(n->dir, "current"));
	CHECK(status == OK || status == ERR_NOT_FOUND);
}

/* ---- cases ------------------------------------------------------------------------------------------------- */

static bool volume(handle_t dir, struct file_volume *out)
{
	uint32_t count;
	status_t status;

	RETRY(status, file_volume(dir, out, 1, &count));
	return CHECK_OK(status);
}

static void test_tmpfs(void)
{
	static struct bytes bytes;
	static struct names names;
	struct killer killer;
	struct file_volume before, after;
	struct file_attributes a;
	struct vfs_mount mount;
	handle_t dir, gone, locked, other, deep;
	uint64_t count, position;
	char text[8];
	status_t status;

	REQUIRE(files_up());
	uint32_t number = files_mount_of("/tmp");
	dir = files_directory(files_view(), number);
	REQUIRE(volume(dir, &before));
	/* What has to be there afterwards */
	CHECK_OK(f_open(dir, "gone", F_RW | F_CREATE, 0600, &gone));
	CHECK_OK(f_write(gone, FILE_AT_POSITION, "unlinked", 8, &count));
	CHECK_OK(f_remove(dir, "gone"));
	CHECK_OK(file_seek(gone, 2, FILE_WHENCE_SET, &position));
	CHECK_OK(f_open(dir, "locked", F_RW | F_CREATE, 0600, &locked));
	CHECK_OK(f_open(dir, "locked", F_RW, 0, &other));
	CHECK_OK(f_lock(locked, 77, 10, 20, FILE_LOCK_KIND_EXCLUSIVE, false));
	CHECK_OK(f_mkdir(dir, "one", 0755));
	CHECK_OK(f_mkdir(dir, "one/two", 0755));
	CHECK_OK(f_open(dir, "one/two", F_PATH | F_DIR, 0, &deep));
	bytes = (struct bytes){.dir = dir, .killer = &killer, .seed = 4711};
	names = (struct names){.dir = deep, .killer = &killer};
	REQUIRE(killer_start(&killer, number));
	REQUIRE(thread_spawn(&bytes.thread, bytes_run, &bytes, 0));
	REQUIRE(thread_spawn(&names.thread, names_run, &names, 0));
	while (!over(&killer)) {
		RETRY(status, f_lock(other, 88, 15, 16, FILE_LOCK_KIND_SHARED, false));
		if (!CHECK_STATUS(status, ERR_WOULD_BLOCK))
			break;
		sleep_ns(MS);
	}
	thread_join(&bytes.thread);
	thread_join(&names.thread);
	thread_join(&killer.thread);
	REQUIRE(files_mount(number, &mount));
	print("  %lu kills, %u restarts, %lu calls again; %lu rounds of bytes, %lu of names", (uint64_t)killer.done,
	      mount.restarts, retries, bytes.rounds, names.rounds);
	CHECK(mount.restarts >= killer.kills / 2);
	CHECK_EQ(mount.state, VFS_STATE_RUNNING);
	RETRY(status, f_read(gone, FILE_AT_POSITION, text, 6, &count));
	CHECK_OK(status);
	CHECK(count == 6 && memcmp(text, "linked", 6) == 0);
	CHECK_OK(f_stat(gone, "", true, &a));
	CHECK_EQ(a.links, 0);
	/* The lock goes with its file, and what was unlinked too: nothing is left over. */
	shut(locked);
	CHECK_OK(f_lock(other, 88, 15, 16, FILE_LOCK_KIND_SHARED, false));
	shut(other);
	shut(gone);
	shut(deep);
	CHECK_OK(f_remove(dir, "locked"));
	CHECK_OK(f_rmdir(dir, "one/two"));
	CHECK_OK(f_rmdir(dir, "one"));
	CHECK_EQ(f_count(dir, ""), 0);
	REQUIRE(volume(dir, &after));
	CHECK_EQ(before.free_blocks, after.free_blocks);
	CHECK_EQ(before.free_files, after.free_files);
	shut(dir);
}

/* The root: mounts hang on its directories. */
static void test_root(void)
{
	struct file_attributes a;
	handle_t root, file;
	uint32_t number;
	status_t status;

	REQUIRE(files_up());
	number = files_mount_of("/");
	root = files_directory(files_view(), VFS_ROOT);
	CHECK(put(root, "keep", "kept"));
	for (unsigned i = 0; i < 4; i++) {
		CHECK_OK(vfs_restart(files_view(), number));
		RETRY(status, f_open(root, "tmp", F_READ | F_DIR, 0, &file));
		CHECK_STATUS(status, ERR_ELSEWHERE);
		CHECK_STATUS(f_rmdir(root, "tmp"), ERR_BUSY);
		CHECK_STATUS(f_rename(root, "tmp", root, "pmt"), ERR_BUSY);
		CHECK_OK(f_stat(root, "bin", false, &a));
		CHECK_EQ(a.kind, FILE_KIND_SYMLINK);
		CHECK(holds(root, "keep", "kept"));
	}
	CHECK_OK(f_remove(root, "keep"));
	shut(root);
}

static void test_bootfs(void)
{
	static uint8_t first[100000], data[100000];
	struct killer killer;
	struct vfs_mount mount;
	handle_t dir, file, other;
	uint64_t count, size, position = 0, rounds = 0;
	status_t status;

	REQUIRE(files_up());
	uint32_t number = files_mount_of("/system");
	dir = files_directory(files_view(), number);
	CHECK_OK(f_open(dir, "sbin/vfs", F_READ, 0, &file));
	CHECK_OK(f_read(file, 0, first, sizeof(first), &size));
	REQUIRE(killer_start(&killer, number));
	while (!over(&killer)) {
		RETRY(status, f_read(file, 0, data, sizeof(data), &count));
		if (!CHECK_OK(status) || !CHECK_EQ(count, size) || !CHECK(memcmp(first, data, size) == 0))
			break;
		RETRY(status, f_open(dir, "bin/ls", F_READ, 0, &other));
		if (!CHECK_OK(status))
			break;
		shut(other);
		RETRY(status, file_seek(file, (int64_t)rounds, FILE_WHENCE_SET, &position));
		RETRY(status, file_seek(file, 0, FILE_WHENCE_CURRENT, &position));
		if (!CHECK_OK(status) || !CHECK_EQ(position, rounds))
			break;
		rounds++;
	}
	killer.stop = 1;
	thread_join(&killer.thread);
	REQUIRE(files_mount(number, &mount));
	print("  %lu kills, %u restarts, %lu rounds", (uint64_t)killer.done, mount.restarts, rounds);
	CHECK(mount.restarts >= killer.kills / 2);
	shut(file);
	shut(dir);
}

/* One that dies all the time is given up: its callers hear so, and nobody else. */
static void test_given_up(void)
{
	handle_t root, point, inside;
	struct file_attributes a;
	struct vfs_mount mount = {0};
	uint32_t number = 0, got;

	REQUIRE(files_up());
	root = files_directory(files_view(), VFS_ROOT);
	CHECK_OK(f_mkdir(root, "dying", 0755));
	CHECK_OK(f_open(root, "dying", F_PATH | F_DIR, 0, &point));
	REQUIRE_OK(vfs_mount(files_view(), point, "tmpfs", "", "size=1M", "/dying", 0, &number));
	inside = files_directory(files_view(), number);
	CHECK(put(inside, "x", "x"));
	for (uint64_t end = now() + 2 * FILES_TIMEOUT; now() < end && mount.state != VFS_STATE_FAILED;
	     sleep_ns(5 * MS)) {
		if (!files_kill(number) || !files_mount(number, &mount))
			break;
	}
	CHECK_EQ(mount.state, VFS_STATE_FAILED);
	CHECK_STATUS(f_stat(inside, "x", true, &a), ERR_CLOSED);
	CHECK_STATUS(vfs_directory(files_view(), number, &point, &got), ERR_IO);
	CHECK_STATUS(f_stat(root, "dying/x", true, &a), ERR_ELSEWHERE);
	CHECK_OK(vfs_unmount(files_view(), number, false));
	CHECK_OK(f_rmdir(root, "dying"));
	shut(inside);
	shut(root);
}

TEST_CASES("files_kill", {"tmpfs", test_tmpfs}, {"root", test_root}, {"bootfs", test_bootfs},
	   {"given_up", test_given_up});
