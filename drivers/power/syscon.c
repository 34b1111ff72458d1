/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power off and restart by a write into a system controller: the nodes syscon-poweroff and syscon-reboot
 * name the controller (`regmap`), the register (`offset`) and what to write (`value`, `mask`).
 *
 * devmgr grants the pages of the controller, shared with other drivers that name it: it has no way to grant
 * less than a page.
 */
#include "protocols/power.h"
#include "sys/driver/driver.h"

#define WAIT_NS 100000000ull /* for the machine to go away */

static struct regs regs;
static uint32_t ability, offset, value, mask;

static status_t trigger(uint32_t wanted)
{
	if (ability != wanted)
		return ERR_UNSUPPORTED;
	uint32_t kept = mask == UINT32_MAX ? 0 : reg_read32(&regs, offset) & ~mask;
	reg_write32(&regs, offset, kept | (value & mask));
	device_delay(WAIT_NS);
	return ERR_IO;
}

static status_t abilities(void *ctx, struct ipc_request *rq, uint32_t *out)
{
	(void)ctx, (void)rq;
	*out = ability;
	return OK;
}

static status_t off(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return trigger(POWER_ABILITY_OFF);
}

static status_t reboot(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return trigger(POWER_ABILITY_REBOOT);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	status_t status = device_regmap(dev, &regs);
	if (status != OK)
		return status;
	ability = (uint32_t)device_match(dev);
	offset = device_u32(dev, "offset", 0);
	/* Without a value the mask is written; without a mask the whole register is. */
	mask = device_u32(dev, "mask", UINT32_MAX);
	value = device_u32(dev, "value", mask);
	if (!device_flag(dev, "value") && !device_flag(dev, "mask"))
		return ERR_BAD_FORMAT;
	if (offset % 4 || regs.size < 4 || offset > regs.size - 4)
		return ERR_RANGE;
	return OK;
}

static const struct power_ops ops = {
	.abilities = abilities,
	.off = off,
	.reboot = reboot,
};

const struct driver driver = {
	.bind = bind,
	.protocol = &power_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "syscon_power",
	.class = DRIVER_CLASS_POWER,
	.matches =
		{
			DRIVER_COMPATIBLE("syscon-poweroff", POWER_ABILITY_OFF),
			DRIVER_COMPATIBLE("syscon-reboot", POWER_ABILITY_REBOOT),
		},
};
