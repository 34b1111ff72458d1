/* SPDX-License-Identifier: BSD-2-Clause */
/* popen and pclose. A child does not get the streams of earlier calls (POSIX.1-2024, popen). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/posix/shell.h"

int pipe2(int fds[2], int flags); /* <unistd.h> shows it to _GNU_SOURCE only */

struct piped {
	struct piped *next;
	FILE *file;
	int fd;
	pid_t pid;
};

static struct mutex list_lock;
static struct piped *list; /* list_lock */

/* NULL: the stream is none of popen's. */
static struct piped *piped_take(const FILE *file)
{
	struct piped *found;

	mutex_lock(&list_lock);
	struct piped **at = &list;

	while (*at && (*at)->file != file)
		at = &(*at)->next;
	found = *at;
	if (found)
		*at = found->next;
	mutex_unlock(&list_lock);
	return found;
}

/* What it is to do with its descriptors; an errno value. */
static int actions_make(posix_spawn_file_actions_t *actions, int end, int target)
{
	int error = posix_spawn_file_actions_init(actions);

	if (error)
		return error;
	mutex_lock(&list_lock);
	for (const struct piped *p = list; p && !error; p = p->next) {
		if (p->fd != target && p->fd != end)
			error = posix_spawn_file_actions_addclose(actions, p->fd);
	}
	mutex_unlock(&list_lock);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, end, target);
	if (error)
		(void)posix_spawn_file_actions_destroy(actions);
	return error;
}

static int start(const char *command, int end, int target, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int error = actions_make(&actions, end, target);

	if (error)
		return error;
	error = shell_start(command, &actions, NULL, pid);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* "r" or "w", each with or without "e". */
static int mode_read(const char *mode, bool *reads, bool *cloexec)
{
	if ((mode[0] != 'r' && mode[0] != 'w') || (mode[1] != '\0' && (mode[1] != 'e' || mode[2] != '\0')))
		return EINVAL;
	*reads = mode[0] == 'r';
	*cloexec = mode[1] == 'e';
	return 0;
}

static FILE *failed(int error)
{
	errno = error;
	return NULL;
}

/* The stream over our end, which is taken over; NULL with errno. */
static struct piped *piped_new(int end, bool reads)
{
	struct piped *p = malloc(sizeof(*p));
	FILE *file = p ? fdopen(end, reads ? "r" : "w") : NULL;

	if (!file) {
		int error = p ? errno : ENOMEM;

		free(p);
		(void)close(end);
		errno = error;
		return NULL;
	}
	p->file = file;
	p->fd = end;
	return p;
}

FILE *popen(const char *command, const char *mode)
{
	bool reads, cloexec;
	struct piped *p;
	int fds[2], error = mode_read(mode, &reads, &cloexec);

	if (error)
		return failed(error);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return NULL;
	int ours = fds[reads ? 0 : 1], theirs = fds[reads ? 1 : 0];

	p = piped_new(ours, reads);
	if (!p) {
		error = errno;
		(void)close(theirs);
		return failed(error);
	}
	error = start(command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO, &p->pid);
	(void)close(theirs);
	if (error) {
		(void)fclose(p->file);
		free(p);
		return failed(error);
	}
	if (!cloexec)
		(void)fcntl(ours, F_SETFD, 0);
	/* An earlier one that was closed by fclose may have been the same stream. */
	free(piped_take(p->file));
	mutex_lock(&list_lock);
	p->next = list;
	list = p;
	mutex_unlock(&list_lock);
	return p->file;
}

int pclose(FILE *file)
{
	struct piped *p = piped_take(file);
	pid_t pid;

	if (!p) {
		errno = ECHILD;
		return -1;
	}
	pid = p->pid;
	free(p);
	(void)fclose(file);
	return shell_wait(pid);
}
