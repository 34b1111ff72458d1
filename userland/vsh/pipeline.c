/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipelines, subshells and substitutions: what runs beside the shell. All stages of a pipeline are started before any is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/unparse.h"

#define PIPELINE_MAX 64

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

static bool make_pipe(int ends[2])
{
	if (pipe(ends) != 0)
		return false;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return true;
}

/* A text for another shell. */
static int start_text(struct shell *shell, const struct node *node, const struct launch *launch, pid_t *pid)
{
	struct text text = {0};
	unparse(node, &text);
	int status = 1;
	if (text.failed)
		shell_error(shell, "out of memory");
	else
		status = launch_subshell(shell, text_get(&text), text.len, launch, pid);
	text_free(&text);
	return status;
}

/* ---- stages --------------------------------------------------------------------------------- */

/* A built-in that changes nothing here may run here; whatever else is not a program gets a shell of its own, so that
 * it cannot change this one. */
static bool is_pure(const struct shell *shell, const struct stage *stage)
{
	if (stage->node->kind != NODE_SIMPLE || stage->fields.count == 0 || stage->node->assignments)
		return false;
	const struct builtin *builtin = builtin_find(stage->fields.list[0]);
	return builtin && builtin->pure && !function_find(shell, stage->fields.list[0]);
}

static bool is_program(const struct shell *shell, const struct stage *stage)
{
	return stage->node->kind == NODE_SIMPLE && stage->fields.count != 0 && !builtin_find(stage->fields.list[0]) &&
	       !function_find(shell, stage->fields.list[0]);
}

static void start_stage(struct shell *shell, struct stage *stage, const struct launch *common)
{
	struct launch launch = *common;
	launch.in = stage->in;
	launch.out = stage->out;
	if (is_program(shell, stage)) {
		launch.redirects = stage->node->redirects;
		launch.assignments = stage->node->assignments;
		trace_fields(shell, stage->node, &stage->fields);
		stage->status = launch_program(shell, stage->fields.list, &launch, &stage->pid);
	} else {
		stage->status = start_text(shell, stage->node, &launch, &stage->pid);
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
	bool before = shell->in_pipe;
	shell->in_pipe = true;
	if (good)
		stage->status = run_fields(shell, stage->node, &stage->fields);
	shell->in_pipe = before;
	redirect_undo(fds);
}

/* Makes the pipes between stages. False: said. */
static bool connect_stages(struct shell *shell, struct stage *stages, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		int ends[2];
		if (!make_pipe(ends)) {
			shell_error(shell, "cannot make a pipe: %s", strerror(errno));
			return false;
		}
		stages[i].out = ends[1];
		stages[i + 1].in = ends[0];
	}
	return true;
}

static bool prepare_stages(struct shell *shell, const struct node *node, const struct node *first, struct stage *stages,
			   size_t *count)
{
	*count = 0;
	for (const struct node *at = first; at; at = node == first ? NULL : at->next) {
		if (*count == PIPELINE_MAX) {
			shell_error(shell, "more than %d commands in a pipeline", PIPELINE_MAX);
			return false;
		}
		struct stage *stage = &stages[(*count)++];
		*stage = (struct stage){.node = at, .in = -1, .out = -1};
		if (at->kind == NODE_SIMPLE && !expand_fields(shell, at->words, &stage->fields))
			return false;
		stage->inside = is_pure(shell, stage);
	}
	return true;
}

/* The programs' pids, in order. */
static size_t start_stages(struct shell *shell, struct stage *stages, size_t count, bool background, pid_t *pids)
{
	struct launch launch = {.background = background, .in_job = shell->options[OPTION_MONITOR]};
	size_t started = 0;
	for (size_t i = 0; i < count; i++) {
		/* Two in a row in our own process would wait for each other: the first goes to a subshell. */
		bool next_inside = i + 1 < count && stages[i + 1].inside;
		stages[i].inside = stages[i].inside && !background && !next_inside;
		if (stages[i].inside)
			continue;
		start_stage(shell, &stages[i], &launch);
		if (stages[i].pid == 0)
			continue;
		pids[started++] = stages[i].pid;
		launch.group = pids[0];
	}
	return started;
}

