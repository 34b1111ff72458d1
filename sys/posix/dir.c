/* SPDX-License-Identifier: BSD-2-Clause */
/* opendir and its family over the list operation of an open file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/posix/entries.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

#define LIST_BYTES 4096

struct __dir {
	int fd;
	struct file *file;      /* referenced: closing the descriptor behind our back does no harm */
	uint64_t next;          /* where the entry behind the last one returned is */
	struct entries entries; /* left in the list */
	struct dirent entry;
	_Alignas(8) char list[LIST_BYTES];
};

/* Of a file that can be listed; its reference is taken over also when there is no memory (NULL). */
static DIR *dir_new(int fd, struct file *f)
{
	DIR *dir = malloc(sizeof(*dir));

	if (!dir) {
		file_put(f);
		return NULL;
	}
	dir->fd = fd;
	dir->file = f;
	rewinddir(dir);
	return dir;
}

DIR *fdopendir(int fd)
{
	struct file *f = fd_get(fd);
	struct stat st = {0};
	int result = f ? 0 : -EBADF;

	if (result == 0 && (FILE_IS_PLACE(f) || (f->flags & O_ACCMODE) == O_WRONLY))
		result = -EBADF;
	if (f && f->ops->stat(f, &st) == 0 && !S_ISDIR(st.st_mode))
		result = -ENOTDIR;
	if (result == 0 && !f->ops->list)
		result = -ENOTDIR;
	if (result == 0)
		return dir_new(fd, f);
	if (f)
		file_put(f);
	return (void)posix_result(result), NULL;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct file *f;
	DIR *dir;

	if (fd < 0)
		return NULL;
	f = fd_get(fd);
	dir = f ? dir_new(fd, f) : NULL;
	if (!dir) {
		int error = errno;

		(void)close(fd);
		errno = error;
	}
	return dir;
}

static unsigned char type_from_kind(uint8_t kind)
{
	static const unsigned char types[] = {
		[FILE_KIND_REGULAR] = DT_REG,   [FILE_KIND_DIRECTORY] = DT_DIR, [FILE_KIND_SYMLINK] = DT_LNK,
		[FILE_KIND_CHARACTER] = DT_CHR, [FILE_KIND_BLOCK] = DT_BLK,     [FILE_KIND_FIFO] = DT_FIFO,
		[FILE_KIND_SOCKET] = DT_SOCK,
	};

	return types[kind];
}

/* 1 an entry, 0 the end, or a negative errno value. */
static int entry_read(DIR *dir, struct dirent *out)
{
	const char *name;
	const struct file_entry *e = entries_next(&dir->entries, &name);

	if (!e && !dir->entries.broken) {
		ssize_t length = dir->file->ops->list(dir->file, dir->next, dir->list, sizeof(dir->list));

		if (length <= 0)
			return (int)length;
		entries_begin(&dir->entries, dir->list, (size_t)length);
		e = entries_next(&dir->entries, &name);
	}
	if (!e)
		return -EPROTO;
	dir->next = e->next;
	out->d_ino = e->inode;
	out->d_off = (off_t)e->next;
	out->d_reclen = sizeof(*out);
	out->d_type = type_from_kind(e->kind);
	memcpy(out->d_name, name, e->name_length + 1u);
	return 1;
}

struct dirent *readdir(DIR *dir)
{
	int result = entry_read(dir, &dir->entry);

	if (result < 0)
		errno = -result;
	return result > 0 ? &dir->entry : NULL;
}

int readdir_r(DIR *restrict dir, struct dirent *restrict entry, struct dirent **restrict out)
{
	int result = entry_read(dir, entry);

	*out = result > 0 ? entry : NULL;
	return result < 0 ? -result : 0;
}

void seekdir(DIR *dir, long place)
{
	dir->next = (uint64_t)place;
	entries_begin(&dir->entries, dir->list, 0);
}

long telldir(DIR *dir)
{
	return (long)dir->next;
}

void rewinddir(DIR *dir)
{
	seekdir(dir, 0);
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
