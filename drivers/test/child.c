/* SPDX-License-Identifier: BSD-2-Clause */
/* Driver of a device on the test bus: looks at what it was given, and hands all calls on to the bus. */
#include "drivers/test/bus.h"
#include "protocols/rtc.h"
#include "sys/driver/driver.h"
#include "sys/driver/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define PATIENCE_NS 20000000000ull /* the bus's driver may be dead for a while */

static handle_t config;
static struct device *self;

static uint64_t deadline(void)
{
	uint64_t now = 0;

	(void)clock_get(&now);
	return now + PATIENCE_NS;
}

static status_t set(void *ctx, struct ipc_request *rq, uint64_t what)
{
	static const uint32_t never;

	(void)ctx, (void)rq;
	if (what == CHILD_SPIN)
		for (;;)
			__asm__ volatile("");
	if (what == CHILD_DMA)
		return device_dma_alloc(self, CHILD_DMA_BYTES, &(struct dma){0});
	if (what == CHILD_EXIT)
		process_exit(1);
	if (what == CHILD_WAIT)
		return futex_wait(&never, 0, DEADLINE_NEVER);
	return rtc_set_until(config, deadline(), what);
}

static status_t get(void *ctx, struct ipc_request *rq, uint64_t *out)
{
	(void)ctx, (void)rq;
	return rtc_get_until(config, deadline(), out);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	struct vmo_info info;
	uint32_t value = device_u32(dev, "test,value", 0);

	(void)start;
	self = dev;
	config = device_config(dev);
	if (config == HANDLE_NONE || value < 1 || value > 2)
		return ERR_STATE;
	/* Its register, and nobody else's */
	if (vmo_info(startup_handle(DRIVER_HND_REG "0"), &info) != OK || info.size < 0x1000 ||
	    startup_handle(DRIVER_HND_REG "1") != HANDLE_NONE)
		return ERR_STATE;
	/* A device on a bus is got going through its bus. */
	uint64_t ignored;
	return rtc_get_until(config, deadline(), &ignored);
}

static const struct rtc_ops ops = {
	.get = get,
	.set = set,
};

const struct driver driver = {
	.bind = bind,
	.protocol = &rtc_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD, .name = "test_child",         .class = DRIVER_CLASS_OTHER,
	.heartbeat_ms = 1000, .dma_bytes = CHILD_DMA_BYTES, .matches = {DRIVER_COMPATIBLE("test,child", 0)},
};
