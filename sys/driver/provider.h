/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver uses of other devices: the clocks, resets, lines and supplies that its node names. devmgr starts the driver
 * only when their drivers run, so they can be used from `bind` on. A fixed clock or a supply that is always on needs nobody: it
 * answers like any other, and switching it does nothing.
 *
 * Calls wait at most a second. ERR_STATE: nobody drives it (the manifest said that the driver can do without), or its driver was
 * given up. What was asked for (enabled, released) outlives this instance: a new one asks again, which is no harm.
 */
#pragma once

#include "sys/driver/driver.h"

/* Something that a provider gives. The fields are the library's own. */
struct device_use {
	uint32_t entry;
	bool fixed;
	uint64_t value; /* Hz or microvolts, if fixed */
	handle_t endpoint;
};

/* Finds an entry by its name (clock-names, reset-names; "cd" of cd-gpios, "vmmc" of vmmc-supply), and among those of that name by
 * number; by number alone with name NULL. What a subnode without a `compatible` names is called "subnode:name" ("led-0:" for its
 * gpios). ERR_NOT_FOUND: there is none. */
status_t device_clock(struct device *dev, const char *name, uint32_t index, struct device_use *out);
status_t device_reset_line(struct device *dev, const char *name, uint32_t index, struct device_use *out);
status_t device_gpio(struct device *dev, const char *name, uint32_t index, struct device_use *out);
status_t device_supply(struct device *dev, const char *name, uint32_t index, struct device_use *out);

status_t device_clock_enable(const struct device_use *clock);
status_t device_clock_disable(const struct device_use *clock);
status_t device_clock_rate(const struct device_use *clock, uint64_t *hz);
/* *result: what it is now */
status_t device_clock_set_rate(const struct device_use *clock, uint64_t hz, uint64_t *result);

status_t device_reset_assert(const struct device_use *reset);
status_t device_reset_release(const struct device_use *reset);
status_t device_reset_pulse(const struct device_use *reset, uint64_t ns);

/* Values are logical: `true` is the active level, whichever that is on this line. */
status_t device_gpio_output(const struct device_use *line, bool active);
status_t device_gpio_input(const struct device_use *line);
status_t device_gpio_get(const struct device_use *line, bool *active);
status_t device_gpio_set(const struct device_use *line, bool active);

status_t device_supply_enable(const struct device_use *supply);
status_t device_supply_disable(const struct device_use *supply);
status_t device_supply_voltage(const struct device_use *supply, uint64_t *uv);
status_t device_supply_set_voltage(const struct device_use *supply, uint64_t min_uv, uint64_t max_uv, uint64_t *uv);
