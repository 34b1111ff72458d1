/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths and copies as the file tools need them. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "userland/base/text.h"

/* "directory/name of path's last component", in `out`, which is emptied first. */
void path_into(struct text *out, const char *directory, const char *path);
bool path_is_directory(const char *path);

/* Copies bytes between open files; 0 or an errno, *reading says of which side. */
int copy_bytes(int from, int to, bool *reading);
/* A tree: files, directories, symbolic links, FIFOs; with `keep` also owner, permissions, times. Says what went wrong; 0 or TOOL_FAILED. */
int copy_tree(const char *from, const char *to, bool recursive, bool keep);
/* Says what went wrong. force: what is not there is no mistake. */
int remove_tree(const char *path, bool recursive, bool force);
