/* SPDX-License-Identifier: BSD-2-Clause */
/* Handle tables and the handle calls. */
#include "kernel/cap/table.h"

#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/user.h"
#include "kernel/mm/vmo.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/syscall.h"
#include <string.h>

#define FIRST_CAPACITY 16

/* A handle with the index of slot i never equals this: no look-up finds a free slot. */
static inline handle_t free_name(uint64_t generation, uint32_t i)
{
	return generation << HANDLE_INDEX_BITS | (i ^ 1);
}

static void slots_chain(struct handle_table *t, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		t->slots[i].name = free_name(1, i);
		t->slots[i].cap = (struct cap *)(uint64_t)(i + 1 < to ? i + 1 : (uint32_t)SLOT_NIL);
	}
}

status_t table_init(struct process *p)
{
	struct handle_table *t = &p->table;

	t->slots = kalloc(p->quota, FIRST_CAPACITY * sizeof(struct slot));
	if (!t->slots)
		return ERR_NO_MEMORY;
	t->capacity = FIRST_CAPACITY;
	t->mask = (FIRST_CAPACITY - 1) << 4;
	slots_chain(t, 0, FIRST_CAPACITY);
	t->free = 0;
	t->used = 0;
	return OK;
}

static status_t table_grow(struct process *p)
{
	struct handle_table *t = &p->table;
	uint32_t capacity = t->capacity * 2;

	if (capacity > HANDLE_MAX_COUNT)
		return ERR_NO_HANDLES;
	struct slot *slots = kalloc(p->quota, capacity * sizeof(struct slot));
	if (!slots)
		return ERR_NO_MEMORY;
	memcpy(slots, t->slots, t->capacity * sizeof(struct slot));
	kfree(p->quota, t->slots, t->capacity * sizeof(struct slot));
	t->slots = slots;
	slots_chain(t, t->capacity, capacity);
	slots[capacity - 1].cap = (struct cap *)(uint64_t)t->free;
	t->free = t->capacity;
	t->capacity = capacity;
	t->mask = (uint64_t)(capacity - 1) << 4;
	return OK;
}

status_t table_insert(struct process *p, struct cap *c, handle_t *out)
{
	struct handle_table *t = &p->table;
	struct quota *q = p->quota;

	if (p->state >= PROCESS_ENDING)
		return ERR_STATE;
	if (q->limit.handles <= q->used.handles)
		return ERR_NO_HANDLES;
	if (t->free == (uint32_t)SLOT_NIL) {
		status_t s = table_grow(p);

		if (s != OK)
			return s;
	}
	uint32_t i = t->free;
	struct slot *s = &t->slots[i];

	t->free = (uint32_t)(uint64_t)s->cap;
	s->name ^= 1;
	s->cap = c;
	c->owner = p;
	c->slot = i;
	t->used++;
	q->used.handles++;
	*out = s->name;
	return OK;
}

status_t table_reserve(struct process *p, unsigned n)
{
	struct handle_table *t = &p->table;

	if (p->state >= PROCESS_ENDING)
		return ERR_STATE;
	if (p->quota->limit.handles - p->quota->used.handles < n)
		return ERR_NO_HANDLES;
	while (t->capacity - t->used - t->retired < n) {
		status_t s = table_grow(p);

		if (s != OK)
			return s;
	}
	return OK;
}

void table_remove(struct cap *c)
{
	struct process *p = c->owner;
	struct handle_table *t = &p->table;
	struct slot *s = &t->slots[c->slot];

	CHECK(s->cap == c);
	/* 48 bits of generation, one for each reuse: used up after years of nothing but that; the slot is retired then. */
	uint64_t generation = (s->name >> HANDLE_INDEX_BITS) + 1;
	if (generation < 1ull << (64 - HANDLE_INDEX_BITS)) {
		s->cap = (struct cap *)(uint64_t)t->free;
		t->free = c->slot;
	} else {
		t->retired++;
		generation = 0;
	}
	s->name = free_name(generation, c->slot);
	t->used--;
	p->quota->used.handles--;
	c->slot = SLOT_NONE;
}

struct cap *table_find(struct process *p, handle_t h)
{
	struct handle_table *t = &p->table;
	struct slot *s = (struct slot *)((char *)t->slots + ((h << 4) & t->mask));

	return s->name == h ? s->cap : NULL;
}

void table_free(struct process *p)
{
	struct handle_table *t = &p->table;

	if (t->slots)
		kfree(p->quota, t->slots, t->capacity * sizeof(struct slot));
	t->slots = NULL;
}

status_t handle_find(struct process *p, handle_t h, enum object_type type, uint32_t rights, struct cap **out)
{
	struct cap *c = table_find(p, h);

	if (!c)
		return ERR_HANDLE;
	if (type != OBJ_NONE && c->obj->type != type)
		return ERR_TYPE;
	if ((c->rights & rights) != rights)
		return ERR_RIGHTS;
	*out = c;
	return OK;
}

status_t handle_error(struct process *p, handle_t h, enum object_type type, uint32_t right)
{
	struct cap *c;

	return handle_find(p, h, type, right, &c);
}

