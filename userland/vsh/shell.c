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
	vars_free(&shell->functions);
	history_clear(&shell->history);
	text_free(&shell->out);
}

static bool write_all(int fd, const char *bytes, size_t len)
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
	bool good = write_all(STDOUT_FILENO, text_get(&shell->out), shell->out.len);
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
	va_start(args, format);
	int len = vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, args);
	va_end(args);
	size_t total = len < 0 ? (size_t)used : (size_t)used + (size_t)len;
	if (total > sizeof(line) - 2)
		total = sizeof(line) - 2;
	line[total++] = '\n';
	/* In order with what the built-in printed so far. If nobody takes the message, there is nobody to be told. */
	if (shell->out.len != 0)
		shell_flush(shell);
	write_all(STDERR_FILENO, line, total);
}

bool file_read(int fd, struct text *out)
{
	char buffer[1024];
	for (;;) {
		ssize_t n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 && out->failed)
			errno = ENOMEM;
		if (n <= 0)
			return n == 0 && !out->failed;
		text_add(out, buffer, (size_t)n);
	}
}

bool shell_try_text(struct shell *shell, const char *text, size_t len, unsigned line, bool last)
{
	struct arena arena = {0};
	struct text expanded = {0};
	struct parse_error error;
	struct node *node;

	if (!alias_expand(&shell->aliases, text, len, &expanded)) {
		shell_error(shell, "out of memory");
		shell->expand.status = 1;
		text_free(&expanded);
		return true;
	}
	enum parse_result result = parse(&arena, text_get(&expanded), expanded.len, &node, &error);
	bool done = result != PARSE_INCOMPLETE || last;
	if (result == PARSE_OK && node) {
		run_node(shell, node);
	} else if (result != PARSE_OK && done) {
		if (shell->interactive)
			shell_error(shell, "%s", error.message);
		else
			shell_error(shell, "line %u: %s", line + error.line - 1, error.message);
		shell->expand.status = STATUS_USAGE;
		if (shell->script)
			shell->flow = FLOW_EXIT;
	}
	arena_free(&arena);
	text_free(&expanded);
	return done;
}

int shell_run_text(struct shell *shell, const char *text, size_t len)
{
	/* Line by line as long as lines are complete: aliases and messages then come in order. */
	const char *start = text, *end = text + len;
	const char *at = start;
	unsigned line = 1, next_line = 1;
	shell->expand.status = 0;
	while (start < end && shell->flow == FLOW_NONE) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
		next_line++;
		if (shell_try_text(shell, start, (size_t)(at - start), line, at == end)) {
			start = at;
			line = next_line;
		}
	}
	return shell->expand.status;
}

int shell_run_file(struct shell *shell, const char *path)
{
	struct text text = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int status = STATUS_NOT_FOUND;
	if (fd < 0) {
		shell_error(shell, "%s: %s", path, strerror(errno));
		return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNING;
	}
	if (file_read(fd, &text))
		status = shell_run_text(shell, text_get(&text), text.len);
	else
		shell_error(shell, "%s: %s", path, strerror(errno));
	close(fd);
	text_free(&text);
	return status;
}
