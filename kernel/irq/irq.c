/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt objects. A source that fired is claimed but not completed at the controller until its driver acknowledges: the controller
 * itself keeps it quiet. */
#include "kernel/irq/irq.h"

#include "kernel/hot.h"
#include "kernel/ipc/notification.h"
#include "kernel/irq_controller.h"
#include "kernel/log/log.h"
#include "kernel/log/watch.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/system.h"

struct list all_irqs = {&all_irqs, &all_irqs};
static struct irq **by_source;
static uint32_t source_limit;

void irq_init(void)
{
	source_limit = irqc_source_count() + 1;
	by_source = kalloc(NULL, source_limit * sizeof(*by_source));
	if (!by_source)
		panic("no memory for %u interrupt sources", source_limit);
}

static COLD void irq_stray(struct hart *h, uint32_t source)
{
	irqc_disable(source, h->index);
	irqc_complete_disabled(h->index, source);
	klog(LOG_WARN, "irq: source %u fired without an owner, masked", source);
	log_watch_signal();
}

/* The source of a head fired. */
static NOINLINE void shared_fire(struct irq *head, struct hart *h)
{
	head->hart = h;
	list_for_each(n, &head->members) {
		struct irq *i = container_of(n, struct irq, member_node);

		if (!i->nt)
			continue;
		i->owes = true;
		head->owing++;
		i->count++;
		notification_signal(i->nt, i->bits);
	}
}

static NOINLINE void shared_ack(struct irq *i)
{
	struct irq *head = i->head;

	i->owes = false;
	if (--head->owing == 0)
		irqc_complete(head->hart->index, head->source);
}

static bool shared_bound(const struct irq *head)
{
	list_for_each(n, &head->members) {
		if (container_of(n, struct irq, member_node)->nt)
			return true;
	}
	return false;
}

void irq_dispatch(void)
{
	struct hart *h = hart_self();
	uint32_t source;

	/* One for each trap: another one that is pending traps again at once, and the usual case saves a look at the controller. */
	source = irqc_claim(h->index);
	if (!source)
		return;
	struct irq *i = source < source_limit ? by_source[source] : NULL;

	h->interrupts++;
	if (!i || !i->nt) {
		if (i && i->flags == IRQ_SHARED && shared_bound(i))
			shared_fire(i, h);
		else
			irq_stray(h, source);
		return;
	}
	i->pending = true;
	i->hart = h;
	i->count++;
	notification_signal(i->nt, i->bits);
}

void irq_ack(struct irq *i)
{
	if (!i->pending) {
		if (i->owes)
			shared_ack(i);
		return;
	}
	i->pending = false;
	irqc_complete(i->hart->index, i->source);
}

static void irq_release(struct irq *i)
{
	if (i->nt && i->head) {
		object_put(&i->nt->obj);
		i->nt = NULL;
		if (i->owes)
			shared_ack(i);
		if (!shared_bound(i->head))
			irqc_disable(i->source, i->head->hart->index);
	} else if (i->nt) {
		irqc_disable(i->source, i->hart->index);
		if (i->pending)
			irqc_complete_disabled(i->hart->index, i->source);
		i->pending = false;
		object_put(&i->nt->obj);
		i->nt = NULL;
	}
}

static void shared_leave(struct irq *i)
{
	struct irq *head = i->head;

	list_remove(&i->member_node);
	if (list_empty(&head->members)) {
		by_source[head->source] = NULL;
		kfree(NULL, head, sizeof(*head));
	}
}

/* The source's head, made for its first member. */
static status_t shared_join(struct irq *i)
{
	struct irq *head = by_source[i->source];

	if (!head) {
		head = kalloc(NULL, sizeof(*head));
		if (!head)
			return ERR_NO_MEMORY;
		head->source = i->source;
		head->flags = IRQ_SHARED;
		head->hart = &harts[0];
		list_init(&head->members);
		by_source[i->source] = head;
	}
	i->head = head;
	list_push_back(&head->members, &i->member_node);
	return OK;
}

void irq_destroy(struct irq *i)
{
	struct quota *q = i->obj.quota;

	irq_release(i);
	list_remove(&i->all_node);
	if (i->head)
		shared_leave(i);
	else
		by_source[i->source] = NULL;
	kfree(q, i, sizeof(*i));
	object_put(&q->obj);
}

struct sysret sys_irq_create(uint64_t resource, uint64_t source, uint64_t flags)
{
	struct process *p = process_self();
	status_t s = resource_check(p, resource, RES_IRQ, source, 1);
	handle_t h;

	if (s != OK)
		return sysret_status(s);
	if (!source || source >= source_limit)
		return sysret_status(ERR_RANGE);
	if (flags > IRQ_SHARED)
		return sysret_status(ERR_INVALID);
	if (by_source[source] && (flags != IRQ_SHARED || by_source[source]->flags != IRQ_SHARED))
		return sysret_status(ERR_BUSY);
	struct irq *i = kalloc(p->quota, sizeof(*i));
	if (!i)
		return sysret_status(ERR_NO_MEMORY);
	object_init(&i->obj, OBJ_IRQ, p->quota);
	i->source = (uint32_t)source;
	i->flags = (uint32_t)flags;
	i->owner_koid = p->obj.koid;
	i->hart = &harts[0];
	list_push_back(&all_irqs, &i->all_node);
	if (flags != IRQ_SHARED) {
		by_source[source] = i;
	} else {
		s = shared_join(i);
		if (s != OK) {
			object_put(&i->obj);
			return sysret_status(s);
		}
	}
	s = handle_create(p, &i->obj, RIGHTS_GENERIC | RIGHT_IRQ_USE, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_irq_bind(uint64_t handle, uint64_t nt, uint64_t bits)
{
	struct process *p = process_self();
	struct cap *c, *n = NULL;
	status_t s = handle_find(p, handle, OBJ_IRQ, RIGHT_IRQ_USE, &c);

	if (s == OK)
		s = handle_find(p, nt, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL, &n);
	if (s != OK)
		return sysret_status(s);
	if (!bits)
		return sysret_status(ERR_INVALID);
	struct irq *i = (struct irq *)c->obj;
	irq_release(i);
	i->nt = (struct notification *)n->obj;
	object_get(n->obj);
	i->bits = bits;
	i->owner_koid = p->obj.koid;
	irqc_enable(i->source, i->head ? i->head->hart->index : i->hart->index);
	return sysret_status(OK);
}

struct sysret sys_irq_ack(uint64_t handle)
{
	struct cap *c;
	status_t s = handle_find(process_self(), handle, OBJ_IRQ, RIGHT_IRQ_USE, &c);

	if (s == OK)
		irq_ack((struct irq *)c->obj);
	return sysret_status(s);
}
