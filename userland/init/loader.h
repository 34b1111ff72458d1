/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What init needs from the files of vfs: programs of services that are not in the boot archive, views that begin elsewhere, a new services.toml.
 * A thread of its own waits for file systems, so that init never does. It does one load after the other.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "sys/lib/server.h"
#include "sys/posix/program.h"

#define LOADER_TEXT_MAX 262144u /* bytes of a text: what the TOML reader takes */

struct load {
	/* What is wanted; texts are copies that belong to it. */
	char *program_path;  /* NULL: no program */
	char *text_path;     /* NULL: no text */
	char *root;          /* of the view; NULL: the whole tree */
	int64_t user, group; /* of the view; user -1: no other view than the whole of user 0, unless there is a root */
	void (*done)(void *context,
		     struct load *load); /* on init's own thread; the load is then the callee's to free */
	void *context;
	/* What came of it: an errno value, and by whom it was met. */
	int error;
	const char *culprit;
	struct program program;
	handle_t view; /* HANDLE_NONE: none was wanted */
	char *text;
	size_t text_len;
	struct load *next;
};

struct loader {
	pthread_mutex_t lock; /* of the lists */
	pthread_cond_t more;
	struct load *asked, *finished; /* oldest first; newest first */
	bool started;
	handle_t files; /* the view that it works with */
	handle_t wake;  /* init's loop, when something is finished */
	uint64_t wake_bits;
};

/* The loop calls loads' done; no thread is made before the first load. */
status_t loader_init(struct loader *loader, struct server *server);
/* An empty load, or NULL. */
struct load *load_new(void);
/* With what it holds. */
void load_free(struct load *load);
/* `files`: a view of all files, used from the first time on (a copy is kept by nobody: it must stay). */
status_t loader_submit(struct loader *loader, handle_t files, struct load *load);
