/* SPDX-License-Identifier: BSD-2-Clause */
/* opendir and its family over the list operation of an open file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

struct __dir {
	int fd;
	struct file *file; /* referenced: closing the descriptor behind our back does no harm */
	struct dirent entry;
};

DIR *fdopendir(int fd)
{
	struct file *f = fd_get(fd);
	DIR *dir = NULL;

	if (!f)
		errno = EBADF;
	else if (!f->ops->list)
		errno = ENOTDIR;
	else
		dir = malloc(sizeof(*dir));
	if (!dir) {
		if (f)
			file_put(f);
		return NULL;
	}
	dir->fd = fd;
	dir->file = f;
	return dir;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir) {
		int error = errno;

		(void)close(fd);
		errno = error;
	}
	return dir;
}

struct dirent *readdir(DIR *dir)
{
	int result = dir->file->ops->list(dir->file, &dir->entry);

	if (result < 0)
		errno = -result;
	return result > 0 ? &dir->entry : NULL;
}

void rewinddir(DIR *dir)
{
	(void)dir->file->ops->seek(dir->file, 0, SEEK_SET);
}

int dirfd(DIR *dir)
{
	return dir->fd;
}

int closedir(DIR *dir)
{
	int fd = dir->fd;

	file_put(dir->file);
	free(dir);
	return close(fd);
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void list_free(struct dirent **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

int scandir(const char *path, struct dirent ***out, int (*filter)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	DIR *dir = opendir(path);
	struct dirent **list = NULL, *entry;
	size_t count = 0, room = 0;

	if (!dir)
		return -1;
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (filter && !filter(entry))
			continue;
		if (count == room) {
			struct dirent **grown;

			room = room ? 2 * room : 16;
			grown = reallocarray(list, room, sizeof(*list));
			if (!grown)
				break;
			list = grown;
		}
		list[count] = malloc(sizeof(*entry));
		if (!list[count])
			break;
		*list[count++] = *entry;
	}
	/* Both a failed read and a failed allocation left errno set. */
	int error = errno;

	(void)closedir(dir);
	if (error) {
		list_free(list, count);
		errno = error;
		return -1;
	}
	if (compare && count)
		qsort(list, count, sizeof(*list), (int (*)(const void *, const void *))compare);
	*out = list;
	return (int)count;
}
