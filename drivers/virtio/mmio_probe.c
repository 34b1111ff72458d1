/* SPDX-License-Identifier: BSD-2-Clause */
/* Probe of a virtio slot in the device tree (Virtual I/O Device 1.2, section 4.2): the tree does not say what is in it, a register
 * does. The driver of what is found gets the slot. */
#include <stdio.h>

#include "sys/driver/driver.h"

enum {
	REG_MAGIC = 0x000,
	REG_VERSION = 0x004,
	REG_DEVICE_ID = 0x008,
};
#define MAGIC          0x74726976u /* "virt" */
#define VERSION_LEGACY 1u
#define VERSION        2u

static status_t bind(struct device *dev, enum driver_start start)
{
	char compatible[32];
	struct regs regs;
	status_t status = device_regs(dev, 0, &regs);

	(void)start;
	if (status != OK)
		return status;
	if (!regs_hold(&regs, REG_DEVICE_ID)) {
		device_fail(dev, "its registers are too few for a virtio slot");
		return ERR_UNSUPPORTED;
	}
	uint32_t magic = reg_read32(&regs, REG_MAGIC), version = reg_read32(&regs, REG_VERSION);
	if (magic != MAGIC) {
		device_fail(dev, "no virtio slot: bad magic number");
		return ERR_UNSUPPORTED;
	}
	uint32_t id = reg_read32(&regs, REG_DEVICE_ID);
	if (!id) /* an empty slot says so in every version */
		return ERR_NOT_FOUND;
	if (version == VERSION_LEGACY) {
		device_fail(dev, "legacy virtio (version 1); QEMU: virtio-mmio.force-legacy=false");
		return ERR_UNSUPPORTED;
	}
	if (version != VERSION) {
		device_fail(dev, "unknown version of virtio");
		return ERR_UNSUPPORTED;
	}
	snprintf(compatible, sizeof(compatible), "virtio,device%u", (unsigned)id);
	return device_rematch(dev, compatible);
}

const struct driver driver = {
	.bind = bind,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "virtio_mmio",
	.class = DRIVER_CLASS_NONE,
	.matches = {DRIVER_COMPATIBLE("virtio,mmio", 0)},
};
