/* SPDX-License-Identifier: BSD-2-Clause */
/* Run queues and the way out of the kernel. One kernel stack per hart: a thread that does not run is only its struct. */
#include "kernel/sched/sched.h"

#include "kernel/boot.h"
#include "kernel/hot.h"
#include "kernel/irq/irq.h"
#include "kernel/mm/aspace.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/proc/undertaker.h"
#include "kernel/sbi.h"
#include "kernel/sched/upcall.h"
#include "kernel/trap/syscall.h"
#include "kernel/trap/trap.h"

struct hart harts[MAX_HARTS];
unsigned hart_count = 1;
static uint32_t budget_threads;

#define SLICE_NS 10000000ull /* round robin within a priority: 10 ms, short to a person, long to a cache */

extern uint32_t klock_word; /* trap/entry.S, which says why it is of this kind */

void klock(void)
{
	while (__atomic_exchange_n(&klock_word, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&klock_word, __ATOMIC_RELAXED))
			__asm__ volatile(".insn 0x0100000f"); /* pause */
}

void kunlock(void)
{
	__atomic_store_n(&klock_word, 0, __ATOMIC_RELEASE);
}

void sched_init_hart(struct hart *h)
{
	h->top_prio = h->queue_prio = -1;
	h->programmed = ~0ull;
	for (unsigned i = 0; i < PRIO_COUNT; i++)
		list_init(&h->ready[i]);
}

/* Highest set bit of v != 0; the base instruction set has none for it. */
static unsigned high_bit(uint64_t v)
{
	static const uint8_t of_nibble[16] = {0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3};
	unsigned n = 0;

	if (v >> 32)
		v >>= 32, n += 32;
	if (v >> 16)
		v >>= 16, n += 16;
	if (v >> 8)
		v >>= 8, n += 8;
	if (v >> 4)
		v >>= 4, n += 4;
	return n + of_nibble[v];
}

/* Nothing in the queue is above priority `from`. */
static int64_t queue_top(const struct hart *h, unsigned from)
{
	for (int i = (int)from / 64; i >= 0; i--)
		if (h->bitmap[i])
			return i * 64 + (int)high_bit(h->bitmap[i]);
	return -1;
}

static inline void top_update(struct hart *h)
{
	h->top_prio = h->next ? h->next->prio : h->queue_prio;
}

static NOINLINE void queue_insert(struct thread *t, bool front)
{
	struct hart *h = t->hart;
	unsigned p = t->prio;

	if (front)
		list_push_front(&h->ready[p], &t->ready_node);
	else
		list_push_back(&h->ready[p], &t->ready_node);
	h->bitmap[p / 64] |= 1ull << (p % 64);
	if ((int64_t)p > h->queue_prio)
		h->queue_prio = (int64_t)p;
}

void ready_insert(struct thread *t, bool front)
{
	struct hart *h = t->hart;
	struct thread *n = h->next;

	CHECK(t->state == TS_READY);
	if (n && (t->prio > n->prio || (front && t->prio == n->prio))) {
		h->next = NULL;
		queue_insert(n, true);
		n = NULL;
	}
	/* First in line: waits outside of the queue, which is cheaper to leave. */
	if (!n && ((int64_t)t->prio > h->queue_prio || (front && (int64_t)t->prio == h->queue_prio)))
		h->next = t;
	else
		queue_insert(t, front);
	top_update(h);
}

void ready_remove(struct thread *t)
{
	struct hart *h = t->hart;
	unsigned p = t->prio;

	if (h->next == t) {
		h->next = NULL;
	} else {
		list_remove(&t->ready_node);
		if (list_empty(&h->ready[p])) {
			h->bitmap[p / 64] &= ~(1ull << (p % 64));
			if (h->queue_prio == (int64_t)p)
				h->queue_prio = queue_top(h, p);
		}
	}
	top_update(h);
}

/* The first in line, taken out; NULL: nobody is ready. */
static inline struct thread *ready_take(struct hart *h)
{
	struct thread *t = h->next;

	if (__builtin_expect(t != NULL, 1)) {
		h->next = NULL;
		h->top_prio = h->queue_prio;
		return t;
	}
	if (h->queue_prio < 0)
		return NULL;
	t = container_of(h->ready[h->queue_prio].next, struct thread, ready_node);
	ready_remove(t);
	return t;
}

void hart_kick(struct hart *h)
{
	h->resched = 1;
	if (h != hart_self())
		sbi_send_ipi(1ull << h->index);
}

void thread_move(struct thread *t, struct hart *h)
{
	fp_forget(t);
	t->hart = h;
	t->proc->as.harts |= 1ull << h->index;
}

