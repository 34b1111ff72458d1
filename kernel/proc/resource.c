/* SPDX-License-Identifier: BSD-2-Clause */
/* Resources: only ever split into smaller ones. */
#include "kernel/proc/resource.h"

#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/proc/process.h"
#include "kernel/trap/calls.h"

status_t resource_make(struct quota *q, uint32_t kind, uint64_t base, uint64_t len, struct resource **out)
{
	struct resource *r = kalloc(q, sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	object_init(&r->obj, OBJ_RESOURCE, q);
	r->kind = kind;
	r->base = base;
	r->len = len;
	*out = r;
	return OK;
}

void resource_destroy(struct resource *r)
{
	struct quota *q = r->obj.quota;

	kfree(q, r, sizeof(*r));
	object_put(&q->obj);
}

static bool covers(const struct resource *r, uint64_t base, uint64_t len)
{
	return len && base >= r->base && base - r->base < r->len && len <= r->len - (base - r->base);
}

status_t resource_check(struct process *p, handle_t h, uint32_t kind, uint64_t base, uint64_t len)
{
	struct cap *c;
	status_t s = handle_find(p, h, OBJ_RESOURCE, RIGHT_RES_MINT, &c);

	if (s != OK)
		return s;
	struct resource *r = (struct resource *)c->obj;
	if (r->kind != kind)
		return ERR_TYPE;
	return covers(r, base, len) ? OK : ERR_RANGE;
}

struct sysret sys_resource_create(uint64_t handle, uint64_t base, uint64_t len)
{
	struct process *p = process_self();
	struct cap *c;
	status_t s = handle_find(p, handle, OBJ_RESOURCE, RIGHT_RES_MINT, &c);
	struct resource *r, *from;
	handle_t h;

	if (s != OK)
		return sysret_status(s);
	from = (struct resource *)c->obj;
	if (!covers(from, base, len))
		return sysret_status(ERR_RANGE);
	s = resource_make(p->quota, from->kind, base, len, &r);
	if (s != OK)
		return sysret_status(s);
	struct cap *d = cap_create(p->quota, &r->obj, c->rights, 0, c);

	object_put(&r->obj); /* d keeps it, if there is one */
	if (!d)
		return sysret_status(ERR_NO_MEMORY);
	s = table_insert(p, d, &h);
	if (s != OK) {
		cap_destroy(d);
		return sysret_status(s);
	}
	return sysret_value(h);
}
