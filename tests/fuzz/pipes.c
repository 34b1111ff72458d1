/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: pipes and who waits for them: readers, writers and watches that come, are interrupted and go, and instances that find any table. */
/* fuzz-sources: tests/unit/fs_host.c tests/unit/fs_pages.c fs/lib/cover.c fs/lib/fifo.c fs/lib/later.c fs/lib/lock.c fs/lib/made.c fs/lib/name.c fs/lib/name_cache.c fs/lib/node.c fs/lib/open_file.c fs/lib/options.c fs/lib/paging.c fs/lib/permission.c fs/lib/serve.c fs/lib/serve_fifo.c fs/lib/serve_file.c fs/lib/serve_lock.c fs/lib/serve_name.c fs/lib/serve_path.c fs/lib/text.c fs/lib/walk.c fs/pipefs/pipefs.c fs/tmpfs/check.c fs/tmpfs/map.c fs/tmpfs/names.c fs/tmpfs/store.c fs/tmpfs/tmpfs.c sys/lib/ipc.c sys/lib/server.c sys/lib/watch.c build/release/sys/protocols/file.c build/release/sys/protocols/fs_control.c */
/* fuzz-runs: 3000 */
#include <stdlib.h>

#include "sys/lib/syscall.h"
#include "tests/unit/fs_host.h"
#include "tests/unit/fs_pages.h"

#define PIPES         6
#define NOTIFICATIONS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static uint8_t buffer[2 * FIFO_BYTES];
static handle_t ends[2 * PIPES], notifications[NOTIFICATIONS];

/* 0, a few, about what stays together, about what fits. */
static size_t length(struct input *in)
{
	static const size_t about[] = {0, 8, FIFO_ATOMIC, FIFO_BYTES};
	unsigned kind = take(in);
	size_t len = about[kind % 4] + (kind >> 2) % 8;

	return len < 4 ? len : len - 4;
}

/* Answers that have come are heard, so that there is room for more. */
static void answers_hear(void)
{
	for (unsigned i = 0; i < 2048; i++)
		(void)host_answer(100000 + i, NULL);
}

static void interrupted(handle_t reply)
{
	if ((reply & 1) == 0)
		host_caller_ends(reply);
}

static void end_toggle(handle_t root, unsigned at, uint32_t mode)
{
	handle_t reader, writer;

	if (ends[at]) {
		(void)handle_close(ends[at]);
		ends[at] = HANDLE_NONE;
		host_closed();
		return;
	}
	if (file_pipe(root, mode, &reader, &writer) != OK)
		return;
	(void)handle_close(ends[at | 1]);
	ends[at & ~1u] = reader;
	ends[at | 1] = writer;
	host_closed();
}

static void damage(struct input *in)
{
	size_t at = take(in) << 8 | take(in);

	if (take(in) % 2)
		host_store[at % (8 * sizeof(struct fs_attr))] = (uint8_t)take(in);
	else
		((uint8_t *)host_state->files)[at % (16 * sizeof(struct state_file))] = (uint8_t)take(in);
}

static void step(struct input *in, handle_t root)
{
	unsigned what = take(in), at = take(in) % (2 * PIPES);
	uint64_t count, position;
	uint32_t now;

	host_moved = what & 0x80 ? interrupted : NULL;
	switch (what % 8) {
	case 0: end_toggle(root, at, what & 0x40 ? FILE_MODE_NONBLOCK : 0); break;
	case 1: (void)file_read(ends[at], FILE_AT_POSITION, buffer, length(in), &count); break;
	case 2: (void)file_write(ends[at], FILE_AT_POSITION, buffer, length(in), &count, &position); break;
	case 3:
		(void)file_watch(ends[at], take(in) % 32,
				 host_notification_dup(notifications[take(in) % NOTIFICATIONS]), take(in) % 3, &now);
		break;
	case 4: (void)file_mode(ends[at], true, what & 0x40 ? FILE_MODE_NONBLOCK : 0, &now); break;
	case 5: {
		handle_t reply = host_saved_any(take(in));

		if (reply)
			host_caller_ends(reply);
		break;
	}
	case 6:
		if (host_saved_any(0))
			answers_hear();
		break;
	default:
		host_end();
		while (what >= 16 && take(in) % 4)
			damage(in);
		if (host_start() != OK)
			abort();
		break;
	}
	host_moved = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	handle_t root;

	host_pipes = true;
	host_reset();
	pages_reset();
	if (host_start() != OK)
		abort();
	root = host_root(1000, 1000, false);
	for (unsigned i = 0; i < 2 * PIPES; i++)
		ends[i] = HANDLE_NONE;
	for (unsigned i = 0; i < NOTIFICATIONS; i++)
		notifications[i] = host_notification();
	for (unsigned i = 0; i < 2 * PIPES; i += 2)
		end_toggle(root, i, 0);
	while (in.left)
		step(&in, root);
	host_end();
	host_pipes = false;
	return 0;
}
