/* SPDX-License-Identifier: BSD-2-Clause */
/* Simple commands: expansion, redirections, assignments, and which of special built-ins, functions, built-ins and programs it is. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"

static const struct launch plain = {.in = -1, .out = -1};

/* What the words before the command's own name asked for. */
struct manner {
	bool no_function;  /* `command` */
	bool default_path; /* `command -p` */
};

int write_output(struct shell *shell, const char *name, int status)
{
	bool complete = !shell->out.failed;
	if (!complete)
		shell_error(shell, "%s: out of memory", name);
	if (shell_flush(shell))
		return complete ? status : 1;
	if (errno == EPIPE && !shell->in_pipe && !shell->interactive && !shell->traps[SIGPIPE] &&
	    !shell->ignored[SIGPIPE]) {
		/* Nobody reads what the script prints: what would end any other program ends it. */
		shell->flow = FLOW_EXIT;
		return shell->expand.status = STATUS_SIGNAL + SIGPIPE;
	}
	if (errno == EPIPE && shell->in_pipe)
		return STATUS_SIGNAL + SIGPIPE;
	shell_error(shell, "%s: cannot write: %s", name, strerror(errno));
	return 1;
}

bool expand_fields(struct shell *shell, const struct word *words, struct names *fields)
{
	shell->expand.error[0] = '\0';
	if (expand_words(&shell->expand, words, fields))
		return true;
	if (shell->flow == FLOW_NONE) {
		shell_error(shell, "%s", shell->expand.error);
		shell_fail(shell, STATUS_USAGE);
	}
	return false;
}

/* `+ x=1 command words`, after the assignments were made. */
void trace_fields(struct shell *shell, const struct node *node, const struct names *fields)
{
	struct text line = {0};
	const char *prefix = vars_get(&shell->vars, "PS4");
	struct text shown = {0};
	(void)node;
	if (!shell->options[OPTION_XTRACE])
		return;
	/* What the prefix itself expands would be traced again. */
	shell->options[OPTION_XTRACE] = false;
	int status = shell->expand.status;
	if (!expand_document(&shell->expand, prefix ? prefix : "+ ", &shown))
		text_cut(&shown, 0);
	shell->expand.status = status;
	shell->options[OPTION_XTRACE] = true;
	text_add(&line, text_get(&shown), shown.len);
	text_add(&line, text_get(&shell->trace), shell->trace.len);
	for (size_t i = 0; i < fields->count; i++) {
		quote_word(&line, fields->list[i]);
		text_add_char(&line, ' ');
	}
	if (line.len != 0)
		text_cut(&line, line.len - 1);
	text_add_char(&line, '\n');
	(void)file_write(STDERR_FILENO, text_get(&line), line.len); /* there is nobody else to be told */
	text_cut(&shell->trace, 0);
	text_free(&shown);
	text_free(&line);
}

/* ---- in the shell itself -------------------------------------------------------------------- */

