/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths to places in file systems: a directory's handle and a path for it. A path is looked up by the file system that it starts in; where it
 * leaves that one (ERR_ELSEWHERE) resolve_step finds the next. For beginnings of absolute paths that lead to a mount by plain names, the
 * mount's root is remembered: a mount point and the directories above it keep their names as long as the mount is there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/file.h"
#include "sys/abi/handle.h"
#include "sys/abi/status.h"
#include "sys/posix/signal_thread.h"

/* Idempotent calls are sent again to the next instance of a server that died; the vfs ends this with ERR_CLOSED when it gives up on a server. */
#define CALL_AGAIN(status, call)   \
	do                         \
		(status) = (call); \
	while ((status) == ERR_PEER_DIED)

/* The same of calls that may wait for somebody: with DEADLINE_INTERRUPTIBLE. A signal's handler may end them (ERR_INTERRUPTED). */
#define CALL_WAIT(status, call)            \
	do                                 \
		SIGNAL_WAIT(status, call); \
	while ((status) == ERR_PEER_DIED)

struct resolve {
	handle_t directory;
	const char *path; /* from there; without a slash in front */
	bool cached;      /* directory is remembered: ERR_CLOSED may only say that it is no more the right one */
	handle_t owned;   /* directory, if it is to be closed; else HANDLE_NONE */
	uint32_t mount;   /* of directory; 0: not known */
	const char *
		origin; /* the absolute path that `path` is the end of, if only plain names stand before it; else NULL */
	unsigned steps, links;
	bool stayed;                  /* the last step found nothing that leads elsewhere */
	char text[FILE_PATH_MAX + 3]; /* where paths are put together: a slash, the path, room for one more slash */
};

/* The view that everything is looked up with. HANDLE_NONE: this process has no file systems. */
void resolve_use(handle_t vfs);
extern handle_t resolve_vfs;

/* A path with a slash in front starts at the view's root, another at `at`. */
status_t resolve_start(struct resolve *r, handle_t at, const char *path);

/* After ERR_ELSEWHERE: on to the next place. OK: try there; else what is wrong with the path. */
status_t resolve_step(struct resolve *r, bool follow);

/* After any error: was it an outdated memory? Then that is forgotten, and the caller starts anew. */
bool resolve_forget(const struct resolve *r, status_t status);

void resolve_end(struct resolve *r);
