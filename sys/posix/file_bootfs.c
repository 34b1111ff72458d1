/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and directories of the boot archive: read-only, mapped once at first use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/file.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/cpio.h"
#include "sys/lib/startup.h"
#include "sys/posix/archive.h"
#include "sys/posix/errno_map.h"

enum { MODE_DIR = S_IFDIR | 0555, MODE_PERMISSIONS = 07777, BOOTFS_DEVICE = 1 };

static struct mutex mount_lock;
static struct bootfs mounted; /* mount_lock; constant once data is set */

const struct bootfs *bootfs_own(void)
{
	handle_t vmo = startup_handle(HND_BOOTFS);
	status_t status = OK;

	mutex_lock(&mount_lock);
	if (!mounted.data)
		status = vmo == HANDLE_NONE ? ERR_NOT_FOUND : bootfs_open(vmo, &mounted);
	mutex_unlock(&mount_lock);
	return status == OK ? &mounted : NULL;
}

static ssize_t bootfs_read_at(struct file *f, void *buffer, size_t len, off_t at)
{
	size_t left = (uint64_t)at < f->size ? f->size - (size_t)at : 0;

	if (len > left)
		len = left;
	if (len)
		memcpy(buffer, (const char *)f->data + at, len);
	return (ssize_t)len;
}

static ssize_t bootfs_read(struct file *f, void *buffer, size_t len)
{
	ssize_t n;

	mutex_lock(&f->lock);
	n = bootfs_read_at(f, buffer, len, f->position);
	f->position += n;
	mutex_unlock(&f->lock);
	return n;
}

static ssize_t bootfs_write(struct file *f, const void *buffer, size_t len)
{
	(void)f, (void)buffer, (void)len;
	return -EROFS;
}

static ssize_t dir_read(struct file *f, void *buffer, size_t len)
{
	(void)f, (void)buffer, (void)len;
	return -EISDIR;
}

static off_t bootfs_seek(struct file *f, off_t offset, int whence)
{
	off_t base, result;

	mutex_lock(&f->lock);
	switch (whence) {
	case SEEK_SET: base = 0; break;
	case SEEK_CUR: base = f->position; break;
	case SEEK_END: base = (off_t)f->size; break;
	default: base = -1; break;
	}
	if (base < 0 || __builtin_add_overflow(base, offset, &result) || result < 0)
		result = -EINVAL;
	else
		f->position = result;
	mutex_unlock(&f->lock);
	return result;
}

static int bootfs_stat(struct file *f, struct stat *out)
{
	out->st_dev = BOOTFS_DEVICE;
	out->st_ino = f->inode;
	out->st_mode = f->mode;
	out->st_nlink = 1;
	out->st_size = (off_t)f->size;
	out->st_blksize = 4096;
	out->st_blocks = (blkcnt_t)((f->size + 511) / 512);
	return 0;
}

/* Data starts on a multiple of 4, and not at 0. */
static ino_t inode_of_file(uint64_t offset)
{
	return offset / 4;
}

static uint64_t hash_add(uint64_t hash, const char *text, size_t len)
{
	while (len--)
		hash = (hash ^ (unsigned char)*text++) * 0x100000001b3u; /* FNV-1a */
	return hash;
}

/* The archive does not number directories: a hash of the path, apart from every file's number. */
static ino_t inode_of_dir(const char *parent, const char *name, size_t name_len)
{
	size_t len = strlen(parent);
	uint64_t hash = hash_add(0xcbf29ce484222325u, parent, len);

	if (len && name_len)
		hash = hash_add(hash, "/", 1);
	return hash_add(hash, name, name_len) | 1ull << 63;
}

static void dir_close(struct file *f)
{
	free((void *)(uintptr_t)f->data);
}

/* The protocol's form of an entry; 0: no room for it. */
static size_t entry_put(char *buffer, size_t room, const char *parent, const struct bootfs_entry *from, uint64_t next)
{
	struct file_entry entry = {
		.inode = from->is_dir ? inode_of_dir(parent, from->name, from->name_len) : inode_of_file(from->offset),
		.next = next,
		.kind = from->is_dir ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR,
		.name_length = (uint8_t)from->name_len,
	};
	size_t size = (sizeof(entry) + from->name_len + 8) & ~(size_t)7; /* with a NUL, and up to 8 bytes */

	if (size > room)
		return 0;
	entry.size = (uint16_t)size;
	memset(buffer, 0, size);
	memcpy(buffer, &entry, sizeof(entry));
	memcpy(buffer + sizeof(entry), from->name, from->name_len);
	return size;
}

