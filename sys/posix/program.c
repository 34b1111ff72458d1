/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading: the file system's own memory where it gives that (pages are then shared with the child, or copied when they are written), else
 * the bytes are read into memory of ours. Without a view: files of the boot archive, which is mapped anyway.
 */
#include "sys/posix/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/lib/bootfs.h"
#include "sys/lib/elf.h"
#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/map.h"

static status_t execute_open(handle_t at, const char *path, void *context)
{
	handle_t *out = context;
	status_t status;

	CALL_AGAIN(status, file_open(at, path, FILE_MODE_EXECUTE, 0, out, NULL));
	return status;
}

static status_t read_open(handle_t at, const char *path, void *context)
{
	handle_t *out = context;
	status_t status;

	CALL_AGAIN(status, file_open(at, path, FILE_MODE_EXECUTE | FILE_MODE_READ, 0, out, NULL));
	return status;
}

/* Maps `size` bytes of p->vmo (taken over) for ourselves to look at. */
static status_t program_map(struct program *p, uint32_t flags)
{
	status_t status;

	p->mapped_size = (p->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	status = vmo_map(HANDLE_NONE, p->vmo, p->offset, NULL, p->mapped_size, flags, &p->mapped);
	if (status != OK) {
		(void)handle_close(p->vmo);
		p->mapped = NULL;
	}
	p->image = p->mapped;
	return status;
}

static status_t program_read(handle_t file, struct program *p)
{
	status_t status = vmo_create((p->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), 0, HANDLE_NONE, &p->vmo);

	p->offset = 0;
	if (status == OK)
		status = program_map(p, MAP_READ | MAP_WRITE);
	if (status != OK)
		return status;
	status = file_read_all(file, 0, p->mapped, p->size);
	if (status == OK)
		status = vmo_sync_code(p->vmo);
	if (status != OK)
		program_close(p);
	return status;
}

/* By the file system's memory; ERR_UNSUPPORTED if it gives none. */
static status_t program_share(handle_t file, struct program *p)
{
	struct file_attributes attributes;
	uint32_t count;
	uint64_t start, size;
	status_t status;

	CALL_AGAIN(status, file_attributes(file, "", true, &attributes, 1, &count));
	if (status != OK)
		return status;
	if (count != 1)
		return ERR_PROTOCOL;
	if (attributes.kind != FILE_KIND_REGULAR)
		return ERR_ACCESS;
	if (attributes.size == 0 || attributes.size > ELF_SPAN_MAX)
		return ERR_BAD_FORMAT;
	p->size = attributes.size;
	CALL_AGAIN(status, file_memory(file, 0, attributes.size, false, &p->vmo, &start, &size));
	if (status != OK)
		return status;
	if (start % PAGE_SIZE || size == 0 || size > attributes.size) {
		(void)handle_close(p->vmo);
		return ERR_PROTOCOL;
	}
	p->offset = start;
	p->size = size;
	return program_map(p, MAP_READ);
}

static int remote_program(int at, const char *path, struct program *p)
{
	handle_t file;
	status_t status;
	int result = path_apply(at, path, PATH_FOLLOW, execute_open, &file);

	if (result)
		return result == -EISDIR || result == -ENXIO ? EACCES : -result;
	status = program_share(file, p);
	(void)handle_close(file);
	if (status == ERR_UNSUPPORTED) {
		result = path_apply(at, path, PATH_FOLLOW, read_open, &file);
		if (result)
			return -result;
		status = program_read(file, p);
		(void)handle_close(file);
	}
	return errno_from_status(status);
}

static int archive_program(int at, const char *path, struct program *p)
{
	char resolved[PATH_BYTES];
	struct bootfs_file found;
	const struct bootfs *fs = bootfs_own();
	int error = -archive_resolve(at, path, resolved);
	status_t status;

	if (error)
		return error;
	if (!fs)
		return ENOENT;
	status = bootfs_find(fs, resolved + 1, &found);
	if (status != OK)
		return status == ERR_NOT_FOUND && bootfs_find_dir(fs, resolved + 1) == OK ? EACCES
											  : errno_from_status(status);
	if (!(found.mode & 0111))
		return EACCES;
	p->image = found.data;
	p->size = found.size;
	/* Page alignment is the archive's promise; without it the pages are copied. */
	if (found.offset % PAGE_SIZE == 0) {
		p->vmo = fs->vmo;
		p->offset = found.offset;
	}
	return 0;
}

int program_open(int at, const char *path, struct program *p)
{
	const char *slash = strrchr(path, '/');

	*p = (struct program){.vmo = HANDLE_NONE};
	strlcpy(p->name, slash && slash[1] ? slash + 1 : path, sizeof(p->name));
	return resolve_vfs == HANDLE_NONE ? archive_program(at, path, p) : remote_program(at, path, p);
}

void program_close(struct program *p)
{
	if (!p->mapped)
		return;
	(void)vmo_unmap(HANDLE_NONE, p->mapped, p->mapped_size);
	(void)handle_close(p->vmo);
	p->mapped = NULL;
}
