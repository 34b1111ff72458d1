/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in commands. Output goes to shell->out, which run.c writes when the command has ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"

static int usage(struct shell *shell, const char *name)
{
	const struct builtin *builtin = builtin_find(name);
	shell_error(shell, "usage: %s %s", builtin->name, builtin->usage);
	return STATUS_USAGE;
}

/* A number of at most `high`; -1: said. */
static long number(struct shell *shell, const char *name, const char *text, long high)
{
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (*text == '\0' || *end || errno != 0 || value < 0 || value > high) {
		shell_error(shell, "%s: %s is not a number from 0 to %ld", name, text, high);
		return -1;
	}
	return value;
}

static int no_memory(struct shell *shell, const char *name)
{
	shell_error(shell, "%s: out of memory", name);
	return 1;
}

/* ---- directories ---------------------------------------------------------------------------- */

#define PATH_BYTES 4096

static int builtin_cd(struct shell *shell, int argc, char **argv)
{
	const char *target = argc > 1 ? argv[1] : vars_get(&shell->vars, "HOME");
	char cwd[PATH_BYTES];
	if (argc > 2)
		return usage(shell, "cd");
	bool back = target && strcmp(target, "-") == 0;
	if (back)
		target = vars_get(&shell->vars, "OLDPWD");
	if (!target) {
		shell_error(shell, "cd: %s is not set", back ? "OLDPWD" : "HOME");
		return 1;
	}
	const char *before = getcwd(cwd, sizeof(cwd));
	if (chdir(target) != 0) {
		shell_error(shell, "cd: %s: %s", target, strerror(errno));
		return 1;
	}
	if (before && !vars_set(&shell->vars, "OLDPWD", before))
		return no_memory(shell, "cd");
	if (getcwd(cwd, sizeof(cwd)) && !vars_set(&shell->vars, "PWD", cwd))
		return no_memory(shell, "cd");
	if (back)
		text_format(&shell->out, "%s\n", cwd);
	return 0;
}

static int builtin_pwd(struct shell *shell, int argc, char **argv)
{
	char cwd[PATH_BYTES];
	(void)argv;
	if (argc > 1)
		return usage(shell, "pwd");
	if (!getcwd(cwd, sizeof(cwd))) {
		shell_error(shell, "pwd: %s", strerror(errno));
		return 1;
	}
	text_format(&shell->out, "%s\n", cwd);
	return 0;
}

/* ---- variables ------------------------------------------------------------------------------ */

static void show_assignment(struct text *out, const char *prefix, const struct variable *v)
{
	text_format(out, "%s%s", prefix, v->name);
	if (v->value) {
		text_add_char(out, '=');
		quote_word(out, v->value);
	}
	text_add_char(out, '\n');
}

/* NAME or NAME=VALUE into the table; the name in *name is the caller's to free. False: said. */
static bool set_argument(struct shell *shell, const char *command, struct vars *vars, const char *argument, char **name)
{
	const char *equals = strchr(argument, '=');
	size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
	*name = NULL;
	if (vars == &shell->vars && !is_name(argument, len)) {
		shell_error(shell, "%s: '%s' is not a name", command, argument);
		return false;
	}
	*name = strndup(argument, len);
	if (*name && (!equals || vars_set(vars, *name, equals + 1)))
		return true;
	free(*name);
	*name = NULL;
	no_memory(shell, command);
	return false;
}

static int builtin_export(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	for (size_t i = 0; i < shell->vars.count && argc == 1; i++) {
		if (shell->vars.list[i].exported)
			show_assignment(&shell->out, "export ", &shell->vars.list[i]);
	}
	for (int i = 1; i < argc; i++) {
		char *name;
		if (!set_argument(shell, "export", &shell->vars, argv[i], &name))
			status = 1;
		else if (!vars_export(&shell->vars, name))
			status = no_memory(shell, "export");
		free(name);
	}
	return status;
}

static int builtin_unset(struct shell *shell, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (vars_get(&shell->functions, argv[i]) && !vars_get(&shell->vars, argv[i]))
			vars_unset(&shell->functions, argv[i]);
		else
			vars_unset(&shell->vars, argv[i]);
	}
	return 0;
}

