/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmap and its family. A private mapping of a file is a copy-on-write clone of memory that the file system gives, else its bytes are read at once.
 * A shared one needs a file system that shares its memory.
 */
#include "sys/posix/map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "sys/abi/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/map_kernel.h"
#include "sys/posix/map_shared.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"

status_t file_read_all(handle_t file, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t piece = size - done < FILE_TRANSFER_MAX ? size - done : FILE_TRANSFER_MAX;
		uint64_t count;
		status_t status;

		CALL_AGAIN(status, file_read(file, offset + done, (char *)buffer + done, piece, &count));
		if (status != OK)
			return status;
		if (count == 0)
			break;
		done += count;
	}
	return OK;
}

static size_t page_ceil(size_t n)
{
	return (n + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

/* ---- files ---- */

struct map_call {
	struct map_place place;
	size_t size; /* whole pages */
	bool shared;
	off_t offset;
};

/* Zeroes in which the file's bytes are put. */
static int map_by_reading(struct file *f, const struct map_call *call, void **out)
{
	struct map_place place = call->place;
	size_t done = 0;
	ssize_t n;
	int result;

	place.access = PROT_READ | PROT_WRITE;
	result = neg_errno(map_zeroes(call->size, &place, out));
	while (result == 0 && done < call->size) {
		n = f->ops->read_at(f, (char *)*out + done, call->size - done, call->offset + (off_t)done);
		if (n <= 0) {
			result = (int)n;
			break;
		}
		done += (size_t)n;
	}
	if (result == 0 && mprotect(*out, call->size, (int)call->place.access) != 0)
		result = -errno;
	if (result && done)
		(void)munmap(*out, call->size);
	return result;
}

/* Pages of the file, and behind its end such that fault. */
static int map_memory(struct file *f, const struct map_call *call, handle_t memory, uint64_t start, uint64_t size,
		      void **out)
{
	struct map_place place = call->place;
	size_t there = page_ceil(size < call->size ? size : call->size);
	status_t status = OK;

	if (there < call->size) {
		place.access = PROT_NONE;
		status = map_zeroes(call->size, &place, out);
		if (status != OK || there == 0)
			return neg_errno(status);
		place = (struct map_place){.at = *out, .fixed = true, .replace = true, .access = call->place.access};
	}
	status = map_vmo(memory, start, there, &place, out);
	if (status == OK && call->shared && (call->place.access & PROT_WRITE))
		status = map_shared_add(*out, there, f->endpoint);
	if (status != OK && there < call->size)
		(void)munmap(place.at, call->size);
	return neg_errno(status);
}

static int map_remote(struct file *f, const struct map_call *call, void **out)
{
	handle_t memory = HANDLE_NONE, copy;
	uint64_t start = 0, size = 0;
	status_t status;
	int result;

	CALL_AGAIN(status,
		   file_memory(f->endpoint, (uint64_t)call->offset, call->size, call->shared, &memory, &start, &size));
	if (status == ERR_DEVICE)
		return -ENODEV; /* a directory */
	if (status == ERR_INVALID)
		return map_memory(f, call, HANDLE_NONE, 0, 0, out); /* all behind the end */
	if (status == ERR_UNSUPPORTED)
		return call->shared ? -ENODEV : map_by_reading(f, call, out);
	if (status != OK)
		return neg_errno(status);
	if (start % PAGE_SIZE)
		status = ERR_PROTOCOL;
	if (status == OK && !call->shared) {
		status = map_clone(memory, start, page_ceil(size), call->place.access, &copy);
		if (status == OK) {
			map_close(memory);
			memory = copy;
			start = 0;
		}
	}
	if (status == ERR_UNSUPPORTED)
		result = map_by_reading(f, call, out);
	else
		result = status == OK ? map_memory(f, call, memory, start, size, out) : neg_errno(status);
	map_close(memory);
	return result;
}

static int map_file(struct file *f, const struct map_call *call, void **out)
{
	int access = f->flags & O_ACCMODE;

	if (access == O_WRONLY || (call->shared && (call->place.access & PROT_WRITE) && access != O_RDWR))
		return -EACCES;
	if (remote_is(f))
		return map_remote(f, call, out);
	if (!f->ops->read_at || call->shared)
		return -ENODEV;
	return map_by_reading(f, call, out);
}

/* ---- calls ---- */

static int map_start(struct map_call *call, size_t len, int protection, int flags, off_t offset)
{
	int sharing = flags & (MAP_SHARED | MAP_PRIVATE);
	bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);

	if (len == 0 || (sharing != MAP_SHARED && sharing != MAP_PRIVATE) ||
	    (fixed && (uintptr_t)call->place.at % PAGE_SIZE) || offset < 0 || (uint64_t)offset % PAGE_SIZE ||
	    (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC)))
		return -EINVAL;
	if ((protection & PROT_WRITE) && (protection & PROT_EXEC))
		return -ENOTSUP;
	if (page_ceil(len) < len)
		return -ENOMEM;
	call->size = page_ceil(len);
	call->shared = sharing == MAP_SHARED;
	call->offset = offset;
	call->place.fixed = fixed;
	call->place.replace = flags & MAP_FIXED;
	call->place.access = (unsigned)protection;
	if (!fixed)
		call->place.at = NULL; /* a wish, and the kernel has none */
	return 0;
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	struct map_call call = {.place.at = at};
	struct file *f = NULL;
	void *out = NULL;
	int result = map_start(&call, len, protection, flags, flags & MAP_ANONYMOUS ? 0 : offset);

	if (result == 0 && !(flags & MAP_ANONYMOUS)) {
		f = fd_get(fd);
		result = f ? 0 : -EBADF;
	}
	if (result == 0 && (flags & MAP_FIXED))
		result = map_shared_remove(at, call.size);
	if (result == 0)
		result = f ? map_file(f, &call, &out) : neg_errno(map_zeroes(call.size, &call.place, &out));
	if (f)
		file_put(f);
	if (result == -ERANGE)
		result = -ENOMEM; /* where no mapping can be */
	if (result == 0)
		return out;
	errno = -result;
	return MAP_FAILED;
}

