/* SPDX-License-Identifier: BSD-2-Clause */
/* The executor: walks the tree and runs its commands. Every function here returns an exit status. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/interrupt.h"
#include "userland/vsh/parser.h"
#include "userland/vsh/pattern.h"
#include "userland/vsh/shell.h"

#define PIPELINE_MAX 64

static const struct launch plain = {.in = -1, .out = -1};

/* ---- output of built-ins -------------------------------------------------------------------- */

/* What cannot be written makes the built-in fail. */
static int write_output(struct shell *shell, const char *name, int status)
{
	bool complete = !shell->out.failed;
	if (!complete)
		shell_error(shell, "%s: out of memory", name);
	if (shell_flush(shell))
		return complete ? status : 1;
	shell_error(shell, "%s: cannot write: %s", name, strerror(errno));
	return 1;
}

/* ---- assignments ---------------------------------------------------------------------------- */

struct saved_variable {
	struct saved_variable *next;
	char *name, *value; /* value NULL: was not set */
	bool exported;
};

static bool keep_variable(struct shell *shell, const char *name, struct saved_variable **saved)
{
	struct saved_variable *entry = calloc(1, sizeof(*entry));
	const char *value = vars_get(&shell->vars, name);
	if (!entry)
		return false;
	entry->name = strdup(name);
	entry->value = value ? strdup(value) : NULL;
	for (size_t i = 0; i < shell->vars.count; i++) {
		if (strcmp(shell->vars.list[i].name, name) == 0)
			entry->exported = shell->vars.list[i].exported;
	}
	entry->next = *saved;
	*saved = entry;
	return entry->name && (entry->value || !value);
}

static void restore_variables(struct shell *shell, struct saved_variable *saved)
{
	while (saved) {
		struct saved_variable *next = saved->next;
		if (saved->name) {
			vars_unset(&shell->vars, saved->name);
			if (saved->value && !vars_set(&shell->vars, saved->name, saved->value))
				shell_error(shell, "out of memory: %s is lost", saved->name);
			if (saved->exported)
				vars_export(&shell->vars, saved->name);
		}
		free(saved->name);
		free(saved->value);
		free(saved);
		saved = next;
	}
}

/* With `saved`, the values before are kept there. False: said. */
static bool assign(struct shell *shell, const struct word *assignments, struct saved_variable **saved)
{
	for (; assignments; assignments = assignments->next) {
		struct text value = {0};
		const char *equals = strchr(assignments->text, '=');
		char *name = strndup(assignments->text, (size_t)(equals - assignments->text));
		shell->expand.error[0] = '\0';
		bool good = name && expand_string(&shell->expand, equals + 1, &value) &&
			    (!saved || keep_variable(shell, name, saved)) &&
			    vars_set(&shell->vars, name, text_get(&value));
		if (!good)
			shell_error(shell, "%s", shell->expand.error[0] ? shell->expand.error : "out of memory");
		text_free(&value);
		free(name);
		if (!good)
			return false;
	}
	return true;
}

/* ---- simple commands ------------------------------------------------------------------------ */

static int run_function(struct shell *shell, const char *name, int argc, char **argv)
{
	char *const *args = shell->expand.args;
	size_t count = shell->expand.args_count;
	unsigned loops = shell->loops;
	/* A copy: the function may define itself anew. */
	char *body = strdup(vars_get(&shell->functions, name));

	if (!body || shell->depth == CALL_DEPTH_MAX) {
		shell_error(shell, body ? "%s: more than %d calls in each other" : "%s: out of memory", name,
			    CALL_DEPTH_MAX);
		free(body);
		return 1;
	}
	shell->expand.args = argv + 1;
	shell->expand.args_count = (size_t)argc - 1;
	shell->loops = 0;
	shell->depth++;
	int status = shell_run_text(shell, body, strlen(body));
	if (shell->flow == FLOW_RETURN) {
		shell->flow = FLOW_NONE;
		status = shell->expand.status;
	}
	shell->depth--;
	shell->loops = loops;
	shell->expand.args = args;
	shell->expand.args_count = count;
	free(body);
	return status;
}

