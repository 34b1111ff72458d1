/* SPDX-License-Identifier: BSD-2-Clause */
/* Resources: the right to mint device memory, interrupts and system operations for a range. */
#pragma once

#include "kernel/cap/object.h"

struct process;

struct resource {
	struct object obj;
	uint32_t kind; /* enum resource_kind */
	uint64_t base, len;
};

status_t resource_make(struct quota *q, uint32_t kind, uint64_t base, uint64_t len, struct resource **out);
void resource_destroy(struct resource *r);
/* Does handle h of p grant [base, base + len) of that kind? */
status_t resource_check(struct process *p, handle_t h, uint32_t kind, uint64_t base, uint64_t len);
