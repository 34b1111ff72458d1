/* SPDX-License-Identifier: BSD-2-Clause */
/* Quotas: what a subtree of processes may hold. A child's limits are taken out of its parent when it is made, so a limit is a guarantee. */
#pragma once

#include "kernel/cap/object.h"

struct quota {
	struct object obj;
	struct quota *parent; /* referenced */
	unsigned depth;       /* below the root's */
	struct quota_limits limit, used;
	struct list processes; /* process.quota_node */
	struct list children;  /* quota.sibling */
	struct list sibling;
};

extern struct quota root_quota;
void quota_init(uint64_t mem_bytes);
status_t quota_create(struct quota *parent, const struct quota_limits *l, struct quota **out);
void quota_destroy(struct quota *q);
status_t quota_set(struct quota *q, const struct quota_limits *l);

static inline bool quota_charge(struct quota *q, uint64_t bytes)
{
	if (q->limit.mem_bytes - q->used.mem_bytes < bytes)
		return false;
	q->used.mem_bytes += bytes;
	return true;
}

static inline void quota_uncharge(struct quota *q, uint64_t bytes)
{
	q->used.mem_bytes -= bytes;
}