/* A function or built-in, in the shell's own process. */
static int run_inside(struct shell *shell, const struct node *node, const struct builtin *builtin, struct names *fields)
{
	struct saved_fd *fds;
	struct saved_variable *variables = NULL;
	int status = 1;

	if (!redirect_apply(shell, node->redirects, &fds))
		return 1;
	if (assign(shell, node->assignments, builtin && builtin->special ? NULL : &variables)) {
		if (builtin) {
			status = builtin->run(shell, (int)fields->count, fields->list);
			status = write_output(shell, builtin->name, status);
		} else {
			status = run_function(shell, fields->list[0], (int)fields->count, fields->list);
		}
	}
	restore_variables(shell, variables);
	redirect_undo(fds);
	return status;
}

/* `kill %2`: only the shell knows its jobs. */
static void name_jobs(const struct shell *shell, struct names *fields)
{
	if (strcmp(fields->list[0], "kill") != 0)
		return;
	for (size_t i = 1; i < fields->count; i++) {
		const struct job *job = fields->list[i][0] == '%' ? job_find(shell, fields->list[i]) : NULL;
		char pid[24];
		if (!job)
			continue;
		snprintf(pid, sizeof(pid), "%ld", (long)job->pids[job->count - 1]);
		char *copy = strdup(pid);
		if (copy) {
			free(fields->list[i]);
			fields->list[i] = copy;
		}
	}
}

static int run_fields(struct shell *shell, const struct node *node, struct names *fields)
{
	const struct builtin *builtin = builtin_find(fields->list[0]);
	struct launch launch = plain;
	pid_t pid;

	if (vars_get(&shell->functions, fields->list[0]))
		return run_inside(shell, node, NULL, fields);
	if (builtin)
		return run_inside(shell, node, builtin, fields);
	name_jobs(shell, fields);
	launch.redirects = node->redirects;
	launch.assignments = node->assignments;
	int status = launch_program(shell, fields->list, &launch, &pid);
	return status == 0 ? launch_wait(shell, pid, fields->list[0]) : status;
}

/* Only assignments and redirections. */
static int run_assignments(struct shell *shell, const struct node *node)
{
	struct saved_fd *fds;
	int before = shell->expand.status;
	shell->expand.status = 0; /* unless a substitution in them sets it */
	if (!redirect_apply(shell, node->redirects, &fds))
		return 1;
	redirect_undo(fds);
	if (!assign(shell, node->assignments, NULL))
		return 1;
	int status = shell->expand.status;
	shell->expand.status = before;
	return status;
}

static int run_simple(struct shell *shell, const struct node *node)
{
	struct names fields = {0};
	int status;

	shell->expand.error[0] = '\0';
	if (!expand_words(&shell->expand, node->words, &fields)) {
		shell_error(shell, "%s", shell->expand.error);
		status = 1;
	} else if (fields.count == 0) {
		status = run_assignments(shell, node);
	} else {
		status = run_fields(shell, node, &fields);
	}
	names_free(&fields);
	return status;
}

/* ---- pipelines ------------------------------------------------------------------------------ */

/* One command of a pipeline. */
struct stage {
	const struct node *node;
	struct names fields; /* of a simple command */
	bool inside;         /* runs in the shell's own process, after the programs were started */
	int in, out;         /* -1: as the shell's */
	pid_t pid;           /* 0: none */
	int status;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool is_inside(const struct shell *shell, const struct stage *stage)
{
	return stage->node->kind == NODE_SIMPLE && (stage->fields.count == 0 || builtin_find(stage->fields.list[0]) ||
						    vars_get(&shell->functions, stage->fields.list[0]));
}

/* A program, or a subshell for what is none. */
static void start_stage(struct shell *shell, struct stage *stage, bool background)
{
	struct launch launch = {.in = stage->in, .out = stage->out, .background = background};
	if (stage->node->kind == NODE_SIMPLE && !is_inside(shell, stage)) {
		launch.redirects = stage->node->redirects;
		launch.assignments = stage->node->assignments;
		stage->status = launch_program(shell, stage->fields.list, &launch, &stage->pid);
	} else {
		stage->status = launch_subshell(shell, stage->node->source, stage->node->source_len, &launch,
						&stage->pid);
	}
	if (stage->status != 0)
		stage->pid = 0;
	close_fd(&stage->in);
	close_fd(&stage->out);
}

static void run_stage_inside(struct shell *shell, struct stage *stage)
{
	struct saved_fd *fds = NULL;
	bool good = (stage->in < 0 || redirect_fd(shell, stage->in, STDIN_FILENO, &fds)) &&
		    (stage->out < 0 || redirect_fd(shell, stage->out, STDOUT_FILENO, &fds));
	/* Our other copies would keep the reader waiting for an end. */
	close_fd(&stage->in);
	close_fd(&stage->out);
	stage->status = 1;
	if (good)
		stage->status = stage->fields.count == 0 ? run_assignments(shell, stage->node)
							 : run_fields(shell, stage->node, &stage->fields);
	redirect_undo(fds);
}

/* Makes the pipes between stages. False: said. */
static bool connect_stages(struct shell *shell, struct stage *stages, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		int ends[2];
		if (pipe(ends) != 0) {
			if (errno == ENOSYS)
				shell_error(shell, "pipes are not supported on this system yet");
			else
				shell_error(shell, "cannot make a pipe: %s", strerror(errno));
			return false;
		}
		fcntl(ends[0], F_SETFD, FD_CLOEXEC);
		fcntl(ends[1], F_SETFD, FD_CLOEXEC);
		stages[i].out = ends[1];
		stages[i + 1].in = ends[0];
	}
	return true;
}

