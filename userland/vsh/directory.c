/* SPDX-License-Identifier: BSD-2-Clause */
/* The system's directories through dirent.h and stat. */
#include "userland/vsh/directory.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static bool list(const char *path, bool (*entry)(void *context, const char *name), void *context)
{
	DIR *directory = opendir(path);
	if (!directory)
		return false;
	for (const struct dirent *d = readdir(directory); d; d = readdir(directory)) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (!entry(context, d->d_name))
			break;
	}
	closedir(directory);
	return true;
}

static bool exists(const char *path, bool *is_directory)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return false;
	*is_directory = S_ISDIR(st.st_mode);
	return true;
}

const struct directory_ops system_directories = {.list = list, .exists = exists};
