/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals of others. The server of processes keeps those for this one that are caught, and interrupts its first thread; whoever takes them asks. It
 * has to know what is caught, ignored and blocked, but of blocked ones only those that are not caught: of the others it is asked with the mask.
 */
#include "sys/posix/signal_outside.h"

#include <stdatomic.h>

#include "protocols/process.h"
#include "sys/lib/mutex.h"
#include "sys/lib/syscall.h"
#include "sys/posix/proc.h"
#include "sys/posix/signal_thread.h"

static handle_t server;          /* HANDLE_NONE: there is none; set once, at the start */
static _Atomic uint32_t maybe;   /* an upcall was the server's, and nobody has asked since */
static _Atomic uint64_t pending; /* what it said last that there is */

static struct mutex lock;
static struct told {
	uint64_t caught, ignored, blocked;
	uint32_t child;
} told; /* lock */

void signal_outside_start(void)
{
	uint64_t ignored = 0, blocked = 0;

	server = proc_endpoint();
	(void)proc_startup(PROC_IGNORED, &ignored);
	(void)proc_startup(PROC_BLOCKED, &blocked);
	if (!(ignored | blocked))
		return;
	told = (struct told){.ignored = ignored, .blocked = blocked};
	signal_inherit(ignored, blocked);
	signal_outside_came(); /* something may be pending already */
}

void signal_outside_came(void)
{
	if (server != HANDLE_NONE)
		atomic_store(&maybe, 1);
}

static uint64_t own_koid(void)
{
	struct signal_thread *self = signal_self();
	struct thread_info info;

	if (self->koid == 0 && thread_info(HANDLE_NONE, &info) == OK)
		self->koid = info.koid;
	return self->koid;
}

bool signal_outside_take(uint64_t set, siginfo_t *info)
{
	uint32_t sig = 0, user;
	int32_t code, result;
	uint64_t pid, value, left;

	if (server == HANDLE_NONE || !(atomic_exchange(&maybe, 0) || atomic_load(&pending) & set))
		return false;
	/* It may be another instance of it that does not know: then there is nothing. */
	if (process_take(server, ~set, own_koid(), &sig, &code, &pid, &user, &result, &value, &left) != OK)
		return false;
	atomic_store(&pending, left);
	if (!signal_valid((int)sig)) {
		/* Not for this thread: for another, perhaps. */
		if (left)
			(void)signal_forward(left);
		return false;
	}
	*info = (siginfo_t){
		.si_signo = (int)sig,
		.si_code = code,
		.si_pid = (pid_t)pid,
		.si_uid = (uid_t)user,
		.si_status = result,
		.si_addr = (void *)(uintptr_t)value,
		.si_value.sival_ptr = (void *)(uintptr_t)value,
	};
	return true;
}

uint64_t signal_outside_pending(void)
{
	return atomic_load(&pending);
}

void signal_outside_tell(void)
{
	struct told now;
	uint64_t left;
	int flags;

	if (server == HANDLE_NONE)
		return;
	mutex_lock(&lock);
	flags = signal_child_flags();
	now = (struct told){
		.caught = signal_caught(),
		.ignored = signal_ignored(),
		.child = (flags & SA_NOCLDSTOP ? PROCESS_CHILD_NO_STOP : 0) |
			 (flags & SA_NOCLDWAIT ? PROCESS_CHILD_NO_WAIT : 0),
	};
	now.blocked = signal_blocked_by_all() & ~now.caught;
	if ((now.caught != told.caught || now.ignored != told.ignored || now.blocked != told.blocked ||
	     now.child != told.child) &&
	    process_disposition(server, now.caught, now.ignored, now.blocked, now.child, &left) == OK) {
		told = now;
		atomic_store(&pending, left);
	}
	mutex_unlock(&lock);
}
