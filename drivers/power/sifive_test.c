/* SPDX-License-Identifier: BSD-2-Clause */
/* SiFive's test finisher: one register that ends a virtual machine or resets it. */
#include "protocols/power.h"
#include "sys/driver/driver.h"

enum {
	FINISHER = 0,
	FINISHER_PASS = 0x5555,  /* power off, exit status 0 */
	FINISHER_RESET = 0x7777, /* of test1 only */
};
enum { CAN_REBOOT = 1 };

/* Time for the machine to go away before the caller hears that it did not */
#define WAIT_NS 100000000ull

static struct regs regs;
static bool can_reboot;

static status_t finish(uint32_t how)
{
	reg_write32(&regs, FINISHER, how);
	device_delay(WAIT_NS);
	return ERR_IO;
}

static status_t abilities(void *ctx, struct ipc_request *rq, uint32_t *out)
{
	(void)ctx, (void)rq;
	*out = POWER_ABILITY_OFF | (can_reboot ? POWER_ABILITY_REBOOT : 0);
	return OK;
}

static status_t off(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return finish(FINISHER_PASS);
}

static status_t reboot(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return can_reboot ? finish(FINISHER_RESET) : ERR_UNSUPPORTED;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	status_t status = device_regs(dev, 0, &regs);
	if (status != OK)
		return status;
	can_reboot = device_match(dev) == CAN_REBOOT;
	return regs_hold(&regs, 0) ? OK : ERR_BAD_FORMAT;
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
	.name = "sifive_test",
	.class = DRIVER_CLASS_POWER,
	.matches =
		{
			DRIVER_COMPATIBLE("sifive,test1", CAN_REBOOT),
			DRIVER_COMPATIBLE("sifive,test0", 0),
		},
};
