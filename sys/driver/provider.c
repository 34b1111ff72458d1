/* SPDX-License-Identifier: BSD-2-Clause */
/* The consumer's side of providers: entries by name, endpoints from devmgr, calls. */
#include "sys/driver/provider.h"

#include <libfdt.h>
#include <string.h>

#include "protocols/clock.h"
#include "protocols/driver.h"
#include "protocols/gpio.h"
#include "protocols/regulator.h"
#include "protocols/reset.h"
#include "sys/abi/object.h"
#include "sys/driver/device.h"
#include "sys/driver/provider_irq.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define TIMEOUT_NS 1000000000ull

struct entry {
	uint32_t number, kind, state, index;
	bool of_part;
	uint64_t value;
	const char *name;
};

static uint64_t deadline(void)
{
	uint64_t now = 0;

	(void)clock_get(&now); /* has no way to fail */
	return now + TIMEOUT_NS;
}

/* ---- entries ---------------------------------------------------------------------------------------- */

static bool entry_at(const struct device *dev, uint32_t number, struct entry *out)
{
	uint32_t base = number * DRIVER_REF_CELLS;
	int len;

	if (!device_fact_data(dev, DRIVER_FACT_REFS, &len) || number >= (uint32_t)len / (4 * DRIVER_REF_CELLS))
		return false;
	const char *name = fdt_stringlist_get(dev->blob, 0, DRIVER_FACT_REF_NAMES, (int)number, NULL);
	*out = (struct entry){
		.number = number,
		.kind = device_fact(dev, DRIVER_FACT_REFS, base) & ~DRIVER_REF_OF_PART,
		.of_part = device_fact(dev, DRIVER_FACT_REFS, base) & DRIVER_REF_OF_PART,
		.state = device_fact(dev, DRIVER_FACT_REFS, base + 1),
		.index = device_fact(dev, DRIVER_FACT_REFS, base + 2),
		.value = (uint64_t)device_fact(dev, DRIVER_FACT_REFS, base + 3) << 32 |
			 device_fact(dev, DRIVER_FACT_REFS, base + 4),
		.name = name ? name : "",
	};
	return true;
}

static status_t endpoint_get(uint32_t entry, handle_t *out)
{
	return driver_provider_until(startup_handle(DRIVER_HND_CONTROL), deadline(), entry, out);
}

static status_t use_find(struct device *dev, uint32_t kind, const char *name, uint32_t index, struct device_use *out)
{
	struct entry entry;

	for (uint32_t i = 0; entry_at(dev, i, &entry); i++) {
		if (entry.kind != kind || (name ? strcmp(name, entry.name) != 0 : entry.of_part) || index--)
			continue;
		*out = (struct device_use){.entry = i, .value = entry.value, .endpoint = HANDLE_NONE};
		switch (entry.state) {
		case DRIVER_REF_FIXED: out->fixed = true; return OK;
		case DRIVER_REF_DRIVEN: return endpoint_get(i, &out->endpoint);
		case DRIVER_REF_EMPTY: return ERR_NOT_FOUND;
		default: return ERR_STATE;
		}
	}
	return ERR_NOT_FOUND;
}

status_t device_clock(struct device *dev, const char *name, uint32_t index, struct device_use *out)
{
	return use_find(dev, DRIVER_REF_CLOCK, name, index, out);
}

status_t device_reset_line(struct device *dev, const char *name, uint32_t index, struct device_use *out)
{
	return use_find(dev, DRIVER_REF_RESET, name, index, out);
}

status_t device_gpio(struct device *dev, const char *name, uint32_t index, struct device_use *out)
{
	return use_find(dev, DRIVER_REF_GPIO, name, index, out);
}

status_t device_supply(struct device *dev, const char *name, uint32_t index, struct device_use *out)
{
	return use_find(dev, DRIVER_REF_SUPPLY, name, index, out);
}

/* ---- calls -------------------------------------------------------------------------------------------- */

/* A provider that died under the call is there again soon, and every operation may be done twice. */
#define CALL(use, call)                                                   \
	do {                                                              \
		uint64_t until = deadline();                              \
		handle_t ep = (use)->endpoint;                            \
		status_t status = ep == HANDLE_NONE ? ERR_STATE : (call); \
		return status == ERR_PEER_DIED ? (call) : status;         \
	} while (0)

status_t device_clock_enable(const struct device_use *clock)
{
	if (clock->fixed)
		return OK;
	CALL(clock, clock_enable_until(ep, until));
}

status_t device_clock_disable(const struct device_use *clock)
{
	if (clock->fixed)
		return OK;
	CALL(clock, clock_disable_until(ep, until));
}

