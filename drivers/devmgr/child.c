/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks what a bus driver says of its devices: it may hand on nothing that is not its own. */
#include "drivers/devmgr/child.h"

#include <stdio.h>
#include <string.h>

#define PAGE_MASK 0xfffull

static bool pages_inside(const struct tree_range *window, uint64_t first, uint64_t last)
{
	return window->size && first >= window->base && last - window->base <= window->size - 1;
}

static bool in_windows(const struct tree *tree, uint32_t bus, const struct plan *bus_plan, uint64_t first,
		       uint64_t last)
{
	struct tree_range window;
	status_t status;

	/* The properties of a bus that was found are a driver's word. */
	if (tree_added(tree, bus)) {
		for (uint32_t i = 0; i < bus_plan->reg_count; i++) {
			if (pages_inside(&bus_plan->regs[i].range, first, last))
				return true;
		}
		return false;
	}
	for (uint32_t i = 0; (status = tree_window(tree, bus, i, &window)) != ERR_NOT_FOUND; i++) {
		if (status == ERR_BAD_FORMAT)
			return false;
		if (status == OK && pages_inside(&window, first, last))
			return true;
	}
	return false;
}

static status_t child_irq(const struct tree *tree, uint32_t bus, uint32_t controller, const struct child_said *said,
			  struct plan *out)
{
	struct plan_irq *plan = &out->irqs[0];
	struct tree_irq irq = {0};

	if (!said->irq_pin)
		return OK;
	if (tree_added(tree, bus))
		return ERR_RANGE;
	out->irq_count = 1;
	plan->name = "intx";
	plan->shared = true;
	status_t status = tree_irq_pin(tree, bus, said->irq_address, said->irq_pin, &irq);
	plan->source = irq.cells[0];
	plan->edge = irq.ncells > 1 && (irq.cells[1] & 3);
	if (status != OK)
		snprintf(plan->problem, sizeof(plan->problem), "the bus's interrupt-map does not know it");
	else if (irq.controller != controller)
		snprintf(plan->problem, sizeof(plan->problem), "controller %.40s has no driver",
			 tree_name(tree, irq.controller));
	return OK;
}

status_t child_plan(const struct tree *tree, uint32_t bus, const struct plan *bus_plan, uint32_t controller,
		    const struct child_said *said, uint32_t node, struct plan *out)
{
	static const char *const names[CHILD_REGS] = {"bar0", "bar1", "bar2", "bar3", "bar4", "bar5"};

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < CHILD_REGS; i++) {
		struct plan_reg *reg = &out->regs[i];
		uint64_t base = said->base[i], size = said->size[i];

		*reg = (struct plan_reg){.name = names[i], .source = node};
		if (!size)
			continue;
		if (base + (size - 1) < base ||
		    !in_windows(tree, bus, bus_plan, base & ~PAGE_MASK, (base + (size - 1)) | PAGE_MASK))
			return ERR_RANGE;
		reg->range = (struct tree_range){base, size};
		out->reg_count = i + 1;
	}
	for (uint32_t i = 0; i < CHILD_REGS; i++) {
		for (uint32_t k = 0; k < i; k++) {
			const struct tree_range *a = &out->regs[i].range, *b = &out->regs[k].range;

			if (a->size && b->size && a->base <= b->base + (b->size - 1) &&
			    b->base <= a->base + (a->size - 1))
				return ERR_RANGE;
		}
	}
	return child_irq(tree, bus, controller, said, out);
}

bool child_overlaps(const struct child_said *a, const struct child_said *b)
{
	for (uint32_t i = 0; i < CHILD_REGS; i++) {
		for (uint32_t k = 0; a->size[i] && k < CHILD_REGS; k++) {
			if (b->size[k] && a->base[i] >> 12 <= (b->base[k] + (b->size[k] - 1)) >> 12 &&
			    b->base[k] >> 12 <= (a->base[i] + (a->size[i] - 1)) >> 12)
				return true;
		}
	}
	return false;
}
