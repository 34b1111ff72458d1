/* SPDX-License-Identifier: BSD-2-Clause */
/* What posix_spawn's file actions and attributes are made of. */
#pragma once

#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/posix/child.h"

enum spawn_action_kind { ACTION_OPEN, ACTION_DUP2, ACTION_CLOSE, ACTION_CHDIR, ACTION_FCHDIR };

struct spawn_action {
	enum spawn_action_kind kind;
	int fd;
	int from;    /* dup2 */
	int flags;   /* open */
	mode_t mode; /* open */
	char *path;  /* open, chdir */
};

struct __posix_spawn_file_actions {
	size_t count, room;
	struct spawn_action *list;
};

struct __posix_spawnattr {
	short flags;
	int policy;
	pid_t group;
	struct sched_param param;
	sigset_t mask, defaults;
};

/* Is there a change of directory among them? */
bool actions_change_directory(const posix_spawn_file_actions_t *actions);

/* What a child starts with, by these attributes (NULL: none) and this process's own state; an errno value. */
int spawn_start_make(const posix_spawnattr_t *attr, struct child_start *out);
