/* SPDX-License-Identifier: BSD-2-Clause */
/* Quotas: carving, returning, changing limits. */
#include "kernel/mm/quota.h"

#include "kernel/mm/slab.h"

struct quota root_quota;

void quota_init(uint64_t mem_bytes)
{
	object_init(&root_quota.obj, OBJ_QUOTA, NULL);
	root_quota.limit = (struct quota_limits){
		.mem_bytes = mem_bytes, .handles = 1u << 24, .threads = 1u << 20, .processes = 1u << 20};
	list_init(&root_quota.processes);
	list_init(&root_quota.children);
	list_init(&root_quota.sibling);
}

static bool fits(const struct quota *p, const struct quota_limits *l)
{
	return p->limit.mem_bytes - p->used.mem_bytes >= l->mem_bytes &&
	       p->limit.handles - p->used.handles >= l->handles && p->limit.threads - p->used.threads >= l->threads &&
	       p->limit.processes - p->used.processes >= l->processes;
}

static void take(struct quota *p, const struct quota_limits *l)
{
	p->used.mem_bytes += l->mem_bytes;
	p->used.handles += l->handles;
	p->used.threads += l->threads;
	p->used.processes += l->processes;
}

static void give_back(struct quota *p, const struct quota_limits *l)
{
	p->used.mem_bytes -= l->mem_bytes;
	p->used.handles -= l->handles;
	p->used.threads -= l->threads;
	p->used.processes -= l->processes;
}

status_t quota_create(struct quota *parent, const struct quota_limits *l, struct quota **out)
{
	if (parent->obj.dying)
		return ERR_STATE;
	/* The last holder of a quota lets go of its parent as well, and so on. */
	if (!fits(parent, l) || parent->depth == QUOTA_DEPTH_MAX)
		return ERR_QUOTA;
	struct quota *q = kalloc(parent, sizeof(*q));
	if (!q)
		return ERR_NO_MEMORY;
	/* The struct itself came out of the parent too: look again. */
	if (!fits(parent, l)) {
		kfree(parent, q, sizeof(*q));
		return ERR_QUOTA;
	}
	object_init(&q->obj, OBJ_QUOTA, parent);
	q->parent = parent;
	q->depth = parent->depth + 1;
	q->limit = *l;
	q->limit.reserved = 0;
	take(parent, &q->limit);
	list_init(&q->processes);
	list_init(&q->children);
	list_push_back(&parent->children, &q->sibling);
	*out = q;
	return OK;
}

void quota_destroy(struct quota *q)
{
	struct quota *parent = q->parent;

	list_remove(&q->sibling);
	give_back(parent, &q->limit);
	kfree(parent, q, sizeof(*q));
	object_put(&parent->obj);
}

status_t quota_set(struct quota *q, const struct quota_limits *l)
{
	struct quota *p = q->parent;

	if (!p)
		return ERR_UNSUPPORTED;
	if (l->mem_bytes < q->used.mem_bytes || l->handles < q->used.handles || l->threads < q->used.threads ||
	    l->processes < q->used.processes)
		return ERR_BUSY;
	struct quota_limits old = q->limit;

	give_back(p, &old);
	if (!fits(p, l)) {
		take(p, &old);
		return ERR_QUOTA;
	}
	q->limit = *l;
	q->limit.reserved = 0;
	take(p, &q->limit);
	return OK;
}
