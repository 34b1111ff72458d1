/* SPDX-License-Identifier: BSD-2-Clause */
/* What posix_spawn's file actions and attributes are made of. */
#pragma once

#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>

enum spawn_action_kind { ACTION_OPEN, ACTION_DUP2, ACTION_CLOSE };

struct spawn_action {
	enum spawn_action_kind kind;
	int fd;
	int from;    /* dup2 */
	int flags;   /* open */
	mode_t mode; /* open */
	char *path;  /* open */
};

struct __posix_spawn_file_actions {
	size_t count, room;
	struct spawn_action *list;
};

struct __posix_spawnattr {
	short flags;
};
