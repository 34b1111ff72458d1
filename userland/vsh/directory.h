/* SPDX-License-Identifier: BSD-2-Clause */
/* What globbing and completion need to know of the file system; tests bring their own. */
#pragma once

#include <stdbool.h>

struct directory_ops {
	/* Calls `entry` for each name of the directory (without . and ..) until it returns false.
	 * False if the directory cannot be read. */
	bool (*list)(const char *path, bool (*entry)(void *context, const char *name), void *context);
	bool (*exists)(const char *path, bool *is_directory);
};

/* The real one. */
extern const struct directory_ops system_directories;