/* A built-in that runs commands: its mistakes are theirs. */
static bool runs_commands(const char *name)
{
	static const char *const names[] = {"eval", ".", "source", "break", "continue", "trap", "return", "exit"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static int call_builtin(struct shell *shell, const struct builtin *builtin, struct names *fields, bool special)
{
	unsigned errors = shell->errors;
	shell->special = special;
	int status = builtin->run(shell, (int)fields->count, fields->list);
	bool mistake = status != 0 && shell->errors != errors;
	status = write_output(shell, builtin->name, status);
	if (special && mistake && shell->flow == FLOW_NONE && !runs_commands(builtin->name))
		return shell_fail(shell, STATUS_USAGE);
	return status;
}

static int run_inside(struct shell *shell, const struct node *node, const struct builtin *builtin,
		      struct function *function, struct names *fields, bool special)
{
	struct saved_fd *fds;
	struct saved_variable *variables = NULL;
	int status;

	if (!redirect_apply(shell, node->redirects, &fds))
		return special ? shell_fail(shell, STATUS_USAGE) : 1;
	if (variables_assign(shell, node->assignments, special ? NULL : &variables)) {
		trace_fields(shell, node, fields);
		status = builtin ? call_builtin(shell, builtin, fields, special)
				 : function_call(shell, function, (int)fields->count, fields->list);
	} else {
		status = shell_fail(shell, STATUS_USAGE);
	}
	variables_restore(shell, variables);
	redirect_undo(fds);
	return status;
}

/* `exec`: there is no way to become another program. The program runs, and the shell ends with its status. */
static int run_exec(struct shell *shell, const struct node *node, struct names *fields)
{
	struct saved_fd *fds;
	struct launch launch = plain;
	pid_t pid;
	size_t skip = fields->count > 1 && strcmp(fields->list[1], "--") == 0 ? 2 : 1;

	if (fields->count <= skip) {
		if (!redirect_apply(shell, node->redirects, &fds))
			return shell_fail(shell, STATUS_USAGE);
		redirect_keep(fds);
		return variables_assign(shell, node->assignments, NULL) ? 0 : shell_fail(shell, STATUS_USAGE);
	}
	launch.redirects = node->redirects;
	launch.assignments = node->assignments;
	trace_fields(shell, node, fields);
	int status = launch_program(shell, fields->list + skip, &launch, &pid);
	if (status != 0 && shell->interactive)
		return status;
	if (status == 0)
		status = process_wait(shell, pid, fields->list[0]);
	free(shell->traps[0]);
	shell->traps[0] = NULL;
	shell->flow = FLOW_EXIT;
	return shell->expand.status = status;
}

/* ---- programs --------------------------------------------------------------------------------- */

static int run_program(struct shell *shell, const struct node *node, struct names *fields)
{
	struct launch launch = plain;
	pid_t pid;
	launch.redirects = node->redirects;
	launch.assignments = node->assignments;
	launch.in_job = shell->options[OPTION_MONITOR];
	int status = launch_program(shell, fields->list, &launch, &pid);
	if (status != 0)
		return status;
	if (!shell->options[OPTION_MONITOR])
		return process_wait(shell, pid, fields->list[0]);
	struct job *job = job_add(shell, &pid, 1, node, false);
	return job ? job_foreground(shell, job, false) : process_wait(shell, pid, fields->list[0]);
}

/* Takes `command` off. False: it has options that are for the built-in. */
static bool take_command(struct names *fields, struct manner *manner)
{
	while (fields->count > 1 && strcmp(fields->list[0], "command") == 0) {
		size_t skip = 1;
		while (skip < fields->count && strcmp(fields->list[skip], "-p") == 0) {
			manner->default_path = true;
			skip++;
		}
		if (skip < fields->count && strcmp(fields->list[skip], "--") == 0)
			skip++;
		else if (skip < fields->count && fields->list[skip][0] == '-' && fields->list[skip][1])
			return false;
		if (skip == fields->count)
			return false;
		for (size_t i = 0; i < skip; i++)
			free(fields->list[i]);
		fields->count -= skip;
		memmove(fields->list, fields->list + skip, (fields->count + 1) * sizeof(*fields->list));
		manner->no_function = true;
	}
	return true;
}

/* `command -p`: as if PATH were the system's own. */
static int run_default_path(struct shell *shell, const struct node *node, struct names *fields)
{
	struct saved_variable *saved = NULL;
	int status = 1;
	if (variable_keep(shell, "PATH", &saved) && variable_set(shell, "PATH", "/bin:/sbin:/usr/bin:/usr/sbin"))
		status = run_program(shell, node, fields);
	variables_restore(shell, saved);
	return status;
}

int run_fields(struct shell *shell, const struct node *node, struct names *fields)
{
	struct manner manner = {0};
	take_command(fields, &manner);
	const char *name = fields->list[0];
	const struct builtin *builtin = builtin_find(name);
	bool special = builtin && builtin->special && !manner.no_function;

	if (strcmp(name, "exec") == 0)
		return run_exec(shell, node, fields);
	struct function *function = special || manner.no_function ? NULL : function_find(shell, name);
	if (function)
		return run_inside(shell, node, NULL, function, fields, false);
	if (builtin)
		return run_inside(shell, node, builtin, NULL, fields, special);
	if (shell->options[OPTION_XTRACE])
		trace_fields(shell, node, fields);
	return manner.default_path ? run_default_path(shell, node, fields) : run_program(shell, node, fields);
}

/* Only assignments and redirections. */
int run_assignments(struct shell *shell, const struct node *node)
{
	struct saved_fd *fds;
	struct names none = {0};
	shell->expand.substituted = false;
	if (!redirect_apply(shell, node->redirects, &fds))
		return 1;
	redirect_undo(fds);
	if (!variables_assign(shell, node->assignments, NULL))
		return shell->flow == FLOW_NONE ? shell_fail(shell, STATUS_USAGE) : shell->expand.status;
	if (node->assignments)
		trace_fields(shell, node, &none);
	return shell->expand.substituted ? shell->expand.status : 0;
}

int run_simple(struct shell *shell, const struct node *node)
{
	struct names fields = {0};
	int status;

	shell->expand.line = shell->line + node->line - 1;
	shell->expand.substituted = false;
	text_cut(&shell->trace, 0);
	if (!expand_fields(shell, node->words, &fields)) {
		status = shell->flow == FLOW_NONE ? 1 : shell->expand.status;
	} else if (fields.count == 0) {
		bool substituted = shell->expand.substituted;
		status = shell->expand.status;
		int assigned = run_assignments(shell, node);
		/* `$(false)` alone: its status, unless one in an assignment came later. */
		status = substituted && !shell->expand.substituted && assigned == 0 ? status : assigned;
	} else {
		status = run_fields(shell, node, &fields);
	}
	names_free(&fields);
	return status;
}
