/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows as it is written: of files whose bytes are made when they are read. */
#pragma once

#include <stddef.h>

#include "sys/abi/status.h"

#define FS_TEXT_MAX (512 * 1024ul) /* bytes of one */

/* Zeroed: empty. */
struct fs_text {
	char *data; /* malloc; the owner's to free */
	size_t len, room;
	status_t status; /* ERR_NO_MEMORY: it is not whole, and what is added is dropped */
};

void fs_text_free(struct fs_text *text);
void fs_text_add(struct fs_text *text, const void *data, size_t len);
void fs_text_print(struct fs_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* With spaces up to a column of the present line (0: the first), at least one. */
void fs_text_pad(struct fs_text *text, size_t column);
/* Control characters, the backslash and the bytes of `also` as octal escapes, as fstab and /proc have them. */
void fs_text_escape(struct fs_text *text, const char *string, const char *also);
