/* SPDX-License-Identifier: BSD-2-Clause */
/* The newc format: a 110-byte header of hexadecimal fields, the name, the data; both padded to 4
 * bytes. */
#include "sys/lib/cpio.h"

#include <stdbool.h>
#include <string.h>

enum {
	HEADER_SIZE = 110,
	FIELD_SIZE = 8,
	/* fields after the 6-byte magic, in order */
	FIELD_MODE = 1,
	FIELD_FILESIZE = 6,
	FIELD_NAMESIZE = 11,
	FIELD_COUNT = 13,
};
_Static_assert(6 + FIELD_COUNT * FIELD_SIZE == HEADER_SIZE, "the header is magic and fields");

static bool field_read(const uint8_t *header, unsigned field, uint32_t *out)
{
	const uint8_t *digits = header + 6 + field * FIELD_SIZE;
	uint32_t value = 0;

	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		uint32_t digit;

		if (digits[i] >= '0' && digits[i] <= '9')
			digit = digits[i] - '0';
		else if (digits[i] >= 'a' && digits[i] <= 'f')
			digit = digits[i] - 'a' + 10u;
		else if (digits[i] >= 'A' && digits[i] <= 'F')
			digit = digits[i] - 'A' + 10u;
		else
			return false;
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}

/* Sizes are 32 bits each and positions at most SIZE_MAX / 2 here, so sums in 64 bits cannot
 * overflow. */
static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~3ull;
}

status_t cpio_next(const void *archive, size_t size, size_t *cursor, struct cpio_entry *out)
{
	const uint8_t *bytes = archive;
	uint64_t at = *cursor;
	uint32_t mode, file_size, name_size;

	if (size > SIZE_MAX / 2 || at > size || size - at < HEADER_SIZE)
		return ERR_BAD_FORMAT;
	const uint8_t *header = bytes + at;

	/* 070702 is the same with checksums, which are zero in practice and not looked at. */
	if (memcmp(header, "07070", 5) != 0 || (header[5] != '1' && header[5] != '2'))
		return ERR_BAD_FORMAT;
	if (!field_read(header, FIELD_MODE, &mode) || !field_read(header, FIELD_FILESIZE, &file_size) ||
	    !field_read(header, FIELD_NAMESIZE, &name_size))
		return ERR_BAD_FORMAT;

	uint64_t name_at = at + HEADER_SIZE;

	if (name_size == 0 || name_size > size - name_at || !memchr(bytes + name_at, '\0', name_size))
		return ERR_BAD_FORMAT;
	const char *name = (const char *)bytes + name_at;

	if (strcmp(name, "TRAILER!!!") == 0)
		return ERR_NOT_FOUND;
	if (name[0] == '\0')
		return ERR_BAD_FORMAT;

	uint64_t data_at = align4(name_at + name_size);

	if (data_at > size || file_size > size - data_at)
		return ERR_BAD_FORMAT;
	uint64_t next = align4(data_at + file_size);

	*cursor = next < size ? (size_t)next : size;
	*out = (struct cpio_entry){
		.name = name,
		.data = bytes + data_at,
		.size = file_size,
		.offset = data_at,
		.mode = mode,
	};
	return OK;
}
