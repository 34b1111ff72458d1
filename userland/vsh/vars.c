/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell variables. */
#include "userland/vsh/vars.h"

#include <stdlib.h>
#include <string.h>

/* The place of the name, or where it would be. */
static size_t place(const struct vars *vars, const char *name, bool *found)
{
	size_t low = 0, high = vars->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(vars->list[middle].name, name);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

const char *vars_get(const struct vars *vars, const char *name)
{
	bool found;
	size_t i = place(vars, name, &found);
	return found ? vars->list[i].value : NULL;
}

static struct variable *find_or_add(struct vars *vars, const char *name)
{
	bool found;
	size_t i = place(vars, name, &found);
	if (found)
		return &vars->list[i];
	if (vars->count == vars->size) {
		size_t size = vars->size ? vars->size * 2 : 32;
		struct variable *list = realloc(vars->list, size * sizeof(*list));
		if (!list)
			return NULL;
		vars->list = list;
		vars->size = size;
	}
	char *copy = strdup(name);
	if (!copy)
		return NULL;
	memmove(&vars->list[i + 1], &vars->list[i], (vars->count - i) * sizeof(*vars->list));
	vars->list[i] = (struct variable){.name = copy};
	vars->count++;
	return &vars->list[i];
}

const struct variable *vars_find(const struct vars *vars, const char *name)
{
	bool found;
	size_t i = place(vars, name, &found);
	return found ? &vars->list[i] : NULL;
}

bool vars_is_readonly(const struct vars *vars, const char *name)
{
	const struct variable *v = vars_find(vars, name);
	return v && v->readonly;
}

bool vars_set(struct vars *vars, const char *name, const char *value)
{
	if (vars_is_readonly(vars, name))
		return false;
	char *copy = strdup(value);
	struct variable *variable = copy ? find_or_add(vars, name) : NULL;
	if (!variable) {
		free(copy);
		return false;
	}
	free(variable->value);
	variable->value = copy;
	variable->exported = variable->exported || vars->export_all;
	return true;
}

bool vars_export(struct vars *vars, const char *name)
{
	struct variable *variable = find_or_add(vars, name);
	if (variable)
		variable->exported = true;
	return variable;
}

bool vars_make_readonly(struct vars *vars, const char *name)
{
	struct variable *variable = find_or_add(vars, name);
	if (variable)
		variable->readonly = true;
	return variable;
}

bool vars_restore(struct vars *vars, const char *name, const char *value, bool exported)
{
	bool found;
	size_t i = place(vars, name, &found);
	if (found)
		vars->list[i].readonly = false;
	vars_unset(vars, name);
	return (!value || vars_set(vars, name, value)) && (!exported || vars_export(vars, name));
}

void vars_unset(struct vars *vars, const char *name)
{
	bool found;
	size_t i = place(vars, name, &found);
	if (!found || vars->list[i].readonly)
		return;
	free(vars->list[i].name);
	free(vars->list[i].value);
	vars->count--;
	memmove(&vars->list[i], &vars->list[i + 1], (vars->count - i) * sizeof(*vars->list));
}

bool vars_import(struct vars *vars, char *const *environment)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		if (!equals)
			continue;
		char *name = strndup(*environment, (size_t)(equals - *environment));
		bool good = name && vars_set(vars, name, equals + 1) && vars_export(vars, name);
		free(name);
		if (!good)
			return false;
	}
	return true;
}

char **vars_environment(const struct vars *vars)
{
	size_t count = 0, bytes = 0;
	for (size_t i = 0; i < vars->count; i++) {
		const struct variable *v = &vars->list[i];
		if (v->exported && v->value) {
			count++;
			bytes += strlen(v->name) + strlen(v->value) + 2;
		}
	}
	char **environment = malloc((count + 1) * sizeof(*environment) + bytes);
	if (!environment)
		return NULL;
	char *text = (char *)(environment + count + 1);
	size_t n = 0;
	for (size_t i = 0; i < vars->count; i++) {
		const struct variable *v = &vars->list[i];
		if (!v->exported || !v->value)
			continue;
		environment[n++] = text;
		text = stpcpy(stpcpy(stpcpy(text, v->name), "="), v->value) + 1;
	}
	environment[n] = NULL;
	return environment;
}

void vars_free(struct vars *vars)
{
	for (size_t i = 0; i < vars->count; i++) {
		free(vars->list[i].name);
		free(vars->list[i].value);
	}
	free(vars->list);
	*vars = (struct vars){0};
}
