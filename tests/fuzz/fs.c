/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: a tmpfs whose state and store an earlier instance may have left in any condition, and clients that send anything. */
/* fuzz-sources: tests/unit/fs_host.c tests/unit/fs_pages.c fs/lib/cover.c fs/lib/fifo.c fs/lib/later.c fs/lib/lock.c fs/lib/made.c fs/lib/name.c fs/lib/name_cache.c fs/lib/node.c fs/lib/open_file.c fs/lib/options.c fs/lib/paging.c fs/lib/permission.c fs/lib/serve.c fs/lib/serve_fifo.c fs/lib/serve_file.c fs/lib/serve_lock.c fs/lib/serve_name.c fs/lib/serve_path.c fs/lib/text.c fs/lib/walk.c fs/pipefs/pipefs.c fs/tmpfs/check.c fs/tmpfs/map.c fs/tmpfs/names.c fs/tmpfs/store.c fs/tmpfs/tmpfs.c sys/lib/ipc.c sys/lib/server.c sys/lib/watch.c build/release/sys/protocols/file.c build/release/sys/protocols/fs_control.c */
/* fuzz-runs: 1000 */
#include <stdlib.h>
#include <string.h>

#include "fs/tmpfs/store.h"
#include "sys/lib/syscall.h"
#include "tests/unit/fs_host.h"
#include "tests/unit/fs_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && in->left; i++, in->at++, in->left--)
		value = value << 8 | *in->at;
	return value;
}

static const char *const names[] = {"a",
				    "b",
				    "a/b",
				    "d",
				    "d/e",
				    "..",
				    "d/../a",
				    "l",
				    "l/x",
				    "",
				    ".",
				    "f",
				    "a-name-that-is-longer-than-one-place-holds"};

/* Bytes of the state or the store become others, where things are. */
static void damage(struct input *in)
{
	static const struct {
		size_t at, size;
	} parts[] = {
		{offsetof(struct state, serial), 8},
		{offsetof(struct state, views), 4 * sizeof(struct state_view)},
		{offsetof(struct state, covers), 4 * sizeof(struct state_cover)},
		{offsetof(struct state, locks), 4 * sizeof(struct state_lock)},
		{offsetof(struct state, files), 8 * sizeof(struct state_file)},
		{offsetof(struct state, files) + STATE_FILES_MAX * sizeof(struct state_file),
		 4 * sizeof(struct state_file)},
		{offsetof(struct state, tickets), 4 * sizeof(struct state_ticket)},
	};
	const struct store_header *h = (const void *)host_store;
	static const size_t tops[] = {offsetof(struct state, tickets_top), offsetof(struct state, files_top),
				      offsetof(struct state, views_top), offsetof(struct state, locks_top)};
	unsigned where = (unsigned)take(in, 1), at = (unsigned)take(in, 2);
	uint8_t value = (uint8_t)take(in, 1);

	if (where >= 0xf0) {
		((uint8_t *)host_state)[tops[at % 4] + at / 4 % 4] = value;
		return;
	}
	where %= 11;

	if (where < sizeof(parts) / sizeof(parts[0]))
		((uint8_t *)host_state)[parts[where].at + at % parts[where].size] = value;
	else if (where == 7)
		host_store[at % sizeof(*h)] = value;
	else if (where == 8)
		host_store[h->inodes_at % (HOST_STORE_BYTES / 2) + at % 2048] = value;
	else if (where == 9)
		host_store[h->names_at % (HOST_STORE_BYTES / 2) + at % 2048] = value;
	else
		host_store[h->pages_at % (HOST_STORE_BYTES / 2) + at % 16384] = value;
}

