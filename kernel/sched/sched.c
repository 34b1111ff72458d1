/* SPDX-License-Identifier: BSD-2-Clause */
/* Run queues and the way out of the kernel. One kernel stack per hart: a thread that does not run is only its struct. */
#include "kernel/sched/sched.h"

#include "kernel/boot.h"
#include "kernel/irq/irq.h"
#include "kernel/mm/aspace.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sbi.h"
#include "kernel/trap/syscall.h"
#include "kernel/trap/trap.h"

struct hart harts[MAX_HARTS];
unsigned hart_count = 1;

#define SLICE_NS 10000000ull /* round robin within a priority: 10 ms, short to a person, long to a cache */

extern uint32_t klock_word[2];

void klock(void)
{
	uint32_t mine = __atomic_fetch_add(&klock_word[0], 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&klock_word[1], __ATOMIC_ACQUIRE) != mine)
		;
}

void kunlock(void)
{
	__atomic_store_n(&klock_word[1], klock_word[1] + 1, __ATOMIC_RELEASE);
}

void sched_init_hart(struct hart *h)
{
	h->top_prio = -1;
	h->programmed = ~0ull;
	for (unsigned i = 0; i < PRIO_COUNT; i++)
		list_init(&h->ready[i]);
}

/* Highest set bit; the base instruction set has none for it. */
static unsigned high_bit(uint64_t v)
{
	unsigned n = 0;

	for (unsigned s = 32; s; s >>= 1)
		if (v >> s) {
			v >>= s;
			n += s;
		}
	return n;
}

static void top_update(struct hart *h)
{
	for (int i = PRIO_COUNT / 64 - 1; i >= 0; i--)
		if (h->bitmap[i]) {
			h->top_prio = (int64_t)(i * 64 + (int)high_bit(h->bitmap[i]));
			return;
		}
	h->top_prio = -1;
}

void ready_insert(struct thread *t, bool front)
{
	struct hart *h = t->hart;
	unsigned p = t->prio;

	CHECK(t->state == TS_READY);
	if (front)
		list_push_front(&h->ready[p], &t->ready_node);
	else
		list_push_back(&h->ready[p], &t->ready_node);
	h->bitmap[p / 64] |= 1ull << (p % 64);
	if ((int64_t)p > h->top_prio)
		h->top_prio = (int64_t)p;
}

void ready_remove(struct thread *t)
{
	struct hart *h = t->hart;
	unsigned p = t->prio;

	if (h->next == t) {
		h->next = NULL;
		return;
	}
	list_remove(&t->ready_node);
	if (list_empty(&h->ready[p])) {
		h->bitmap[p / 64] &= ~(1ull << (p % 64));
		if (h->top_prio == (int64_t)p)
			top_update(h);
	}
}

void hart_kick(struct hart *h)
{
	h->resched = 1;
	if (h != hart_self())
		sbi_send_ipi(1ull << h->index);
}

/* Where a thread that became ready should run: where it ran last if that hart would run it at once, else an idle hart, else there. */
static struct hart *choose_hart(struct thread *t)
{
	struct hart *best = t->hart;

	if (hart_count == 1)
		return best;
	if (!(t->affinity >> best->index & 1)) {
		best = NULL;
		for (unsigned i = 0; i < hart_count && !best; i++)
			if (t->affinity >> i & 1)
				best = &harts[i];
	}
	if (!best->cur || best->cur->prio < t->prio)
		return best;
	for (unsigned i = 0; i < hart_count; i++)
		if (!harts[i].cur && !harts[i].next && harts[i].top_prio < 0 && t->affinity >> i & 1)
			return &harts[i];
	return best;
}

