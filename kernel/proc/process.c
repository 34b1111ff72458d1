/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes. A dying one is cleaned up by its last thread, in bounded steps at that thread's priority (see sched_next). */
#include "kernel/proc/process.h"

#include "kernel/ipc/notification.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/panic.h"
#include "kernel/proc/undertaker.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/syscall.h"
#include <string.h>

#define REAP_HANDLES 16 /* closed in one step */

struct list all_processes = {&all_processes, &all_processes};
uint32_t process_count;

status_t process_create(struct quota *q, const char *name, size_t len, struct process **out)
{
	status_t s;

	if (q->obj.dying)
		return ERR_STATE;
	if (q->used.processes >= q->limit.processes)
		return ERR_QUOTA;
	struct process *p = kalloc(q, sizeof(*p));
	if (!p)
		return ERR_NO_MEMORY;
	object_init(&p->obj, OBJ_PROCESS, q);
	p->quota = q;
	q->used.processes++;
	list_init(&p->threads);
	list_push_back(&q->processes, &p->quota_node);
	list_push_back(&all_processes, &p->all_node);
	process_count++;
	if (len >= sizeof(p->name))
		len = sizeof(p->name) - 1;
	memcpy(p->name, name, len);
	s = table_init(p);
	if (s == OK)
		s = aspace_init(p);
	if (s != OK) {
		while (!process_reap_step(p)) /* it holds nothing yet */
			;
		object_put(&p->obj);
		return s;
	}
	*out = p;
	return OK;
}

void process_destroy(struct process *p)
{
	struct quota *q = p->quota;

	if (p->state != PROCESS_ENDED) {
		process_bury(p);
		return;
	}
	CHECK(!p->thread_count);
	list_remove(&p->all_node);
	process_count--;
	kfree(q, p, sizeof(*p));
	object_put(&q->obj);
}

void process_started(struct process *p, const struct thread *t)
{
	if (p->state != PROCESS_NEW)
		return;
	p->state = PROCESS_RUNNING;
	p->started_ns = ns_now();
	p->arg0 = t->x[X_A0];
}

void process_end(struct process *p, int64_t status)
{
	if (p->state >= PROCESS_ENDING)
		return;
	p->state = PROCESS_ENDING;
	p->exit_status = status;
	if (!p->thread_count) {
		process_bury(p);
		return;
	}
	object_get(&p->obj);
	for (struct list *n = p->threads.next, *next; n != &p->threads; n = next) {
		struct thread *t = container_of(n, struct thread, proc_node);

		next = n->next;
		thread_end(t);
	}
	object_put(&p->obj);
}

static void watchers_tell(struct process *p)
{
	for (unsigned i = 0; i < 4; i++) {
		struct notification *n = p->watch_nt[i];

		if (!n)
			continue;
		p->watch_nt[i] = NULL;
		notification_signal(n, p->watch_bits[i]);
		object_put(&n->obj);
	}
}

bool process_reap_step(struct process *p)
{
	struct handle_table *t = &p->table;

	/* Handles first: peers learn at once that nobody is there any more. */
	for (unsigned n = 0; t->slots && p->reap_slot < t->capacity; p->reap_slot++) {
		struct slot *s = &t->slots[p->reap_slot];

		if ((s->name & (HANDLE_MAX_COUNT - 1)) != p->reap_slot)
			continue;
		if (n++ == REAP_HANDLES)
			return false;
		struct cap *c = s->cap;
		if (c->obj->refs == 1 && c->obj->type == OBJ_VMO && !vmo_shrink_step((struct vmo *)c->obj))
			return false;
		/* A badge: whoever gave it out wants to hear of the holder's end. */
		if (c->obj->type == OBJ_NOTIFICATION && c->badge)
			notification_signal((struct notification *)c->obj, c->badge);
		table_remove(c);
		cap_destroy(c);
	}
	if (p->as.root && !aspace_empty_step(p))
		return false;
	aspace_free(p);
	table_free(p);
	list_remove(&p->quota_node);
	p->quota->used.processes--;
	p->state = PROCESS_ENDED;
	struct thread *last = list_empty(&p->threads) ? NULL : container_of(p->threads.next, struct thread, proc_node);
	if (last) {
		list_remove(&last->proc_node);
		last->state = TS_ENDED;
	}
	watchers_tell(p);
	if (last)
		object_put(&last->obj); /* may free p as well */
	return true;
}

void process_fill_info(struct process *p, struct process_info *info)
{
	uint64_t ticks = p->cpu_ticks;
	struct quota *q = p->quota;

	memset(info, 0, sizeof(*info));
	list_for_each(n, &p->threads) {
		struct thread *t = container_of(n, struct thread, proc_node);

		ticks += thread_cpu_ticks(t);
		info->active += t->state == TS_RUNNING || t->state == TS_READY;
		info->faulted += t->state == TS_FAULTED;
	}
	info->koid = p->obj.koid;
	info->exit_status = p->exit_status;
	info->cpu_ns = ticks_to_ns(ticks);
	info->mem_bytes = p->as.present << PAGE_SHIFT;
	info->kernel_bytes = (p->as.table_pages << PAGE_SHIFT) + sizeof(*p) + p->thread_count * sizeof(struct thread) +
			     p->table.capacity * sizeof(struct slot) + p->table.used * sizeof(struct cap);
	info->threads = p->thread_count;
	info->handles = p->table.used;
	info->state = p->state;
	info->parent_koid = p->parent_koid;
	info->quota_koid = q->obj.koid;
	info->started_ns = p->started_ns;
	info->arg0 = p->arg0;
	memcpy(info->name, p->name, sizeof(info->name));
}
