/* SPDX-License-Identifier: BSD-2-Clause */
/* Assignments: with messages, and undone when the command they were for has ended. */
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/shell.h"

bool variable_set(struct shell *shell, const char *name, const char *value)
{
	if (vars_is_readonly(&shell->vars, name))
		shell_error(shell, "%s: is read-only", name);
	else if (vars_set(&shell->vars, name, value))
		return true;
	else
		shell_error(shell, "out of memory");
	return false;
}

bool variable_keep(struct shell *shell, const char *name, struct saved_variable **saved)
{
	struct saved_variable *entry = calloc(1, sizeof(*entry));
	const struct variable *v = vars_find(&shell->vars, name);
	if (!entry)
		return false;
	entry->name = strdup(name);
	entry->value = v && v->value ? strdup(v->value) : NULL;
	entry->exported = v && v->exported;
	entry->next = *saved;
	*saved = entry;
	return entry->name && (entry->value || !v || !v->value);
}

void variables_restore(struct shell *shell, struct saved_variable *saved)
{
	while (saved) {
		struct saved_variable *next = saved->next;
		if (saved->name && !vars_restore(&shell->vars, saved->name, saved->value, saved->exported))
			shell_error(shell, "out of memory: %s is lost", saved->name);
		free(saved->name);
		free(saved->value);
		free(saved);
		saved = next;
	}
}

bool variables_assign(struct shell *shell, const struct word *assignments, struct saved_variable **saved)
{
	for (; assignments; assignments = assignments->next) {
		struct text value = {0};
		const char *equals = strchr(assignments->text, '=');
		char *name = strndup(assignments->text, (size_t)(equals - assignments->text));
		bool good = name && expand_assignment(&shell->expand, equals + 1, &value);
		if (!good)
			shell_error(shell, "%s", name ? shell->expand.error : "out of memory");
		good = good && (!saved || variable_keep(shell, name, saved)) &&
		       variable_set(shell, name, text_get(&value)) && (!saved || vars_export(&shell->vars, name));
		if (good && shell->options[OPTION_XTRACE]) {
			text_format(&shell->trace, "%s=", name);
			quote_word(&shell->trace, text_get(&value));
			text_add_char(&shell->trace, ' ');
		}
		text_free(&value);
		free(name);
		if (!good)
			return false;
	}
	return true;
}

bool parameters_set(struct shell *shell, char *const *list, size_t count)
{
	struct names fresh = {0};
	for (size_t i = 0; i < count; i++)
		names_add(&fresh, list[i], strlen(list[i]));
	if (fresh.failed) {
		names_free(&fresh);
		return false;
	}
	/* The old ones may be what the new ones come from, so they go last. */
	names_free(&shell->own_args);
	shell->own_args = fresh;
	shell->expand.args = fresh.list;
	shell->expand.args_count = fresh.count;
	return true;
}
