/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver is written against. A driver is one C file with a DRIVER_MANIFEST and one
 * `const struct driver driver`; the library owns main, the loop and everything that came from devmgr. One thread
 * calls the functions below one at a time, so a driver needs no locks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"
#include "sys/abi/system.h"
#include "sys/driver/manifest.h"
#include "sys/driver/mmio.h"
#include "sys/lib/ipc.h"

struct device;

enum driver_start {
	DRIVER_FRESH,   /* nobody drove the device since the system started */
	DRIVER_RESTART, /* an earlier instance died: the device may be in any state */
};

struct driver {
	/* Takes the device: maps registers, brings the device into a known state (on a restart: first
	 * stops what the last instance had begun). An error ends the driver; ERR_NOT_FOUND says that there
	 * is no such device. */
	status_t (*bind)(struct device *dev, enum driver_start start);
	/* Interrupt number `index` of the node fired. It fires again only after this has returned. */
	void (*irq)(struct device *dev, uint32_t index);
	/* The time set with device_timer has come. */
	void (*timer)(struct device *dev);
	/* The end of the system: finish what is under way, within a fraction of a second. May be NULL, like irq and timer. */
	void (*unbind)(struct device *dev);
	/* The protocol of the driver's class and its operations; their context is device_context(). */
	const struct ipc_protocol *protocol;
	const void *ops;
};

extern const struct driver driver;

/* ---- the device and what it was given ------------------------------------------------------- */

/* The driver's own data: its operations get it as `ctx`. */
void device_set_context(struct device *dev, void *context);
void *device_context(const struct device *dev);

/* The `data` of the manifest's entry that matched */
uint64_t device_match(const struct device *dev);
const char *device_path(const struct device *dev);

/* Registers: number `index` of the node's reg, mapped. Shift 0 and width 4 until the driver says else. */
status_t device_regs(struct device *dev, uint32_t index, struct regs *out);
/* Those of the syscon that the node's `regmap` names: shared with other drivers */
status_t device_regmap(struct device *dev, struct regs *out);

uint32_t device_irq_count(const struct device *dev);

/* Memory of manifest.state_bytes that outlives this instance: zero at first, then as the last instance
 * left it. That one may have run wild: check what is in there. NULL without. */
void *device_state(struct device *dev);

/* The device is out of order: this instance ends when the handler returns, and devmgr tries another. */
void device_fail(struct device *dev, const char *reason);

/* driver.timer is called once, after this time (clock_get); DEADLINE_NEVER: not at all. */
void device_timer(struct device *dev, uint64_t deadline);

/* Waits, with everything else: for a few microseconds that a device's manual asks for. */
void device_delay(uint64_t ns);

/* ---- properties of its node ------------------------------------------------------------------ */

bool device_flag(const struct device *dev, const char *name);
/* A number of one cell; `absent` also if the property is malformed */
uint32_t device_u32(const struct device *dev, const char *name, uint32_t absent);
const char *device_string(const struct device *dev, const char *name);
/* Raw; NULL if it is not there */
const void *device_prop(const struct device *dev, const char *name, size_t *len);
/* Rate of its clock number `index` in Hz, 0 if nobody knows */
uint32_t device_clock_hz(const struct device *dev, uint32_t index);
/* Options of the console ("115200n8") if this is it, else NULL */
const char *device_console(const struct device *dev);

/* ---- log ------------------------------------------------------------------------------------------ */

/* One line, with the driver's name and the device's path in front */
void device_log(const struct device *dev, uint32_t level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
