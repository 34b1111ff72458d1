/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell's state, its messages, and texts and files as commands. */
#include "userland/vsh/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/parser.h"

bool shell_init(struct shell *shell, char *const *environment)
{
	char cwd[4096];
	*shell = (struct shell){.self = "/bin/vsh"};
	shell->line = 1;
	shell->terminal = -1;
	shell->expand = (struct expand){
		.vars = &shell->vars,
		.directories = &system_directories,
		.arg0 = "vsh",
		.pid = (long)getpid(),
		.command = run_substitution,
		.context = shell,
	};
	if (!vars_import(&shell->vars, environment))
		return false;
	if (!vars_get(&shell->vars, "PATH") &&
	    !(vars_set(&shell->vars, "PATH", "/bin:/sbin") && vars_export(&shell->vars, "PATH")))
		return false;
	/* The environment may have been made elsewhere. */
	return !getcwd(cwd, sizeof(cwd)) || vars_set(&shell->vars, "PWD", cwd);
}

void shell_free(struct shell *shell)
{
	jobs_free(shell);
	vars_free(&shell->vars);
	vars_free(&shell->aliases);
	functions_free(shell);
	traps_free(shell);
	names_free(&shell->own_args);
	history_clear(&shell->history);
	free(shell->optind);
	text_free(&shell->out);
	text_free(&shell->trace);
}

bool file_write(int fd, const char *bytes, size_t len)
{
	while (len != 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

bool shell_flush(struct shell *shell)
{
	bool good = file_write(STDOUT_FILENO, text_get(&shell->out), shell->out.len);
	int error = errno;
	text_cut(&shell->out, 0);
	shell->out.failed = false;
	errno = error;
	return good;
}

void shell_error(struct shell *shell, const char *format, ...)
{
	char line[512];
	va_list args;
	int used = snprintf(line, sizeof(line), "%s: ", shell->expand.arg0);
	if (used >= (int)sizeof(line) / 2)
		used = snprintf(line, sizeof(line), "vsh: ");
	shell->errors++;
	va_start(args, format);
	int len = vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, args);
	va_end(args);
	size_t total = len < 0 ? (size_t)used : (size_t)used + (size_t)len;
	if (total > sizeof(line) - 2)
		total = sizeof(line) - 2;
	line[total++] = '\n';
	/* In order with what the built-in printed so far. If nobody takes the message, there is nobody to be told. */
	if (shell->out.len != 0 && !shell->capturing)
		shell_flush(shell);
	file_write(STDERR_FILENO, line, total);
}

int shell_fail(struct shell *shell, int status)
{
	shell->flow = shell->interactive ? FLOW_INTERRUPT : FLOW_EXIT;
	return shell->expand.status = status;
}

bool file_read(int fd, struct text *out)
{
	char buffer[4096];
	for (;;) {
		ssize_t n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 && out->failed)
			errno = ENOMEM;
		if (n <= 0)
			return n == 0 && !out->failed;
		for (size_t i = 0, len; i < (size_t)n; i += len + 1) {
			const char *nul = memchr(buffer + i, '\0', (size_t)n - i);
			len = nul ? (size_t)(nul - buffer) - i : (size_t)n - i;
			text_add(out, buffer + i, len);
		}
	}
}

static void tell_mistake(struct shell *shell, const struct parse_error *error, unsigned line)
{
	if (shell->interactive)
		shell_error(shell, "%s", error->message);
	else
		shell_error(shell, "line %u: %s", line + error->line - 1, error->message);
	shell_fail(shell, STATUS_USAGE);
}

/* One line's commands from the text. False: they are not complete. Sets *any if there were some. */
static bool run_commands(struct shell *shell, struct parse_input *input, unsigned line, bool *any)
{
	struct arena arena = {0};
	struct parse_error error;
	struct node *node;
	enum parse_result result = parse_line(&arena, input, &node, &error);
	bool done = result != PARSE_INCOMPLETE || input->final;
	*any = *any || (done && (result != PARSE_OK || node));
	if (shell->options[OPTION_VERBOSE] && done)
		(void)file_write(STDERR_FILENO, input->text, input->consumed);
	if (result == PARSE_OK && node) {
		unsigned before = shell->line;
		shell->line = line;
		run_node(shell, node);
		shell->line = before;
	} else if (result != PARSE_OK && done) {
		tell_mistake(shell, &error, line);
	}
	arena_free(&arena);
	return done;
}

bool shell_try_text(struct shell *shell, struct text *text, unsigned line, bool last)
{
	bool any = false, done = true;
	while (text->len != 0 && done) {
		struct parse_input input = {
			.text = text_get(text), .len = text->len, .aliases = &shell->aliases, .final = last};
		done = run_commands(shell, &input, line, &any);
		if (done)
			text_splice(text, 0, input.consumed, "", 0);
		line += input.lines;
		/* What follows a mistake, an interrupt or `exit` is not run. */
		if (shell->flow != FLOW_NONE)
			text_cut(text, 0);
	}
	traps_run(shell);
	return done;
}

bool shell_is_complete(struct shell *shell, const char *text, size_t len)
{
	enum parse_result result = PARSE_OK;
	while (len != 0 && result == PARSE_OK) {
		struct parse_input input = {.text = text, .len = len, .aliases = &shell->aliases};
		struct arena arena = {0};
		struct parse_error error;
		struct node *node;
		result = parse_line(&arena, &input, &node, &error);
		arena_free(&arena);
		text += input.consumed;
		len -= input.consumed;
	}
	return result != PARSE_INCOMPLETE;
}

int shell_run_text(struct shell *shell, const char *text, size_t len)
{
	unsigned line = shell->line;
	bool any = false;
	while (len != 0 && shell->flow == FLOW_NONE) {
		struct parse_input input = {.text = text, .len = len, .aliases = &shell->aliases, .final = true};
		run_commands(shell, &input, line, &any);
		text += input.consumed;
		len -= input.consumed;
		line += input.lines;
	}
	if (!any)
		shell->expand.status = 0;
	return shell->expand.status;
}

int shell_run_file(struct shell *shell, const char *path)
{
	struct text text = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !file_read(fd, &text)) {
		int status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNING;
		shell_error(shell, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		text_free(&text);
		return shell->expand.status = status;
	}
	close(fd);
	unsigned line = shell->line;
	shell->line = 1;
	int status = shell_run_text(shell, text_get(&text), text.len);
	shell->line = line;
	text_free(&text);
	return status;
}
