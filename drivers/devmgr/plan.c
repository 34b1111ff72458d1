/* SPDX-License-Identifier: BSD-2-Clause */
/* From a node's properties to the resources of its driver. */
#include "drivers/devmgr/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BITS 12

/* ---- the kernel's own --------------------------------------------------------------------------- */

/* The cache's controller is nobody's: it must only be left alone. */
static const char *const kernel_compatibles[] = {
	"riscv,plic0",
	"sifive,plic-1.0.0",
	"riscv,aplic",
	"riscv,imsics",
	"riscv,clint0",
	"sifive,clint0",
	"riscv,aclint-mtimer",
	"riscv,aclint-mswi",
	"riscv,aclint-sswi",
	"riscv,cpu-intc",
	"riscv,timer",
	"sifive,ccache0",
	"thead,c900-aclint-mtimer",
	"thead,c900-aclint-mswi",
};

bool plan_kernel_node(const struct tree *tree, uint32_t node)
{
	const char *type = tree_string(tree, node, "device_type", 0);

	if (type && (!strcmp(type, "memory") || !strcmp(type, "cpu")))
		return true;
	for (size_t i = 0; i < sizeof(kernel_compatibles) / sizeof(kernel_compatibles[0]); i++) {
		if (tree_compatible(tree, node, kernel_compatibles[i]))
			return true;
	}
	return false;
}

static bool is_controller(const struct tree *tree, uint32_t node)
{
	return tree_compatible(tree, node, "riscv,plic0") || tree_compatible(tree, node, "sifive,plic-1.0.0") ||
	       tree_compatible(tree, node, "riscv,aplic");
}

/* Does one of its outputs go to the hart? */
static bool reaches_hart(const struct tree *tree, uint32_t node, uint64_t hart)
{
	struct tree_irq irq;

	for (uint32_t i = 0; tree_irq(tree, node, i, &irq) == OK; i++) {
		uint32_t cpu = tree_parent(tree, irq.controller);
		uint32_t high, low;

		if (cpu == TREE_NONE || tree_cell(tree, cpu, "reg", 0, &high) != OK)
			continue;
		uint64_t id = tree_cell(tree, cpu, "reg", 1, &low) == OK ? (uint64_t)high << 32 | low : high;
		if (id == hart)
			return true;
	}
	return false;
}

uint32_t plan_controller(const struct tree *tree, uint64_t boot_hart)
{
	uint32_t only = TREE_NONE;

	for (uint32_t i = 0; i < tree_count(tree); i++) {
		if (!is_controller(tree, i) || !tree_enabled(tree, i))
			continue;
		if (reaches_hart(tree, i, boot_hart))
			return i;
		only = i;
	}
	return only;
}

/* ---- who has which pages ----------------------------------------------------------------------------- */

static status_t claims_add(struct claims *claims, const struct tree_range *range, uint32_t node, uint32_t source)
{
	if (!range->size)
		return OK;
	if (claims->count == claims->capacity) {
		uint32_t capacity = claims->capacity ? 2 * claims->capacity : 64;
		struct claim *list = realloc(claims->list, capacity * sizeof(*list));

		if (!list)
			return ERR_NO_MEMORY;
		claims->list = list;
		claims->capacity = capacity;
	}
	claims->list[claims->count++] = (struct claim){range->base >> PAGE_BITS,
						       (range->base + (range->size - 1)) >> PAGE_BITS, node, source};
	return OK;
}

status_t claims_init(struct claims *claims, const struct tree *tree)
{
	*claims = (struct claims){0};
	for (uint32_t i = 0; i < tree_count(tree); i++) {
		struct tree_range range;
		bool kernel = plan_kernel_node(tree, i);

		for (uint32_t n = 0; kernel && tree_reg(tree, i, n, &range) == OK; n++) {
			if (claims_add(claims, &range, TREE_NONE, i) != OK) {
				claims_free(claims);
				return ERR_NO_MEMORY;
			}
		}
	}
	return OK;
}

void claims_free(struct claims *claims)
{
	free(claims->list);
	*claims = (struct claims){0};
}

void claims_remove(struct claims *claims, uint32_t node)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < claims->count; i++) {
		if (claims->list[i].node != node)
			claims->list[kept++] = claims->list[i];
	}
	claims->count = kept;
}

static const struct claim *conflict_find(const struct claims *claims, const struct tree *tree, uint32_t node,
					 const struct plan_reg *reg)
{
	uint64_t first = reg->range.base >> PAGE_BITS;
	uint64_t last = (reg->range.base + (reg->range.size - 1)) >> PAGE_BITS;

	for (uint32_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->list[i];

		if (claim->first > last || claim->last < first)
			continue;
		if (claim->node == node ||
		    (claim->source == reg->source && tree_compatible(tree, reg->source, "syscon")))
			continue;
		return claim;
	}
	return NULL;
}

static bool reg_check(const struct claims *claims, const struct tree *tree, uint32_t node, struct plan_reg *reg)
{
	if (!reg->range.size || reg->problem[0])
		return true;
	const struct claim *claim = conflict_find(claims, tree, node, reg);
	if (!claim)
		return true;
	snprintf(reg->problem, sizeof(reg->problem), "on a page of %s%.40s",
		 claim->node == TREE_NONE ? "the kernel's " : "", tree_name(tree, claim->source));
	return false;
}

static bool holds(const struct claims *claims, uint32_t node)
{
	for (uint32_t i = 0; i < claims->count; i++) {
		if (claims->list[i].node == node)
			return true;
	}
	return false;
}

