/* SPDX-License-Identifier: BSD-2-Clause */
/* Mappings as the kernel makes them. */
#include "sys/posix/map_kernel.h"

#include <stdatomic.h>

#include "sys/lib/syscall.h"

/* PROT_READ, PROT_WRITE and PROT_EXEC are MAP_READ, MAP_WRITE and MAP_EXEC; writing needs reading. */
static uint32_t access_flags(unsigned access)
{
	return access & MAP_WRITE ? access | MAP_READ : access;
}

status_t map_vmo(handle_t vmo, uint64_t offset, size_t size, const struct map_place *place, void **out)
{
	uint32_t where = (place->fixed ? MAP_FIXED : 0u) | (place->replace ? MAP_REPLACE : 0u);
	uint32_t access = access_flags(place->access);
	status_t status, undone;

	status = vmo_map(HANDLE_NONE, vmo, offset, place->at, size, where | (access ? access : MAP_READ), out);
	if (status != OK || access)
		return status;
	/* PROT_NONE cannot be mapped, but become. */
	status = vmo_protect(HANDLE_NONE, *out, size, 0);
	if (status != OK) {
		undone = vmo_unmap(HANDLE_NONE, *out, size);
		(void)undone; /* it was mapped just now */
	}
	return status;
}

status_t map_zeroes(size_t size, const struct map_place *place, void **out)
{
	handle_t vmo;
	status_t status = vmo_create(size, 0, HANDLE_NONE, &vmo);

	if (status != OK)
		return status;
	status = map_vmo(vmo, 0, size, place, out);
	(void)handle_close(vmo); /* the mapping keeps the pages */
	return status;
}

bool map_covers(const void *at, size_t size)
{
	uint64_t from = (uintptr_t)at, end = from + size;

	while (from < end) {
		struct mapping_info info;

		if (process_mapping(HANDLE_NONE, from, &info) != OK || info.base > from)
			return false;
		from = info.base + info.size;
	}
	return true;
}

static void pages_touch(uint64_t from, uint64_t end, bool write)
{
	for (uint64_t at = from; at < end; at = (at & ~(PAGE_SIZE - 1)) + PAGE_SIZE) {
		_Atomic uint32_t *word = (_Atomic uint32_t *)(uintptr_t)(at & ~3ull);

		if (write)
			(void)atomic_fetch_or_explicit(word, 0, memory_order_relaxed);
		else
			(void)atomic_load_explicit(word, memory_order_relaxed);
	}
}

bool map_bring(const void *at, size_t size, bool write)
{
	uint64_t from = (uintptr_t)at, end = from + size;
	bool any = false;

	while (from < end) {
		struct mapping_info info;

		if (process_mapping(HANDLE_NONE, from, &info) != OK || info.base > from ||
		    !(info.prot & (write ? MAP_WRITE : MAP_READ)))
			return false;
		uint64_t stop = info.base + info.size < end ? info.base + info.size : end;

		if (info.kind == VMO_KIND_PAGED || info.kind == VMO_KIND_VIEW) {
			pages_touch(from, stop, write);
			any = true;
		}
		from = stop;
	}
	return any;
}

status_t map_remove(void *at, size_t size)
{
	return vmo_unmap(HANDLE_NONE, at, size);
}

status_t map_protect(void *at, size_t size, unsigned access)
{
	return vmo_protect(HANDLE_NONE, at, size, access_flags(access));
}

status_t map_clone(handle_t vmo, uint64_t offset, size_t size, unsigned access, handle_t *out)
{
	status_t status = vmo_clone(vmo, offset, size, out);

	if (status != OK || !(access & MAP_EXEC))
		return status;
	status = vmo_sync_code(*out);
	if (status != OK)
		(void)handle_close(*out);
	return status;
}

void map_close(handle_t vmo)
{
	(void)handle_close(vmo); /* ours: it cannot fail */
}
