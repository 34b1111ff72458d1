/* SPDX-License-Identifier: BSD-2-Clause */
/* The providers' class library: rows out of devmgr's facts, wishes of consumers, the four protocols. */
#include "sys/driver/provider_class.h"

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "sys/driver/device.h"
#include "sys/lib/syscall.h"

#define MAGIC 0x52505631u /* "1VPR": of the state memory */

#define GPIO_ACTIVE_LOW 1u /* in a line's second cell */

enum {
	WISH_ON = 1 << 0,      /* clock or supply enabled, reset released */
	WISH_OUTPUT = 1 << 1,  /* line driven */
	WISH_CLAIMED = 1 << 2, /* line in use */
	WISH_ALL = 7,
};

struct provider_row {
	uint32_t kind, consumer;
	uint64_t value;
	uint32_t ncells, cells[DRIVER_REF_CELLS_MAX];
	uint32_t parent_ncells, parent[DRIVER_REF_CELLS_MAX];
	uint32_t number; /* of the thing; UINT32_MAX: the controller has no such thing */
	handle_t notification;
	uint64_t bits;
	bool fired; /* and not rearmed */
};

struct head {
	uint32_t magic, rows, reserved[2];
};
static_assert(sizeof(struct head) == PROVIDER_STATE_BYTES - PROVIDER_ROWS_MAX, "the wishes come behind");

/* What all tables begin with */
struct table {
	PROVIDER_TABLE_HEAD;
};

static const struct table *table_of(const struct provider *p, uint32_t kind)
{
	switch (kind) {
	case DRIVER_REF_CLOCK:
	case DRIVER_REF_ASSIGNED:
	case DRIVER_REF_PARENT: return (const struct table *)p->clocks;
	case DRIVER_REF_RESET: return (const struct table *)p->resets;
	case DRIVER_REF_GPIO:
	case DRIVER_REF_IRQ: return (const struct table *)p->gpios;
	case DRIVER_REF_SUPPLY: return (const struct table *)p->supplies;
	default: return NULL;
	}
}

static uint32_t number_find(const struct provider *p, uint32_t kind, const char *node, const uint32_t *cells,
			    uint32_t ncells)
{
	const struct table *table = table_of(p, kind);
	uint32_t number = ncells ? cells[0] : 0;

	if (!table || ncells > DRIVER_REF_CELLS_MAX)
		return UINT32_MAX;
	if (table->find && table->find(p->ctx, node, cells, ncells, &number) != OK)
		return UINT32_MAX;
	return number < table->count ? number : UINT32_MAX;
}

static void row_read(struct provider *p, uint32_t index)
{
	struct provider_row *row = &p->rows[index];
	uint32_t at = index * DRIVER_ROW_CELLS;

	row->kind = device_fact(p->dev, DRIVER_FACT_ROWS, at);
	row->consumer = device_fact(p->dev, DRIVER_FACT_ROWS, at + 1);
	row->value = (uint64_t)device_fact(p->dev, DRIVER_FACT_ROWS, at + 2) << 32 |
		     device_fact(p->dev, DRIVER_FACT_ROWS, at + 3);
	row->ncells = device_fact(p->dev, DRIVER_FACT_ROWS, at + 4);
	row->parent_ncells = device_fact(p->dev, DRIVER_FACT_ROWS, at + 5 + DRIVER_REF_CELLS_MAX);
	for (uint32_t i = 0; i < DRIVER_REF_CELLS_MAX; i++) {
		row->cells[i] = device_fact(p->dev, DRIVER_FACT_ROWS, at + 5 + i);
		row->parent[i] = device_fact(p->dev, DRIVER_FACT_ROWS, at + 6 + DRIVER_REF_CELLS_MAX + i);
	}
	const char *node = fdt_stringlist_get(p->dev->blob, 0, DRIVER_FACT_ROW_NODES, (int)index, NULL);
	row->number = number_find(p, row->kind, node ? node : "", row->cells, row->ncells);
	row->notification = HANDLE_NONE;
	if (row->number == UINT32_MAX && table_of(p, row->kind))
		device_log(p->dev, LOG_WARN, "there is no number %u of what a device needs", (unsigned)row->cells[0]);
}

