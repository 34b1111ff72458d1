/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that a bus driver has found, told to devmgr. */
#include "sys/driver/bus.h"

#include <string.h>

#include "sys/driver/device.h"
#include "sys/lib/startup.h"

static_assert(sizeof(((struct driver_child *)0)->reg_base) == 8 * BUS_CHILD_REGS, "the protocol's number");

void bus_child_reg(struct driver_child *child, unsigned index, uint64_t base, uint64_t size)
{
	if (index >= BUS_CHILD_REGS)
		return;
	memcpy(child->reg_base + 8 * index, &base, 8);
	memcpy(child->reg_size + 8 * index, &size, 8);
}

const void *bus_windows(const struct device *dev, size_t *len)
{
	int n;
	const void *windows = device_fact_data(dev, DRIVER_FACT_WINDOWS, &n);

	*len = windows ? (size_t)n : 0;
	return windows;
}

status_t device_child_add(struct device *dev, const struct driver_child *child, const void *properties, size_t size,
			  uint32_t *node)
{
	(void)dev;
	return driver_child_add(startup_handle(DRIVER_HND_CONTROL), child, 1, properties, size, node);
}

status_t device_child_quiet(struct device *dev, uint32_t number)
{
	(void)dev;
	return driver_child_quiet(startup_handle(DRIVER_HND_CONTROL), number);
}
