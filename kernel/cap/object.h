/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of every kernel object, its life time, and capabilities (what a handle stands for). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/list.h"
#include "sys/abi/object.h"
#include "sys/abi/status.h"

struct quota;
struct process;
struct mapping;

/* Everything in this kernel is guarded by the kernel lock unless a comment says otherwise. */
struct object {
	uint8_t type; /* enum object_type */
	bool dying;
	uint32_t refs;    /* handles, messages under way and kernel pointers */
	uint32_t handles; /* capabilities naming it */
	uint64_t koid;
	struct quota *quota; /* pays for it; referenced */
};

/* An object starts with one reference, the creator's. */
void object_init(struct object *o, enum object_type type, struct quota *quota);
void object_get(struct object *o);
void object_put(struct object *o);
uint64_t koid_next(void);

/* Derivation tree: a capability made from another (dup, mint, give, a smaller resource) is its child. A closed one that has several
 * children stays as a childkeeper (obj == NULL) until fewer than two are left, so there are never more of those than live capabilities. */
struct cap {
	struct object *obj;
	uint64_t badge;
	uint32_t rights;
	uint32_t slot; /* in owner's table; SLOT_NONE: in no table; SLOT_MAPPING: a mapping holds it */
	union {
		struct process *owner; /* in whose table it is, or was last */
		struct mapping *mapping;
	};
	struct cap *parent, *child, *next, *prev; /* siblings: NULL-terminated both ways */
	struct quota *quota;                      /* pays for this struct */
};

/* In `rights`, above all that handles know: its endpoint wants to hear when the last one with this badge is gone. Children with the same
 * badge inherit it, so those are a subtree, and one without children whose parent is not of them is the last. */
#define CAP_WATCHED (1u << 31)

#define SLOT_NONE    0xffffffffu
#define SLOT_MAPPING 0xfffffffeu

/* Takes a new reference to obj. parent may be NULL (a first capability). NULL: out of memory. */
struct cap *cap_create(struct quota *quota, struct object *obj, uint32_t rights, uint64_t badge, struct cap *parent);
/* Another quota pays for c from now on; false: it has not that much left. */
bool cap_recharge(struct cap *c, struct quota *to);
/* Must not be in a table any more. Drops the object reference. */
void cap_destroy(struct cap *c);
/* One that an endpoint kept for its badge (endpoint_badge_gone). */
void cap_discard(struct cap *c);
