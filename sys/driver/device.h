/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the driver library: what stands behind struct device, filled in by main.c or by the host backend. */
#pragma once

#include "sys/driver/driver.h"
#include "sys/driver/startup.h"

/* Properties of a node, taken out of the blob once: libfdt starts at the blob's beginning for each, which made look-ups most of what a
 * restart of a driver cost. */
#define DEVICE_PROPS_MAX 48
struct device_props {
	int node;
	bool more; /* there are others: they are looked up in the blob */
	uint32_t count;
	struct {
		const char *name;
		const void *data;
		int len;
	} list[DEVICE_PROPS_MAX];
};

struct device {
	const void *blob;                 /* DRIVER_HND_NODE, checked */
	struct device_props facts, props; /* devmgr's, and the node's */
	void *context;
	uint64_t match;
	const char *path;
	struct regs regs[DRIVER_REGS_MAX]; /* base NULL: not mapped (yet) */
	struct regs regmap;
	void *state;
	bool failed;
	bool rematched;     /* devmgr knows what the device is: the instance has done its work */
	const char *reason; /* of device_fail */
	uint32_t instance;  /* 1 for the first */
	uint32_t irq_count;
	handle_t irqs[DRIVER_IRQS_MAX];
};

/* Finds the node and devmgr's facts in a blob of `size` bytes. */
status_t device_open(struct device *dev, const void *blob, size_t size);

/* The loop is to end after the present handler: device_fail was called. */
void device_end(struct device *dev);

/* len may be NULL. */
const void *device_fact_data(const struct device *dev, const char *name, int *len);
/* A cell of a fact that is a list; 0 past its end */
uint32_t device_fact(const struct device *dev, const char *name, uint32_t index);

/* Gives access to registers that devmgr handed over under a name. size: of the registers */
status_t device_map(const char *handle_name, uint64_t size, struct regs *out);
/* To `size` bytes of them from `offset` on */
status_t device_map_part(const char *handle_name, uint64_t offset, uint64_t size, struct regs *out);
