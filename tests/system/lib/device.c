/* SPDX-License-Identifier: BSD-2-Clause */
/* Device tree look-up by compatible string, and the goldfish RTC as a source of interrupts on demand. */

#include "tests/system/lib/device.h"

#include <string.h>

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4 };

static uint32_t be32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t be64(const void *p)
{
	return (uint64_t)be32(p) << 32 | be32((const uint8_t *)p + 4);
}

static bool list_has(const char *list, uint32_t length, const char *want)
{
	for (const char *s = list; s < list + length; s += strlen(s) + 1) {
		if (text_equal(s, want))
			return true;
	}
	return false;
}

/* The properties of one node come before its children, so what was seen since the last node token is the node's. */
static bool walk(const uint8_t *fdt, const char *compatible, struct device *out)
{
	const uint8_t *p = fdt + be32(fdt + 8);
	const char *names = (const char *)fdt + be32(fdt + 12);
	bool match = false, has_reg = false;

	for (;;) {
		uint32_t token = be32(p), length;
		const char *name;

		p += 4;
		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP) {
			if (match && has_reg)
				return true;
			match = has_reg = false;
			*out = (struct device){0};
			if (token == FDT_BEGIN_NODE)
				p += (strlen((const char *)p) + 4) & ~3ul;
			else if (token != FDT_END_NODE)
				return false;
			continue;
		}
		length = be32(p);
		name = names + be32(p + 4);
		p += 8;
		if (text_equal(name, "compatible")) {
			match = list_has((const char *)p, length, compatible);
		} else if (text_equal(name, "reg") && length >= 16) {
			out->base = be64(p);
			out->size = be64(p + 8);
			has_reg = true;
		} else if (text_equal(name, "interrupts") && length >= 4) {
			out->irq = be32(p);
		}
		p += (length + 3) & ~3u;
	}
}

bool device_find(const char *compatible, struct device *out)
{
	handle_t fdt = test_handle(HND_FDT);
	struct vmo_info info = {0};
	void *at = NULL;
	bool found;

	if (!CHECK_OK(vmo_info(fdt, &info)) || !CHECK_OK(vmo_map(HANDLE_NONE, fdt, 0, NULL, info.size, MAP_READ, &at)))
		return false;
	found = be32(at) == 0xd00dfeed && walk(at, compatible, out);
	CHECK_OK(vmo_unmap(HANDLE_NONE, at, info.size));
	return found;
}

enum { ALARM_LOW = 2, ALARM_HIGH = 3, IRQ_ENABLED = 4, ALARM_CLEAR = 5, INTERRUPT_CLEAR = 7 };

bool rtc_open(struct rtc *rtc)
{
	struct device device;
	handle_t mmio = HANDLE_NONE, source = HANDLE_NONE;
	void *at = NULL;

	*rtc = (struct rtc){0};
	if (!device_find("google,goldfish-rtc", &device)) {
		test_skip("no goldfish-rtc on this machine");
		return false;
	}
	if (!CHECK_OK(resource_create(test_handle(HND_RES_MMIO), device.base, device.size, &mmio)) ||
	    !CHECK_OK(resource_create(test_handle(HND_RES_IRQ), device.irq, 1, &source)))
		return false;
	CHECK_OK(vmo_create_device(mmio, device.base, PAGE_SIZE, &rtc->vmo));
	CHECK_OK(irq_create(source, device.irq, IRQ_LEVEL, &rtc->irq));
	CHECK_OK(handle_close(mmio));
	CHECK_OK(handle_close(source));
	if (!CHECK_OK(vmo_map(HANDLE_NONE, rtc->vmo, 0, NULL, PAGE_SIZE, MAP_READ | MAP_WRITE, &at)))
		return false;
	rtc->regs = at;
	rtc_clear(rtc);
	return true;
}

void rtc_raise(struct rtc *rtc)
{
	rtc->regs[IRQ_ENABLED] = 1;
	rtc->regs[ALARM_HIGH] = 0;
	rtc->regs[ALARM_LOW] = 1;
}

void rtc_clear(struct rtc *rtc)
{
	rtc->regs[IRQ_ENABLED] = 0;
	rtc->regs[ALARM_CLEAR] = 0;
	rtc->regs[INTERRUPT_CLEAR] = 0;
}

void rtc_close(struct rtc *rtc)
{
	rtc_clear(rtc);
	CHECK_OK(vmo_unmap(HANDLE_NONE, (void *)(uintptr_t)rtc->regs, PAGE_SIZE));
	CHECK_OK(handle_close(rtc->irq));
	CHECK_OK(handle_close(rtc->vmo));
}
