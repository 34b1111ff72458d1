/* SPDX-License-Identifier: BSD-2-Clause */
/* The device as its driver sees it: properties out of the node's blob, registers, state. */
#include "sys/driver/device.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

static void props_take(const void *blob, int node, struct device_props *out)
{
	int at;

	out->node = node;
	fdt_for_each_property_offset(at, blob, node) {
		if (out->count == DEVICE_PROPS_MAX) {
			out->more = true;
			return;
		}
		out->list[out->count].data = fdt_getprop_by_offset(blob, at, &out->list[out->count].name,
								   &out->list[out->count].len);
		out->count += out->list[out->count].data != NULL;
	}
}

static const void *props_find(const void *blob, const struct device_props *props, const char *name, int *len)
{
	for (uint32_t i = 0; i < props->count; i++) {
		if (strcmp(props->list[i].name, name) == 0) {
			if (len)
				*len = props->list[i].len;
			return props->list[i].data;
		}
	}
	return props->more ? fdt_getprop(blob, props->node, name, len) : NULL;
}

status_t device_open(struct device *dev, const void *blob, size_t size)
{
	uint32_t match;

	*dev = (struct device){.blob = blob, .instance = dev->instance};
	/* devmgr made it, which gave this process everything it has: nothing is won by distrust, and a full check is most of what a restart
	 * costs. */
	if (size < FDT_V1_SIZE || fdt_check_header(blob) != 0 || fdt_totalsize(blob) > size)
		return ERR_BAD_FORMAT;
	int node = fdt_subnode_offset(blob, 0, DRIVER_FACT_NODE);
	if (node < 0)
		return ERR_BAD_FORMAT;
	props_take(blob, 0, &dev->facts);
	props_take(blob, node, &dev->props);
	dev->path = device_fact_data(dev, DRIVER_FACT_PATH, NULL);
	match = device_fact(dev, DRIVER_FACT_MATCH, 0);
	if (!dev->path || match >= DRIVER_MATCHES_MAX)
		return ERR_BAD_FORMAT;
	dev->match = driver_manifest.matches[match].data;
	return OK;
}

static uint32_t cell(const void *data)
{
	return fdt32_ld(data);
}

const void *device_fact_data(const struct device *dev, const char *name, int *len)
{
	return props_find(dev->blob, &dev->facts, name, len);
}

uint32_t device_fact(const struct device *dev, const char *name, uint32_t index)
{
	int len;
	const uint8_t *cells = device_fact_data(dev, name, &len);

	if (!cells || index >= (uint32_t)len / 4)
		return 0;
	return cell(cells + 4 * (size_t)index);
}

void device_set_context(struct device *dev, void *context)
{
	dev->context = context;
}

void *device_context(const struct device *dev)
{
	return dev->context;
}

uint64_t device_match(const struct device *dev)
{
	return dev->match;
}

const char *device_path(const struct device *dev)
{
	return dev->path;
}

status_t device_regs(struct device *dev, uint32_t index, struct regs *out)
{
	char name[24];

	if (index >= DRIVER_REGS_MAX)
		return ERR_NOT_FOUND;
	if (!dev->regs[index].base) {
		snprintf(name, sizeof(name), DRIVER_HND_REG "%u", (unsigned)index);
		status_t status = device_map(name, device_fact(dev, DRIVER_FACT_REG_SIZES, index), &dev->regs[index]);
		if (status != OK)
			return status;
	}
	*out = dev->regs[index];
	return OK;
}

uint64_t device_regs_size(const struct device *dev, uint32_t index)
{
	return device_fact(dev, DRIVER_FACT_REG_SIZES, index);
}

status_t device_regs_part(struct device *dev, uint32_t index, uint64_t offset, uint64_t size, struct regs *out)
{
	uint64_t all = device_regs_size(dev, index);
	char name[24];

	if (index >= DRIVER_REGS_MAX)
		return ERR_NOT_FOUND;
	if (!size || offset > all || size > all - offset)
		return ERR_RANGE;
	snprintf(name, sizeof(name), DRIVER_HND_REG "%u", (unsigned)index);
	return device_map_part(name, offset, size, out);
}

status_t device_regmap(struct device *dev, struct regs *out)
{
	if (!dev->regmap.base) {
		status_t status = device_map(DRIVER_HND_REGMAP, device_fact(dev, DRIVER_FACT_REGMAP, 0), &dev->regmap);
		if (status != OK)
			return status;
	}
	*out = dev->regmap;
	return OK;
}

uint32_t device_instance(const struct device *dev)
{
	return dev->instance;
}

handle_t device_config(const struct device *dev)
{
	return device_handle(dev, DRIVER_HND_CONFIG);
}

uint32_t device_irq_count(const struct device *dev)
{
	return dev->irq_count;
}

void *device_state(struct device *dev)
{
	return dev->state;
}

void device_fail(struct device *dev, const char *reason)
{
	if (dev->failed)
		return;
	dev->failed = true;
	dev->reason = reason;
	device_log(dev, LOG_ERROR, "%s", reason);
	device_end(dev);
}

const void *device_prop(const struct device *dev, const char *name, size_t *len)
{
	int n;
	const void *data = props_find(dev->blob, &dev->props, name, &n);

	if (len)
		*len = data ? (size_t)n : 0;
	return data;
}

bool device_flag(const struct device *dev, const char *name)
{
	return device_prop(dev, name, NULL) != NULL;
}

uint32_t device_u32(const struct device *dev, const char *name, uint32_t absent)
{
	size_t len;
	const void *data = device_prop(dev, name, &len);

	return data && len == 4 ? cell(data) : absent;
}

const char *device_string(const struct device *dev, const char *name)
{
	size_t len;
	const char *data = device_prop(dev, name, &len);

	return data && memchr(data, 0, len) ? data : NULL;
}

uint32_t device_clock_hz(const struct device *dev, uint32_t index)
{
	uint32_t own = index == 0 ? device_u32(dev, "clock-frequency", 0) : 0;

	return own ? own : device_fact(dev, DRIVER_FACT_CLOCKS, index);
}

const char *device_console(const struct device *dev)
{
	return device_fact_data(dev, DRIVER_FACT_STDOUT, NULL);
}