status_t provider_open(struct provider *p, struct device *dev)
{
	struct head *head = device_state(dev);
	int len = 0;

	p->dev = dev;
	if (device_fact_data(dev, DRIVER_FACT_ROWS, &len))
		p->count = (uint32_t)len / (4 * DRIVER_ROW_CELLS);
	if (!head || p->count > PROVIDER_ROWS_MAX)
		return ERR_RANGE;
	p->rows = calloc(p->count + 1, sizeof(*p->rows));
	if (!p->rows)
		return ERR_NO_MEMORY;
	p->wishes = (uint8_t *)(head + 1);
	if (head->magic != MAGIC || head->rows != p->count) {
		memset(p->wishes, 0, PROVIDER_ROWS_MAX);
		head->rows = p->count;
		head->magic = MAGIC;
	}
	for (uint32_t i = 0; i < p->count; i++) {
		p->wishes[i] &= WISH_ALL;
		row_read(p, i);
	}
	return OK;
}

/* ---- who may do what ------------------------------------------------------------------------------------ */

/* The caller's row, if it is of this kind (or `other`) and there is such a thing */
static status_t row_get(const struct provider *p, const struct ipc_request *rq, uint32_t kind, uint32_t other,
			struct provider_row **out)
{
	uint32_t index = DRIVER_ROW(rq->msg.badge);

	if (!(rq->msg.badge & DRIVER_ROW_BADGE) || index >= p->count)
		return ERR_ACCESS;
	*out = &p->rows[index];
	if ((*out)->kind != kind && (*out)->kind != other)
		return ERR_ACCESS;
	return (*out)->number == UINT32_MAX ? ERR_UNSUPPORTED : OK;
}

static uint8_t *wish_of(const struct provider *p, const struct provider_row *row)
{
	return &p->wishes[row - p->rows];
}

/* Does anybody else wish it for the same thing? */
static bool others_wish(const struct provider *p, const struct provider_row *row, uint8_t wish)
{
	for (uint32_t i = 0; i < p->count; i++) {
		if (&p->rows[i] != row && table_of(p, p->rows[i].kind) == table_of(p, row->kind) &&
		    p->rows[i].number == row->number && (p->wishes[i] & wish))
			return true;
	}
	return false;
}

static status_t on_set(const struct provider *p, struct provider_row *row, bool on,
		       status_t (*gate)(void *ctx, uint32_t number, bool on))
{
	uint8_t *wish = wish_of(p, row);
	status_t status = OK;

	if (gate && !others_wish(p, row, WISH_ON))
		status = gate(p->ctx, row->number, on);
	if (status == OK)
		*wish = on ? *wish | WISH_ON : *wish & (uint8_t)~WISH_ON;
	return status;
}

/* ---- clocks ----------------------------------------------------------------------------------------------- */

static status_t clock_on(void *ctx, struct ipc_request *rq, bool on)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = row_get(p, rq, DRIVER_REF_CLOCK, DRIVER_REF_CLOCK, &row);

	return status == OK ? on_set(p, row, on, p->clocks->gate) : status;
}

static status_t op_clock_enable(void *ctx, struct ipc_request *rq)
{
	return clock_on(ctx, rq, true);
}

static status_t op_clock_disable(void *ctx, struct ipc_request *rq)
{
	return clock_on(ctx, rq, false);
}

static status_t op_rate_get(void *ctx, struct ipc_request *rq, uint64_t *hz)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = row_get(p, rq, DRIVER_REF_CLOCK, DRIVER_REF_ASSIGNED, &row);

	if (status != OK)
		return status;
	return p->clocks->rate ? p->clocks->rate(p->ctx, row->number, hz) : ERR_UNSUPPORTED;
}

static status_t op_rate_set(void *ctx, struct ipc_request *rq, uint64_t hz, uint64_t *result)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = row_get(p, rq, DRIVER_REF_CLOCK, DRIVER_REF_CLOCK, &row);

	if (status != OK)
		return status;
	if (!p->clocks->set_rate)
		return ERR_UNSUPPORTED;
	if (others_wish(p, row, WISH_ON))
		return ERR_BUSY;
	return p->clocks->set_rate(p->ctx, row->number, hz, result);
}

static status_t op_apply(void *ctx, struct ipc_request *rq)
{
	struct provider *p = ctx;
	struct provider_row *row;
	uint64_t result;
	status_t status = row_get(p, rq, DRIVER_REF_ASSIGNED, DRIVER_REF_ASSIGNED, &row);

	if (status == OK && row->parent_ncells) {
		uint32_t parent = number_find(p, row->kind, "", row->parent, row->parent_ncells);

		if (!p->clocks->set_parent || parent == UINT32_MAX)
			return ERR_UNSUPPORTED;
		status = p->clocks->set_parent(p->ctx, row->number, parent);
	}
	if (status == OK && row->value) {
		if (!p->clocks->set_rate)
			return ERR_UNSUPPORTED;
		status = p->clocks->set_rate(p->ctx, row->number, row->value, &result);
	}
	return status;
}

