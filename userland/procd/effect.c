/* SPDX-License-Identifier: BSD-2-Clause */
/* What the rules ask for, as system calls. */
#include "userland/procd/effect.h"

#include "sys/lib/syscall.h"
#include "userland/procd/crash.h"
#include "userland/procd/procd.h"
#include "userland/procd/waits.h"

#define CHANGED_MAX 16

static uint32_t changed[CHANGED_MAX]; /* parents whose children changed during this event */
static uint32_t changed_count;        /* above CHANGED_MAX: all may have */

static handle_t handle_of(uint32_t place)
{
	return procd.handles[place];
}

void effect_kill(uint32_t place, uint32_t signal)
{
	/* Fails for one that ends already. */
	(void)process_kill(handle_of(place), signal);
}

/* ---- all threads --------------------------------------------------------------------------------- */

handle_t thread_next(handle_t process, uint64_t *koid)
{
	struct thread_info info;
	handle_t thread;

	if (process_thread(process, *koid, &thread) != OK)
		return HANDLE_NONE;
	if (thread_info(thread, &info) != OK) {
		(void)handle_close(thread);
		return HANDLE_NONE;
	}
	*koid = info.koid;
	return thread;
}

/* Threads that are made meanwhile have higher numbers: they are met too. Those that have not been started have nobody who could start them. */
static void threads_suspend(uint32_t place, uint32_t on)
{
	uint64_t koid = 0;
	handle_t thread;

	while ((thread = thread_next(handle_of(place), &koid)) != HANDLE_NONE) {
		(void)thread_suspend(thread, on);
		(void)handle_close(thread);
	}
}

void effect_stop(uint32_t place)
{
	threads_suspend(place, 1);
}

void effect_continue(uint32_t place)
{
	threads_suspend(place, 0);
}

void effect_nice(uint32_t place, int32_t from, int32_t to)
{
	uint64_t koid = 0;
	handle_t thread;

	while ((thread = thread_next(handle_of(place), &koid)) != HANDLE_NONE) {
		struct thread_sched sched = {.prio = (uint32_t)(PRIO_DEFAULT - to)};
		struct thread_info info;

		if (thread_info(thread, &info) == OK && info.base_prio == (uint32_t)(PRIO_DEFAULT - from))
			(void)thread_set_sched(thread, &sched, HANDLE_NONE);
		(void)handle_close(thread);
	}
}

void effect_interrupt(uint32_t place)
{
	handle_t thread;

	/* A process whose threads have all ended has nobody to be told. */
	if (process_thread(handle_of(place), 0, &thread) != OK)
		return;
	(void)thread_interrupt(thread, NULL);
	(void)handle_close(thread);
}

void effect_dump(uint32_t place, uint32_t signal)
{
	struct proc *p = proc_at(place);

	if (p->ending)
		return;
	p->ending = signal;
	effect_stop(place);
	if (!crash_start(place, signal, NULL, HANDLE_NONE))
		effect_kill(place, signal);
}

/* ---- its record ---------------------------------------------------------------------------------- */

void effect_forget(uint32_t place)
{
	if (procd.handles[place] != HANDLE_NONE)
		(void)handle_close(procd.handles[place]);
	procd.handles[place] = HANDLE_NONE;
	if (procd.end_watches[place] != HANDLE_NONE)
		(void)handle_close(procd.end_watches[place]);
	procd.end_watches[place] = HANDLE_NONE;
}

status_t effect_watch(uint32_t place, handle_t process)
{
	unsigned bit = place % WATCH_BITS;

	procd.handles[place] = process;
	return process_watch(process, procd.ended[bit], procd.ended_bits[bit]);
}

bool effect_is_started(uint32_t place)
{
	struct process_info info;

	return process_info(handle_of(place), &info) != OK || info.state != PROCESS_NEW;
}

uint64_t effect_cpu_ns(uint32_t place)
{
	struct process_info info;

	return process_info(handle_of(place), &info) == OK ? info.cpu_ns : 0;
}

/* ---- calls of wait ------------------------------------------------------------------------------- */

void effect_children(uint32_t place)
{
	for (uint32_t i = 0; i < changed_count && i < CHANGED_MAX; i++) {
		if (changed[i] == place)
			return;
	}
	if (changed_count < CHANGED_MAX)
		changed[changed_count] = place;
	changed_count++;
}

void effects_finish(void)
{
	uint32_t count = changed_count;

	if (count == 0)
		return;
	changed_count = 0;
	if (count > CHANGED_MAX) {
		for (uint32_t i = 0; i < table.top; i++) {
			if (proc_at(i)->pid)
				wait_children_changed(i);
		}
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		wait_children_changed(changed[i]);
}

bool wait_reply(handle_t reply, status_t status, const struct wait_answer *answer)
{
	return process_wait_reply(reply, status, answer->pid, answer->cpu_ns, (enum process_event)answer->event,
				  answer->value, answer->user) == OK;
}

bool wait_is_open(handle_t reply)
{
	uint64_t koid;

	if (caller_process(reply, &koid) == OK)
		return true;
	(void)handle_close(reply);
	return false;
}