/* `set -- a b`: parameters; without arguments all variables. The old parameters may be what the new ones come from. */
static int builtin_set(struct shell *shell, int argc, char **argv)
{
	static struct names parameters;
	struct names fresh = {0};
	int first = 1;
	for (size_t i = 0; i < shell->vars.count && argc == 1; i++)
		show_assignment(&shell->out, "", &shell->vars.list[i]);
	if (argc == 1)
		return 0;
	if (strcmp(argv[1], "--") == 0)
		first = 2;
	else if (argv[1][0] == '-' || argv[1][0] == '+') {
		shell_error(shell, "set: options are not supported (%s)", argv[1]);
		return STATUS_USAGE;
	}
	for (int i = first; i < argc; i++)
		names_add(&fresh, argv[i], strlen(argv[i]));
	if (fresh.failed) {
		names_free(&fresh);
		return no_memory(shell, "set");
	}
	names_free(&parameters);
	parameters = fresh;
	shell->expand.args = parameters.list;
	shell->expand.args_count = parameters.count;
	return 0;
}

static int builtin_shift(struct shell *shell, int argc, char **argv)
{
	long count = argc > 1 ? number(shell, "shift", argv[1], 100000) : 1;
	if (argc > 2)
		return usage(shell, "shift");
	if (count < 0)
		return STATUS_USAGE;
	if ((size_t)count > shell->expand.args_count) {
		shell_error(shell, "shift: there are only %zu parameters", shell->expand.args_count);
		return 1;
	}
	shell->expand.args += count;
	shell->expand.args_count -= (size_t)count;
	return 0;
}

/* One byte at a time: what follows the line is for others. */
static bool read_line(struct text *line)
{
	char c;
	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (c == '\n')
			return true;
		if (c != '\0')
			text_add_char(line, c);
	}
}

static int builtin_read(struct shell *shell, int argc, char **argv)
{
	struct text line = {0};
	int status = 0;
	if (argc < 2)
		return usage(shell, "read");
	for (int i = 1; i < argc; i++) {
		if (!is_name(argv[i], strlen(argv[i]))) {
			shell_error(shell, "read: '%s' is not a name", argv[i]);
			return STATUS_USAGE;
		}
	}
	bool complete = read_line(&line);
	char *rest = text_take(&line);
	if (!rest)
		return no_memory(shell, "read");
	const char *at = rest;
	for (int i = 1; i < argc; i++) {
		at += strspn(at, " \t");
		size_t len = i == argc - 1 ? strlen(at) : strcspn(at, " \t");
		while (i == argc - 1 && len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
			len--;
		char *value = strndup(at, len);
		if (!value || !vars_set(&shell->vars, argv[i], value))
			status = no_memory(shell, "read");
		free(value);
		at += len;
	}
	free(rest);
	return status ? status : complete ? 0 : 1;
}

/* ---- flow ----------------------------------------------------------------------------------- */

static int builtin_exit(struct shell *shell, int argc, char **argv)
{
	long status = argc > 1 ? number(shell, "exit", argv[1], 255) : shell->expand.status;
	if (argc > 2)
		return usage(shell, "exit");
	shell->flow = FLOW_EXIT;
	return status < 0 ? STATUS_USAGE : (int)status;
}

static int builtin_return(struct shell *shell, int argc, char **argv)
{
	long status = argc > 1 ? number(shell, "return", argv[1], 255) : shell->expand.status;
	if (argc > 2)
		return usage(shell, "return");
	if (shell->depth == 0) {
		shell_error(shell, "return: not in a function or sourced file");
		return 1;
	}
	shell->flow = FLOW_RETURN;
	return status < 0 ? STATUS_USAGE : (int)status;
}

static int leave_loop(struct shell *shell, int argc, char **argv, enum flow flow)
{
	long count = argc > 1 ? number(shell, argv[0], argv[1], 1000) : 1;
	if (argc > 2)
		return usage(shell, argv[0]);
	if (count < 0)
		return STATUS_USAGE;
	if (shell->loops == 0 || count == 0) {
		shell_error(shell, "%s: %s", argv[0], count == 0 ? "must be at least 1" : "not in a loop");
		return 1;
	}
	shell->flow = flow;
	shell->flow_count = (unsigned)count < shell->loops ? (unsigned)count : shell->loops;
	return 0;
}

static int builtin_break(struct shell *shell, int argc, char **argv)
{
	return leave_loop(shell, argc, argv, FLOW_BREAK);
}

static int builtin_continue(struct shell *shell, int argc, char **argv)
{
	return leave_loop(shell, argc, argv, FLOW_CONTINUE);
}

static int builtin_source(struct shell *shell, int argc, char **argv)
{
	if (argc != 2)
		return usage(shell, argv[0]);
	if (shell->depth == CALL_DEPTH_MAX) {
		shell_error(shell, "%s: more than %d calls in each other", argv[1], CALL_DEPTH_MAX);
		return 1;
	}
	shell->depth++;
	int status = shell_run_file(shell, argv[1]);
	if (shell->flow == FLOW_RETURN) {
		shell->flow = FLOW_NONE;
		status = shell->expand.status;
	}
	shell->depth--;
	return status;
}

static int builtin_eval(struct shell *shell, int argc, char **argv)
{
	struct text text = {0};
	for (int i = 1; i < argc; i++)
		text_format(&text, "%s%s", i > 1 ? " " : "", argv[i]);
	if (text.failed) {
		text_free(&text);
		return no_memory(shell, "eval");
	}
	int status = shell_run_text(shell, text_get(&text), text.len);
	text_free(&text);
	return status;
}

/* ---- words ---------------------------------------------------------------------------------- */

static int builtin_echo(struct shell *shell, int argc, char **argv)
{
	int first = 1;
	bool newline = true;
	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		newline = false;
		first = 2;
	}
	for (int i = first; i < argc; i++) {
		if (i > first)
			text_add_char(&shell->out, ' ');
		text_add_string(&shell->out, argv[i]);
	}
	if (newline)
		text_add_char(&shell->out, '\n');
	return 0;
}