static bool prepare_stages(struct shell *shell, const struct node *first, struct stage *stages, size_t *count)
{
	*count = 0;
	for (const struct node *node = first; node; node = node->next) {
		if (*count == PIPELINE_MAX) {
			shell_error(shell, "more than %d commands in a pipeline", PIPELINE_MAX);
			return false;
		}
		struct stage *stage = &stages[(*count)++];
		*stage = (struct stage){.node = node, .in = -1, .out = -1};
		if (node->kind == NODE_SIMPLE && !expand_words(&shell->expand, node->words, &stage->fields)) {
			shell_error(shell, "%s", shell->expand.error);
			return false;
		}
		stage->inside = is_inside(shell, stage);
	}
	return true;
}

/* Starts all of them; the last one's pid and the others' are in the stages. */
static void start_stages(struct shell *shell, struct stage *stages, size_t count, bool background)
{
	for (size_t i = 0; i < count; i++) {
		/* Two in a row in our own process would wait for each other: the first goes to a subshell. */
		bool next_inside = i + 1 < count && stages[i + 1].inside;
		stages[i].inside = stages[i].inside && !background && !next_inside;
		if (!stages[i].inside)
			start_stage(shell, &stages[i], background);
	}
	for (size_t i = 0; i < count; i++) {
		if (stages[i].inside)
			run_stage_inside(shell, &stages[i]);
	}
}

static int finish_stages(struct shell *shell, struct stage *stages, size_t count, const struct node *node,
			 bool background)
{
	pid_t pids[PIPELINE_MAX];
	size_t started = 0;
	int status = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = stages[i].fields.count ? stages[i].fields.list[0] : "vsh";
		if (background && stages[i].pid)
			pids[started++] = stages[i].pid;
		else if (stages[i].pid)
			stages[i].status = launch_wait(shell, stages[i].pid, name);
		status = stages[i].status;
	}
	if (started != 0) {
		shell->expand.background = (long)pids[started - 1];
		job_add(shell, pids, started, node->source, node->source_len);
		return write_output(shell, "vsh", status);
	}
	return status;
}

static int run_stages(struct shell *shell, const struct node *node, const struct node *first, bool background)
{
	struct stage *stages = calloc(PIPELINE_MAX, sizeof(*stages));
	size_t count = 0;
	int status = 1;

	if (!stages) {
		shell_error(shell, "out of memory");
		return 1;
	}
	if (prepare_stages(shell, first, stages, &count) && connect_stages(shell, stages, count)) {
		start_stages(shell, stages, count, background);
		status = finish_stages(shell, stages, count, node, background);
	}
	for (size_t i = 0; i < count; i++) {
		close_fd(&stages[i].in);
		close_fd(&stages[i].out);
		names_free(&stages[i].fields);
	}
	free(stages);
	return status;
}

static int run_background(struct shell *shell, const struct node *node)
{
	struct node alone = *node;
	alone.next = NULL;
	if (node->kind == NODE_PIPELINE)
		return run_stages(shell, node, node->first, true);
	return run_stages(shell, node, &alone, true);
}

static int run_subshell(struct shell *shell, const struct node *node)
{
	struct launch launch = plain;
	pid_t pid;
	int status = launch_subshell(shell, node->left->source, node->left->source_len, &launch, &pid);
	return status == 0 ? launch_wait(shell, pid, "vsh") : status;
}