/* Status of the pipeline once all have ended. */
static int join_status(const struct shell *shell, const struct stage *stages, size_t count)
{
	int status = stages[count - 1].status;
	for (size_t i = count; i-- > 0 && shell->options[OPTION_PIPEFAIL] && status == 0;)
		status = stages[i].status;
	return status;
}

/* Foreground, without job control or with stages in the shell itself. */
static int wait_stages(struct shell *shell, const struct node *node, struct stage *stages, size_t count, pid_t *pids,
		       size_t started)
{
	int statuses[PIPELINE_MAX];
	struct job *job = started && shell->options[OPTION_MONITOR] ? job_add(shell, pids, started, node, false) : NULL;
	for (size_t i = 0; i < count; i++) {
		if (stages[i].inside)
			run_stage_inside(shell, &stages[i]);
	}
	if (job) {
		int status = job_foreground_all(shell, job, statuses);
		for (size_t i = 0, k = 0; i < count; i++) {
			if (stages[i].pid)
				stages[i].status = statuses[k++];
		}
		return status < 0 ? -status : join_status(shell, stages, count);
	}
	for (size_t i = 0; i < count; i++) {
		if (stages[i].pid)
			stages[i].status = process_wait(shell, stages[i].pid,
							stages[i].fields.count ? stages[i].fields.list[0] : "vsh");
	}
	return join_status(shell, stages, count);
}

int run_pipeline(struct shell *shell, const struct node *node, const struct node *first, bool background)
{
	struct stage *stages = calloc(PIPELINE_MAX, sizeof(*stages));
	pid_t pids[PIPELINE_MAX];
	size_t count = 0;
	int status = 1;

	if (!stages) {
		shell_error(shell, "out of memory");
		return 1;
	}
	if (prepare_stages(shell, node, first, stages, &count) && connect_stages(shell, stages, count)) {
		size_t started = start_stages(shell, stages, count, background, pids);
		if (!background) {
			status = wait_stages(shell, node, stages, count, pids, started);
		} else if (started != 0) {
			shell->expand.background = (long)pids[started - 1];
			job_add(shell, pids, started, node, true);
			status = write_output(shell, "vsh", 0);
		}
	} else if (shell->flow != FLOW_NONE) {
		status = shell->expand.status;
	}
	for (size_t i = 0; i < count; i++) {
		close_fd(&stages[i].in);
		close_fd(&stages[i].out);
		names_free(&stages[i].fields);
	}
	free(stages);
	return status;
}

/* ---- subshells ------------------------------------------------------------------------------ */

int run_subshell(struct shell *shell, const struct node *node)
{
	struct launch launch = {.in = -1, .out = -1, .in_job = shell->options[OPTION_MONITOR]};
	pid_t pid;
	int status = start_text(shell, node->left, &launch, &pid);
	if (status != 0)
		return status;
	struct job *job = launch.in_job ? job_add(shell, &pid, 1, node, false) : NULL;
	return job ? job_foreground(shell, job, false) : process_wait(shell, pid, "vsh");
}

/* `$(<file)` is not POSIX; everything else goes to another shell, with the aliases of this one replaced. */
static int start_substitution(struct shell *shell, const char *text, size_t len, const struct launch *launch,
			      pid_t *pid)
{
	struct arena arena = {0};
	struct text plain = {0};
	struct parse_error error;
	int status = STATUS_USAGE;
	while (len != 0) {
		struct parse_input input = {.text = text, .len = len, .aliases = &shell->aliases, .final = true};
		struct node *node;
		if (parse_line(&arena, &input, &node, &error) != PARSE_OK) {
			shell_error(shell, "%s", error.message);
			break;
		}
		if (node) {
			unparse(node, &plain);
			text_add_char(&plain, '\n');
		}
		text += input.consumed;
		len -= input.consumed;
		arena_free(&arena);
	}
	arena_free(&arena);
	if (len == 0 && plain.failed)
		shell_error(shell, "out of memory");
	else if (len == 0)
		status = launch_subshell(shell, text_get(&plain), plain.len, launch, pid);
	text_free(&plain);
	return status;
}

