/* SPDX-License-Identifier: BSD-2-Clause */
/* The first entry of a newc cpio archive (cpio(5), "New ASCII Format"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpio_entry {
	const char *name; /* NUL-terminated */
	const void *data;
	size_t size;
};

bool cpio_first(const void *archive, size_t size, struct cpio_entry *out);
