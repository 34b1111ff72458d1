/* SPDX-License-Identifier: BSD-2-Clause */
/* String lists. */
#include "userland/vsh/names.h"

#include <stdlib.h>
#include <string.h>

void names_add(struct names *names, const char *name, size_t len)
{
	if (names->count + 1 >= names->size) {
		size_t size = names->size ? names->size * 2 : 16;
		char **list = realloc(names->list, size * sizeof(*list));
		if (!list) {
			names->failed = true;
			return;
		}
		names->list = list;
		names->size = size;
	}
	char *copy = strndup(name, len);
	if (!copy)
		names->failed = true;
	else
		names->list[names->count++] = copy;
	names->list[names->count] = NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *names, size_t first)
{
	if (names->count > first)
		qsort(names->list + first, names->count - first, sizeof(*names->list), compare);
}

void names_unique(struct names *names)
{
	size_t kept = 0;
	for (size_t i = 0; i < names->count; i++) {
		if (kept != 0 && strcmp(names->list[kept - 1], names->list[i]) == 0)
			free(names->list[i]);
		else
			names->list[kept++] = names->list[i];
	}
	names->count = kept;
	if (names->list)
		names->list[kept] = NULL;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){0};
}