static int builtin_true(struct shell *shell, int argc, char **argv)
{
	(void)shell, (void)argc, (void)argv;
	return 0;
}

static int builtin_false(struct shell *shell, int argc, char **argv)
{
	(void)shell, (void)argc, (void)argv;
	return 1;
}

static int builtin_alias(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	for (size_t i = 0; i < shell->aliases.count && argc == 1; i++)
		show_assignment(&shell->out, "alias ", &shell->aliases.list[i]);
	for (int i = 1; i < argc; i++) {
		char *name;
		if (strchr(argv[i], '=')) {
			if (!set_argument(shell, "alias", &shell->aliases, argv[i], &name))
				status = 1;
			free(name);
			continue;
		}
		const char *value = vars_get(&shell->aliases, argv[i]);
		if (value) {
			show_assignment(&shell->out, "alias ",
					&(struct variable){.name = argv[i], .value = (char *)(size_t)value});
		} else {
			shell_error(shell, "alias: %s: no such alias", argv[i]);
			status = 1;
		}
	}
	return status;
}

static int builtin_unalias(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	if (argc < 2)
		return usage(shell, "unalias");
	for (int i = 1; i < argc; i++) {
		if (!vars_get(&shell->aliases, argv[i])) {
			shell_error(shell, "unalias: %s: no such alias", argv[i]);
			status = 1;
		}
		vars_unset(&shell->aliases, argv[i]);
	}
	return status;
}

static bool describe(struct shell *shell, const char *name)
{
	struct text path = {0};
	bool found = true;
	if (vars_get(&shell->aliases, name))
		text_format(&shell->out, "%s is an alias for %s\n", name, vars_get(&shell->aliases, name));
	else if (is_reserved(name))
		text_format(&shell->out, "%s is a word of the shell's grammar\n", name);
	else if (vars_get(&shell->functions, name))
		text_format(&shell->out, "%s is a function\n%s() %s\n", name, name, vars_get(&shell->functions, name));
	else if (builtin_find(name))
		text_format(&shell->out, "%s is a shell built-in\n", name);
	else if (program_find(shell, name, &path) == 0)
		text_format(&shell->out, "%s is %s\n", name, text_get(&path));
	else
		found = false;
	text_free(&path);
	return found;
}

static int builtin_type(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	if (argc < 2)
		return usage(shell, "type");
	for (int i = 1; i < argc; i++) {
		if (describe(shell, argv[i]))
			continue;
		shell_error(shell, "type: %s: not found", argv[i]);
		status = 1;
	}
	return status;
}