static int range_check(const void *at, size_t *len)
{
	if ((uintptr_t)at % PAGE_SIZE || *len == 0 || page_ceil(*len) < *len)
		return -EINVAL;
	*len = page_ceil(*len);
	return 0;
}

int munmap(void *at, size_t len)
{
	int result = range_check(at, &len);

	if (result == 0)
		result = map_shared_remove(at, len);
	if (result == 0)
		result = neg_errno(map_remove(at, len));
	return (int)posix_result(result);
}

int mprotect(void *at, size_t len, int protection)
{
	int result = len == 0 && (uintptr_t)at % PAGE_SIZE == 0 ? 0 : range_check(at, &len);
	status_t status;

	if (result == 0 && (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC)))
		result = -EINVAL;
	if (result == 0 && (protection & PROT_WRITE) && (protection & PROT_EXEC))
		result = -ENOTSUP;
	if (result == 0 && len) {
		status = map_protect(at, len, (unsigned)protection);
		result = status == ERR_RANGE ? -ENOMEM : status == ERR_RIGHTS ? -EACCES : neg_errno(status);
	}
	return (int)posix_result(result);
}

int msync(void *at, size_t len, int flags)
{
	int result = (uintptr_t)at % PAGE_SIZE || page_ceil(len) < len ? -EINVAL : 0;

	len = page_ceil(len);
	if ((flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE)) || ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		result = -EINVAL;
	if (result == 0 && !map_covers(at, len))
		result = -ENOMEM;
	/* What is written is in the file at once; MS_SYNC is that it is on the medium. */
	if (result == 0 && (flags & MS_SYNC))
		result = map_shared_sync(at, len);
	return (int)posix_result(result);
}
