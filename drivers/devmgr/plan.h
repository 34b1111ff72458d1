/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a node's driver is to be given, and whether it may have it. Memory can be granted in whole pages
 * only, so two drivers must not have registers on one page, except those of a syscon: a block that exists to be shared.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/devmgr/tree/tree.h"
#include "sys/driver/startup.h"

#define PLAN_TEXT_MAX 70

struct plan_reg {
	struct tree_range range;
	const char *name; /* of reg-names, "" without */
	uint32_t source;  /* node that the registers belong to */
	bool shared;
	char problem[PLAN_TEXT_MAX]; /* why it cannot be had; empty: it can */
};

struct plan_irq {
	uint32_t source; /* number at the kernel's controller */
	bool edge;
	bool shared;   /* a line that other devices may pull as well: INTx of PCI */
	bool provided; /* another driver passes it on: `source` is nothing of the kernel's */
	const char *name;
	char problem[PLAN_TEXT_MAX];
};

struct plan {
	struct plan_reg regs[DRIVER_REGS_MAX];
	struct plan_irq irqs[DRIVER_IRQS_MAX];
	struct plan_reg regmap;
	uint32_t reg_count, irq_count;
	bool has_regmap;
};

/* Who has which pages. Entries of the kernel (controllers, RAM) come first. */
struct claim {
	uint64_t first, last; /* page numbers */
	uint32_t node;        /* that the claim is for */
	uint32_t source;      /* whose registers these are */
};
struct claims {
	struct claim *list;
	uint32_t count, capacity;
};

/* Is this a node that the kernel itself uses, or that stands for no device of its own? */
bool plan_kernel_node(const struct tree *tree, uint32_t node);

/* The interrupt controller whose sources the kernel hands out: that of the boot hart. TREE_NONE: none known. */
uint32_t plan_controller(const struct tree *tree, uint64_t boot_hart);

/* ERR_NO_MEMORY. Claims what is the kernel's. */
status_t claims_init(struct claims *claims, const struct tree *tree);
void claims_free(struct claims *claims);

/* Fills in what the node says; nothing is claimed. */
void plan_make(const struct tree *tree, uint32_t node, uint32_t controller, struct plan *out);

/* Lets go of what the node has. */
void claims_remove(struct claims *claims, uint32_t node);

/* Claims the plan's registers for the node, all or none. On ERR_BUSY, the `problem` of those that
 * are refused says why. Claiming again what one has is no conflict. */
status_t plan_claim(struct claims *claims, const struct tree *tree, uint32_t node, struct plan *plan);

/* The first problem in a plan, or NULL. */
const char *plan_problem(const struct plan *plan);

/* Rate of a node's clock number `index`, from clock-frequency of the fixed clock it names; 0: not known */
uint32_t plan_clock_hz(const struct tree *tree, uint32_t node, uint32_t index);
