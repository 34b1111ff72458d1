/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables on a terminal: columns as wide as their widest cell. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "userland/base/text.h"

#define TABLE_COLUMNS 12

struct table {
	unsigned columns;
	bool right[TABLE_COLUMNS]; /* numbers stand at the right */
	char **cells;              /* rows * columns */
	size_t rows, room;
	bool failed; /* no memory: something is missing */
};

/* `headers`: one word for each column, separated by blanks; a '>' in front makes it a column of numbers. */
void table_begin(struct table *table, const char *headers);
/* Adds the next cell, row by row. */
__attribute__((format(printf, 2, 3))) void table_add(struct table *table, const char *format, ...);
/* Everything as lines; the last column is not padded. */
void table_write(const struct table *table, struct text *out);
void table_free(struct table *table);
/* Prints and frees; the status to exit with. */
int table_print(struct table *table);
