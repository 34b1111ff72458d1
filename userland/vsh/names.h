/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of strings that owns them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct names {
	char **list; /* NULL-terminated once something was added */
	size_t count, size;
	bool failed; /* an addition found no memory and is missing */
};

void names_add(struct names *names, const char *name, size_t len);
/* By bytes, from the entry `first` on. */
void names_sort(struct names *names, size_t first);
/* Sorted ones only: removes repetitions. */
void names_unique(struct names *names);
void names_free(struct names *names);
