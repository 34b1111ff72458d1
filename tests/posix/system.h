/* SPDX-License-Identifier: BSD-2-Clause */
/* What each system has its own source for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Before anything else. True: this process has nothing more to do and ends with that status. */
bool system_prepare(int argc, char **argv, int *status);

/*
 * Makes this process one of that user, group and groups, for good. It has looked at no file before, and its working
 * directory is to be set anew. 0, or -1 with errno.
 */
int system_become(uid_t user, gid_t group, const gid_t *groups, size_t count);
