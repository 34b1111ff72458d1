/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries of a directory in what `list` answered: a file system's word, checked as it is read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "protocols/file.h"

struct entries {
	const char *at, *end;
	bool broken; /* what follows is not of the protocol's form */
};

static inline void entries_begin(struct entries *e, const void *buffer, size_t length)
{
	*e = (struct entries){.at = buffer, .end = (const char *)buffer + length};
}

/* The next one and its name, or NULL. The buffer is aligned to 8 bytes. */
static inline const struct file_entry *entries_next(struct entries *e, const char **name)
{
	const struct file_entry *entry = (const void *)e->at;
	size_t left = (size_t)(e->end - e->at);

	if (left == 0 || e->broken)
		return NULL;
	if (left < sizeof(*entry) || entry->size > left || entry->size % 8 ||
	    entry->size < sizeof(*entry) + entry->name_length + 1u || entry->name_length == 0 ||
	    !file_kind_valid(entry->kind)) {
		e->broken = true;
		return NULL;
	}
	*name = e->at + sizeof(*entry);
	if (strnlen(*name, entry->name_length + 1u) != entry->name_length) {
		e->broken = true;
		return NULL;
	}
	e->at += entry->size;
	return entry;
}
