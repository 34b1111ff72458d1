/* SPDX-License-Identifier: BSD-2-Clause */
/* Redirections: of the shell itself (built-ins, compound commands) and the files that programs get. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/shell.h"

#define SAVED_FROM 10 /* copies of the shell's own descriptors go there, out of the way of scripts */

int redirect_open(struct shell *shell, const struct redirect *redirect)
{
	static const int flags[] = {
		[REDIRECT_IN] = O_RDONLY,
		[REDIRECT_OUT] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
		[REDIRECT_BOTH] = O_RDWR | O_CREAT,
	};
	struct text path = {0};
	int fd = -1;
	if (!expand_string(&shell->expand, redirect->target, &path)) {
		shell_error(shell, "%s", shell->expand.error);
	} else {
		fd = open(text_get(&path), flags[redirect->kind] | O_CLOEXEC, 0666);
		if (fd < 0)
			shell_error(shell, "%s: %s", text_get(&path), strerror(errno));
	}
	text_free(&path);
	return fd;
}

int redirect_source(struct shell *shell, const struct redirect *redirect)
{
	struct text text = {0};
	int source = -2;
	char *end;
	if (!expand_string(&shell->expand, redirect->target, &text)) {
		shell_error(shell, "%s", shell->expand.error);
	} else if (strcmp(text_get(&text), "-") == 0) {
		source = -1;
	} else {
		long number = strtol(text_get(&text), &end, 10);
		if (text.len == 0 || *end || number < 0 || fcntl((int)number, F_GETFD) < 0)
			shell_error(shell, "%s: not an open file's number", text_get(&text));
		else
			source = (int)number;
	}
	text_free(&text);
	return source;
}

/* Keeps what `fd` is now. */
static bool save(struct shell *shell, int fd, struct saved_fd **saved)
{
	struct saved_fd *entry = malloc(sizeof(*entry));
	if (!entry) {
		shell_error(shell, "out of memory");
		return false;
	}
	entry->fd = fd;
	entry->copy = fcntl(fd, F_DUPFD_CLOEXEC, SAVED_FROM);
	if (entry->copy < 0 && errno != EBADF) {
		shell_error(shell, "cannot redirect %d: %s", fd, strerror(errno));
		free(entry);
		return false;
	}
	entry->next = *saved;
	*saved = entry;
	return true;
}

bool redirect_fd(struct shell *shell, int from, int to, struct saved_fd **saved)
{
	if (!save(shell, to, saved))
		return false;
	if (from < 0) {
		close(to);
		return true;
	}
	if (dup2(from, to) >= 0)
		return true;
	shell_error(shell, "cannot redirect %d: %s", to, strerror(errno));
	return false;
}

bool redirect_apply(struct shell *shell, const struct redirect *redirects, struct saved_fd **saved)
{
	*saved = NULL;
	for (; redirects; redirects = redirects->next) {
		bool duplicate = redirects->kind == REDIRECT_DUP;
		int from = duplicate ? redirect_source(shell, redirects) : redirect_open(shell, redirects);
		bool good = from != (duplicate ? -2 : -1) && redirect_fd(shell, from, redirects->fd, saved);
		if (!duplicate && from >= 0)
			close(from);
		if (!good) {
			redirect_undo(*saved);
			*saved = NULL;
			return false;
		}
	}
	return true;
}

void redirect_undo(struct saved_fd *saved)
{
	while (saved) {
		struct saved_fd *next = saved->next;
		if (saved->copy >= 0) {
			dup2(saved->copy, saved->fd);
			close(saved->copy);
		} else {
			close(saved->fd);
		}
		free(saved);
		saved = next;
	}
}
