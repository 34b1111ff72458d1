/* SPDX-License-Identifier: BSD-2-Clause */
/* Handle tables: slots of capability and generation. */
#pragma once

#include "kernel/cap/object.h"

/* Layout known to trap/entry.S */
struct slot {
	struct cap *cap; /* free: next free slot's index */
	handle_t name;   /* the handle that names it; free: one that can name only another slot (slot_name) */
};
#define SLOT_NIL 0xffffffffull

struct handle_table {
	struct slot *slots;
	uint64_t mask; /* (capacity - 1) << 4: byte offset mask, 0 slots are never valid because slot 0 is kept free */
	uint32_t capacity;
	uint32_t used;
	uint32_t retired; /* slots whose generations are used up */
	uint32_t free;
};

status_t table_init(struct process *p);
/* Puts c into p's table; on success *out is the handle and c belongs to the table. */
status_t table_insert(struct process *p, struct cap *c, handle_t *out);
/* Makes sure that n insertions will succeed. */
status_t table_reserve(struct process *p, unsigned n);
/* Removes without destroying. */
void table_remove(struct cap *c);
struct cap *table_find(struct process *p, handle_t h);
void table_free(struct process *p);

/* Finds a handle of the running process with type and rights checked. */
/* Finds the capability if it has the right, which belongs to one object type only; if not, handle_error says why. */
static inline bool handle_quick(struct handle_table *t, handle_t h, uint32_t right, struct cap **c)
{
	struct slot *s = (struct slot *)((char *)t->slots + ((h << 4) & t->mask));

	if (__builtin_expect(s->name != h, 0))
		return false;
	*c = s->cap;
	return __builtin_expect((s->cap->rights & right) != 0, 1);
}
status_t handle_error(struct process *p, handle_t h, enum object_type type, uint32_t right);
status_t handle_find(struct process *p, handle_t h, enum object_type type, uint32_t rights, struct cap **out);
/* Makes a handle for a new object; consumes the caller's reference to obj in every case. */
status_t handle_create(struct process *p, struct object *obj, uint32_t rights, handle_t *out);
status_t handle_close(struct process *p, handle_t h);
