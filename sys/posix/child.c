/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children. With procd they are known there. Without it: every child's end signals the same notification. One waiting thread at a
 * time waits on it; the others wait for that one to come back, and then all look at their children
 * again.
 */
#include "sys/posix/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "protocols/process.h"
#include "sys/abi/fault.h"
#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"
#include "sys/posix/process.h"
#include "sys/posix/resolve.h"
#include "sys/posix/signal_thread.h"

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

/* ---- with procd ------------------------------------------------------------------------------------------------- */

struct enlisting {
	const struct child_start *start;
	uint64_t pid; /* 0: not done */
};

/* Before the child runs. One that was enlisted by a procd that died before it said so is there already. */
static status_t enlist(void *context, handle_t process, handle_t main_thread)
{
	struct enlisting *e = context;
	bool again = false;

	(void)main_thread;
	for (;;) {
		struct handle_info info;
		handle_t given;
		status_t status = handle_dup(process, (uint32_t)RIGHTS_SAME, &given);

		if (status != OK)
			return status;
		status = process_enlist(proc_endpoint(), given, e->start->start, (uint64_t)e->start->group,
					e->start->blocked, e->start->ignored, &e->pid);
		if (status == ERR_EXISTS && again) {
			status = handle_info(process, &info);
			e->pid = info.koid;
		}
		if (status != ERR_PEER_DIED)
			return status;
		again = true;
	}
}

/* A child that never ran is not to be waited for by others. */
static void unlist(uint64_t pid)
{
	uint64_t pid_ended, cpu_ns;
	enum process_event event;
	uint32_t value, user;
	status_t status;

	CALL_AGAIN(status, process_wait(proc_endpoint(), PROCESS_WHOM_PROCESS, PROCESS_WAIT_ENDED, pid, &pid_ended,
					&cpu_ns, &event, &value, &user));
}

static int child_start_enlisted(struct spawn_args *args, const struct child_start *start, pid_t *pid)
{
	struct enlisting e = {.start = start};
	handle_t process;
	status_t status;

	args->prepared = enlist;
	args->context = &e;
	status = spawn(args, &process, NULL);
	if (status == OK) {
		(void)handle_close(process);
		*pid = (pid_t)e.pid;
		return 0;
	}
	if (e.pid)
		unlist(e.pid);
	switch (status) {
	case ERR_NOT_FOUND: return EPERM; /* no such group in this session: POSIX, setpgid() */
	case ERR_QUOTA: return EAGAIN;
	default: return errno_from_status(status);
	}
}

/* ---- without ----------------------------------------------------------------------------------------------------- */

int child_start(struct spawn_args *args, const struct child_start *start, pid_t *pid)
{
	struct child *child;
	status_t status;

	if (proc_endpoint() != HANDLE_NONE)
		return child_start_enlisted(args, start, pid);
	if (start->start)
		return ENOSYS; /* nobody knows of groups and sessions */
	child = calloc(1, sizeof(*child));
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

/* What a kernel exit status says. */
static void event_from(int64_t exit_status, struct child_event *out)
{
	out->event = PROCESS_EVENT_KILLED;
	if (exit_status >= 0 && exit_status <= 0xff) {
		out->event = PROCESS_EVENT_EXITED;
		out->value = (uint32_t)exit_status;
	} else if (exit_status > 0 && (exit_status & EXIT_FAULT)) {
		out->value = (uint32_t)fault_signal((uint64_t)exit_status & 0xff);
	} else {
		out->value = (uint32_t)exit_status & 0x7f;
		if (out->value < 1 || out->value >= 64)
			out->value = SIGKILL;
	}
}

/* Looks for a child that has ended, with the lock held: 1 and what became of it, 0 if all of them live, -ECHILD if there are none. */
static int child_reap(pid_t pid, bool keep, struct child_event *out)
{
	int result = -ECHILD;

	for (struct child **at = &children; *at; at = &(*at)->next) {
		struct child *c = *at;
		struct process_info info;

		if (pid != -1 && c->pid != pid)
			continue;
		result = 0;
		if (process_info(c->process, &info) != OK || info.state != PROCESS_ENDED)
			continue;
		*out = (struct child_event){.pid = c->pid, .cpu_ns = info.cpu_ns};
		event_from(info.exit_status, out);
		if (!keep) {
			*at = c->next;
			(void)handle_close(c->process);
			free(c);
		}
		return 1;
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
		SIGNAL_WAIT(status, futex_wait_interruptible(&rounds, round, DEADLINE_NEVER));
		mutex_lock(&children_lock);
		return status == ERR_AGAIN ? 0 : neg_errno(status);
	}
	someone_waits = true;
	mutex_unlock(&children_lock);
	SIGNAL_WAIT(status, notification_wait_interruptible(ended, DEADLINE_NEVER, NULL));
	mutex_lock(&children_lock);
	someone_waits = false;
	atomic_fetch_add(&rounds, 1);
	(void)futex_wake(&rounds, UINT32_MAX, NULL);
	return neg_errno(status);
}

int child_wait_own(pid_t pid, bool no_hang, bool keep, struct child_event *out)
{
	int result, error = 0;

	mutex_lock(&children_lock);
	while ((result = child_reap(pid, keep, out)) == 0 && !no_hang && error == 0)
		error = children_wait();
	mutex_unlock(&children_lock);
	return result == 0 && error ? error : result;
}
