/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks a newc cpio archive in memory. Pure: looks only at the bytes it is given and believes none
 * of them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

#define CPIO_MODE_TYPE 0170000u
#define CPIO_MODE_DIR  0040000u
#define CPIO_MODE_FILE 0100000u

struct cpio_entry {
	const char *name; /* NUL-terminated, inside of the archive */
	const void *data;
	size_t size;
	size_t offset; /* of the data in the archive */
	uint32_t mode;
};

/*
 * The entry at *cursor (0 at first), which is then moved on. ERR_NOT_FOUND at the archive's own
 * end, ERR_BAD_FORMAT where it breaks off or is damaged: *cursor stays, so a caller that goes on
 * asking gets the same answer.
 */
status_t cpio_next(const void *archive, size_t size, size_t *cursor, struct cpio_entry *out);
