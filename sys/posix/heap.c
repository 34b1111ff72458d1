/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbrk under the C library's malloc: memory that grows behind the image, and when the room there is
 * used up in a large area that nothing else is put into. malloc copes with one jump upwards. Memory
 * is mapped in chunks, zero on demand: a chunk costs nothing but address space until it is touched.
 */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/lib/startup.h"
#include "sys/posix/errno_map.h"

#define CHUNK_MIN  (64 * 1024ul)
#define CHUNK_MAX  (16 * 1024 * 1024ul)
#define HEAP_HIGH  0x1000000000ul /* 64 GiB: above what vmo_map chooses by itself */
#define HEAP_LIMIT 0x3000000000ul

static struct mutex heap_lock;
static uintptr_t heap_break, heap_mapped_end, heap_total; /* heap_lock */

static uintptr_t page_ceil(uintptr_t n)
{
	return (n + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
}

/* Chunks grow with the heap: few mappings for a large one, little waste for a small one. */
static uintptr_t chunk_size(uintptr_t need)
{
	uintptr_t size = heap_total / 4;

	size = size < CHUNK_MIN ? CHUNK_MIN : size > CHUNK_MAX ? CHUNK_MAX : size;
	return page_ceil(need > size ? need : size);
}

static status_t chunk_map(uintptr_t at, uintptr_t size)
{
	handle_t vmo;
	status_t status;

	if (at > HEAP_LIMIT || size > HEAP_LIMIT - at)
		return ERR_NO_MEMORY;
	status = vmo_create(size, 0, HANDLE_NONE, &vmo);
	if (status != OK)
		return status;
	status = vmo_map(HANDLE_NONE, vmo, 0, (void *)at, size, MAP_FIXED | MAP_READ | MAP_WRITE, NULL);
	(void)handle_close(vmo);
	return status;
}

/* Makes room for `need` bytes above the break. */
static status_t heap_grow(uintptr_t need)
{
	uintptr_t size = chunk_size(need);
	uintptr_t at = heap_mapped_end;
	status_t status = chunk_map(at, size);

	if (status == ERR_EXISTS && at < HEAP_HIGH) {
		at = HEAP_HIGH;
		size = chunk_size(need);
		status = chunk_map(at, size);
		if (status == OK)
			heap_break = at;
	}
	if (status != OK)
		return status;
	heap_mapped_end = at + size;
	heap_total += size;
	return OK;
}

static void *heap_move(ptrdiff_t increment)
{
	uintptr_t old;

	if (heap_break == 0) {
		heap_break = page_ceil(startup_get()->heap_hint);
		heap_mapped_end = heap_break;
	}
	if (increment < 0) {
		/* Never asked for more than was given; pages stay mapped for the next time. */
		heap_break -= (uintptr_t)-increment;
		return (void *)(heap_break + (uintptr_t)-increment);
	}
	if ((uintptr_t)increment > heap_mapped_end - heap_break) {
		uintptr_t need = (uintptr_t)increment - (heap_mapped_end - heap_break);

		/* The room that is left counts only if the next chunk joins it; ask for all to be
		 * safe. */
		if (need < (uintptr_t)increment)
			need = (uintptr_t)increment;
		if (heap_grow(need) != OK)
			return NULL;
	}
	old = heap_break;
	heap_break += (uintptr_t)increment;
	return (void *)old;
}

void *sbrk(ptrdiff_t increment)
{
	void *old;

	mutex_lock(&heap_lock);
	old = heap_move(increment);
	mutex_unlock(&heap_lock);
	if (!old) {
		errno = ENOMEM;
		return (void *)-1;
	}
	return old;
}
