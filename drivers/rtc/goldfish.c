/* SPDX-License-Identifier: BSD-2-Clause */
/* The Goldfish real-time clock of virtual machines: nanoseconds since 1970 as two registers. */
#include "protocols/rtc.h"
#include "sys/driver/driver.h"

enum {
	TIME_LOW = 0x00, /* a read latches TIME_HIGH; a write takes effect with the TIME_HIGH written before */
	TIME_HIGH = 0x04,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	REGISTERS_END = 0x20,
};

static struct regs regs;

static status_t time_get(void *ctx, struct ipc_request *rq, uint64_t *time_ns)
{
	(void)ctx, (void)rq;
	uint64_t low = reg_read32(&regs, TIME_LOW);
	*time_ns = (uint64_t)reg_read32(&regs, TIME_HIGH) << 32 | low;
	return OK;
}

static status_t time_set(void *ctx, struct ipc_request *rq, uint64_t time_ns)
{
	(void)ctx, (void)rq;
	reg_write32(&regs, TIME_HIGH, (uint32_t)(time_ns >> 32));
	reg_write32(&regs, TIME_LOW, (uint32_t)time_ns);
	return OK;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	status_t status = device_regs(dev, 0, &regs);
	if (status != OK)
		return status;
	if (regs.size < REGISTERS_END)
		return ERR_BAD_FORMAT;
	/* Alarms are not offered: none may stay armed from before. */
	reg_write32(&regs, IRQ_ENABLED, 0);
	reg_write32(&regs, CLEAR_ALARM, 1);
	return OK;
}

static const struct rtc_ops ops = {
	.get = time_get,
	.set = time_set,
};

const struct driver driver = {
	.bind = bind,
	.protocol = &rtc_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "goldfish_rtc",
	.class = DRIVER_CLASS_RTC,
	.matches =
		{
			DRIVER_COMPATIBLE("google,goldfish-rtc", 0),
		},
};