status_t device_clock_rate(const struct device_use *clock, uint64_t *hz)
{
	*hz = clock->value;
	if (clock->fixed)
		return *hz ? OK : ERR_UNSUPPORTED;
	CALL(clock, clock_rate_get_until(ep, until, hz));
}

status_t device_clock_set_rate(const struct device_use *clock, uint64_t hz, uint64_t *result)
{
	*result = clock->value;
	if (clock->fixed)
		return hz == clock->value ? OK : ERR_UNSUPPORTED;
	CALL(clock, clock_rate_set_until(ep, until, hz, result));
}

status_t device_reset_assert(const struct device_use *reset)
{
	CALL(reset, reset_hold_until(ep, until));
}

status_t device_reset_release(const struct device_use *reset)
{
	CALL(reset, reset_release_until(ep, until));
}

status_t device_reset_pulse(const struct device_use *reset, uint64_t ns)
{
	CALL(reset, reset_pulse_until(ep, until, ns));
}

status_t device_gpio_output(const struct device_use *line, bool active)
{
	CALL(line, gpio_output_until(ep, until, active));
}

status_t device_gpio_input(const struct device_use *line)
{
	CALL(line, gpio_input_until(ep, until));
}

status_t device_gpio_get(const struct device_use *line, bool *active)
{
	CALL(line, gpio_get_until(ep, until, active));
}

status_t device_gpio_set(const struct device_use *line, bool active)
{
	CALL(line, gpio_set_until(ep, until, active));
}

status_t device_supply_enable(const struct device_use *supply)
{
	if (supply->fixed)
		return OK;
	CALL(supply, regulator_enable_until(ep, until));
}

status_t device_supply_disable(const struct device_use *supply)
{
	if (supply->fixed)
		return OK;
	CALL(supply, regulator_disable_until(ep, until));
}

status_t device_supply_voltage(const struct device_use *supply, uint64_t *uv)
{
	*uv = supply->value;
	if (supply->fixed)
		return *uv ? OK : ERR_UNSUPPORTED;
	CALL(supply, regulator_voltage_get_until(ep, until, uv));
}

status_t device_supply_set_voltage(const struct device_use *supply, uint64_t min_uv, uint64_t max_uv, uint64_t *uv)
{
	*uv = supply->value;
	if (supply->fixed)
		return *uv && *uv >= min_uv && *uv <= max_uv ? OK : ERR_RANGE;
	CALL(supply, regulator_voltage_set_until(ep, until, min_uv, max_uv, uv));
}

/* ---- for the library's main ------------------------------------------------------------------------------ */

static bool irq_entry(const struct device *dev, uint32_t index, struct entry *out)
{
	for (uint32_t i = 0; entry_at(dev, i, out); i++) {
		if (out->kind == DRIVER_REF_IRQ && out->index == index && !out->of_part)
			return out->state == DRIVER_REF_DRIVEN;
	}
	return false;
}

bool provider_irq_is(const struct device *dev, uint32_t index)
{
	struct entry entry;

	return irq_entry(dev, index, &entry);
}

static void irq_run(void *ctx)
{
	struct provider_irq *slot = ctx;

	slot->fn(slot->ctx);
	/* If its provider is gone, devmgr starts this driver again with the next. */
	(void)gpio_rearm_until(slot->endpoint, deadline());
}

status_t provider_irq_bind(struct device *dev, struct server *server, uint32_t index, struct provider_irq *slot)
{
	handle_t notification, given;
	struct entry entry;
	uint64_t bits;

	if (!irq_entry(dev, index, &entry))
		return ERR_NOT_FOUND;
	status_t status = endpoint_get(entry.number, &slot->endpoint);
	if (status == OK)
		status = server_add_signal(server, irq_run, slot, &notification, &bits);
	if (status == OK)
		status = handle_dup(notification, RIGHT_NT_SIGNAL | RIGHT_MOVE | RIGHT_INFO, &given);
	return status == OK ? gpio_watch_until(slot->endpoint, deadline(), given, bits) : status;
}

void provider_clocks_assign(struct device *dev)
{
	struct entry entry;

	for (uint32_t i = 0; entry_at(dev, i, &entry); i++) {
		handle_t endpoint = HANDLE_NONE;

		if (entry.kind != DRIVER_REF_ASSIGNED || entry.state != DRIVER_REF_DRIVEN)
			continue;
		status_t status = endpoint_get(i, &endpoint);
		if (status == OK) {
			status = clock_apply_until(endpoint, deadline());
			(void)handle_close(endpoint);
		}
		if (status != OK)
			device_log(dev, LOG_WARN, "assigned clock %u is left as it is (status %d)",
				   (unsigned)entry.index, (int)status);
	}
}
