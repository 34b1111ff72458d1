/* SPDX-License-Identifier: BSD-2-Clause */
/* Linear search (lfind, lsearch) and doubly linked lists (insque, remque) of <search.h>. */
#include <search.h>
#include <string.h>

void *lfind(const void *key, const void *table, size_t *count, size_t size, int (*compare)(const void *, const void *))
{
	const char *at = table;

	for (size_t i = 0; i < *count; i++, at += size) {
		if (compare(key, at) == 0)
			return (void *)(uintptr_t)at;
	}
	return NULL;
}

void *lsearch(const void *key, void *table, size_t *count, size_t size, int (*compare)(const void *, const void *))
{
	void *found = lfind(key, table, count, size, compare);

	if (!found) {
		found = (char *)table + *count * size;
		memcpy(found, key, size);
		(*count)++;
	}
	return found;
}

/* Elements start with these two (POSIX.1-2017 insque). */
struct element {
	struct element *next, *previous;
};

void insque(void *inserted, void *before)
{
	struct element *element = inserted, *previous = before;

	element->previous = previous;
	element->next = previous ? previous->next : NULL;
	if (previous)
		previous->next = element;
	if (element->next)
		element->next->previous = element;
}

void remque(void *removed)
{
	struct element *element = removed;

	if (element->previous)
		element->previous->next = element->next;
	if (element->next)
		element->next->previous = element->previous;
}