bool run_substitution(void *context, const char *text, size_t len, struct text *out)
{
	struct shell *shell = context;
	struct launch launch = plain;
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0) {
		snprintf(shell->expand.error, sizeof(shell->expand.error),
			 errno == ENOSYS ? "$(...) needs pipes, which this system does not have yet"
					 : "cannot make a pipe");
		return false;
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	launch.out = ends[1];
	int status = launch_subshell(shell, text, len, &launch, &pid);
	close(ends[1]);
	bool good = status == 0;
	if (good) {
		good = file_read(ends[0], out);
		shell->expand.status = launch_wait(shell, pid, "vsh");
	}
	close(ends[0]);
	if (!good)
		snprintf(shell->expand.error, sizeof(shell->expand.error), "$(...) could not be run");
	return good;
}

/* ---- compound commands ---------------------------------------------------------------------- */

static int run_body(struct shell *shell, const struct node *node)
{
	return node ? run_node(shell, node) : 0;
}

static int run_if(struct shell *shell, const struct node *node)
{
	int status = run_node(shell, node->left);
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
		int condition = run_node(shell, node->left);
		if (shell->flow != FLOW_NONE && !loop_goes_on(shell))
			break;
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
		if (!expand_words(&shell->expand, node->words, &values)) {
			shell_error(shell, "%s", shell->expand.error);
			names_free(&values);
			return 1;
		}
	} else {
		for (size_t i = 0; i < shell->expand.args_count; i++)
			names_add(&values, shell->expand.args[i], strlen(shell->expand.args[i]));
	}
	shell->loops++;
	for (size_t i = 0; i < values.count; i++) {
		if (!vars_set(&shell->vars, node->name, values.list[i])) {
			shell_error(shell, "out of memory");
			status = 1;
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

static int run_case(struct shell *shell, const struct node *node)
{
	struct text value = {0}, pattern = {0};
	int status = 0;
	bool found = false, good = expand_string(&shell->expand, node->words->text, &value);

	for (const struct case_item *item = node->items; item && good && !found; item = item->next) {
		for (const struct word *word = item->patterns; word && good && !found; word = word->next) {
			text_cut(&pattern, 0);
			good = expand_pattern(&shell->expand, word->text, &pattern);
			found = good && pattern_match(text_get(&pattern), text_get(&value));
		}
		if (found)
			status = run_body(shell, item->body);
	}
	if (!good) {
		shell_error(shell, "%s", shell->expand.error);
		status = 1;
	}
	text_free(&value);
	text_free(&pattern);
	return status;
}

static int define_function(struct shell *shell, const struct node *node)
{
	char *body = strndup(node->left->source, node->left->source_len);
	bool good = body && vars_set(&shell->functions, node->name, body);
	if (!good)
		shell_error(shell, "out of memory");
	free(body);
	return !good;
}

static int run_list(struct shell *shell, const struct node *node)
{
	int status = 0;
	for (const struct node *item = node->first; item && shell->flow == FLOW_NONE; item = item->next)
		status = item->background ? run_background(shell, item) : run_node(shell, item);
	return status;
}

static int run_kind(struct shell *shell, const struct node *node)
{
	int status;
	switch (node->kind) {
	case NODE_SIMPLE: return run_simple(shell, node);
	case NODE_PIPELINE: return run_stages(shell, node, node->first, false);
	case NODE_AND:
	case NODE_OR:
		status = run_node(shell, node->left);
		if (shell->flow == FLOW_NONE && (status == 0) == (node->kind == NODE_AND))
			status = run_node(shell, node->right);
		return status;
	case NODE_NOT: return !run_node(shell, node->left);
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

int run_node(struct shell *shell, const struct node *node)
{
	struct saved_fd *fds = NULL;
	int status;
	if (shell->interactive && interrupt_seen()) {
		shell->flow = FLOW_INTERRUPT;
		shell->expand.status = STATUS_INTERRUPTED;
		return STATUS_INTERRUPTED;
	}
	/* Simple commands see to theirs themselves. */
	if (node->kind != NODE_SIMPLE && !redirect_apply(shell, node->redirects, &fds)) {
		status = 1;
	} else {
		status = run_kind(shell, node);
		redirect_undo(fds);
	}
	shell->expand.status = status;
	return status;
}
