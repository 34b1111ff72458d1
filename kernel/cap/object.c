/* SPDX-License-Identifier: BSD-2-Clause */
/* Life time of objects, and the derivation tree of capabilities. */
#include "kernel/cap/object.h"

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/notification.h"
#include "kernel/irq/irq.h"
#include "kernel/mm/pager.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timer.h"

uint64_t koid_next(void)
{
	static uint64_t last;

	return ++last;
}

void object_init(struct object *o, enum object_type type, struct quota *quota)
{
	o->type = (uint8_t)type;
	o->dying = false;
	o->refs = 1;
	o->handles = 0;
	o->koid = koid_next();
	o->quota = quota;
	if (quota)
		object_get(&quota->obj);
}

void object_get(struct object *o)
{
	o->refs++;
}

static void object_destroy(struct object *o)
{
	switch (o->type) {
	case OBJ_PROCESS: process_destroy((struct process *)o); break;
	case OBJ_THREAD: thread_destroy((struct thread *)o); break;
	case OBJ_ENDPOINT: endpoint_destroy((struct endpoint *)o); break;
	case OBJ_NOTIFICATION: notification_destroy((struct notification *)o); break;
	case OBJ_VMO: vmo_destroy((struct vmo *)o); break;
	case OBJ_IRQ: irq_destroy((struct irq *)o); break;
	case OBJ_TIMER: timer_destroy((struct timer *)o); break;
	case OBJ_RESOURCE: resource_destroy((struct resource *)o); break;
	case OBJ_QUOTA: quota_destroy((struct quota *)o); break;
	case OBJ_REPLY: reply_destroy((struct reply *)o); break;
	default: panic("object %p of unknown type %u", (void *)o, o->type);
	}
}

void object_put(struct object *o)
{
	CHECK(o->refs > 0);
	if (--o->refs == 0)
		object_destroy(o);
}

struct cap *cap_create(struct quota *quota, struct object *obj, uint32_t rights, uint64_t badge, struct cap *parent)
{
	struct cap *c = kalloc(quota, sizeof(*c));

	if (!c)
		return NULL;
	c->obj = obj;
	c->rights = rights;
	c->badge = badge;
	c->slot = SLOT_NONE;
	c->quota = quota;
	if (quota)
		object_get(&quota->obj);
	object_get(obj);
	obj->handles++;
	if (obj->type == OBJ_ENDPOINT && rights & RIGHT_EP_RECV)
		((struct endpoint *)obj)->receivers++;
	if (parent) {
		if (parent->badge == badge)
			c->rights |= parent->rights & CAP_WATCHED;
		c->parent = parent;
		c->next = parent->child;
		if (c->next)
			c->next->prev = c;
		parent->child = c;
	}
	return c;
}

bool cap_recharge(struct cap *c, struct quota *to)
{
	struct quota *from = c->quota;

	if (from == to)
		return true;
	if (!kalloc_recharge(from, to, sizeof(*c)))
		return false;
	if (to)
		object_get(&to->obj);
	c->quota = to;
	if (from)
		object_put(&from->obj);
	return true;
}

static void cap_free(struct cap *c)
{
	struct quota *q = c->quota;

	kfree(q, c, sizeof(*c));
	if (q)
		object_put(&q->obj);
}

static void cap_unlink(struct cap *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else if (c->parent)
		c->parent->child = c->next;
	if (c->next)
		c->next->prev = c->prev;
}

/* Puts c's only child in c's place. */
static void cap_collapse(struct cap *c)
{
	struct cap *only = c->child;

	only->parent = c->parent;
	only->prev = c->prev;
	only->next = c->next;
	if (c->prev)
		c->prev->next = only;
	else if (c->parent)
		c->parent->child = only;
	if (c->next)
		c->next->prev = only;
}

/* Takes a closed capability out of the tree when it no longer keeps two or more children together. */
static void cap_prune(struct cap *c)
{
	while (c && !c->obj && (!c->child || !c->child->next)) {
		struct cap *parent = c->parent;

		if (c->child)
			cap_collapse(c);
		else
			cap_unlink(c);
		cap_free(c);
		c = parent;
	}
}

/* Was it the last with its badge, and does the endpoint want to know? Then it waits there to be asked for instead of being freed. */
static bool cap_report(struct cap *c, struct endpoint *ep)
{
	struct cap *parent = c->parent;

	if (c->child || (parent && parent->rights & CAP_WATCHED && parent->badge == c->badge))
		return false;
	cap_unlink(c);
	c->parent = c->child = c->next = c->prev = NULL;
	/* Its holder's quota keeps the charge only if the server has no room for it. */
	(void)cap_recharge(c, ep->obj.quota);
	endpoint_badge_gone(ep, c);
	cap_prune(parent);
	return true;
}

void cap_discard(struct cap *c)
{
	cap_free(c);
}

void cap_destroy(struct cap *c)
{
	struct object *obj = c->obj;
	struct object *quota = c->quota ? &c->quota->obj : NULL;

	CHECK(c->slot == SLOT_NONE);
	if (quota)
		object_get(quota);
	if (obj->type == OBJ_ENDPOINT)
		endpoint_cap_gone((struct endpoint *)obj, c);
	else if (obj->type == OBJ_NOTIFICATION)
		notification_cap_gone((struct notification *)obj, c);
	c->obj = NULL;
	if (!(c->rights & CAP_WATCHED) || !cap_report(c, (struct endpoint *)obj))
		cap_prune(c);
	obj->handles--;
	if (!obj->handles && obj->type == OBJ_REPLY)
		reply_abandon((struct reply *)obj);
	else if (!obj->handles && obj->type == OBJ_VMO && ((struct vmo *)obj)->kind == VMO_KIND_PAGED)
		pager_idle((struct vmo *)obj);
	object_put(obj);
	if (quota)
		object_put(quota);
}
