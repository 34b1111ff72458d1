/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in commands. Output goes to shell->out, which run.c writes when the command has ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/stack.h"

int builtin_usage(struct shell *shell, const char *name)
{
	const struct builtin *builtin = builtin_find(name);
	shell_error(shell, "usage: %s %s", builtin->name, builtin->usage);
	return STATUS_USAGE;
}

/* A number of at most `high`; -1: said. */
long builtin_number(struct shell *shell, const char *name, const char *text, long high)
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

int builtin_no_memory(struct shell *shell, const char *name)
{
	shell_error(shell, "%s: out of memory", name);
	return 1;
}

/* ---- flow ----------------------------------------------------------------------------------- */

/* A status as an argument: what is larger than a byte loses its upper bits, as everywhere. -1: said. */
static long read_status(struct shell *shell, int argc, char **argv)
{
	if (argc > 1)
		return builtin_number(shell, argv[0], argv[1], 0x7fffffff);
	return shell->expand.status;
}

static int builtin_exit(struct shell *shell, int argc, char **argv)
{
	long status = read_status(shell, argc, argv);
	if (argc > 2)
		return builtin_usage(shell, "exit");
	if (shell->interactive && !shell->leaving && jobs_stopped(shell)) {
		shell->leaving = true;
		shell_error(shell, "exit: there are stopped jobs");
		return 1;
	}
	shell->flow = FLOW_EXIT;
	return shell->expand.status = status < 0 ? STATUS_USAGE : (int)(status & 0xff);
}

static int builtin_return(struct shell *shell, int argc, char **argv)
{
	long status = read_status(shell, argc, argv);
	if (argc > 2)
		return builtin_usage(shell, "return");
	if (shell->calls == 0 && shell->interactive) {
		shell_error(shell, "return: not in a function or sourced file");
		return 1;
	}
	shell->flow = shell->calls == 0 ? FLOW_EXIT : FLOW_RETURN;
	return shell->expand.status = status < 0 ? STATUS_USAGE : (int)(status & 0xff);
}