void sched_place(struct thread *t)
{
	struct hart *h = choose_hart(t);
	struct thread *cur = h->cur;

	if (h != t->hart) {
		fp_forget(t);
		t->hart = h;
	}
	t->state = TS_READY;
	if (h == hart_self() && cur && cur->state == TS_RUNNING && t->prio <= cur->prio) {
		ready_insert(t, false);
		/* Someone to share the hart with: from now on the running thread has a time slice. */
		if (t->prio == cur->prio && !h->slice_end)
			slice_check();
		return;
	}
	/* It may run at once: keep the best such thread at hand instead of queueing and picking it again. */
	if (!h->next && h->top_prio < (int64_t)t->prio) {
		h->next = t;
	} else if (h->next && h->next->prio < t->prio) {
		struct thread *other = h->next;

		h->next = t;
		ready_insert(other, false);
	} else {
		ready_insert(t, false);
	}
	if (h != hart_self() && cur && cur->prio > t->prio)
		return;
	hart_kick(h);
}

void slice_check(void)
{
	struct hart *h = hart_self();
	struct thread *t = h->cur;

	if (!t || list_empty(&h->ready[t->prio])) {
		h->slice_end = 0;
		return;
	}
	h->slice_end = ticks_now() + ns_to_ticks(SLICE_NS);
	timers_program();
}

/* Charges the time since the last switch to whoever pays for it. */
void account_stop(void)
{
	struct hart *h = hart_self();
	struct thread *a = h->account;
	uint64_t now = ticks_now();

	if (a) {
		uint64_t used = now - h->account_start;

		a->cpu_ticks += used;
		if (a->budget_ticks)
			a->budget_left = a->budget_left > used ? a->budget_left - used : 0;
	}
	h->account_start = now;
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

/* The hart's best thread that is allowed to run, out of the queue; NULL: none. */
static struct thread *pick(struct hart *h)
{
	struct thread *t = h->next;

	if (t && h->top_prio <= (int64_t)t->prio) {
		h->next = NULL;
		return t;
	}
	if (h->top_prio < 0)
		return NULL;
	t = container_of(h->ready[h->top_prio].next, struct thread, ready_node);
	ready_remove(t);
	return t;
}

/* An idle hart takes the most urgent thread that waits elsewhere behind a running one. */
static struct thread *steal(struct hart *h)
{
	struct thread *best = NULL;

	for (unsigned i = 0; i < hart_count; i++) {
		struct hart *o = &harts[i];

		if (o == h || o->top_prio < 0)
			continue;
		struct thread *t = container_of(o->ready[o->top_prio].next, struct thread, ready_node);
		if (t->affinity >> h->index & 1 && (!best || t->prio > best->prio))
			best = t;
	}
	if (best) {
		ready_remove(best);
		fp_forget(best);
		best->hart = h;
	}
	return best;
}

/* Nothing to run: waits for an interrupt with the kernel lock released, and serves it. */
static void idle(struct hart *h)
{
	uint64_t since = ticks_now();

	account_stop();
	h->account = NULL;
	h->cur = NULL;
	h->slice_end = 0;
	/* A dead process's tables may be freed while this hart sleeps. */
	__asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(8ull << 60 | kernel_root_phys >> PAGE_SHIFT) : "memory");
	timers_program();
	kunlock();
	/* wfi also returns while interrupts are off, as soon as one that sie enables is pending (privileged specification, "wfi"). */
	__asm__ volatile("wfi" ::: "memory");
	klock();
	h->idle_ticks += ticks_now() - since;
	interrupts_poll();
}

/* Chooses and makes everything ready for the next thread of this hart. The previous one is in a queue or waits. */
static struct thread *sched_next(void)
{
	struct hart *h = hart_self();
	struct thread *t;

