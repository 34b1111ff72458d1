/* SPDX-License-Identifier: BSD-2-Clause */
/* Upcalls, and the waits that they end. */
#include "kernel/sched/upcall.h"

#include "kernel/hot.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/user.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "kernel/trap/trap.h"
#include "sys/abi/ipc.h"
#include <string.h>

_Static_assert(sizeof(struct upcall_frame) % 16 == 0, "frames keep the stack aligned");

static bool allowed(const struct thread *t)
{
	return t->upcall_entry && !t->upcall_off;
}

static void due_update(struct thread *t)
{
	if (t->upcall_mark && allowed(t))
		t->slow |= SLOW_UPCALL;
	else
		t->slow &= ~(uint32_t)SLOW_UPCALL;
}

static bool wait_interruptible(const struct thread *t)
{
	switch (t->state) {
	/* As long as its server has not put it aside, it is being worked on: what that leads to must not be lost. */
	case TS_AWAIT_REPLY: return t->reply && t->msginfo & MSG_INTERRUPTIBLE;
	case TS_NOTIFICATION:
	case TS_FUTEX: return t->interruptible;
	default: return false;
	}
}

void upcall_put_aside(struct thread *t)
{
	if (likely(!(t->msginfo & MSG_INTERRUPTIBLE)) || !upcall_forestalls(t))
		return;
	thread_unblock(t);
	thread_wake(t, ERR_INTERRUPTED);
}

bool upcall_forestalls(struct thread *t)
{
	if (likely(!(t->slow & (SLOW_UPCALL | SLOW_FAIL_NEXT))))
		return false;
	t->slow &= ~(uint32_t)SLOW_FAIL_NEXT;
	return true;
}

static uint64_t frame_place(const struct thread *t)
{
	uint64_t top = t->x[X_SP];

	/* Not above the stack's end, and not below or at its start: it is on it, and what is above sp is in use. */
	if (t->upcall_stack_size && top - t->upcall_stack - 1 >= t->upcall_stack_size)
		top = t->upcall_stack + t->upcall_stack_size;
	return (top - sizeof(struct upcall_frame)) & ~15ull;
}

NOINLINE bool upcall_enter(struct thread *t)
{
	uint64_t at = frame_place(t);
	struct upcall_frame f = {.pc = t->pc};

	thread_expand(t);
	fp_release(t);
	memcpy(f.x + 1, t->x + 1, sizeof(f.x) - sizeof(f.x[0]));
	if (t->fp) {
		f.flags = UPCALL_FP;
		fp_get(t, f.f, &f.fcsr);
	}
	if (t->slow & SLOW_FAIL_NEXT)
		f.flags |= UPCALL_FAIL_NEXT;
	if (t->upcall_outside)
		f.flags |= UPCALL_OUTSIDE;
	if (unlikely(user_write(t->proc, at, &f, sizeof(f)) != OK)) {
		t->upcall_stuck = true;
		if (aspace_touch(t->proc, at, MAP_WRITE))
			at = (at + sizeof(f) - 1) & ~(PAGE_SIZE - 1);
		trap_store_fault(t, at);
		return false;
	}
	t->upcall_mark = t->upcall_stuck = t->upcall_outside = false;
	t->upcall_off = true;
	t->slow &= ~(uint32_t)(SLOW_UPCALL | SLOW_FAIL_NEXT);
	t->pc = t->upcall_entry;
	t->x[X_SP] = t->x[X_A0] = at;
	return true;
}

static status_t restore(struct thread *t)
{
	struct upcall_frame f;
	status_t s = user_read(t->proc, t->upcall_frame, &f, sizeof(f));

	if (s != OK)
		return s;
	fp_release(t);
	if (!fp_set(t, f.flags & UPCALL_FP ? f.f : NULL, f.fcsr))
		return ERR_NO_MEMORY;
	/* Nothing here is privileged: pc and registers are as in thread_regs, sstatus is not among them. */
	t->pc = f.pc & ~1ull;
	memcpy(t->x, f.x, sizeof(t->x));
	t->brief = 0;
	t->upcall_off = false;
	if (f.flags & UPCALL_FAIL_NEXT)
		t->slow |= SLOW_FAIL_NEXT;
	due_update(t);
	return OK;
}

NOINLINE void upcall_restore(struct thread *t)
{
	t->slow &= ~(uint32_t)SLOW_RETURN;
	status_t s = restore(t);
	if (s != OK)
		thread_results(t, (uint64_t)s, 0, 0);
}

struct sysret sys_upcall_return(uint64_t frame)
{
	struct hart *h = hart_self();

	/* The way out saves the callee-saved registers and the pc first: what is restored comes after that. */
	h->cur->upcall_frame = frame;
	h->cur->slow |= SLOW_RETURN;
	return sysret_blocked();
}

struct sysret sys_thread_upcall(uint64_t entry, uint64_t stack, uint64_t size)
{
	struct hart *h = hart_self();
	struct thread *t = h->cur;

	if (entry >= USER_TOP || size > USER_TOP || stack > USER_TOP - size ||
	    (size && size < sizeof(struct upcall_frame)))
		return sysret_status(ERR_INVALID);
	t->upcall_entry = entry & ~1ull;
	t->upcall_stack = stack;
	t->upcall_stack_size = size;
	t->upcall_off = t->upcall_stuck = false;
	t->slow &= ~(uint32_t)SLOW_FAIL_NEXT;
	due_update(t);
	if (t->slow & SLOW_UPCALL)
		h->resched = 1;
	return sysret_status(OK);
}

struct sysret sys_thread_interrupt(uint64_t thread)
{
	struct thread *t = hart_self()->cur;
	struct cap *c;

	if (thread != HANDLE_NONE) {
		if (!handle_quick(&t->proc->table, thread, RIGHT_THREAD_MANAGE, &c))
			return sysret_status(handle_error(t->proc, thread, OBJ_THREAD, RIGHT_THREAD_MANAGE));
		t = (struct thread *)c->obj;
	}
	if (t->state == TS_ENDED || t->slow & SLOW_REAPER)
		return sysret_status(ERR_STATE);
	t->upcall_mark = true;
	if (t->proc != process_self())
		t->upcall_outside = true;
	due_update(t);
	if (!(t->slow & SLOW_UPCALL))
		return sysret_value(0);
	if (t->state == TS_RUNNING) {
		hart_kick(t->hart);
	} else if (wait_interruptible(t)) {
		thread_unblock(t);
		thread_wake(t, ERR_INTERRUPTED);
	}
	return sysret_value(!t->upcall_stuck);
}
