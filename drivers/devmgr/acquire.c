/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns a unit's plan into kernel objects: registers, interrupts, a quota, the class endpoint, memory that
 * outlives instances. They are made once, before the first start, and stay devmgr's; instances get
 * duplicates with just the rights to use them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/devmgr/blob.h"
#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

#define QUOTA_MEMORY_DEFAULT (512u << 10) /* more than any of ours takes that does not ask for its own */
#define QUOTA_MEMORY_MAX     (64u << 20)
#define QUOTA_HANDLES        160
#define QUOTA_THREADS        4
#define STATE_MAX            (4u << 20)

static void explain(struct unit *unit, const char *what, status_t status)
{
	snprintf(unit->reason, sizeof(unit->reason), "%s (status %d)", what, (int)status);
}

static status_t regs_acquire(struct manager *m, const struct plan_reg *reg, handle_t *out)
{
	if (*out != HANDLE_NONE || !reg->range.size)
		return OK;
	return vmo_create_device(m->res_mmio, reg->range.base, reg->range.size, out);
}

static uint32_t irq_flags(const struct plan_irq *irq)
{
	return irq->edge ? IRQ_EDGE : irq->shared ? IRQ_SHARED : IRQ_LEVEL;
}

static status_t irqs_acquire(struct manager *m, struct unit *unit)
{
	const struct plan *plan = &unit->plan;
	status_t status = OK;

	for (uint32_t i = 0; status == OK && i < plan->irq_count; i++) {
		const struct plan_irq *irq = &plan->irqs[i];

		if (unit->irqs[i] == HANDLE_NONE && !irq->provided)
			status = irq_create(m->res_irq, irq->source, irq_flags(irq), &unit->irqs[i]);
	}
	unit->irq_busy = status == ERR_BUSY;
	if (unit->irq_busy)
		snprintf(unit->reason, sizeof(unit->reason), "its interrupt is another driver's");
	else if (status != OK)
		explain(unit, "the kernel refuses its interrupt", status);
	return status;
}

static status_t hardware_acquire(struct manager *m, struct unit *unit)
{
	const struct plan *plan = &unit->plan;
	status_t status = OK;

	for (uint32_t i = 0; status == OK && i < plan->reg_count; i++)
		status = regs_acquire(m, &plan->regs[i], &unit->regs[i]);
	if (status == OK && plan->has_regmap)
		status = regs_acquire(m, &plan->regmap, &unit->regmap);
	if (status != OK) {
		explain(unit, "the kernel refuses its registers", status);
		return status;
	}
	return irqs_acquire(m, unit);
}

static status_t quota_acquire(struct unit *unit)
{
	uint32_t memory = unit->driver->manifest.memory_bytes;
	struct quota_limits limits = {
		.mem_bytes = !memory                     ? QUOTA_MEMORY_DEFAULT
			     : memory > QUOTA_MEMORY_MAX ? QUOTA_MEMORY_MAX
							 : memory,
		.handles = QUOTA_HANDLES,
		.threads = QUOTA_THREADS,
		.processes = 1,
	};

	return unit->quota == HANDLE_NONE ? quota_create(HANDLE_NONE, &limits, &unit->quota) : OK;
}

static status_t memory_acquire(struct unit *unit)
{
	uint64_t size = unit->driver->manifest.state_bytes;

	if (!size || unit->memory != HANDLE_NONE)
		return OK;
	if (size > STATE_MAX)
		return ERR_RANGE;
	return vmo_create((size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), 0, HANDLE_NONE, &unit->memory);
}

static status_t blob_acquire(struct manager *m, struct unit *unit)
{
	const char *options = "";
	struct blob_facts facts = {.match = unit->entry, .plan = &unit->plan, .providers = &m->providers};
	void *blob;
	size_t size;

	if (unit->blob != HANDLE_NONE)
		return OK;
	if (unit->is_stdout) {
		if (tree_stdout(m->tree, &options) != unit->node)
			options = "";
		facts.console = options;
	}
	status_t status = blob_make(tree_blob(m->tree, unit->node), m->tree, unit->node, &facts, &blob, &size);
	if (status != OK)
		return status;
	status = vmo_create((size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), 0, HANDLE_NONE, &unit->blob);
	if (status == OK) {
		status = vmo_write(unit->blob, 0, blob, size);
		if (status != OK) {
			(void)handle_close(unit->blob);
			unit->blob = HANDLE_NONE;
		}
	}
	free(blob);
	return status;
}

static void drop(handle_t *handle)
{
	if (*handle != HANDLE_NONE)
		(void)handle_close(*handle);
	*handle = HANDLE_NONE;
}

void irqs_let_go(struct unit *unit)
{
	for (uint32_t i = 0; i < DRIVER_IRQS_MAX; i++)
		drop(&unit->irqs[i]);
}

void unit_release(struct unit *unit)
{
	for (uint32_t i = 0; i < DRIVER_REGS_MAX; i++)
		drop(&unit->regs[i]);
	irqs_let_go(unit);
	drop(&unit->regmap);
	drop(&unit->quota);
	drop(&unit->memory);
	drop(&unit->blob);
	drop(&unit->pulse);
	drop(&unit->wake);
	drop(&unit->endpoint);
	kept_drop(unit);
	unit->acquired = false;
}

/* What was had stays on an error, for the next try. */
status_t unit_acquire(struct manager *m, struct unit *unit)
{
	status_t status;

	if (unit->acquired)
		return irqs_acquire(m, unit);
	status = plan_claim(&m->claims, m->tree, unit->node, &unit->plan);
	if (plan_problem(&unit->plan)) {
		snprintf(unit->reason, sizeof(unit->reason), "%s", plan_problem(&unit->plan));
		return ERR_UNSUPPORTED;
	}
	if (status == OK)
		status = hardware_acquire(m, unit);
	else
		explain(unit, "cannot claim its registers", status);
	if (status != OK)
		return status;
	explain(unit, "cannot make what its driver needs", status);
	status = quota_acquire(unit);
	if (status == OK)
		status = memory_acquire(unit);
	if (status == OK)
		status = blob_acquire(m, unit);
	if (status == OK && unit->pulse == HANDLE_NONE)
		status = vmo_create(PAGE_SIZE, 0, HANDLE_NONE, &unit->pulse);
	if (status == OK && unit->endpoint == HANDLE_NONE)
		status = endpoint_create(&unit->endpoint);
	if (status == OK && unit->wake == HANDLE_NONE)
		status = notification_create(&unit->wake);
	if (status != OK) {
		explain(unit, "cannot make what its driver needs", status);
		return status;
	}
	unit->reason[0] = 0;
	unit->acquired = true;
	return OK;
}
