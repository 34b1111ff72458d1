/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients ask: protocol `devmgr`. The badge says what each may do; drivers are not clients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

static bool may(const struct ipc_request *rq, uint64_t right)
{
	uint64_t badge = rq->msg.badge;

	return BADGE_KIND(badge) == BADGE_CLIENT && (badge == 0 || !right || (badge & right));
}

static struct unit *unit_at(struct manager *m, uint32_t node)
{
	if (node >= tree_count(m->tree) || m->unit_of[node] == TREE_NONE)
		return NULL;
	return m->units[m->unit_of[node]];
}

/* ---- list ---------------------------------------------------------------------------------------- */

static void text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void describe_unit(const struct manager *m, const struct unit *unit, struct devmgr_node *out)
{
	const char *compatible = unit->driver         ? unit->driver->manifest.matches[unit->entry].compatible
				 : unit->rematched[0] ? unit->rematched
						      : tree_string(m->tree, unit->node, "compatible", 0);

	out->pid = unit->instance.pid;
	out->restarts = unit->starts ? unit->starts - 1 : 0;
	out->resources = unit->plan.reg_count + unit->plan.irq_count + unit->plan.has_regmap;
	out->state = (uint8_t)unit->state;
	out->class = (uint8_t)unit->class;
	out->is_stdout = unit->is_stdout;
	out->unit = unit->class_unit;
	text(out->compatible, sizeof(out->compatible), compatible);
	text(out->driver, sizeof(out->driver), unit->driver ? unit->driver->manifest.name : "");
	text(out->reason, sizeof(out->reason), unit->reason);
}

static void describe(struct manager *m, uint32_t node, struct devmgr_node *out)
{
	const struct unit *unit = unit_at(m, node);

	memset(out, 0, sizeof(*out));
	out->index = node;
	out->parent = tree_parent(m->tree, node);
	out->depth = tree_depth(m->tree, node);
	tree_path(m->tree, node, out->path, sizeof(out->path));
	if (unit) {
		describe_unit(m, unit, out);
		return;
	}
	text(out->compatible, sizeof(out->compatible), tree_string(m->tree, node, "compatible", 0));
	out->state = !tree_enabled(m->tree, node)      ? DEVMGR_STATE_DISABLED
		     : plan_kernel_node(m->tree, node) ? DEVMGR_STATE_KERNEL
						       : DEVMGR_STATE_UNMATCHED;
}

static status_t op_list(void *ctx, struct ipc_request *rq, uint32_t first, size_t nodes_count, uint32_t *count,
			uint32_t *total)
{
	struct manager *m = ctx;
	struct devmgr_node node;

	if (!may(rq, 0))
		return ERR_ACCESS;
	*total = tree_count(m->tree);
	for (; *count < nodes_count && first < *total; ++*count, first++) {
		describe(m, first, &node);
		status_t status = ipc_lease_write(rq, DEVMGR_LIST_LEASE_NODES, *count * sizeof(node), &node,
						  sizeof(node));
		if (status != OK)
			return status;
	}
	return OK;
}

/* ---- resources, last_death ------------------------------------------------------------------------- */

static void describe_reg(const struct plan_reg *reg, enum devmgr_resource_kind kind, struct devmgr_resource *out)
{
	out->base = reg->range.base;
	out->size = reg->range.size;
	out->kind = (uint8_t)kind;
	out->shared = reg->shared;
	text(out->name, sizeof(out->name), reg->name);
	text(out->problem, sizeof(out->problem), reg->problem);
}

static void describe_resource(const struct plan *plan, uint32_t index, struct devmgr_resource *out)
{
	memset(out, 0, sizeof(*out));
	if (index < plan->reg_count) {
		describe_reg(&plan->regs[index], DEVMGR_RESOURCE_KIND_MMIO, out);
		return;
	}
	index -= plan->reg_count;
	if (index < plan->irq_count) {
		out->base = plan->irqs[index].source;
		out->size = 1;
		out->kind = DEVMGR_RESOURCE_KIND_IRQ;
		text(out->name, sizeof(out->name), plan->irqs[index].name);
		text(out->problem, sizeof(out->problem), plan->irqs[index].problem);
		return;
	}
	describe_reg(&plan->regmap, DEVMGR_RESOURCE_KIND_PROVIDER_MMIO, out);
}

static status_t op_resources(void *ctx, struct ipc_request *rq, uint32_t index, size_t list_count, uint32_t *count)
{
	struct manager *m = ctx;
	struct devmgr_resource resource;

	if (!may(rq, 0))
		return ERR_ACCESS;
	if (index >= tree_count(m->tree))
		return ERR_NOT_FOUND;
	const struct unit *unit = unit_at(m, index);
	if (!unit)
		return OK;
	uint32_t total = unit->plan.reg_count + unit->plan.irq_count + unit->plan.has_regmap;
	for (; *count < list_count && *count < total; ++*count) {
		describe_resource(&unit->plan, *count, &resource);
		status_t status = ipc_lease_write(rq, DEVMGR_RESOURCES_LEASE_LIST, *count * sizeof(resource), &resource,
						  sizeof(resource));
		if (status != OK)
			return status;
	}
	return OK;
}

static status_t op_last_death(void *ctx, struct ipc_request *rq, uint32_t index, size_t death_count, uint32_t *count)
{
	struct manager *m = ctx;
	const struct unit *unit = unit_at(m, index);

	if (!may(rq, 0))
		return ERR_ACCESS;
	if (!unit || !unit->has_death)
		return ERR_NOT_FOUND;
	if (!death_count)
		return OK;
	*count = 1;
	return ipc_lease_write(rq, DEVMGR_LAST_DEATH_LEASE_DEATH, 0, &unit->death, sizeof(unit->death));
}

