/* SPDX-License-Identifier: BSD-2-Clause */
/* Built-ins about commands: what a name stands for, and aliases. */
#include <string.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/unparse.h"

/* ---- aliases -------------------------------------------------------------------------------- */

static void show_alias(struct text *out, const char *name, const char *value)
{
	text_format(out, "%s=", name);
	quote_word(out, value);
	text_add_char(out, '\n');
}

static int define_alias(struct shell *shell, const char *argument, const char *equals)
{
	struct text name = {0};
	int status = 0;
	text_add(&name, argument, (size_t)(equals - argument));
	if (name.len == 0 || strpbrk(text_get(&name), " \t\n;&|<>()$`\\\"'/")) {
		shell_error(shell, "alias: '%s' cannot be an alias", text_get(&name));
		status = 1;
	} else if (name.failed || !vars_set(&shell->aliases, text_get(&name), equals + 1)) {
		status = builtin_no_memory(shell, "alias");
	}
	text_free(&name);
	return status;
}

int builtin_alias(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	for (size_t i = 0; i < shell->aliases.count && argc == 1; i++)
		show_alias(&shell->out, shell->aliases.list[i].name, shell->aliases.list[i].value);
	for (int i = 1; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		if (equals) {
			status |= define_alias(shell, argv[i], equals);
			continue;
		}
		const char *value = vars_get(&shell->aliases, argv[i]);
		if (value) {
			show_alias(&shell->out, argv[i], value);
		} else {
			shell_error(shell, "alias: %s: no such alias", argv[i]);
			status = 1;
		}
	}
	return status;
}

int builtin_unalias(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	if (argc < 2)
		return builtin_usage(shell, "unalias");
	if (strcmp(argv[1], "-a") == 0) {
		vars_free(&shell->aliases);
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		if (!vars_get(&shell->aliases, argv[i])) {
			shell_error(shell, "unalias: %s: no such alias", argv[i]);
			status = 1;
		}
		vars_unset(&shell->aliases, argv[i]);
	}
	return status;
}

/* ---- type, command -v ----------------------------------------------------------------------- */

static void show_function(struct text *out, const struct function *function)
{
	text_format(out, "%s() ", function->name);
	unparse(function->body, out);
	text_add_char(out, '\n');
}

/* `brief`: what POSIX's `command -v` prints. */
static bool describe(struct shell *shell, const char *name, const char *search, bool brief)
{
	struct text path = {0}, *out = &shell->out;
	const char *alias = vars_get(&shell->aliases, name);
	const struct builtin *builtin = builtin_find(name);
	const struct function *function = function_find(shell, name);
	bool found = true;
	if (alias && brief) {
		text_add_string(out, "alias ");
		show_alias(out, name, alias);
	} else if (alias) {
		text_format(out, "%s is an alias for %s\n", name, alias);
	} else if (brief && (is_reserved(name) || function || builtin)) {
		text_format(out, "%s\n", name);
	} else if (is_reserved(name)) {
		text_format(out, "%s is a word of the shell's grammar\n", name);
	} else if (function && !(builtin && builtin->special)) {
		text_format(out, "%s is a function\n", name);
		show_function(out, function);
	} else if (builtin) {
		text_format(out, "%s is a %sshell built-in\n", name, builtin->special ? "special " : "");
	} else if (program_find(shell, name, search, &path) == 0) {
		text_format(out, brief ? "%s%s\n" : "%s is %s\n", brief ? "" : name, text_get(&path));
	} else {
		found = false;
	}
	text_free(&path);
	return found;
}

int builtin_type(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	if (argc < 2)
		return builtin_usage(shell, "type");
	for (int i = 1; i < argc; i++) {
		if (describe(shell, argv[i], NULL, false))
			continue;
		shell_error(shell, "type: %s: not found", argv[i]);
		status = STATUS_NOT_FOUND;
	}
	return status;
}

int builtin_command(struct shell *shell, int argc, char **argv)
{
	const char *search = NULL;
	bool brief = false, verbose = false;
	int i = 1, status = 0;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		for (const char *letter = argv[i] + 1; *letter; letter++) {
			if (!strchr("pvV", *letter))
				return builtin_usage(shell, "command");
			brief = brief || *letter == 'v';
			verbose = verbose || *letter == 'V';
			if (*letter == 'p')
				search = "/bin:/sbin:/usr/bin:/usr/sbin";
		}
	}
	/* Without -v and -V only `command` alone comes here. */
	for (; i < argc && (brief || verbose); i++) {
		if (describe(shell, argv[i], search, brief && !verbose))
			continue;
		if (verbose)
			shell_error(shell, "command: %s: not found", argv[i]);
		status = STATUS_NOT_FOUND;
	}
	return status;
}

int builtin_hash(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	for (int i = 1; i < argc; i++) {
		struct text path = {0};
		if (i == 1 && strcmp(argv[1], "-r") == 0)
			continue;
		if (!function_find(shell, argv[i]) && !builtin_find(argv[i]) &&
		    program_find(shell, argv[i], NULL, &path) != 0) {
			shell_error(shell, "hash: %s: not found", argv[i]);
			status = 1;
		}
		text_free(&path);
	}
	return status;
}
