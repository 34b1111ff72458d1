/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads one cpio header, checking every field against the archive's size. */
#include "kernel/proc/cpio.h"

#include <stdint.h>

#include <string.h>

#define HEADER 110
enum { FIELD_SIZE = 54, FIELD_NAMESIZE = 94 };

static bool hex(const char *p, uint64_t *out)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++) {
		unsigned c = (unsigned char)p[i];
		unsigned d = c - '0' < 10 ? c - '0' : (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 16;

		if (d > 15)
			return false;
		v = v << 4 | d;
	}
	*out = v;
	return true;
}

bool cpio_first(const void *archive, size_t size, struct cpio_entry *out)
{
	const char *p = archive;
	uint64_t namesize, filesize;

	if (size < HEADER || memcmp(p, "070701", 6) || !hex(p + FIELD_SIZE, &filesize) ||
	    !hex(p + FIELD_NAMESIZE, &namesize))
		return false;
	uint64_t data = (HEADER + namesize + 3) & ~3ull;
	if (!namesize || data > size || filesize > size - data)
		return false;
	if (!memchr(p + HEADER, 0, namesize) || !strncmp(p + HEADER, "TRAILER!!!", 11))
		return false;
	out->name = p + HEADER;
	out->data = p + data;
	out->size = filesize;
	return true;
}