/* Where a thread that became ready should run: where it ran last if that hart would run it at once, else an idle hart, else there. */
static struct hart *choose_hart(struct thread *t)
{
	struct hart *best = t->hart;

	if (!(t->affinity >> best->index & 1)) {
		best = NULL;
		for (unsigned i = 0; i < hart_count && !best; i++)
			if (t->affinity >> i & 1)
				best = &harts[i];
	}
	if (!best->cur || best->cur->prio < t->prio)
		return best;
	for (unsigned i = 0; i < hart_count; i++)
		if (!harts[i].cur && harts[i].top_prio < 0 && t->affinity >> i & 1)
			return &harts[i];
	return best;
}

NOINLINE void sched_place(struct thread *t)
{
	struct hart *self = hart_self(), *h = t->hart;

	t->state = TS_READY;
	if (hart_count > 1) {
		h = choose_hart(t);
		if (h != t->hart) {
			thread_move(t, h);
		}
	}
	if (__builtin_expect((int64_t)t->prio > h->top_prio && !h->next, 1)) {
		h->next = t;
		h->top_prio = t->prio;
	} else {
		ready_insert(t, false);
	}
	/* At the same priority the running one needs a time slice from now on: the way out sees to it. */
	struct thread *cur = h->cur;
	if (h == self) {
		if (!cur || cur->state != TS_RUNNING || t->prio >= cur->prio)
			h->resched = 1;
	} else if (!cur || t->prio >= cur->prio) {
		hart_kick(h);
	}
}

void slice_stop(struct hart *h)
{
	h->slice_end = 0;
	h->unusual &= (uint8_t)~UNUSUAL_SLICE;
}

void budget_count(int change)
{
	budget_threads += (uint32_t)change;
	for (unsigned i = 0; i < MAX_HARTS; i++)
		harts[i].unusual = (uint8_t)((harts[i].unusual & ~UNUSUAL_BUDGET) |
					     (budget_threads ? UNUSUAL_BUDGET : 0));
}

void slice_check(void)
{
	struct hart *h = hart_self();
	struct thread *t = h->cur;

	if (!t || h->top_prio != (int64_t)t->prio) {
		slice_stop(h);
		return;
	}
	if (h->slice_end)
		return;
	h->unusual |= UNUSUAL_SLICE;
	h->slice_end = ticks_now() + ns_to_ticks(SLICE_NS);
	timers_program();
}

/* Charges the time since the last switch to whoever pays for it. */
static inline void account(struct hart *h)
{
	struct thread *a = h->account;
	uint64_t now = ticks_now(), used = now - h->account_start;

	h->account_start = now;
	if (a)
		a->cpu_ticks += used;
}

NOINLINE void account_stop(void)
{
	struct hart *h = hart_self();
	struct thread *a = h->account;
	uint64_t before = a ? a->cpu_ticks : 0;

	account(h);
	if (a && a->budget_ticks) {
		uint64_t used = a->cpu_ticks - before;

		a->budget_left = a->budget_left > used ? a->budget_left - used : 0;
	}
}

void account_follow(struct hart *h)
{
	if (h->cur && h->account != h->cur->payer) {
		account_stop();
		h->account = h->cur->payer;
	}
}

static void budget_refill(struct ktimer *k)
{
	struct thread *t = container_of(k, struct thread, budget_timer);

	t->period_start = ticks_now();
	t->budget_left = t->budget_ticks;
	t->slow &= ~(uint32_t)SLOW_THROTTLED;
	if (t->state == TS_THROTTLED)
		thread_ready(t);
}

/* True if t must wait for its next period. */
static bool budget_spent(struct thread *t)
{
	if (!t->budget_ticks)
		return false;
	uint64_t now = ticks_now();
	if (now - t->period_start >= t->period_ticks) {
		t->period_start = now;
		t->budget_left = t->budget_ticks;
	}
	if (t->budget_left)
		return false;
	t->slow |= SLOW_THROTTLED;
	ktimer_arm(&t->budget_timer, t->period_start + t->period_ticks, budget_refill);
	return true;
}

/* An idle hart takes the most urgent thread that waits elsewhere behind a running one. */
static struct thread *steal(struct hart *h)
{
	struct thread *best = NULL;

	for (unsigned i = 0; i < hart_count; i++) {
		struct hart *o = &harts[i];

		if (o == h || o->top_prio < 0)
			continue;
		struct thread *t = o->next ? o->next
					   : container_of(o->ready[o->queue_prio].next, struct thread, ready_node);
		if (t->affinity >> h->index & 1 && (!best || t->prio > best->prio))
			best = t;
	}
	if (best) {
		ready_remove(best);
		thread_move(best, h);
	}
	return best;
}