status_t plan_claim(struct claims *claims, const struct tree *tree, uint32_t node, struct plan *plan)
{
	uint32_t before = claims->count;
	bool good = true;
	status_t status = OK;

	if (holds(claims, node))
		return OK;
	for (uint32_t i = 0; i < plan->reg_count; i++)
		good &= reg_check(claims, tree, node, &plan->regs[i]);
	if (plan->has_regmap)
		good &= reg_check(claims, tree, node, &plan->regmap);
	if (!good)
		return ERR_BUSY;
	for (uint32_t i = 0; status == OK && i < plan->reg_count; i++)
		status = claims_add(claims, &plan->regs[i].range, node, plan->regs[i].source);
	if (status == OK && plan->has_regmap)
		status = claims_add(claims, &plan->regmap.range, node, plan->regmap.source);
	if (status != OK)
		claims->count = before;
	return status;
}

/* ---- plans ----------------------------------------------------------------------------------------------- */

static const char *name_at(const struct tree *tree, uint32_t node, const char *prop, uint32_t index)
{
	const char *name = tree_string(tree, node, prop, index);

	return name ? name : "";
}

static const char *reg_problem(status_t status, const struct tree_range *range)
{
	if (status == ERR_RANGE)
		return "no bus above forwards this address";
	if (status != OK)
		return "malformed address";
	return range->size ? "" : "of no size";
}

static void plan_regs(const struct tree *tree, uint32_t node, struct plan *plan)
{
	struct tree_range range;

	for (uint32_t i = 0;; i++) {
		status_t status = tree_reg(tree, node, i, &range);

		if (status == ERR_NOT_FOUND || status == ERR_UNSUPPORTED || i == DRIVER_REGS_MAX)
			return;
		struct plan_reg *reg = &plan->regs[plan->reg_count++];
		reg->name = name_at(tree, node, "reg-names", i);
		reg->source = node;
		reg->shared = tree_compatible(tree, node, "syscon");
		if (status == OK)
			reg->range = range;
		snprintf(reg->problem, sizeof(reg->problem), "%s", reg_problem(status, &range));
		if (status == ERR_BAD_FORMAT)
			return; /* nobody can say where the next one begins */
	}
}

static void plan_irqs(const struct tree *tree, uint32_t node, uint32_t controller, struct plan *plan)
{
	for (uint32_t i = 0; i < DRIVER_IRQS_MAX; i++) {
		struct tree_irq irq = {0};
		status_t status = tree_irq(tree, node, i, &irq);

		if (status == ERR_NOT_FOUND)
			return;
		struct plan_irq *out = &plan->irqs[plan->irq_count++];
		out->name = name_at(tree, node, "interrupt-names", i);
		out->source = irq.cells[0];
		/* The second cell, where there is one, has the type: 1 rising, 2 falling, 4 high, 8 low. */
		out->edge = irq.ncells > 1 && (irq.cells[1] & 3);
		if (status == ERR_BAD_FORMAT)
			snprintf(out->problem, sizeof(out->problem), "malformed");
		else if (status != OK)
			snprintf(out->problem, sizeof(out->problem), "leads to no controller");
		else if (irq.controller != controller)
			snprintf(out->problem, sizeof(out->problem), "controller %.40s has no driver",
				 tree_name(tree, irq.controller));
		if (status != OK)
			return;
	}
}

static void plan_regmap(const struct tree *tree, uint32_t node, struct plan *plan)
{
	uint32_t phandle;
	status_t status = tree_u32(tree, node, "regmap", &phandle);
	struct plan_reg *reg = &plan->regmap;

	if (status == ERR_NOT_FOUND)
		return;
	plan->has_regmap = true;
	reg->name = "regmap";
	reg->shared = true;
	reg->source = status == OK ? tree_by_phandle(tree, phandle) : TREE_NONE;
	if (reg->source == TREE_NONE) {
		snprintf(reg->problem, sizeof(reg->problem), "regmap names no node");
		return;
	}
	if (!tree_compatible(tree, reg->source, "syscon")) {
		snprintf(reg->problem, sizeof(reg->problem), "%.40s is no syscon", tree_name(tree, reg->source));
		return;
	}
	status = tree_reg(tree, reg->source, 0, &reg->range);
	snprintf(reg->problem, sizeof(reg->problem), "%s", reg_problem(status, &reg->range));
}

void plan_make(const struct tree *tree, uint32_t node, uint32_t controller, struct plan *out)
{
	memset(out, 0, sizeof(*out));
	plan_regs(tree, node, out);
	plan_irqs(tree, node, controller, out);
	plan_regmap(tree, node, out);
}

const char *plan_problem(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->reg_count; i++) {
		if (plan->regs[i].problem[0])
			return plan->regs[i].problem;
	}
	for (uint32_t i = 0; i < plan->irq_count; i++) {
		if (plan->irqs[i].problem[0])
			return plan->irqs[i].problem;
	}
	return plan->has_regmap && plan->regmap.problem[0] ? plan->regmap.problem : NULL;
}

uint32_t plan_clock_hz(const struct tree *tree, uint32_t node, uint32_t index)
{
	const struct tree_prop *clocks = tree_prop(tree, node, "clocks");
	uint32_t phandle, cells, hz;

	for (uint32_t at = 0; clocks && tree_cell(tree, node, "clocks", at, &phandle) == OK; index--) {
		uint32_t provider = tree_by_phandle(tree, phandle);

		if (provider == TREE_NONE || tree_u32(tree, provider, "#clock-cells", &cells) != OK ||
		    cells > TREE_CELLS_MAX)
			return 0;
		if (!index)
			return tree_compatible(tree, provider, "fixed-clock") &&
					       tree_u32(tree, provider, "clock-frequency", &hz) == OK
				       ? hz
				       : 0;
		at += 1 + cells;
	}
	return 0;
}
