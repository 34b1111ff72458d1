/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /etc/fstab: what is mounted at the start. Lines of fields between blanks: source, mount point, type, options; up to two numbers may follow, as
 * elsewhere, and mean nothing here. `#` begins a comment, `\040` and the like are characters of a field ("\134" a backslash). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FSTAB_LINES_MAX 64

struct fstab_line {
	unsigned number; /* of the line, from 1 */
	char source[256];
	char point[1024];
	char type[16];
	char options[256]; /* "defaults" is left out of it */
};

/* A message about a mistake; the line is left out. */
typedef void (*fstab_mistake_fn)(void *ctx, unsigned line, const char *message);
/* A good line. False: enough. */
typedef bool (*fstab_line_fn)(void *ctx, const struct fstab_line *line);

/* text need not end with a NUL. */
void fstab_read(const char *text, size_t len, fstab_line_fn line, fstab_mistake_fn mistake, void *ctx);
