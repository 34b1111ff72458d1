/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands by the shell: what popen and system share. */
#pragma once

#include <spawn.h>
#include <sys/types.h>

/* `sh -c command`; an errno value. */
int shell_start(const char *command, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		pid_t *pid);
/* Is there a shell? */
int shell_available(void);
/* waitpid until the child has ended; its status, or -1 with errno. */
int shell_wait(pid_t pid);