	for (;;) {
		h->resched = 0;
		t = pick(h);
		if (!t && hart_count > 1)
			t = steal(h);
		if (!t) {
			idle(h);
			continue;
		}
		if (t->reaper) {
			/* The clean-up of a dead process, at the priority of its last thread, in bounded steps. */
			if (!process_reap_step(t->proc)) {
				t->state = TS_READY;
				ready_insert(t, false);
			}
			h->cur = NULL;
			kunlock();
			klock();
			interrupts_poll();
			continue;
		}
		if (t->payer == t && budget_spent(t)) {
			t->state = TS_THROTTLED;
			continue;
		}
		break;
	}
	account_stop();
	h->account = t->payer;
	h->cur = t;
	t->hart = h;
	t->state = TS_RUNNING;
	h->switches++;
	struct aspace *as = &t->proc->as;
	as->harts |= 1ull << h->index;
	uint64_t satp;
	__asm__ volatile("csrr %0, satp" : "=r"(satp));
	if (satp != as->satp || !as->asid) {
		__asm__ volatile("csrw satp, %0" ::"r"(as->satp) : "memory");
		if (!as->asid)
			__asm__ volatile("sfence.vma" ::: "memory");
	}
	if (h->slice_end || !list_empty(&h->ready[t->prio]))
		slice_check();
	if (t->payer->budget_ticks)
		timers_program();
	return t;
}

/* The running thread gives up the hart: to the back or (preempted) the front of its queue. */
static void put_back(struct thread *t)
{
	bool back = t->requeue_back;

	t->requeue_back = false;
	fp_release(t);
	t->state = TS_READY;
	if (t->affinity >> t->hart->index & 1)
		ready_insert(t, !back);
	else
		sched_place(t);
}

/* The last of every way out: after a system call that asked for it, an interrupt or a fault. */
struct thread *sched_leave(void)
{
	struct hart *h = hart_self();
	struct thread *t = h->cur;

	if (t && t->state == TS_RUNNING) {
		if (t->slow & SLOW_STOP) {
			if (t->stop_kill) {
				thread_end(t);
			} else if (t->stop_suspend) {
				t->stop_suspend = false;
				t->slow &= ~(uint32_t)SLOW_STOP;
				fp_release(t);
				t->suspended = true;
				t->state = TS_SUSPENDED;
			}
		}
	}
	if (t && t->state == TS_RUNNING) {
		bool spent = false;

		if (t->payer->budget_ticks) {
			account_stop();
			/* A server keeps going when its client's money is gone; it pays itself until it answers. */
			if (t->payer == t)
				spent = budget_spent(t);
			else if (!t->payer->budget_left)
				h->account = t->payer = t;
		}
		struct thread *n = h->next;
		int64_t best = n && n->prio > h->top_prio ? n->prio : h->top_prio;
		if (spent) {
			fp_release(t);
			t->state = TS_THROTTLED;
		} else if (best > t->prio || (t->requeue_back && best == t->prio) ||
			   !(t->affinity >> h->index & 1)) {
			put_back(t);
		} else {
			t->requeue_back = false;
			h->resched = 0;
			return t;
		}
	} else if (t) {
		fp_release(t);
	}
	return sched_next();
}

void thread_clear_results(struct thread *t)
{
	t->x[X_RA] = 0;
	for (unsigned i = X_T0; i <= X_T2; i++)
		t->x[i] = 0;
	for (unsigned i = X_A1; i <= 17; i++)
		t->x[i] = 0;
	for (unsigned i = X_T3; i <= X_T6; i++)
		t->x[i] = 0;
}

/* From entry: a system call is over or its thread blocked. */
struct thread *sched_exit(int64_t status, uint64_t value)
{
	struct thread *t = hart_self()->cur;

	if (status == STATUS_RESTART) {
		t->pc -= 4;
		t->x[X_RA] = 0;
	} else if (status != STATUS_DONE) {
		thread_clear_results(t);
		t->x[X_A0] = (uint64_t)status;
		t->x[X_A1] = value;
	}
	return sched_leave();
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

	h->cur->requeue_back = true;
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

	thread_clear_results(h->cur);
	h->cur->x[X_A0] = OK;
	h->cur->x[X_A1] = v1;
	h->cur->x[X_A2] = v2;
	h->resched = 1;
	return (struct sysret){STATUS_DONE, 0};
}

struct sysret sysret_restart(void)
{
	hart_self()->resched = 1;
	return (struct sysret){STATUS_RESTART, 0};
}
