/* SPDX-License-Identifier: BSD-2-Clause */
/* The children of this process that have not been waited for. */
#pragma once

#include <sys/types.h>

#include "sys/abi/handle.h"
#include "sys/lib/spawn.h"

/* Spawns and remembers the child; an errno value. */
int child_start(const struct spawn_args *args, pid_t *pid);

/* A duplicate of the process handle of a child, to be closed by the caller; HANDLE_NONE if the pid
 * is no child's. */
handle_t child_handle(pid_t pid);
