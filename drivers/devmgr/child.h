/* SPDX-License-Identifier: BSD-2-Clause */
/* What a bus driver says of a device that it has found, and what the device's driver may be given because of it. Pure. */
#pragma once

#include "drivers/devmgr/plan.h"

#define CHILD_NAME_MAX 40 /* with the NUL */
#define CHILD_REGS     6

struct child_said {
	char name[CHILD_NAME_MAX];
	uint64_t base[CHILD_REGS], size[CHILD_REGS]; /* size 0: none with this number */
	uint32_t irq_address, irq_pin;               /* pin 0: none */
	uint32_t number;                             /* the bus driver's own */
	uint32_t parent;                             /* node of the bridge; 0: the bus's own */
};

/*
 * Makes the child's plan. Its registers must lie in windows of the bus, whole pages of them: the `ranges` of a bus that is in the machine's
 * tree; what a bus that was found itself was given. An interrupt is looked up in the interrupt-map of the bus; that it
 * cannot be had is a problem in the plan. `node` is the child's, TREE_NONE while it has none. ERR_RANGE: outside of the windows.
 */
status_t child_plan(const struct tree *tree, uint32_t bus, const struct plan *bus_plan, uint32_t controller,
		    const struct child_said *said, uint32_t node, struct plan *out);

/* Do the two have registers on one page? */
bool child_overlaps(const struct child_said *a, const struct child_said *b);
