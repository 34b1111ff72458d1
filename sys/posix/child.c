/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children and waitpid. Every child's end signals the same notification. One waiting thread at a
 * time waits on it; the others wait for that one to come back, and then all look at their children
 * again.
 */
#include "sys/posix/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "sys/abi/fault.h"
#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"

struct child {
	struct child *next;
	pid_t pid;
	handle_t process;
};

static struct mutex children_lock;
static struct child *children;  /* children_lock */
static handle_t ended;          /* children_lock; a notification */
static bool someone_waits;      /* children_lock: on the notification */
static _Atomic uint32_t rounds; /* futex: counts the waits on the notification that came back */

/* With the lock held. */
static status_t notification_need(void)
{
	return ended == HANDLE_NONE ? notification_create(&ended) : OK;
}

static status_t child_watch(struct child *child)
{
	struct handle_info info;
	status_t status = handle_info(child->process, &info);

	if (status != OK)
		return status;
	child->pid = (pid_t)info.koid;
	mutex_lock(&children_lock);
	status = notification_need();
	if (status == OK)
		status = process_watch(child->process, ended, 1);
	if (status == OK) {
		child->next = children;
		children = child;
	}
	mutex_unlock(&children_lock);
	return status;
}

int child_start(const struct spawn_args *args, pid_t *pid)
{
	struct child *child = calloc(1, sizeof(*child));
	status_t status;

	if (!child)
		return ENOMEM;
	status = spawn(args, &child->process, NULL);
	if (status != OK) {
		free(child);
		return errno_from_status(status);
	}
	status = child_watch(child);
	if (status != OK) {
		/* A child that cannot be waited for is no child. */
		(void)process_kill(child->process, SIGKILL);
		(void)handle_close(child->process);
		free(child);
		return errno_from_status(status);
	}
	*pid = child->pid;
	return 0;
}

handle_t child_handle(pid_t pid)
{
	handle_t handle = HANDLE_NONE;

	mutex_lock(&children_lock);
	for (struct child *c = children; c; c = c->next) {
		if (c->pid == pid && handle_dup(c->process, (uint32_t)RIGHTS_SAME, &handle) != OK)
			handle = HANDLE_NONE;
	}
	mutex_unlock(&children_lock);
	return handle;
}

static int fault_signal(uint64_t cause)
{
	switch (cause) {
	case FAULT_ILLEGAL: return SIGILL;
	case FAULT_BREAKPOINT: return SIGTRAP;
	case FAULT_FETCH_MISALIGNED:
	case FAULT_LOAD_MISALIGNED:
	case FAULT_STORE_MISALIGNED:
	case FAULT_FETCH_ACCESS:
	case FAULT_LOAD_ACCESS:
	case FAULT_STORE_ACCESS: return SIGBUS;
	default: return SIGSEGV;
	}
}

/* What wait() tells of a kernel exit status: see WIFEXITED and its kin. */
static int wait_status(int64_t exit_status)
{
	if (exit_status >= 0 && exit_status <= 0xff)
		return (int)exit_status << 8;
	if (exit_status > 0 && (exit_status & EXIT_FAULT))
		return fault_signal((uint64_t)exit_status & 0xff);
	int sig = (int)(exit_status & 0x7f);

	return sig > 0 && sig < _NSIG ? sig : SIGKILL;
}

/* Looks for a child that has ended, with the lock held: its pid, 0 if all of them live, -ECHILD if
 * there are none. */
static pid_t child_reap(pid_t pid, int *status)
{
	pid_t result = -ECHILD;

	for (struct child **at = &children; *at; at = &(*at)->next) {
		struct child *c = *at;
		struct process_info info;

		if (pid != -1 && c->pid != pid)
			continue;
		result = 0;
		if (process_info(c->process, &info) != OK || info.state != PROCESS_ENDED)
			continue;
		*at = c->next;
		(void)handle_close(c->process);
		result = c->pid;
		free(c);
		if (status)
			*status = wait_status(info.exit_status);
		return result;
	}
	return result;
}

/* Sleeps until some child may have ended. Called and returns with the lock held. 0 or a negative
 * errno. */
static int children_wait(void)
{
	status_t status;

	if (someone_waits) {
		uint32_t round = atomic_load(&rounds);

		mutex_unlock(&children_lock);
		status = futex_wait(&rounds, round, DEADLINE_NEVER);
		mutex_lock(&children_lock);
		return status == ERR_AGAIN ? 0 : neg_errno(status);
	}
	someone_waits = true;
	mutex_unlock(&children_lock);
	status = notification_wait(ended, DEADLINE_NEVER, NULL);
	mutex_lock(&children_lock);
	someone_waits = false;
	atomic_fetch_add(&rounds, 1);
	(void)futex_wake(&rounds, UINT32_MAX, NULL);
	return neg_errno(status);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	pid_t result;
	int error = 0;

	if (options & ~(WNOHANG | WUNTRACED))
		return (pid_t)posix_result(-EINVAL);
	if (pid == 0 || pid < -1)
		return (pid_t)posix_result(-ENOSYS); /* there are no process groups */
	mutex_lock(&children_lock);
	while ((result = child_reap(pid, status)) == 0 && !(options & WNOHANG) && error == 0)
		error = children_wait();
	mutex_unlock(&children_lock);
	if (result == 0 && error)
		result = error;
	return (pid_t)posix_result(result);
}

pid_t wait(int *status)
{
	return waitpid(-1, status, 0);
}
