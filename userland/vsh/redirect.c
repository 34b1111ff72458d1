/* SPDX-License-Identifier: BSD-2-Clause */
/* Redirections: of the shell itself (built-ins, compound commands) and the files that programs get. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/vsh/shell.h"

#define SAVED_FROM 128  /* copies of the shell's own descriptors go there, out of the way of scripts */
#define PIPE_ROOM  4096 /* bytes that a pipe takes while nobody reads */

/* set -C: an existing regular file is left alone. */
static int open_new(const char *path)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0 || errno != EEXIST)
		return fd;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	errno = EEXIST;
	return -1;
}

static int open_file(struct shell *shell, const struct redirect *redirect, const char *path)
{
	static const int flags[] = {
		[REDIRECT_IN] = O_RDONLY,
		[REDIRECT_OUT] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_CLOBBER] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
		[REDIRECT_BOTH] = O_RDWR | O_CREAT,
	};
	bool careful = redirect->kind == REDIRECT_OUT && shell->options[OPTION_NOCLOBBER];
	int fd = careful ? open_new(path) : open(path, flags[redirect->kind] | O_CLOEXEC, 0666);
	if (fd < 0)
		shell_error(shell, "%s: %s", path, strerror(errno));
	return fd;
}

/* A file without a name. */
static int open_temporary(const char *bytes, size_t len)
{
	char path[] = "/tmp/vsh-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0)
		return -1;
	unlink(path);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (file_write(fd, bytes, len) && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

int redirect_text(struct shell *shell, const char *bytes, size_t len)
{
	int ends[2], fd = -1;
	if (len <= PIPE_ROOM && pipe(ends) == 0) {
		fcntl(ends[0], F_SETFD, FD_CLOEXEC);
		bool good = file_write(ends[1], bytes, len);
		close(ends[1]);
		if (good)
			return ends[0];
		close(ends[0]);
	}
	fd = open_temporary(bytes, len);
	if (fd < 0)
		shell_error(shell, "cannot make a temporary file for a here-document: %s", strerror(errno));
	return fd;
}

int redirect_open(struct shell *shell, const struct redirect *redirect)
{
	struct text text = {0};
	int fd = -1;
	bool good = true;
	if (redirect->kind == REDIRECT_HERE_QUOTED)
		text_add_string(&text, redirect->target);
	else if (redirect->kind == REDIRECT_HERE)
		good = expand_document(&shell->expand, redirect->target, &text);
	else
		good = expand_string(&shell->expand, redirect->target, &text);
	if (good && redirect->kind == REDIRECT_STRING)
		text_add_char(&text, '\n');
	if (!good) {
		shell_error(shell, "%s", shell->expand.error);
		shell_fail(shell, STATUS_USAGE);
	} else if (text.failed) {
		shell_error(shell, "out of memory");
	} else if (redirect->kind >= REDIRECT_HERE) {
		fd = redirect_text(shell, text_get(&text), text.len);
	} else {
		fd = open_file(shell, redirect, text_get(&text));
	}
	text_free(&text);
	return fd;
}

int redirect_source(struct shell *shell, const struct redirect *redirect)
{
	struct text text = {0};
	int source = -2;
	char *end;
	if (!expand_string(&shell->expand, redirect->target, &text)) {
		shell_error(shell, "%s", shell->expand.error);
		shell_fail(shell, STATUS_USAGE);
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
	if (from == to) /* only what was opened for this */
		return fcntl(to, F_SETFD, 0) == 0;
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
		if (!duplicate && from >= 0 && (!good || from != redirects->fd))
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

void redirect_keep(struct saved_fd *saved)
{
	while (saved) {
		struct saved_fd *next = saved->next;
		if (saved->copy >= 0)
			close(saved->copy);
		free(saved);
		saved = next;
	}
}
