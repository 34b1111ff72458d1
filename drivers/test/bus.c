/* SPDX-License-Identifier: BSD-2-Clause */
/* A bus driver without a bus: reports devices that are not there, at addresses that nobody has, and tries to report what it may not. */
#include "sys/driver/bus.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "drivers/test/bus.h"
#include "protocols/rtc.h"
#include "sys/driver/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

static struct device *self;
static uint32_t *mode;
static uint64_t *ended;
static uint64_t result;
static uint8_t blob[DRIVER_PROPERTIES_MAX];

static size_t properties(const char *compatible, uint32_t value)
{
	memset(blob, 0, sizeof(blob));
	fdt_create(blob, sizeof(blob));
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_property_string(blob, "compatible", compatible);
	fdt_property_u32(blob, "test,value", value);
	fdt_end_node(blob);
	fdt_finish(blob);
	return fdt_totalsize(blob);
}

static struct driver_child child_make(const char *name, uint64_t base, uint64_t size)
{
	struct driver_child child = {.number = 0};

	snprintf(child.name, sizeof(child.name), "%s", name);
	child.number = (uint32_t)name[0]; /* the same in every instance */
	bus_child_reg(&child, 0, base, size);
	return child;
}

static status_t report(const char *name, uint64_t base, uint64_t size, const char *compatible, uint32_t value)
{
	struct driver_child child = child_make(name, base, size);
	uint32_t node;

	return device_child_add(self, &child, blob, properties(compatible, value), &node);
}

static status_t report_all(uint32_t which)
{
	status_t status = report("a@0", BUS_WINDOW, 0x1000, "test,child", which == BUS_CHANGED ? 2 : 1);

	if (status == OK && which != BUS_WITHOUT && which != BUS_MOVED)
		status = report("b@1", BUS_WINDOW + (which == BUS_CHANGED ? 0x3000 : 0x1000), 0x1000, "test,child", 1);
	if (status == OK && which == BUS_MOVED)
		status = report("d@1", BUS_WINDOW + 0x1000, 0x2000, "test,child", 1);
	if (status == OK)
		status = report("c@2", BUS_WINDOW + 0x8000, 0x10, "test,nobody", 1);
	return status;
}

static void expect(status_t got, status_t want, int line)
{
	if (got == want)
		return;
	result++;
	device_log(self, LOG_ERROR, "line %d: status %d, not %d", line, (int)got, (int)want);
}
#define EXPECT(got, want) expect((got), (want), __LINE__)

static status_t add_raw(const struct driver_child *child, const void *data, size_t size)
{
	uint32_t node;

	return device_child_add(self, child, data, size, &node);
}

static void forge_places(void)
{
	static const struct {
		uint64_t base, size;
		status_t want;
	} places[] = {
		{BUS_WINDOW - 0x1000, 0x1000, ERR_RANGE},
		{BUS_WINDOW - 0x1000, 0x2000, ERR_RANGE},
		{BUS_WINDOW + BUS_WINDOW_SIZE, 0x1000, ERR_RANGE},
		{BUS_WINDOW + BUS_WINDOW_SIZE - 0x1000, 0x1001, ERR_RANGE},
		{0x10000000, 0x1000, ERR_RANGE}, /* the serial line's */
		{0x80000000, 0x1000, ERR_RANGE}, /* RAM */
		{0, 1, ERR_RANGE},
		{0, UINT64_MAX, ERR_RANGE},
		{UINT64_MAX, 1, ERR_RANGE},
		{UINT64_MAX - 10, 100, ERR_RANGE},
		{BUS_WINDOW, UINT64_MAX, ERR_RANGE},
		{BUS_WINDOW + 0x10000, UINT64_MAX - 0x10000, ERR_RANGE},
		/* On a page of a@0, c@2 */
		{BUS_WINDOW, 0x1000, ERR_ACCESS},
		{BUS_WINDOW + 0xfff, 1, ERR_ACCESS},
		{BUS_WINDOW + 0x8800, 0x10, ERR_ACCESS},
		{BUS_WINDOW, BUS_WINDOW_SIZE, ERR_ACCESS},
	};
	struct driver_child child;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		EXPECT(report("forged@0", places[i].base, places[i].size, "test,child", 1), places[i].want);
	/* Two registers of one child in one place; a pin of a bus without an interrupt-map is listed, and not had */
	child = child_make("forged@1", BUS_WINDOW + 0x20000, 0x1000);
	bus_child_reg(&child, 5, BUS_WINDOW + 0x20000, 0x1000);
	EXPECT(add_raw(&child, blob, properties("test,child", 1)), ERR_RANGE);
}

