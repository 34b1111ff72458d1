/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs in the background. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "userland/vsh/interrupt.h"
#include "userland/vsh/shell.h"

static void job_free(struct job *job)
{
	free(job->pids);
	free(job->text);
	free(job);
}

bool job_add(struct shell *shell, const pid_t *pids, size_t count, const char *text, size_t len)
{
	struct job *job = calloc(1, sizeof(*job));
	if (job) {
		job->pids = calloc(count, sizeof(*job->pids));
		job->text = strndup(text, len);
	}
	if (!job || !job->pids || !job->text) {
		if (job)
			job_free(job);
		shell_error(shell, "out of memory: the job is not watched");
		return false;
	}
	memcpy(job->pids, pids, count * sizeof(*pids));
	job->count = count;
	job->number = 1;
	struct job **link = &shell->jobs;
	for (; *link; link = &(*link)->next)
		job->number = (*link)->number + 1;
	*link = job;
	if (shell->interactive)
		text_format(&shell->out, "[%u] %ld\n", job->number, (long)pids[count - 1]);
	return true;
}

/* Looks after each program of the job; true when all have ended. */
static bool job_poll(struct job *job, int options)
{
	bool ended = true;
	for (size_t i = 0; i < job->count; i++) {
		int status;
		pid_t result = 0;
		if (job->pids[i] == 0)
			continue;
		do {
			result = waitpid(job->pids[i], &status, options);
		} while (result < 0 && errno == EINTR);
		if (result == 0) {
			ended = false;
			continue;
		}
		interrupt_target_gone(job->pids[i]);
		job->pids[i] = 0;
		if (i == job->count - 1)
			job->status = result < 0 ? STATUS_NOT_FOUND : launch_status(status);
	}
	return ended;
}

static void job_remove(struct shell *shell, struct job *job)
{
	struct job **link = &shell->jobs;
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	job_free(job);
}

static void describe(const struct job *job, const char *state, struct text *out)
{
	text_format(out, "[%u] %-10s %s\n", job->number, state, job->text);
}

void jobs_collect(struct shell *shell, struct text *out)
{
	for (struct job *job = shell->jobs, *next; job; job = next) {
		char state[24];
		next = job->next;
		if (!job_poll(job, WNOHANG))
			continue;
		if (job->status > STATUS_SIGNAL)
			snprintf(state, sizeof(state), "signal %d", job->status - STATUS_SIGNAL);
		else
			snprintf(state, sizeof(state), job->status ? "exit %d" : "done", job->status);
		describe(job, state, out);
		job_remove(shell, job);
	}
}

struct job *job_find(const struct shell *shell, const char *name)
{
	char *end;
	bool by_number = name[0] == '%';
	if (by_number && (name[1] == '\0' || ((name[1] == '%' || name[1] == '+') && name[2] == '\0'))) {
		struct job *last = shell->jobs;
		while (last && last->next)
			last = last->next;
		return last;
	}
	long number = strtol(name + by_number, &end, 10);
	if (*end || end == name + by_number)
		return NULL;
	for (struct job *job = shell->jobs; job; job = job->next) {
		if (by_number ? job->number == (unsigned long)number : job->pids[job->count - 1] == number)
			return job;
	}
	return NULL;
}

int job_wait(struct shell *shell, struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		interrupt_target(job->pids[i]);
	job_poll(job, 0);
	int status = job->status;
	job_remove(shell, job);
	return status;
}

void jobs_list(struct shell *shell, struct text *out)
{
	jobs_collect(shell, out);
	for (const struct job *job = shell->jobs; job; job = job->next)
		describe(job, "running", out);
}

void jobs_free(struct shell *shell)
{
	while (shell->jobs)
		job_remove(shell, shell->jobs);
}