/* While this hart has no thread another one may free the tables of the process it ran last. */
static void use_kernel_space(void)
{
	__asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(8ull << 60 | kernel_root_phys >> PAGE_SHIFT) : "memory");
}

/* Nothing to run: waits for an interrupt with the kernel lock released, and serves it. */
static void idle(struct hart *h)
{
	uint64_t since = ticks_now();

	account_stop();
	h->account = NULL;
	h->cur = NULL;
	slice_stop(h);
	use_kernel_space();
	timers_program();
	kunlock();
	/* wfi also returns while interrupts are off, as soon as one that sie enables is pending (privileged specification, "wfi"). */
	__asm__ volatile("wfi" ::: "memory");
	klock();
	h->idle_ticks += ticks_now() - since;
	interrupts_poll();
}

uint64_t hart_stale(uint64_t mask, const struct process *p)
{
	uint64_t now = 0;

	for (; mask; mask &= mask - 1) {
		struct hart *h = &harts[__builtin_ctzll(mask)];

		if (h->cur && (!p || h->cur->proc == p))
			now |= 1ull << h->index;
		else
			h->unusual |= UNUSUAL_STALE;
	}
	return now;
}

static NOINLINE void forget_stale(struct hart *h)
{
	h->unusual &= (uint8_t)~UNUSUAL_STALE;
	__asm__ volatile("sfence.vma\n\tfence.i" ::: "memory");
}

/* Makes t the hart's running thread. */
static inline void switch_to(struct hart *h, struct thread *t)
{
	if (unlikely(h->unusual)) {
		account_stop();
		if (h->unusual & UNUSUAL_STALE)
			forget_stale(h);
	} else {
		account(h);
	}
	h->account = t->payer;
	h->cur = t;
	h->resched = 0;
	t->state = TS_RUNNING;
	h->switches++;
	__asm__ volatile("csrw satp, %0" ::"r"(t->satp) : "memory");
	if (!t->proc->as.asid)
		__asm__ volatile("sfence.vma" ::: "memory");
}

/* Chooses and makes everything ready for the next thread of this hart. The previous one is in a queue or waits. */
static NOINLINE struct thread *sched_next(void)
{
	struct hart *h = hart_self();
	struct thread *t;

	for (;;) {
		if (h->zombie) {
			struct thread *z = h->zombie;

			h->zombie = NULL;
			h->cur = NULL;
			object_put(&z->obj);
		}
		h->resched = 0;
		t = ready_take(h);
		if (!t && hart_count > 1)
			t = steal(h);
		if (!t) {
			idle(h);
			continue;
		}
		if (t->slow & SLOW_REAPER) {
			/* The clean-up of a dead process, at the priority of its last thread, in bounded steps. */
			if (!(t->proc ? process_reap_step(t->proc) : undertaker_step())) {
				t->state = TS_READY;
				ready_insert(t, false);
			}
			h->cur = NULL;
			use_kernel_space();
			kunlock();
			klock();
			interrupts_poll();
			continue;
		}
		if (t->slow & SLOW_DOOMED) {
			t->slow &= ~(uint32_t)SLOW_DOOMED;
			t->state = TS_SUSPENDED;
			process_end(t->proc, EXIT_FAULT | (int64_t)t->fault_cause);
			continue;
		}
		if (t->payer == t && budget_spent(t)) {
			t->state = TS_THROTTLED;
			continue;
		}
		switch_to(h, t);
		if (likely(!(t->slow & SLOW_UPCALL)) || upcall_enter(t))
			break;
	}
	if (h->slice_end)
		slice_stop(h);
	if (h->top_prio == (int64_t)t->prio)
		slice_check();
	if (t->payer->budget_ticks)
		timers_program();
	return t;
}

/* The running thread gives up the hart: to the back or (preempted) the front of its queue. */
static void put_back(struct thread *t)
{
	bool back = t->slow & SLOW_YIELD;

	t->slow &= ~(uint32_t)SLOW_YIELD;
	fp_release(t);
	t->state = TS_READY;
	if (t->affinity >> t->hart->index & 1)
		ready_insert(t, !back);
	else
		sched_place(t);
}

