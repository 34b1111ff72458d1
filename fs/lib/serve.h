/* SPDX-License-Identifier: BSD-2-Clause */
/* A file system without its process: for fs_main, and for tests that play the kernel. */
#pragma once

#include "fs/lib/internal.h"

struct fs_start {
	const struct fs_ops *ops;
	void *data;
	struct state *state; /* mapped */
	handle_t endpoint;   /* RIGHT_EP_RECV, RIGHT_EP_MINT */
	handle_t thread;     /* that will serve */
	bool read_only;
	handle_t notification; /* FS_DEFERS */
};

/* Takes over what an earlier instance left in the state, and is ready to serve (server_run). fs is zeroed memory. */
status_t fs_start(struct fs *fs, const struct fs_start *start);
/* What the end of a process gives back: for tests that have many instances in one. */
void fs_nodes_free(struct fs *fs);
void fs_waiters_free(struct fs *fs);
/* ERR_BAD_FORMAT: no state memory of ours. */
status_t fs_state_check(const struct state *state);