static int leave_loop(struct shell *shell, int argc, char **argv, enum flow flow)
{
	long count = argc > 1 ? builtin_number(shell, argv[0], argv[1], 1000) : 1;
	if (argc > 2)
		return builtin_usage(shell, argv[0]);
	if (count < 0)
		return STATUS_USAGE;
	if (count == 0) {
		shell_error(shell, "%s: must be at least 1", argv[0]);
		return shell_fail(shell, STATUS_USAGE);
	}
	if (shell->loops == 0)
		return 0; /* as others do: scripts have it in functions that a loop may call */
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

/* A name without a slash is looked for in PATH; the file need not be a program. */
static bool find_script(const struct shell *shell, const char *name, struct text *out)
{
	const char *path = vars_get(&shell->vars, "PATH");
	if (strchr(name, '/') || !path) {
		text_add_string(out, name);
		return true;
	}
	for (;;) {
		size_t len = strcspn(path, ":");
		text_cut(out, 0);
		text_add(out, path, len);
		text_add_string(out, len == 0 ? "./" : "/");
		text_add_string(out, name);
		if (access(text_get(out), R_OK) == 0)
			return true;
		if (path[len] == '\0')
			return false;
		path += len + 1;
	}
}

static int builtin_source(struct shell *shell, int argc, char **argv)
{
	struct text path = {0};
	bool own = strcmp(argv[0], "source") == 0; /* not POSIX's: also looks here */
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	if (argc <= first)
		return builtin_usage(shell, argv[0]);
	if (shell->depth >= CALL_DEPTH_MAX || stack_is_low()) {
		shell_error(shell, "%s: too many calls in each other", argv[first]);
		return shell_fail(shell, STATUS_USAGE);
	}
	bool found = find_script(shell, argv[first], &path);
	if (!found) {
		text_cut(&path, 0);
		text_add_string(&path, argv[first]);
		found = own;
	}
	if (!found || access(text_get(&path), R_OK) != 0) {
		shell_error(shell, "%s: %s: %s", argv[0], argv[first], found ? strerror(errno) : "not found");
		text_free(&path);
		return shell->special ? shell_fail(shell, STATUS_USAGE) : STATUS_USAGE;
	}
	char *const *args = shell->expand.args;
	size_t count = shell->expand.args_count;
	struct names own_args = shell->own_args;
	bool with_args = argc > first + 1;
	if (with_args) {
		shell->expand.args = argv + first + 1;
		shell->expand.args_count = (size_t)(argc - first - 1);
		shell->own_args = (struct names){0};
	}
	shell->depth++;
	shell->calls++;
	int status = shell_run_file(shell, text_get(&path));
	if (shell->flow == FLOW_RETURN) {
		shell->flow = FLOW_NONE;
		status = shell->expand.status;
	}
	shell->calls--;
	shell->depth--;
	if (with_args) {
		names_free(&shell->own_args);
		shell->own_args = own_args;
		shell->expand.args = args;
		shell->expand.args_count = count;
	}
	text_free(&path);
	return status;
}

static int builtin_eval(struct shell *shell, int argc, char **argv)
{
	struct text text = {0};
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	for (int i = first; i < argc; i++)
		text_format(&text, "%s%s", i > first ? " " : "", argv[i]);
	if (text.failed) {
		text_free(&text);
		return builtin_no_memory(shell, "eval");
	}
	if (shell->depth >= CALL_DEPTH_MAX || stack_is_low()) {
		text_free(&text);
		shell_error(shell, "eval: too many calls in each other");
		return shell_fail(shell, STATUS_USAGE);
	}
	shell->depth++;
	unsigned line = shell->line;
	shell->line = shell->expand.line;
	int status = shell_run_text(shell, text_get(&text), text.len);
	shell->line = line;
	shell->depth--;
	text_free(&text);
	return status;
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

static int builtin_history(struct shell *shell, int argc, char **argv)
{
	struct history *history = &shell->history;
	if (argc == 2 && strcmp(argv[1], "-c") == 0) {
		history_clear(history);
		return 0;
	}
	long count = argc > 1 ? builtin_number(shell, "history", argv[1], 1000000) : (long)history->count;
	if (argc > 2)
		return builtin_usage(shell, "history");
	if (count < 0)
		return STATUS_USAGE;
	size_t first = (size_t)count < history->count ? history->count - (size_t)count : 0;
	for (size_t n = first; n < history->count; n++)
		text_format(&shell->out, "%5zu  %s\n", history->dropped + n + 1, history_get(history, n));
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------ */

const struct builtin builtins[] = {
	{".", "FILE [ARGUMENT...]", "run the commands of a file in this shell", builtin_source, true, false},
	{":", "[ARGUMENT...]", "do nothing", builtin_true, true, false},
	{"[", "EXPRESSION ]", "the same as test", builtin_test, false, true},
	{"alias", "[NAME[=VALUE]...]", "show or define abbreviations of commands", builtin_alias, false, false},
	{"bg", "[%JOB...]", "let stopped jobs go on in the background", builtin_bg, false, false},
	{"break", "[N]", "leave a loop, or N of them", builtin_break, true, false},
	{"cd", "[-L | -P] [DIRECTORY | -]", "change the working directory (without: to $HOME)", builtin_cd, false,
	 false},
	{"command", "[-p] [-v | -V] COMMAND [ARGUMENT...]", "run a command that is no function, or tell what it is",
	 builtin_command, false, false},
	{"continue", "[N]", "go on with the next pass of a loop", builtin_continue, true, false},
	{"echo", "[-n] [WORD...]", "print words", builtin_echo, false, true},
	{"eval", "[WORD...]", "run words as a command", builtin_eval, true, false},
	{"exec", "[COMMAND [ARGUMENT...]]", "keep redirections, or end with a command's status", builtin_true, true,
	 false},
	{"exit", "[STATUS]", "leave the shell", builtin_exit, true, false},
	{"export", "[-p] [NAME[=VALUE]...]", "show or make variables that programs get", builtin_export, true, false},
	{"false", "", "fail", builtin_false, false, true},
	{"fg", "[%JOB]", "let a job go on in the foreground", builtin_fg, false, false},
	{"getopts", "LETTERS NAME [ARGUMENT...]", "take the next option from the parameters", builtin_getopts, false,
	 false},
	{"hash", "[-r] [NAME...]", "say whether commands can be found; nothing is remembered", builtin_hash, false,
	 true},
	{"help", "[NAME...]", "list commands, or describe one", builtin_help, false, true},
	{"history", "[N | -c]", "show the last N commands, or forget all", builtin_history, false, true},
	{"jobs", "[-l | -p] [%JOB...]", "list jobs", builtin_jobs, false, true},
	{"kill", "[-s NAME | -NAME | -l] PID | %JOB...", "send a signal, or list their names", builtin_kill, false,
	 true},
	{"local", "NAME[=VALUE]...", "give a function variables of its own", builtin_local, false, false},
	{"printf", "FORMAT [ARGUMENT...]", "print by a format", builtin_printf, false, true},
	{"pwd", "[-L | -P]", "print the working directory", builtin_pwd, false, true},
	{"read", "[-r] [-p PROMPT] NAME...", "read a line into variables", builtin_read, false, false},
	{"readonly", "[-p] [NAME[=VALUE]...]", "show or make variables that cannot be changed", builtin_readonly, true,
	 false},
	{"return", "[STATUS]", "leave a function or sourced file", builtin_return, true, false},
	{"set", "[-aefmnuvxbC] [-o NAME] [--] [WORD...]", "show variables; set options and parameters", builtin_set,
	 true, false},
	{"shift", "[N]", "drop the first N parameters", builtin_shift, true, false},
	{"source", "FILE [ARGUMENT...]", "the same as .", builtin_source, false, false},
	{"test", "EXPRESSION", "compare strings and numbers, look at files", builtin_test, false, true},
	{"times", "", "show the CPU time of the shell and its programs", builtin_times, true, false},
	{"trap", "[COMMANDS | -] [SIGNAL...]", "say what happens at a signal, EXIT or ERR", builtin_trap, true, false},
	{"true", "", "succeed", builtin_true, false, true},
	{"type", "NAME...", "say what a command is", builtin_type, false, true},
	{"ulimit", "[-SH] [-a | -LETTER [LIMIT]]", "show or set limits of programs", builtin_ulimit, false, false},
	{"umask", "[-S] [MODE]", "show or set what new files do not allow", builtin_umask, false, false},
	{"unalias", "-a | NAME...", "forget abbreviations", builtin_unalias, false, false},
	{"unset", "[-f | -v] NAME...", "forget variables or functions", builtin_unset, true, false},
	{"wait", "[%JOB | PID]...", "wait for jobs", builtin_wait, false, false},
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
