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

/* A further protocol that the driver serves, with the same context */
struct driver_service {
	const struct ipc_protocol *protocol;
	const void *ops;
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
	/* Drivers of buses: the driver of the child with this number has ended. Its device is to be kept from reaching memory. Called before any
	 * call of the child's next driver is served; `last`: it gets none for now. */
	void (*child_ended)(struct device *dev, uint32_t number, bool last);
	/* The protocol of the driver's class and its operations; their context is device_context(). */
	const struct ipc_protocol *protocol;
	const void *ops;
	const struct driver_service *also; /* up to one without a protocol; may be NULL */
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
uint64_t device_regs_size(const struct device *dev, uint32_t index); /* 0: there are none with this number */
/* A part of them, mapped for itself: of a block that is too large to be mapped as a whole */
status_t device_regs_part(struct device *dev, uint32_t index, uint64_t offset, uint64_t size, struct regs *out);
/* Those of the syscon that the node's `regmap` names: shared with other drivers */
status_t device_regmap(struct device *dev, struct regs *out);

/* The endpoint of its bus's driver, for this device alone (on PCI: pci.idl). It stays good when the bus's driver dies. HANDLE_NONE without. */
handle_t device_config(const struct device *dev);

uint32_t device_irq_count(const struct device *dev);

/* Memory of manifest.state_bytes that outlives this instance: zero at first, then as the last instance
 * left it. That one may have run wild: check what is in there. NULL without. */
void *device_state(struct device *dev);

/* For probes: the device is what `compatible` says. Said in `bind`, which returns the result: this instance ends, and that one's
 * driver gets the device. */
status_t device_rematch(struct device *dev, const char *compatible);

/* The device is out of order: this instance ends when the handler returns, and devmgr tries another. */
void device_fail(struct device *dev, const char *reason);

/* driver.timer is called once, after this time (clock_get); DEADLINE_NEVER: not at all. */
void device_timer(struct device *dev, uint64_t deadline);

/* Waits, with everything else: for a few microseconds that a device's manual asks for. */
void device_delay(uint64_t ns);

/* 1 for the first instance of a driver for this device, and so on: an epoch */
uint32_t device_instance(const struct device *dev);

/* ---- memory that the device reaches by itself -------------------------------------------------
 * It is devmgr's as well: when this instance ends, the memory is kept until the next one has said that the device is quiet. */

struct dma {
	void *cpu;    /* where the driver sees it */
	uint64_t bus; /* where the device sees it */
	size_t size;  /* bytes, whole pages */
	handle_t vmo; /* the driver's */
	uint64_t key; /* devmgr's name for it */
};

/* The device has been reset, or was never started: it reaches nothing that earlier instances gave it. To be said in `bind`
 * before the first dma_alloc. */
status_t device_dma_quiet(struct device *dev);
/* Contiguous, zeroed, aligned to a page (more than a page: to a power of two not below the size). ERR_NO_MEMORY, ERR_QUOTA (manifest.dma_bytes). */
status_t device_dma_alloc(struct device *dev, size_t size, struct dma *out);
/* The memory of a client, contiguous. The handle is consumed, also on an error. ERR_INVALID: not contiguous. */
status_t device_dma_pin(struct device *dev, handle_t vmo, struct dma *out);
/* The device does not reach it any more. */
void device_dma_free(struct device *dev, struct dma *dma);
/* Before the device reads what the driver wrote; after the device wrote, before the driver reads. Nothing to do where caches are coherent. */
void dma_to_device(const struct dma *dma, size_t offset, size_t size);
void dma_from_device(const struct dma *dma, size_t offset, size_t size);

/* ---- for class libraries: what clients are given ------------------------------------------------- */

/* For clients to signal, with duplicates of *out (which is the library's): `ring` is called. It is the same one for every instance. */
status_t device_doorbell(struct device *dev, void (*ring)(struct device *dev), handle_t *out, uint64_t *bits);

/* A handle to call this driver with, whose calls carry the badge. It stays good over instances. Bit 63 is set in badges of drivers, clear in
 * devmgr's. */
status_t device_mint(struct device *dev, uint64_t badge, handle_t *out);

/* What devmgr gave under that name, HANDLE_NONE if nothing */
handle_t device_handle(const struct device *dev, const char *name);

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