static ssize_t dir_list(struct file *f, uint64_t next, void *buffer, size_t size)
{
	struct bootfs_entry entry;
	const struct bootfs *fs = bootfs_own();
	size_t used = 0, put, cursor = (size_t)next;
	status_t status;

	if (!fs)
		return 0;
	for (;;) {
		status = bootfs_list(fs, f->data, &cursor, &entry);
		if (status != OK)
			break;
		if (entry.name_len > FILE_NAME_MAX)
			return -ENAMETOOLONG;
		put = entry_put((char *)buffer + used, size - used, f->data, &entry, cursor);
		if (put == 0)
			return used ? (ssize_t)used : -EINVAL;
		used += put;
	}
	return status == ERR_NOT_FOUND ? (ssize_t)used : neg_errno(status);
}

static off_t dir_seek(struct file *f, off_t offset, int whence)
{
	/* Only rewinding: positions inside of a directory are not kept. */
	if (offset != 0 || whence != SEEK_SET)
		return -EINVAL;
	mutex_lock(&f->lock);
	f->position = 0;
	mutex_unlock(&f->lock);
	return 0;
}

static const struct open_file_ops file_bootfs_ops = {
	.read = bootfs_read,
	.read_at = bootfs_read_at,
	.write = bootfs_write,
	.seek = bootfs_seek,
	.stat = bootfs_stat,
};

static const struct open_file_ops dir_bootfs_ops = {
	.read = dir_read,
	.write = bootfs_write,
	.seek = dir_seek,
	.stat = bootfs_stat,
	.list = dir_list,
	.close = dir_close,
};

/* What an absolute resolved path is: a file (*found filled), a directory, or a negative errno. */
enum { FOUND_FILE, FOUND_DIR };

static int bootfs_lookup(const char *path, struct bootfs_file *found)
{
	const struct bootfs *fs = bootfs_own();
	status_t status;

	/* The root is there even where nothing is in it. */
	if (path[1] == '\0')
		return FOUND_DIR;
	if (!fs)
		return -ENOENT;
	status = bootfs_find(fs, path + 1, found);
	if (status == OK)
		return FOUND_FILE;
	if (status == ERR_NOT_FOUND)
		status = bootfs_find_dir(fs, path + 1);
	if (status == OK)
		return FOUND_DIR;
	return status == ERR_NOT_FOUND ? -ENOENT : -EIO;
}

int bootfs_file_open(const char *path, int flags, struct file **out)
{
	struct bootfs_file found;
	struct file *f;
	int kind = bootfs_lookup(path, &found);
	bool writing = (flags & O_ACCMODE) != O_RDONLY;

	if (kind < 0)
		return kind == -ENOENT && (flags & O_CREAT) ? -EROFS : kind;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (writing || (flags & O_TRUNC))
		return kind == FOUND_DIR ? -EISDIR : -EROFS;
	if (kind == FOUND_FILE && (flags & O_DIRECTORY))
		return -ENOTDIR;
	f = file_new(kind == FOUND_DIR ? &dir_bootfs_ops : &file_bootfs_ops,
		     flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	if (!f)
		return -ENOMEM;
	if (kind == FOUND_DIR) {
		f->data = strdup(path + 1);
		if (!f->data) {
			file_put(f);
			return -ENOMEM;
		}
		f->inode = inode_of_dir(path + 1, "", 0);
		f->mode = MODE_DIR;
	} else {
		f->data = found.data;
		f->size = found.size;
		f->inode = inode_of_file(found.offset);
		f->mode = S_IFREG | (found.mode & MODE_PERMISSIONS & ~0222u);
	}
	*out = f;
	return 0;
}

const char *bootfs_file_directory(const struct file *f)
{
	return f->ops == &dir_bootfs_ops ? f->data : NULL;
}

int bootfs_file_stat(const char *path, struct stat *out)
{
	struct bootfs_file found;
	struct file f = {0};
	int kind = bootfs_lookup(path, &found);

	if (kind < 0)
		return kind;
	if (kind == FOUND_DIR) {
		f.inode = inode_of_dir(path + 1, "", 0);
		f.mode = MODE_DIR;
	} else {
		f.size = found.size;
		f.inode = inode_of_file(found.offset);
		f.mode = S_IFREG | (found.mode & MODE_PERMISSIONS & ~0222u);
	}
	*out = (struct stat){0};
	return bootfs_stat(&f, out);
}