static int builtin_history(struct shell *shell, int argc, char **argv)
{
	struct history *history = &shell->history;
	if (argc == 2 && strcmp(argv[1], "-c") == 0) {
		history_clear(history);
		return 0;
	}
	long count = argc > 1 ? number(shell, "history", argv[1], 1000000) : (long)history->count;
	if (argc > 2)
		return usage(shell, "history");
	if (count < 0)
		return STATUS_USAGE;
	size_t first = (size_t)count < history->count ? history->count - (size_t)count : 0;
	for (size_t n = first; n < history->count; n++)
		text_format(&shell->out, "%5zu  %s\n", history->dropped + n + 1, history_get(history, n));
	return 0;
}

/* ---- jobs ----------------------------------------------------------------------------------- */

static int builtin_jobs(struct shell *shell, int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return usage(shell, "jobs");
	jobs_list(shell, &shell->out);
	return 0;
}

static int builtin_wait(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	while (argc == 1 && shell->jobs)
		job_wait(shell, shell->jobs);
	for (int i = 1; i < argc; i++) {
		struct job *job = job_find(shell, argv[i]);
		if (job) {
			status = job_wait(shell, job);
		} else {
			shell_error(shell, "wait: %s: no such job", argv[i]);
			status = STATUS_NOT_FOUND;
		}
	}
	return status;
}

static int builtin_fg(struct shell *shell, int argc, char **argv)
{
	struct job *job = argc <= 2 ? job_find(shell, argc > 1 ? argv[1] : "%%") : NULL;
	if (argc > 2)
		return usage(shell, "fg");
	if (!job) {
		shell_error(shell, "fg: %s: no such job", argc > 1 ? argv[1] : "%%");
		return 1;
	}
	return job_wait(shell, job);
}

/* ---- the table ------------------------------------------------------------------------------ */

const struct builtin builtins[] = {
	{".", "FILE", "run the commands of a file in this shell", builtin_source, true},
	{":", "", "do nothing", builtin_true, true},
	{"[", "EXPRESSION ]", "the same as test", builtin_test, false},
	{"alias", "[NAME[=VALUE]...]", "show or define abbreviations of commands", builtin_alias, false},
	{"break", "[N]", "leave a loop, or N of them", builtin_break, true},
	{"cd", "[DIRECTORY | -]", "change the working directory (without: to $HOME)", builtin_cd, false},
	{"continue", "[N]", "go on with the next pass of a loop", builtin_continue, true},
	{"echo", "[-n] [WORD...]", "print words", builtin_echo, false},
	{"eval", "[WORD...]", "run words as a command", builtin_eval, true},
	{"exit", "[STATUS]", "leave the shell", builtin_exit, true},
	{"export", "[NAME[=VALUE]...]", "show or make variables that programs get", builtin_export, true},
	{"false", "", "fail", builtin_false, false},
	{"fg", "[%JOB]", "wait for a job of the background", builtin_fg, false},
	{"help", "[NAME]", "list commands, or describe one", builtin_help, false},
	{"history", "[N | -c]", "show the last N commands, or forget all", builtin_history, false},
	{"jobs", "", "list jobs of the background", builtin_jobs, false},
	{"pwd", "", "print the working directory", builtin_pwd, false},
	{"read", "NAME...", "read a line into variables", builtin_read, false},
	{"return", "[STATUS]", "leave a function or sourced file", builtin_return, true},
	{"set", "[-- PARAMETER...]", "show all variables, or set $1, $2, ...", builtin_set, true},
	{"shift", "[N]", "drop the first parameters", builtin_shift, true},
	{"source", "FILE", "run the commands of a file in this shell", builtin_source, false},
	{"test", "EXPRESSION", "compare numbers and strings, look at files", builtin_test, false},
	{"true", "", "succeed", builtin_true, false},
	{"type", "NAME...", "tell what a command is", builtin_type, false},
	{"unalias", "NAME...", "forget abbreviations", builtin_unalias, false},
	{"unset", "NAME...", "forget variables or functions", builtin_unset, true},
	{"wait", "[%JOB | PID]...", "wait for jobs of the background", builtin_wait, false},
};
const size_t builtins_count = sizeof(builtins) / sizeof(builtins[0]);

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < builtins_count; i++) {
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	}
	return NULL;
}
