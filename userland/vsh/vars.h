/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell variables, sorted by name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct variable {
	char *name;
	char *value; /* NULL: exported by name, not set */
	bool exported;
	bool readonly; /* vars_set and vars_unset refuse it; who wants to say so asks before */
};

struct vars {
	struct variable *list;
	size_t count, size;
	bool export_all; /* set -a */
};

/* NULL if it is not set. */
const char *vars_get(const struct vars *vars, const char *name);
bool vars_is_readonly(const struct vars *vars, const char *name);
/* NULL if it was neither set nor exported. */
const struct variable *vars_find(const struct vars *vars, const char *name);
/* False: out of memory or read-only, nothing changed. */
bool vars_set(struct vars *vars, const char *name, const char *value);
bool vars_export(struct vars *vars, const char *name);
bool vars_make_readonly(struct vars *vars, const char *name);
/* As it was before: also what is read-only now. `value` NULL: not set. False: out of memory. */
bool vars_restore(struct vars *vars, const char *name, const char *value, bool exported);
void vars_unset(struct vars *vars, const char *name);
/* NAME=VALUE of every entry; those without '=' are ignored. All become exported. */
bool vars_import(struct vars *vars, char *const *environment);
/* The exported variables as NAME=VALUE, NULL-terminated, in one heap block; NULL: out of memory. */
char **vars_environment(const struct vars *vars);
void vars_free(struct vars *vars);