const struct clock_ops provider_clock_ops = {
	.enable = op_clock_enable,
	.disable = op_clock_disable,
	.rate_get = op_rate_get,
	.rate_set = op_rate_set,
	.apply = op_apply,
};

/* ---- resets ------------------------------------------------------------------------------------------------- */

static status_t reset_row(struct provider *p, struct ipc_request *rq, struct provider_row **row)
{
	status_t status = row_get(p, rq, DRIVER_REF_RESET, DRIVER_REF_RESET, row);

	return status == OK && !p->resets->hold ? ERR_UNSUPPORTED : status;
}

static status_t op_hold(void *ctx, struct ipc_request *rq)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = reset_row(p, rq, &row);

	if (status != OK)
		return status;
	if (others_wish(p, row, WISH_ON))
		return ERR_BUSY;
	status = p->resets->hold(p->ctx, row->number, true);
	if (status == OK)
		*wish_of(p, row) &= (uint8_t)~WISH_ON;
	return status;
}

static status_t op_release(void *ctx, struct ipc_request *rq)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = reset_row(p, rq, &row);

	if (status == OK)
		status = p->resets->hold(p->ctx, row->number, false);
	if (status == OK)
		*wish_of(p, row) |= WISH_ON;
	return status;
}

static status_t op_pulse(void *ctx, struct ipc_request *rq, uint64_t ns)
{
	if (ns > RESET_PULSE_MAX_NS)
		return ERR_RANGE;
	status_t status = op_hold(ctx, rq);
	if (status != OK)
		return status;
	device_delay(ns);
	return op_release(ctx, rq);
}

static status_t op_status(void *ctx, struct ipc_request *rq, bool *asserted)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = reset_row(p, rq, &row);

	if (status != OK)
		return status;
	return p->resets->held ? p->resets->held(p->ctx, row->number, asserted) : ERR_UNSUPPORTED;
}

const struct reset_ops provider_reset_ops = {
	.hold = op_hold,
	.release = op_release,
	.pulse = op_pulse,
	.status = op_status,
};

/* ---- lines ---------------------------------------------------------------------------------------------------- */

static bool active_low(const struct provider_row *row)
{
	return row->ncells > 1 && (row->cells[row->ncells - 1] & GPIO_ACTIVE_LOW);
}

/* A line is for the first device that uses it: a line and the interrupt of the same line of one device go together. */
static status_t line_row(struct provider *p, struct ipc_request *rq, uint32_t kind, struct provider_row **out)
{
	status_t status = row_get(p, rq, kind, kind, out);

	for (uint32_t i = 0; status == OK && i < p->count; i++) {
		const struct provider_row *row = &p->rows[i];

		if (table_of(p, row->kind) == table_of(p, kind) && row->number == (*out)->number &&
		    row->consumer != (*out)->consumer && (p->wishes[i] & WISH_CLAIMED))
			return ERR_BUSY;
	}
	if (status == OK)
		*wish_of(p, *out) |= WISH_CLAIMED;
	return status;
}

static status_t op_output(void *ctx, struct ipc_request *rq, bool active)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = line_row(p, rq, DRIVER_REF_GPIO, &row);

	if (status == OK)
		status = p->gpios->output ? p->gpios->output(p->ctx, row->number, active != active_low(row))
					  : ERR_UNSUPPORTED;
	if (status == OK)
		*wish_of(p, row) |= WISH_OUTPUT;
	return status;
}

static status_t op_input(void *ctx, struct ipc_request *rq)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = line_row(p, rq, DRIVER_REF_GPIO, &row);

	if (status == OK)
		status = p->gpios->input ? p->gpios->input(p->ctx, row->number) : ERR_UNSUPPORTED;
	if (status == OK)
		*wish_of(p, row) &= (uint8_t)~WISH_OUTPUT;
	return status;
}

static status_t op_get(void *ctx, struct ipc_request *rq, bool *active)
{
	struct provider *p = ctx;
	struct provider_row *row;
	bool high = false;
	status_t status = line_row(p, rq, DRIVER_REF_GPIO, &row);

	if (status == OK)
		status = p->gpios->get ? p->gpios->get(p->ctx, row->number, &high) : ERR_UNSUPPORTED;
	*active = high != (status == OK && active_low(row));
	return status;
}

