/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For drivers of buses: devices that they have found. A bus driver is of class DRIVER_CLASS_BUS. Its class endpoint serves the drivers
 * of its children: they call with the badge DRIVER_CONFIG_BADGE | number. Children outlive its instances, so every instance reports
 * all of them in `bind`; those that it does not report are stopped when it has bound.
 */
#pragma once

#include "protocols/driver.h"
#include "sys/driver/driver.h"

#define BUS_CHILD_REGS 6

/* Registers number `index` of a child: physical addresses. Whole pages are the child's, so nothing else may be on them. */
void bus_child_reg(struct driver_child *child, unsigned index, uint64_t base, uint64_t size);

/* The bus's windows, as DRIVER_FACT_WINDOWS has them (startup.h); NULL and 0 without */
const void *bus_windows(const struct device *dev, size_t *len);

/* properties: a flattened device tree with the child's properties in its root and nothing below. For errors see driver.child_add. */
status_t device_child_add(struct device *dev, const struct driver_child *child, const void *properties, size_t size,
			  uint32_t *node);

/* After struct driver.child_ended with `last`: the child's device was reset and reaches nothing any more. */
status_t device_child_quiet(struct device *dev, uint32_t number);
