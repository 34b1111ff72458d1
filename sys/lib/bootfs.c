/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and directories over the cpio archive. Look-ups walk the archive's headers: a few hundred
 * entries at most, each a page or more apart. */
#include "sys/lib/bootfs.h"

#include <stdbool.h>
#include <string.h>

#include "sys/lib/cpio.h"
#include "sys/lib/syscall.h"

/* Other tools write "./bin/ps" or "/bin/ps". */
static const char *path_plain(const char *path)
{
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path += path[0] == '/' ? 1 : 2;
	return path;
}

status_t bootfs_open(handle_t vmo, struct bootfs *out)
{
	struct vmo_info info;
	void *data;
	status_t status = vmo_info(vmo, &info);

	if (status != OK)
		return status;
	if (info.size == 0)
		return ERR_BAD_FORMAT;
	status = vmo_map(HANDLE_NONE, vmo, 0, NULL, info.size, MAP_READ, &data);
	if (status != OK)
		return status;
	*out = (struct bootfs){.vmo = vmo, .data = data, .size = info.size};
	return OK;
}

void bootfs_close(struct bootfs *fs)
{
	if (fs->vmo != HANDLE_NONE && fs->data)
		(void)vmo_unmap(HANDLE_NONE, (void *)(uintptr_t)fs->data, fs->size);
	*fs = (struct bootfs){0};
}

void bootfs_from_memory(const void *data, size_t size, struct bootfs *out)
{
	*out = (struct bootfs){.data = data, .size = size};
}

status_t bootfs_next(const struct bootfs *fs, size_t *cursor, struct bootfs_file *out)
{
	struct cpio_entry entry;
	status_t status;

	do {
		status = cpio_next(fs->data, fs->size, cursor, &entry);
		if (status != OK)
			return status;
	} while ((entry.mode & CPIO_MODE_TYPE) != CPIO_MODE_FILE);
	*out = (struct bootfs_file){
		.path = path_plain(entry.name),
		.data = entry.data,
		.size = entry.size,
		.offset = entry.offset,
		.mode = entry.mode,
	};
	return OK;
}

status_t bootfs_find(const struct bootfs *fs, const char *path, struct bootfs_file *out)
{
	struct bootfs_file file;
	size_t cursor = 0;
	status_t status;

	while ((status = bootfs_next(fs, &cursor, &file)) == OK) {
		if (strcmp(file.path, path) == 0) {
			*out = file;
			return OK;
		}
	}
	return status;
}

/* What of `path` lies below `dir`; NULL if it does not, "" if it is `dir` itself. */
static const char *path_below(const char *path, const char *dir, size_t dir_len)
{
	if (strncmp(path, dir, dir_len) != 0)
		return NULL;
	path += dir_len;
	if (dir_len && *path != '/' && *path != '\0')
		return NULL;
	while (*path == '/')
		path++;
	return path;
}

static bool entry_is_dir(const struct cpio_entry *entry)
{
	return (entry->mode & CPIO_MODE_TYPE) == CPIO_MODE_DIR;
}

status_t bootfs_find_dir(const struct bootfs *fs, const char *path)
{
	struct cpio_entry entry;
	size_t cursor = 0, len = strlen(path);
	status_t status;

	if (len == 0)
		return OK;
	while ((status = cpio_next(fs->data, fs->size, &cursor, &entry)) == OK) {
		const char *rest = path_below(path_plain(entry.name), path, len);

		if (rest && (*rest != '\0' || entry_is_dir(&entry)))
			return OK;
	}
	return status;
}

static size_t component_len(const char *path)
{
	size_t len = 0;

	while (path[len] && path[len] != '/')
		len++;
	return len;
}

/* Whether an entry before `end` already showed this name in the directory. */
static bool listed_before(const struct bootfs *fs, size_t end, const char *dir, size_t dir_len, const char *name,
			  size_t name_len)
{
	struct cpio_entry entry;
	size_t cursor = 0;

	while (cursor < end && cpio_next(fs->data, fs->size, &cursor, &entry) == OK) {
		const char *rest = path_below(path_plain(entry.name), dir, dir_len);

		if (rest && component_len(rest) == name_len && memcmp(rest, name, name_len) == 0)
			return true;
	}
	return false;
}

status_t bootfs_list(const struct bootfs *fs, const char *dir, size_t *cursor, struct bootfs_entry *out)
{
	size_t dir_len = strlen(dir);
	struct cpio_entry entry;

	for (;;) {
		size_t start = *cursor;
		status_t status = cpio_next(fs->data, fs->size, cursor, &entry);

		if (status != OK)
			return status;
		const char *rest = path_below(path_plain(entry.name), dir, dir_len);

		if (!rest || *rest == '\0')
			continue;
		size_t len = component_len(rest);
		bool is_dir = rest[len] == '/' || entry_is_dir(&entry);

		if (listed_before(fs, start, dir, dir_len, rest, len))
			continue;
		*out = (struct bootfs_entry){
			.name = rest,
			.name_len = len,
			.is_dir = is_dir,
			.offset = entry.offset,
			.size = is_dir ? 0 : entry.size,
		};
		return OK;
	}
}
