/* SPDX-License-Identifier: BSD-2-Clause */
/* May this be read with libfdt? */
#pragma once

#include <libfdt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any bytes; `size` of them can be read. libfdt checks all but what it takes for granted: the alignment of the blob and its blocks (Devicetree
 * Specification 0.4, section 5.6), which it reads in place. */
static inline bool fdt_blob_valid(const void *blob, size_t size)
{
	return blob && (uintptr_t)blob % 8 == 0 && size >= sizeof(struct fdt_header) &&
	       fdt_off_mem_rsvmap(blob) % 8 == 0 && fdt_off_dt_struct(blob) % 4 == 0 && fdt_check_full(blob, size) == 0;
}
