/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables. */
#include "userland/tools/lib/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned width_of(const char *cell)
{
	unsigned width = 0;
	for (; *cell; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

static void add_cell(struct table *table, char *cell)
{
	if (table->rows == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		char **cells = realloc(table->cells, room * sizeof(*cells));
		if (!cells) {
			free(cell);
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->rows++] = cell;
}

void table_begin(struct table *table, const char *headers)
{
	*table = (struct table){0};
	while (*headers && table->columns < TABLE_COLUMNS) {
		size_t len = strcspn(headers, " ");
		bool right = *headers == '>';
		table->right[table->columns++] = right;
		char *cell = strndup(headers + right, len - right);
		if (cell)
			add_cell(table, cell);
		else
			table->failed = true;
		headers += len;
		headers += strspn(headers, " ");
	}
}

void table_add(struct table *table, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *bytes = len < 0 ? NULL : malloc((size_t)len + 1);
	if (bytes) {
		vsnprintf(bytes, (size_t)len + 1, format, again);
		add_cell(table, bytes);
	} else {
		table->failed = true;
	}
	va_end(again);
}

void table_write(const struct table *table, struct text *out)
{
	unsigned widths[TABLE_COLUMNS] = {0};
	for (size_t i = 0; i < table->rows; i++) {
		unsigned width = width_of(table->cells[i]), column = i % table->columns;
		if (width > widths[column])
			widths[column] = width;
	}
	for (size_t i = 0; i < table->rows; i++) {
		unsigned column = i % table->columns;
		bool last = column + 1 == table->columns;
		int pad = (int)(widths[column] - width_of(table->cells[i]));
		if (table->right[column])
			text_format(out, "%*s%s", pad, "", table->cells[i]);
		else
			text_format(out, "%s%*s", table->cells[i], last ? 0 : pad, "");
		text_add_string(out, last ? "\n" : "  ");
	}
	/* No blanks at the ends of lines: empty cells in the last columns leave some. */
	size_t kept = 0;
	for (size_t i = 0; i < out->len; i++) {
		if (out->bytes[i] == '\n') {
			while (kept > 0 && out->bytes[kept - 1] == ' ')
				kept--;
		}
		out->bytes[kept++] = out->bytes[i];
	}
	text_cut(out, kept);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->rows; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){0};
}

int table_print(struct table *table)
{
	struct text out = {0};
	table_write(table, &out);
	bool good = !table->failed && !out.failed;
	fputs(text_get(&out), stdout);
	if (!good)
		fputs("out of memory: the table is not complete\n", stderr);
	text_free(&out);
	table_free(table);
	return !good;
}
