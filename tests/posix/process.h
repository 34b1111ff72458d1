/* SPDX-License-Identifier: BSD-2-Clause */
/* What the chapters of processes share. */
#pragma once

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

/* This program with an errand and an argument (NULL: none), started with attributes (NULL: none): its pid or -1. */
pid_t process_start(const posix_spawnattr_t *attr, const char *errand, const char *argument);

/* Kills it and waits for it: what chapters leave behind must not be found by the next. */
void process_end(pid_t pid);