/* The running thread may have to give way for one of many reasons. */
static NOINLINE struct thread *leave_slow(struct hart *h, struct thread *t)
{
	if (t->slow & SLOW_RETURN)
		upcall_restore(t);
	/* Asked for while it ran here. Its system call may have begun to wait since: that makes no difference. */
	if (t->slow & SLOW_STOP) {
		if (t->stop_kill) {
			thread_end(t);
		} else if (t->stop_suspend) {
			t->stop_suspend = false;
			t->suspended = true;
			if (t->state == TS_RUNNING) {
				fp_release(t);
				t->state = TS_SUSPENDED;
			}
		}
	}
	if (t->state != TS_RUNNING) {
		t->slow &= ~(uint32_t)SLOW_YIELD;
		fp_release(t);
		return sched_next();
	}
	/* It may work for somebody else now: a receive that found a caller waiting switches no thread. */
	account_follow(h);
	bool spent = false;
	if (t->payer->budget_ticks) {
		account_stop();
		/* A server keeps going when its client's money is gone; it pays itself until it answers. */
		if (t->payer == t)
			spent = budget_spent(t);
		else if (!t->payer->budget_left)
			h->account = t->payer = t;
	}
	if (spent) {
		fp_release(t);
		t->state = TS_THROTTLED;
	} else if (h->top_prio > (int64_t)t->prio || ((t->slow & SLOW_YIELD) && h->top_prio == (int64_t)t->prio) ||
		   !(t->affinity >> h->index & 1)) {
		put_back(t);
	} else {
		t->slow &= ~(uint32_t)SLOW_YIELD;
		if (likely(!(t->slow & SLOW_UPCALL)) || upcall_enter(t)) {
			h->resched = 0;
			slice_check();
			return t;
		}
	}
	return sched_next();
}

/* The last of every way out: after a system call that asked for it, an interrupt or a fault. The usual cases, a thread that woke a
 * more urgent one and a thread that waits now, are decided here; anything unusual takes leave_slow. */
static inline __attribute__((always_inline)) struct thread *leave(void)
{
	struct hart *h = hart_self();
	struct thread *t = h->cur, *n = h->next;

	if (!n || !t || (t->slow & ~(uint32_t)SLOW_FAULTED) | n->slow || h->unusual ||
	    h->queue_prio >= (int64_t)n->prio)
		return t ? leave_slow(h, t) : sched_next();
	if (t->state == TS_RUNNING) {
		if (n->prio <= t->prio)
			return leave_slow(h, t);
		/* First in line after the one that takes its place. */
		t->state = TS_READY;
		if ((int64_t)t->prio >= h->queue_prio) {
			h->next = t;
			h->top_prio = t->prio;
		} else {
			h->next = NULL;
			queue_insert(t, true);
			h->top_prio = h->queue_prio;
		}
	} else {
		h->next = NULL;
		h->top_prio = h->queue_prio;
	}
	switch_to(h, n);
	return n;
}

struct thread *sched_leave(void)
{
	return leave();
}

void thread_expand(struct thread *t)
{
	if (!t->brief)
		return;
	t->brief = 0;
	t->x[X_RA] = 0;
	for (unsigned i = X_T0; i <= X_T2; i++)
		t->x[i] = 0;
	for (unsigned i = X_A2 + 1; i <= X_A7; i++)
		t->x[i] = 0;
	for (unsigned i = X_T3; i <= X_T6; i++)
		t->x[i] = 0;
}

/* From entry: a system call is over, and the scheduler should look. One whose thread waits, or has its results in x[], goes to sched_leave. */
struct thread *sched_exit(int64_t status, uint64_t value)
{
	struct thread *t = hart_self()->cur;

	if (status == STATUS_RESTART)
		t->pc -= 4;
	else
		thread_results(t, (uint64_t)status, value, 0);
	return leave();
}

struct thread *sched_first(void)
{
	klock();
	return sched_next();
}

void sched_block(enum thread_state state)
{
	struct hart *h = hart_self();

	h->cur->state = (uint8_t)state;
	h->resched = 1;
}

void sched_yield_self(void)
{
	struct hart *h = hart_self();

	h->cur->slow |= SLOW_YIELD;
	h->resched = 1;
}

struct sysret sysret_blocked(void)
{
	hart_self()->resched = 1;
	return (struct sysret){STATUS_DONE, 0};
}

struct sysret sysret_pair(uint64_t v1, uint64_t v2)
{
	struct hart *h = hart_self();

	thread_results(h->cur, OK, v1, v2);
	h->resched = 1;
	return (struct sysret){STATUS_DONE, 0};
}

struct sysret sysret_restart(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct thread *t = hart_self()->cur;
	uint64_t args[] = {a0, a1, a2, a3, a4};

	thread_results(t, 0, 0, 0);
	thread_expand(t);
	t->x[X_T0] = number;
	for (unsigned i = 0; i < 5; i++)
		t->x[X_A0 + i] = args[i];
	hart_self()->resched = 1;
	return (struct sysret){STATUS_RESTART, 0};
}