status_t handle_create(struct process *p, struct object *obj, uint32_t rights, handle_t *out)
{
	struct cap *c = cap_create(p->quota, obj, rights, 0, NULL);
	status_t s = ERR_NO_MEMORY;

	if (c) {
		s = table_insert(p, c, out);
		if (s != OK)
			cap_destroy(c);
	}
	object_put(obj);
	return s;
}

status_t handle_close(struct process *p, handle_t h)
{
	struct cap *c = table_find(p, h);

	if (!c)
		return ERR_HANDLE;
	if (c->obj->refs == 1 && c->obj->type == OBJ_VMO && !vmo_shrink_step((struct vmo *)c->obj))
		return STATUS_RESTART; /* preemption point: a big memory object goes in pieces */
	table_remove(c);
	cap_destroy(c);
	return OK;
}

struct sysret sys_handle_close(uint64_t h)
{
	status_t s = handle_close(process_self(), h);

	return s == STATUS_RESTART ? sysret_restart(SYS_HANDLE_CLOSE, h, 0, 0, 0, 0) : sysret_status(s);
}

struct sysret sys_handle_dup(uint64_t h, uint64_t rights)
{
	struct process *p = process_self();
	struct cap *c;
	status_t s = handle_find(p, h, OBJ_NONE, RIGHT_DUP, &c);

	if (s != OK)
		return sysret_status(s);
	if ((uint32_t)rights == (uint32_t)RIGHTS_SAME)
		rights = c->rights;
	if (rights & ~(uint64_t)c->rights)
		return sysret_status(ERR_RIGHTS);
	struct cap *d = cap_create(p->quota, c->obj, (uint32_t)rights, c->badge, c);
	if (!d)
		return sysret_status(ERR_NO_MEMORY);
	handle_t out;
	s = table_insert(p, d, &out);
	if (s != OK) {
		cap_destroy(d);
		return sysret_status(s);
	}
	return sysret_value(out);
}

/* Bounded work for one kernel entry between looks at pending interrupts. */
#define REVOKE_STEP 32

struct sysret sys_handle_revoke(uint64_t h)
{
	struct cap *c;
	status_t s = handle_find(process_self(), h, OBJ_NONE, RIGHT_REVOKE, &c);

	if (s != OK)
		return sysret_status(s);
	for (unsigned n = 0; c->child; n++) {
		if (n == REVOKE_STEP)
			return sysret_restart(SYS_HANDLE_REVOKE, h, 0, 0, 0, 0);
		struct cap *victim = c->child;

		while (!victim->obj)
			victim = victim->child; /* a childkeeper has at least two */
		if (victim->slot != SLOT_MAPPING && victim->obj->refs == 1 && victim->obj->type == OBJ_VMO &&
		    !vmo_shrink_step((struct vmo *)victim->obj))
			return sysret_restart(SYS_HANDLE_REVOKE, h, 0, 0, 0, 0);
		if (victim->slot == SLOT_MAPPING) {
			if (!mapping_release_step(victim->mapping))
				return sysret_restart(SYS_HANDLE_REVOKE, h, 0, 0, 0, 0);
			continue;
		}
		table_remove(victim);
		cap_destroy(victim);
	}
	return sysret_status(OK);
}

static void cap_fill_info(const struct cap *c, struct handle_info *info)
{
	*info = (struct handle_info){
		.koid = c->obj->koid,
		.badge = c->badge,
		.type = c->obj->type,
		.rights = c->rights & ~CAP_WATCHED,
		.refs = c->obj->handles,
	};
}

struct sysret sys_handle_info(uint64_t h, uint64_t buf)
{
	struct cap *c;
	status_t s = handle_find(process_self(), h, OBJ_NONE, 0, &c);

	if (s != OK)
		return sysret_status(s);
	struct handle_info info;

	cap_fill_info(c, &info);
	return sysret_status(user_write(process_self(), buf, &info, sizeof(info)));
}

#define LOOK_STEP 1024 /* slots between looks at pending interrupts */

struct sysret sys_process_handle(uint64_t process, uint64_t index, uint64_t buf)
{
	struct process *self = process_self();
	struct handle_info info;
	struct cap *c;
	status_t s = handle_find(self, process, OBJ_PROCESS, RIGHT_INFO, &c);

	if (s != OK)
		return sysret_status(s);
	const struct handle_table *t = &((struct process *)c->obj)->table;
	for (unsigned n = 0; index < t->capacity && t->slots; index++, n++) {
		const struct slot *slot = &t->slots[index];

		if (n == LOOK_STEP)
			return sysret_restart(SYS_PROCESS_HANDLE, process, index, buf, 0, 0);
		if ((slot->name & (HANDLE_MAX_COUNT - 1)) != index)
			continue;
		cap_fill_info(slot->cap, &info);
		s = user_write(self, buf, &info, sizeof(info));
		return s == OK ? sysret_value(slot->name) : sysret_status(s);
	}
	return sysret_status(ERR_NOT_FOUND);
}