static void forge_names(void)
{
	static const char *const names[] = {"", "/", "a/b", "a@0@1", "@1", "a b", "x\n", ".", "..", "\xff", "x@"};
	struct driver_child child;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		EXPECT(report(names[i], BUS_WINDOW + 0x30000, 0x1000, "test,child", 1), ERR_INVALID);
	EXPECT(report("a@0", BUS_WINDOW + 0x30000, 0x1000, "test,child", 1), ERR_EXISTS);
	child = child_make("long", BUS_WINDOW + 0x30000, 0x1000);
	memset(child.name, 'x', sizeof(child.name)); /* no end */
	EXPECT(add_raw(&child, blob, properties("test,child", 1)), ERR_INVALID);
}

static void forge_blobs(void)
{
	struct driver_child child = child_make("blob@0", BUS_WINDOW + 0x40000, 0x1000);
	size_t size = properties("test,child", 1);
	uint64_t x = 88172645463325252ull;

	EXPECT(add_raw(&child, blob, 0), ERR_INVALID);
	for (size_t n = 1; n < size; n += 3)
		EXPECT(add_raw(&child, blob, n), ERR_INVALID);
	/* Something below the root */
	memset(blob, 0, sizeof(blob));
	fdt_create(blob, sizeof(blob));
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_begin_node(blob, "below");
	fdt_end_node(blob);
	fdt_end_node(blob);
	fdt_finish(blob);
	EXPECT(add_raw(&child, blob, fdt_totalsize(blob)), ERR_INVALID);
	memset(blob, 0xff, sizeof(blob));
	EXPECT(add_raw(&child, blob, sizeof(blob)), ERR_INVALID);
	/* Any mistake anywhere: refused, or a child; never worse. Nobody drives these. */
	for (unsigned i = 0; i < 2000; i++) {
		size = properties("test,nobody", i);
		for (unsigned k = 0; k <= i % 4; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			blob[x % size] = (uint8_t)(x >> 32);
		}
		(void)add_raw(&child, blob, size);
	}
}

static void forge(void)
{
	result = 0;
	forge_places();
	forge_names();
	forge_blobs();
}

/* Some join; then no more do, and nothing breaks. */
static void many(void)
{
	unsigned added = 0;

	for (unsigned i = 0; i < 1000; i++) {
		char name[24];

		snprintf(name, sizeof(name), "z@%x", i);
		status_t status = report(name, BUS_WINDOW + 0x100000 + 0x1000 * i, 0x1000, "test,nobody", i);
		if (status == OK)
			added++;
		else
			EXPECT(status, ERR_NO_MEMORY);
	}
	result = added;
}

static status_t set(void *ctx, struct ipc_request *rq, uint64_t what)
{
	(void)ctx;
	if (what < BUS_MODES) {
		*mode = (uint32_t)what;
		return OK;
	}
	switch (what) {
	case BUS_DIE: __asm__ volatile("sw zero, 8(zero)"); return OK;
	case BUS_FORGE: forge(); return OK;
	case BUS_MANY: many(); return OK;
	case BUS_ENDED: result = *ended; return OK;
	case BUS_BADGE: result = rq->msg.badge; return OK;
	default: return ERR_UNSUPPORTED;
	}
}

static status_t get(void *ctx, struct ipc_request *rq, uint64_t *out)
{
	(void)ctx, (void)rq;
	*out = result;
	return OK;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	self = dev;
	mode = device_state(dev);
	ended = (uint64_t *)device_state(dev) + 1;
	return report_all(*mode);
}

static const struct rtc_ops ops = {
	.get = get,
	.set = set,
};

static void child_ended(struct device *dev, uint32_t number, bool last)
{
	if (number != 'a' && number != 'b' && number != 'd')
		device_fail(dev, "heard of a child that has no driver");
	*ended += last ? 1ull << 32 : 1;
	/* Nothing reaches memory here. */
	if (last)
		(void)device_child_quiet(dev, number);
}

const struct driver driver = {
	.bind = bind,
	.child_ended = child_ended,
	.protocol = &rtc_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "test_bus",
	.class = DRIVER_CLASS_BUS,
	.state_bytes = 4096,
	.matches = {DRIVER_COMPATIBLE("qemu,platform", 0)},
};
