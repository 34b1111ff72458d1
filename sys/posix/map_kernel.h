/* SPDX-License-Identifier: BSD-2-Clause */
/* Address space in the kernel's terms: what mmap does with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

struct map_place {
	void *at;        /* NULL: anywhere */
	bool fixed;      /* exactly there, */
	bool replace;    /* instead of what is there */
	unsigned access; /* PROT_* */
};

/* Maps size bytes (whole pages) of the vmo; *out is where. */
status_t map_vmo(handle_t vmo, uint64_t offset, size_t size, const struct map_place *place, void **out);

/* The same of fresh zeroes. */
status_t map_zeroes(size_t size, const struct map_place *place, void **out);

/* Is every page of the range mapped? */
bool map_covers(const void *at, size_t size);

/* The kernel copies only from and to memory that is there, and pages of files need not be: touches such, so that they are (for a while). False: the range has
 * none, or cannot be accessed so. */
bool map_bring(const void *at, size_t size, bool write);

status_t map_remove(void *at, size_t size);
status_t map_protect(void *at, size_t size, unsigned access);

/* A copy-on-write copy; with PROT_EXEC in access it is ready to be run. */
status_t map_clone(handle_t vmo, uint64_t offset, size_t size, unsigned access, handle_t *out);
void map_close(handle_t vmo);