static status_t op_holdings(void *ctx, struct ipc_request *rq, uint32_t index, size_t holdings_count, uint32_t *count)
{
	struct manager *m = ctx;
	const struct unit *unit = unit_at(m, index);
	struct devmgr_holdings out = {0};

	if (!may(rq, 0))
		return ERR_ACCESS;
	if (!unit)
		return ERR_NOT_FOUND;
	if (!holdings_count)
		return OK;
	out.dma_limit = unit->driver ? unit->driver->manifest.dma_bytes : 0;
	dma_count(unit, &out);
	out.kept = kept_count(unit);
	out.children = children_count(m, unit);
	*count = 1;
	return ipc_lease_write(rq, DEVMGR_HOLDINGS_LEASE_HOLDINGS, 0, &out, sizeof(out));
}

static status_t op_property(void *ctx, struct ipc_request *rq, uint32_t index, uint32_t number, size_t name_size,
			    size_t data_len, uint32_t *size)
{
	struct manager *m = ctx;
	char name[64];

	if (!may(rq, 0))
		return ERR_ACCESS;
	if (index >= tree_count(m->tree) || number >= tree_prop_count(m->tree, index))
		return ERR_NOT_FOUND;
	const struct tree_prop *prop = tree_prop_at(m->tree, index, number);
	snprintf(name, sizeof(name), "%s", prop->name);
	*size = prop->len;
	status_t status = name_size ? ipc_lease_write_string(rq, DEVMGR_PROPERTY_LEASE_NAME, name) : OK;
	if (status == OK && data_len && prop->len)
		status = ipc_lease_write(rq, DEVMGR_PROPERTY_LEASE_DATA, 0, prop->data,
					 prop->len < data_len ? prop->len : data_len);
	return status;
}

/* ---- open ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum devmgr_class class;
} class_names[] = {
	{"serial", DEVMGR_CLASS_SERIAL},       {"rtc", DEVMGR_CLASS_RTC},     {"power", DEVMGR_CLASS_POWER},
	{"block", DEVMGR_CLASS_BLOCK},         {"net", DEVMGR_CLASS_NET},     {"rng", DEVMGR_CLASS_RNG},
	{"clock", DEVMGR_CLASS_CLOCK},         {"reset", DEVMGR_CLASS_RESET}, {"gpio", DEVMGR_CLASS_GPIO},
	{"regulator", DEVMGR_CLASS_REGULATOR}, {"other", DEVMGR_CLASS_OTHER},
};

/* "rtc:0" */
static struct unit *class_find(struct manager *m, const char *name)
{
	const char *colon = strchr(name, ':');

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return NULL;
	char *end;
	unsigned long number = strtoul(colon + 1, &end, 10);
	for (size_t c = 0; !*end && c < sizeof(class_names) / sizeof(class_names[0]); c++) {
		if (strncmp(class_names[c].name, name, (size_t)(colon - name)) || class_names[c].name[colon - name])
			continue;
		for (uint32_t i = 0; i < m->unit_count; i++) {
			const struct unit *unit = m->units[i];

			if (unit->numbered && unit->class == class_names[c].class && unit->class_unit == number)
				return m->units[i];
		}
	}
	return NULL;
}

static struct unit *device_find(struct manager *m, const char *name)
{
	struct unit *unit = class_find(m, name);

	if (unit)
		return unit;
	uint32_t node = !strcmp(name, "stdout") ? m->console : tree_resolve(m->tree, name, NULL);
	return node == TREE_NONE ? NULL : unit_at(m, node);
}

static status_t op_open(void *ctx, struct ipc_request *rq, const char *name, handle_t *device, enum devmgr_class *class,
			uint32_t *index)
{
	struct manager *m = ctx;

	if (!may(rq, DEVMGR_CLIENT_OPEN))
		return ERR_ACCESS;
	struct unit *unit = device_find(m, name);
	if (!unit || unit->state == DEVMGR_STATE_ABSENT || unit->state == DEVMGR_STATE_UNMATCHED)
		return ERR_NOT_FOUND;
	/* A bus serves its children's drivers. */
	if (unit->class == DEVMGR_CLASS_BUS)
		return ERR_ACCESS;
	if (unit->endpoint == HANDLE_NONE)
		return ERR_STATE;
	*class = unit->class;
	*index = unit->node;
	return endpoint_mint(unit->endpoint, ++m->next_badge, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO,
			     device);
}

/* ---- management -------------------------------------------------------------------------------------- */

static status_t op_restart(void *ctx, struct ipc_request *rq, uint32_t index)
{
	struct manager *m = ctx;

	if (!may(rq, DEVMGR_CLIENT_MANAGE))
		return ERR_ACCESS;
	struct unit *unit = unit_at(m, index);
	if (!unit || !unit->driver)
		return ERR_NOT_FOUND;
	if (m->stopping || unit->gone)
		return ERR_STATE;
	unit_restart(m, unit);
	return OK;
}

static status_t op_stop_all(void *ctx, struct ipc_request *rq, uint32_t grace_ms)
{
	struct manager *m = ctx;

	if (!may(rq, DEVMGR_CLIENT_MANAGE))
		return ERR_ACCESS;
	if (m->stop_reply != HANDLE_NONE)
		return ERR_BUSY;
	status_t status = ipc_request_save(rq, &m->stop_reply);
	if (status != OK)
		return status;
	stop_begin(m, time_now() + grace_ms * 1000000ull);
	supervise_settled(m); /* nothing may be running */
	return IPC_DEFERRED;
}

const struct devmgr_ops client_ops = {
	.list = op_list,
	.resources = op_resources,
	.last_death = op_last_death,
	.holdings = op_holdings,
	.property = op_property,
	.open = op_open,
	.restart = op_restart,
	.stop_all = op_stop_all,
};
