/* SPDX-License-Identifier: BSD-2-Clause */
/* The history in a file, one command a line, shared by shells that run at the same time. */
#pragma once

#include "userland/vsh/history.h"

#define HISTORY_FILE_BYTES (256u << 10) /* when it is larger, the older half goes */

/* Adds the file's lines. What cannot be read is not there: a shell without a history is better than none. */
void history_file_load(struct history *history, const char *path);
/* Appends a line in one write, so that lines of several shells do not mix. False with errno. */
bool history_file_append(const char *path, const char *line);
/* Empties it. False with errno. */
bool history_file_clear(const char *path);