static void call(struct input *in, const uint64_t *badges, unsigned count)
{
	static uint8_t memory[4][8192];
	struct host_lease leases[MSG_LEASES_MAX];
	struct ipc_msg m = {0};
	unsigned op = (unsigned)take(in, 1) % 48, lent = (unsigned)take(in, 1) % 5, given = (unsigned)take(in, 1) % 2;

	m.info = MSG_INFO(op == 47 ? IPC_LABEL(FS_CONTROL_NUMBER, take(in, 1) % 6) : IPC_LABEL(FILE_NUMBER, op), given,
			  lent);
	for (unsigned i = 0; i < MSG_WORDS; i++) {
		unsigned kind = (unsigned)take(in, 1);

		m.w[i] = kind % 4 == 0   ? take(in, 8)
			 : kind % 4 == 1 ? take(in, 2)
			 : kind % 4 == 2 ? FILE_AT_POSITION
					 : kind % 16;
	}
	for (unsigned i = 0; i < lent; i++) {
		unsigned kind = (unsigned)take(in, 1);
		const char *name = names[kind % (sizeof(names) / sizeof(names[0]))];

		leases[i] = (struct host_lease){memory[i], sizeof(memory[i]), LEASE_READ | LEASE_WRITE};
		if (kind & 0x80) {
			leases[i].len = strlen(name);
			memcpy(memory[i], name, leases[i].len);
			/* Its length as told, most often: somewhere in the words */
			m.w[kind >> 4 & 1] = (m.w[kind >> 4 & 1] & UINT32_MAX) | (uint64_t)leases[i].len << 32;
		}
	}
	if (given && op == FILE_WATCH_OP)
		m.handles[0] = host_notification();
	else if (given)
		(void)endpoint_mint(1, badges[take(in, 1) % count], 0, &m.handles[0]);
	if (host_message(badges[take(in, 1) % count], &m, leases) == OK && MSG_HANDLES(m.info) && take(in, 1) % 2)
		(void)handle_close(m.handles[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint64_t badges[16] = {0};
	handle_t root, file[4] = {0};
	enum file_kind kind;
	struct handle_info info;
	uint64_t count, position, start, length;
	handle_t memory;

	host_reset();
	pages_reset();
	host_slow = 0;
	if (host_start() != OK)
		abort();
	root = host_root(0, 0, false);
	if (file_make(root, "d", FILE_KIND_DIRECTORY, 0755) != OK || file_make_symlink(root, "l", "d/../a") != OK ||
	    file_open(root, "a", FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file[0], &kind) != OK ||
	    file_open(root, "d", FILE_MODE_READ | FILE_MODE_DIRECTORY, 0, &file[1], &kind) != OK ||
	    file_open(root, "d/e", FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file[2], &kind) != OK ||
	    file_make(root, "f", FILE_KIND_FIFO, 0666) != OK ||
	    file_open(root, "f", FILE_MODE_READ | FILE_MODE_WRITE, 0, &file[3], &kind) != OK ||
	    file_write(file[3], FILE_AT_POSITION, "fifo", 4, &count, &position) != OK ||
	    file_write(file[0], 100000, "text", 4, &count, &position) != OK ||
	    file_lock(file[0], 1, 0, 9, FILE_LOCK_KIND_SHARED, false) != OK)
		abort();
	(void)handle_info(root, &info);
	badges[0] = info.badge;
	for (unsigned i = 0; i < 4; i++) {
		(void)handle_info(file[i], &info);
		badges[1 + i] = info.badge;
	}
	(void)handle_info(host_root(1000, 1000, false), &info);
	badges[5] = info.badge;
	(void)handle_info(host_root(0, 0, true), &info);
	badges[6] = info.badge;
	if (file_memory(file[0], 0, 8192, true, &memory, &start, &length) != OK || handle_info(memory, &info) != OK)
		abort();
	badges[7] = info.badge;
	while (in.left) {
		switch (take(&in, 1) % 10) {
		case 0: badges[8] = take(&in, 8); break;
		case 1:
			host_end();
			for (unsigned n = (unsigned)take(&in, 1) % 8; n; n--)
				damage(&in);
			/* It comes up over anything, or says that it cannot. */
			if (host_start() != OK && !host_fs)
				return 0;
			if (!host_fs->root) {
				host_end();
				return 0;
			}
			break;
		case 2: host_closed(); break;
		case 3: {
			/* One of those that wait ends, if there are any. */
			handle_t reply = host_saved_any((unsigned)take(&in, 1));

			if (reply)
				host_caller_ends(reply);
			break;
		}
		case 4: /* some have to be served again, and perhaps not yet */
			host_slow = (unsigned)take(&in, 1) % 4;
			host_arrived = take(&in, 1) % 4;
			break;
		case 5: host_signal(); break;
		case 6: { /* as a thread that touches memory of a file */
			struct ipc_request rq = {
				.msg = {.info = MSG_INFO(MSG_LABEL_PAGE, 0, 0),
					.badge = badges[take(&in, 1) % 9],
					.w = {take(&in, 1) << 12 | take(&in, 1) % 2, take(&in, 1) % 3}}};

			host_closed();
			if (host_fs->server.other_fn(host_fs->server.other_ctx, &rq) != OK)
				abort();
			break;
		}
		default: call(&in, badges, 9); break;
		}
	}
	host_end();
	return 0;
}