/* `$(printf …)` and the like: the output of a built-in that only prints needs no other shell. Words that could change a variable here are left
 * to one. */
static const struct builtin *only_prints(const struct shell *shell, const struct node *list)
{
	static const char *const names[] = {"echo", "printf", "pwd", "true", "false", "test", "["};
	const struct node *node = list ? list->first : NULL;
	if (!node || node->next || node->background || node->kind != NODE_SIMPLE || node->redirects ||
	    node->assignments || !node->words || shell->options[OPTION_NOEXEC])
		return NULL;
	for (const struct word *word = node->words; word; word = word->next) {
		if (strchr(word->text, '$') && strchr(word->text, '='))
			return NULL;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], node->words->text) == 0)
			return function_find(shell, names[i]) ? NULL : builtin_find(names[i]);
	}
	return NULL;
}

static void run_printing(struct shell *shell, const struct node *node, const struct builtin *builtin, struct text *out)
{
	struct names fields = {0};
	struct text outside = shell->out, trace = shell->trace;
	bool before = shell->capturing;
	shell->out = shell->trace = (struct text){0};
	shell->capturing = true;
	int status = STATUS_USAGE;
	if (expand_fields(shell, node->words, &fields)) {
		trace_fields(shell, node, &fields);
		status = builtin->run(shell, (int)fields.count, fields.list);
	} else if (shell->flow != FLOW_INTERRUPT || !signals_interrupted()) {
		shell->flow = FLOW_NONE; /* it would have ended the other shell only */
	}
	text_add(out, text_get(&shell->out), shell->out.len);
	out->failed |= shell->out.failed;
	shell->expand.status = status;
	shell->expand.substituted = true;
	text_free(&shell->out);
	text_free(&shell->trace);
	shell->out = outside;
	shell->trace = trace;
	shell->capturing = before;
	names_free(&fields);
}

/* False: it is a matter for another shell. */
static bool substitute_here(struct shell *shell, const char *text, size_t len, struct text *out)
{
	struct arena arena = {0};
	struct parse_input input = {.text = text, .len = len, .aliases = &shell->aliases, .final = true};
	struct parse_error error;
	struct node *node;
	const struct builtin *builtin = NULL;
	if (parse_line(&arena, &input, &node, &error) == PARSE_OK && input.consumed == len)
		builtin = only_prints(shell, node);
	if (builtin)
		run_printing(shell, node->first, builtin, out);
	arena_free(&arena);
	return builtin != NULL;
}

bool run_substitution(void *context, const char *text, size_t len, struct text *out)
{
	struct shell *shell = context;
	struct launch launch = {.in = -1, .out = -1};
	int ends[2];
	pid_t pid;

	if (shell->flow != FLOW_NONE)
		return false;
	if (substitute_here(shell, text, len, out))
		return true;
	if (!make_pipe(ends)) {
		snprintf(shell->expand.error, sizeof(shell->expand.error), "cannot make a pipe: %s", strerror(errno));
		return false;
	}
	launch.out = ends[1];
	int status = start_substitution(shell, text, len, &launch, &pid);
	close(ends[1]);
	bool good = status == 0;
	if (good) {
		good = file_read(ends[0], out);
		close(ends[0]);
		shell->expand.status = process_wait(shell, pid, "vsh");
		shell->expand.substituted = true;
	} else {
		close(ends[0]);
	}
	if (!good)
		snprintf(shell->expand.error, sizeof(shell->expand.error), "$(...) could not be run");
	return good;
}
