/* SPDX-License-Identifier: BSD-2-Clause */
/* Futexes. The key is the memory object and the offset in it, so that processes that share the object meet. */
#include "kernel/ipc/futex.h"

#include "kernel/mm/aspace.h"
#include "kernel/mm/user.h"
#include "kernel/mm/vmo.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/upcall.h"
#include "kernel/trap/calls.h"
#include <string.h>

#define BUCKETS 256
static struct list buckets[BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&buckets[i]);
}

static struct list *bucket_of(uint64_t koid, uint64_t offset)
{
	/* Multiplicative hashing (Knuth, TAOCP 6.4) with 2^64 / phi. */
	return &buckets[((koid * 31 + (offset >> 2)) * 0x9e3779b97f4a7c15ull) >> 56];
}

static status_t key_of(struct process *p, uint64_t addr, uint64_t *koid, uint64_t *offset)
{
	struct mapping *m;

	if (addr & 3)
		return ERR_INVALID;
	m = aspace_find(p, addr);
	if (!m)
		return ERR_FAULT;
	*koid = m->vmo->obj.koid;
	*offset = addr - m->node.key + m->offset;
	return OK;
}

uint64_t futex_wake(struct process *p, uint64_t addr, uint64_t count)
{
	uint64_t koid, offset, woken = 0;

	if (key_of(p, addr, &koid, &offset) != OK)
		return 0;
	struct list *b = bucket_of(koid, offset);
	for (struct list *n = b->next, *next; n != b && woken < count; n = next) {
		struct thread *t = container_of(n, struct thread, ready_node);

		next = n->next;
		if (t->futex_key_a != koid || t->futex_key_b != offset)
			continue;
		list_remove(&t->ready_node);
		thread_wake(t, OK);
		woken++;
	}
	return woken;
}

struct sysret sys_futex_wait(uint64_t addr, uint64_t expected, uint64_t deadline, uint64_t how)
{
	struct thread *t = hart_self()->cur;
	uint64_t koid, offset;
	uint32_t now;
	status_t s = how & ~(uint64_t)WAIT_INTERRUPTIBLE ? ERR_INVALID : key_of(t->proc, addr, &koid, &offset);

	if (s == OK)
		s = user_read(t->proc, addr, &now, sizeof(now));
	if (s != OK)
		return sysret_status(s);
	if (now != (uint32_t)expected)
		return sysret_status(ERR_AGAIN);
	if (!deadline)
		return sysret_status(ERR_WOULD_BLOCK);
	if (t->stop_cancel && thread_take_cancel(t))
		return sysret_status(ERR_CANCELLED);
	t->interruptible = how;
	if (how && upcall_forestalls(t))
		return sysret_status(ERR_INTERRUPTED);
	t->futex_key_a = koid;
	t->futex_key_b = offset;
	sched_block(TS_FUTEX);
	list_push_back(bucket_of(koid, offset), &t->ready_node);
	if (deadline != DEADLINE_NEVER)
		wait_deadline(t, deadline);
	return sysret_blocked();
}

struct sysret sys_futex_wake(uint64_t addr, uint64_t count)
{
	struct process *p = process_self();
	uint64_t koid, offset;
	status_t s = key_of(p, addr, &koid, &offset);

	if (s != OK)
		return sysret_status(s);
	return sysret_value(futex_wake(p, addr, count));
}
