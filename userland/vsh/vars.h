/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell variables, sorted by name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct variable {
	char *name;
	char *value; /* NULL: exported by name, not set */
	bool exported;
};

struct vars {
	struct variable *list;
	size_t count, size;
};

/* NULL if it is not set. */
const char *vars_get(const struct vars *vars, const char *name);
/* False: out of memory, nothing changed. */
bool vars_set(struct vars *vars, const char *name, const char *value);
bool vars_export(struct vars *vars, const char *name);
void vars_unset(struct vars *vars, const char *name);
/* NAME=VALUE of every entry; those without '=' are ignored. All become exported. */
bool vars_import(struct vars *vars, char *const *environment);
/* The exported variables as NAME=VALUE, NULL-terminated, in one heap block; NULL: out of memory. */
char **vars_environment(const struct vars *vars);
void vars_free(struct vars *vars);
