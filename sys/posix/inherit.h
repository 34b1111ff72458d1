/* SPDX-License-Identifier: BSD-2-Clause */
/* What a child is given of files: view.h says under which names. */
#pragma once

#include <spawn.h>
#include <stddef.h>

#include "sys/lib/spawn.h"
#include "sys/posix/file.h"

#define NAME_BYTES (sizeof(((struct startup_handle *)0)->name))

/* Descriptors as the child will have them, and the handles that make them. */
struct inherit {
	struct file *files[FD_COUNT];
	struct spawn_handle handles[STARTUP_HANDLES];
	char names[STARTUP_HANDLES][NAME_BYTES];
	size_t count;
	struct file *cwd;
	int directory; /* where relative paths begin: AT_FDCWD, or a descriptor that goes with this */
};

/* After the file actions; an errno value. */
int inherit_make(const posix_spawn_file_actions_t *actions, struct inherit **out);
/* One more name, of what is not as usual (proc.h); an errno value. */
int inherit_number(struct inherit *in, const char *prefix, uint64_t number);
void inherit_drop(struct inherit *in);
