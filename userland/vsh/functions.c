/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions: trees of their own, which live as long as a call of them. */
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/stack.h"
#include "userland/vsh/unparse.h"

struct function *function_find(const struct shell *shell, const char *name)
{
	struct function *function = shell->functions;
	while (function && strcmp(function->name, name) != 0)
		function = function->next;
	return function;
}

static void put(struct function *function)
{
	if (--function->users != 0)
		return;
	arena_free(&function->arena);
	free(function->name);
	free(function);
}

void function_remove(struct shell *shell, const char *name)
{
	for (struct function **link = &shell->functions; *link; link = &(*link)->next) {
		struct function *function = *link;
		if (strcmp(function->name, name) != 0)
			continue;
		*link = function->next;
		put(function);
		return;
	}
}

bool function_define(struct shell *shell, const char *name, const struct node *body)
{
	struct text text = {0};
	struct parse_error error;
	struct node *list;
	struct function *function = calloc(1, sizeof(*function));

	unparse(body, &text);
	if (function)
		function->name = strdup(name);
	bool good = function && function->name && !text.failed &&
		    parse(&function->arena, text_get(&text), text.len, &list, &error) == PARSE_OK && list;
	text_free(&text);
	if (!good) {
		shell_error(shell, "%s: out of memory", name);
		if (function) {
			function->users = 1;
			put(function);
		}
		return false;
	}
	function_remove(shell, name);
	function->body = list;
	function->users = 1;
	function->next = shell->functions;
	shell->functions = function;
	return true;
}

int function_call(struct shell *shell, struct function *function, int argc, char **argv)
{
	char *const *args = shell->expand.args;
	size_t count = shell->expand.args_count;
	struct names own_args = shell->own_args;
	struct saved_variable *locals = shell->locals;
	unsigned loops = shell->loops;

	if (shell->depth >= CALL_DEPTH_MAX || stack_is_low()) {
		shell_error(shell, "%s: too many calls in each other", function->name);
		return shell_fail(shell, STATUS_USAGE);
	}
	shell->expand.args = argv + 1;
	shell->expand.args_count = (size_t)argc - 1;
	shell->own_args = (struct names){0};
	shell->locals = NULL;
	shell->loops = 0;
	shell->depth++;
	shell->calls++;
	function->users++;
	int status = run_node(shell, function->body);
	put(function);
	if (shell->flow == FLOW_RETURN) {
		shell->flow = FLOW_NONE;
		status = shell->expand.status;
	}
	shell->calls--;
	shell->depth--;
	variables_restore(shell, shell->locals);
	names_free(&shell->own_args);
	shell->locals = locals;
	shell->own_args = own_args;
	shell->loops = loops;
	shell->expand.args = args;
	shell->expand.args_count = count;
	return status;
}

void functions_free(struct shell *shell)
{
	while (shell->functions)
		function_remove(shell, shell->functions->name);
}
