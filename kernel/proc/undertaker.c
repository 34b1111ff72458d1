/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that end without a thread of their own: their last handle went before they ever ran, or they were killed then. What they hold can be
 * much, and can be the last handle of yet another such process, so it is neither given back in one go nor by recursion: they wait in a list for a
 * thread of the kernel's that takes them apart in steps. It is as urgent as the most urgent of those who left something in the list. */
#include "kernel/proc/undertaker.h"

#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"

static struct list waiting = {&waiting, &waiting};
static struct thread undertaker = {
	.state = TS_SUSPENDED,
	.slow = SLOW_REAPER,
	.payer = &undertaker,
	.affinity = 1,
	.ready_node = {&undertaker.ready_node, &undertaker.ready_node},
};

void process_bury(struct process *p)
{
	struct thread *cur = hart_self()->cur, *t = &undertaker;
	uint8_t prio = cur ? cur->prio : PRIO_DEFAULT;

	CHECK(!p->thread_count && p->state != PROCESS_ENDED);
	p->state = PROCESS_ENDING;
	object_get(&p->obj);
	list_push_back(&waiting, &p->buried_node);
	t->hart = &harts[0];
	if (t->state == TS_READY) {
		if (t->prio >= prio)
			return;
		ready_remove(t);
	}
	t->prio = t->base_prio = prio;
	t->state = TS_READY;
	ready_insert(t, false);
	hart_kick(t->hart);
}

bool undertaker_step(void)
{
	struct process *p = container_of(waiting.next, struct process, buried_node);

	if (!process_reap_step(p))
		return false;
	list_remove(&p->buried_node);
	object_put(&p->obj);
	if (!list_empty(&waiting))
		return false;
	undertaker.state = TS_SUSPENDED;
	return true;
}