static status_t op_set(void *ctx, struct ipc_request *rq, bool active)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = line_row(p, rq, DRIVER_REF_GPIO, &row);

	if (status != OK)
		return status;
	if (!(*wish_of(p, row) & WISH_OUTPUT))
		return ERR_STATE;
	return p->gpios->output(p->ctx, row->number, active != active_low(row));
}

static void watch_end(struct provider_row *row)
{
	if (row->notification != HANDLE_NONE)
		(void)handle_close(row->notification);
	row->notification = HANDLE_NONE;
}

static status_t arm(const struct provider *p, const struct provider_row *row)
{
	return p->gpios->irq_arm(p->ctx, row->number, row->ncells > 1 ? row->cells[row->ncells - 1] & 15 : 1);
}

static status_t op_watch(void *ctx, struct ipc_request *rq, handle_t notification, uint64_t bits)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = line_row(p, rq, DRIVER_REF_IRQ, &row);

	if (status == OK && !bits)
		status = ERR_INVALID;
	if (status == OK && !p->gpios->irq_arm)
		status = ERR_UNSUPPORTED;
	if (status != OK)
		return status;
	watch_end(row);
	row->notification = notification;
	row->bits = bits;
	row->fired = false;
	status = arm(p, row);
	if (status != OK)
		row->notification = HANDLE_NONE; /* the dispatch closes it */
	return status;
}

static status_t op_rearm(void *ctx, struct ipc_request *rq)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = line_row(p, rq, DRIVER_REF_IRQ, &row);

	if (status != OK)
		return status;
	if (row->notification == HANDLE_NONE)
		return ERR_STATE;
	if (!row->fired)
		return OK;
	row->fired = false;
	return arm(p, row);
}

void provider_gpio_fired(struct provider *p, uint32_t line)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct provider_row *row = &p->rows[i];

		if (row->kind != DRIVER_REF_IRQ || row->number != line || row->notification == HANDLE_NONE ||
		    row->fired)
			continue;
		row->fired = true;
		/* The consumer's instance may have ended: then nobody waits for it. */
		if (notification_signal(row->notification, row->bits) != OK)
			watch_end(row);
	}
}

const struct gpio_ops provider_gpio_ops = {
	.output = op_output,
	.input = op_input,
	.get = op_get,
	.set = op_set,
	.watch = op_watch,
	.rearm = op_rearm,
};

/* ---- supplies ----------------------------------------------------------------------------------------------------- */

static status_t supply_on(void *ctx, struct ipc_request *rq, bool on)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = row_get(p, rq, DRIVER_REF_SUPPLY, DRIVER_REF_SUPPLY, &row);

	return status == OK ? on_set(p, row, on, p->supplies->gate) : status;
}

static status_t op_supply_enable(void *ctx, struct ipc_request *rq)
{
	return supply_on(ctx, rq, true);
}

static status_t op_supply_disable(void *ctx, struct ipc_request *rq)
{
	return supply_on(ctx, rq, false);
}

static status_t op_voltage_get(void *ctx, struct ipc_request *rq, uint64_t *uv)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = row_get(p, rq, DRIVER_REF_SUPPLY, DRIVER_REF_SUPPLY, &row);

	if (status != OK)
		return status;
	return p->supplies->voltage ? p->supplies->voltage(p->ctx, row->number, uv) : ERR_UNSUPPORTED;
}

static status_t op_voltage_set(void *ctx, struct ipc_request *rq, uint64_t min_uv, uint64_t max_uv, uint64_t *uv)
{
	struct provider *p = ctx;
	struct provider_row *row;
	status_t status = row_get(p, rq, DRIVER_REF_SUPPLY, DRIVER_REF_SUPPLY, &row);

	if (status != OK)
		return status;
	if (min_uv > max_uv)
		return ERR_RANGE;
	if (!p->supplies->set_voltage)
		return ERR_UNSUPPORTED;
	if (others_wish(p, row, WISH_ON))
		return ERR_BUSY;
	return p->supplies->set_voltage(p->ctx, row->number, min_uv, max_uv, uv);
}

const struct regulator_ops provider_regulator_ops = {
	.enable = op_supply_enable,
	.disable = op_supply_disable,
	.voltage_get = op_voltage_get,
	.voltage_set = op_voltage_set,
};
