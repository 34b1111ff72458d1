/* SPDX-License-Identifier: BSD-2-Clause */
/* The executor: walks the tree and runs its commands. Every function here returns an exit status. */
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/pattern.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/stack.h"

static int run_body(struct shell *shell, const struct node *node)
{
	return node ? run_node(shell, node) : 0;
}

/* Where a status is asked for: set -e looks away. */
static int run_condition(struct shell *shell, const struct node *node)
{
	shell->tested++;
	int status = run_node(shell, node);
	shell->tested--;
	return status;
}

static int run_if(struct shell *shell, const struct node *node)
{
	int status = run_condition(shell, node->left);
	if (shell->flow != FLOW_NONE)
		return status;
	return run_body(shell, status == 0 ? node->right : node->otherwise);
}

/* After a pass of a loop's body: does the loop go on? */
static bool loop_goes_on(struct shell *shell)
{
	if (shell->flow == FLOW_NONE)
		return true;
	if (shell->flow != FLOW_BREAK && shell->flow != FLOW_CONTINUE)
		return false;
	bool outer = --shell->flow_count != 0;
	bool again = shell->flow == FLOW_CONTINUE && !outer;
	if (!outer)
		shell->flow = FLOW_NONE;
	return again;
}

static int run_while(struct shell *shell, const struct node *node)
{
	int status = 0;
	shell->loops++;
	for (;;) {
		int condition = run_condition(shell, node->left);
		if (shell->flow != FLOW_NONE) {
			if (shell->flow == FLOW_EXIT || shell->flow == FLOW_RETURN || shell->flow == FLOW_INTERRUPT)
				status = condition;
			if (!loop_goes_on(shell))
				break;
			continue;
		}
		if ((condition == 0) == (node->kind == NODE_UNTIL))
			break;
		status = run_node(shell, node->right);
		if (!loop_goes_on(shell))
			break;
	}
	shell->loops--;
	return status;
}

static int run_for(struct shell *shell, const struct node *node)
{
	struct names values = {0};
	int status = 0;

	if (node->has_in) {
		if (!expand_fields(shell, node->words, &values)) {
			names_free(&values);
			return shell->expand.status;
		}
	} else {
		for (size_t i = 0; i < shell->expand.args_count; i++)
			names_add(&values, shell->expand.args[i], strlen(shell->expand.args[i]));
	}
	if (values.failed) {
		shell_error(shell, "out of memory");
		names_free(&values);
		return 1;
	}
	shell->loops++;
	for (size_t i = 0; i < values.count; i++) {
		if (!variable_set(shell, node->name, values.list[i])) {
			status = shell_fail(shell, STATUS_USAGE);
			break;
		}
		status = run_body(shell, node->left);
		if (!loop_goes_on(shell))
			break;
	}
	shell->loops--;
	names_free(&values);
	return status;
}

static bool matches(struct shell *shell, const struct case_item *item, const char *value, bool *found)
{
	struct text pattern = {0};
	bool good = true;
	for (const struct word *word = item->patterns; word && good && !*found; word = word->next) {
		text_cut(&pattern, 0);
		good = expand_pattern(&shell->expand, word->text, &pattern);
		*found = good && pattern_match(text_get(&pattern), value);
	}
	text_free(&pattern);
	return good;
}

static int run_case(struct shell *shell, const struct node *node)
{
	struct text value = {0};
	int status = 0;
	bool found = false;
	shell->expand.line = shell->line + node->line - 1;
	bool good = expand_string(&shell->expand, node->words->text, &value);

	for (const struct case_item *item = node->items; item && good && !found; item = item->next) {
		good = matches(shell, item, text_get(&value), &found);
		for (; found && item; item = item->falls && shell->flow == FLOW_NONE ? item->next : NULL)
			status = run_body(shell, item->body);
		if (!item)
			break;
	}
	text_free(&value);
	if (!good && shell->flow == FLOW_NONE) {
		shell_error(shell, "%s", shell->expand.error);
		return shell_fail(shell, STATUS_USAGE);
	}
	return status;
}

static int define_function(struct shell *shell, const struct node *node)
{
	const struct builtin *builtin = builtin_find(node->name);
	if (builtin && builtin->special) {
		shell_error(shell, "%s: is a special built-in: no function can be called so", node->name);
		return shell_fail(shell, STATUS_USAGE);
	}
	return !function_define(shell, node->name, node->left);
}

static int run_list(struct shell *shell, const struct node *node)
{
	int status = 0;
	for (const struct node *item = node->first; item && shell->flow == FLOW_NONE; item = item->next) {
		const struct node *first = item->kind == NODE_PIPELINE ? item->first : item;
		status = item->background ? run_pipeline(shell, item, first, true) : run_node(shell, item);
		shell->expand.status = status;
	}
	return status;
}

static int run_and_or(struct shell *shell, const struct node *node)
{
	int status = run_condition(shell, node->left);
	if (shell->flow == FLOW_NONE && (status == 0) == (node->kind == NODE_AND))
		status = run_node(shell, node->right);
	return status;
}

static int run_kind(struct shell *shell, const struct node *node)
{
	switch (node->kind) {
	case NODE_SIMPLE: return run_simple(shell, node);
	case NODE_PIPELINE: return run_pipeline(shell, node, node->first, false);
	case NODE_AND:
	case NODE_OR: return run_and_or(shell, node);
	case NODE_NOT: {
		int status = run_condition(shell, node->left);
		return shell->flow == FLOW_NONE ? !status : status;
	}
	case NODE_LIST: return run_list(shell, node);
	case NODE_IF: return run_if(shell, node);
	case NODE_WHILE:
	case NODE_UNTIL: return run_while(shell, node);
	case NODE_FOR: return run_for(shell, node);
	case NODE_CASE: return run_case(shell, node);
	case NODE_GROUP: return run_node(shell, node->left);
	case NODE_SUBSHELL: return run_subshell(shell, node);
	case NODE_FUNCTION: return define_function(shell, node);
	}
	return 1;
}

/* set -e and the trap of ERR: what nobody tests must not fail. */
static void check_failure(struct shell *shell, const struct node *node, int status)
{
	bool counts = node->kind == NODE_SIMPLE || node->kind == NODE_PIPELINE || node->kind == NODE_SUBSHELL;
	if (status == 0 || !counts || shell->tested != 0 || shell->flow != FLOW_NONE)
		return;
	traps_error(shell);
	if (shell->options[OPTION_ERREXIT] && shell->flow == FLOW_NONE) {
		shell->expand.status = status;
		shell->flow = FLOW_EXIT;
	}
}

int run_node(struct shell *shell, const struct node *node)
{
	struct saved_fd *fds = NULL;
	int status;
	if (shell->interactive && signals_interrupted()) {
		shell->flow = FLOW_INTERRUPT;
		return shell->expand.status = STATUS_INTERRUPTED;
	}
	if (stack_is_low()) {
		shell_error(shell, "too many commands in each other");
		return shell_fail(shell, STATUS_USAGE);
	}
	if (shell->options[OPTION_NOEXEC])
		return 0;
	/* Simple commands see to theirs themselves. */
	if (node->kind != NODE_SIMPLE && !redirect_apply(shell, node->redirects, &fds)) {
		status = 1;
	} else {
		status = run_kind(shell, node);
		redirect_undo(fds);
	}
	if (shell->flow == FLOW_NONE || shell->flow == FLOW_BREAK || shell->flow == FLOW_CONTINUE)
		shell->expand.status = status;
	check_failure(shell, node, status);
	traps_run(shell);
	return shell->flow == FLOW_NONE ? status : shell->expand.status;
}
