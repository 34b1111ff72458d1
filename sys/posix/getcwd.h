/* SPDX-License-Identifier: BSD-2-Clause */
/* From a directory's handle to its path. */
#pragma once

#include <stdbool.h>

#include "sys/posix/view.h"

/* Does the absolute path lead to that directory? */
bool path_is(const char *path, handle_t directory);

/* Its absolute path, without symbolic links: 0 or a negative errno value. */
int path_find(handle_t directory, char out[PATH_BYTES]);
