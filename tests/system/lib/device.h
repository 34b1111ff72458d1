/* SPDX-License-Identifier: BSD-2-Clause */
/* A device that tests and benchmarks may drive: found in the device tree by its compatible string. */
#pragma once

#include "tests/system/lib/test.h"

struct device {
	uint64_t base, size; /* first range of reg */
	uint32_t irq;        /* first cell of interrupts */
};

/* Walks the tree of HND_FDT; false if no node has the string. Understands 2+2 cells of reg only, which is what virt has. */
bool device_find(const char *compatible, struct device *out);

/* Goldfish RTC: raises its interrupt at once when the alarm is set into the past. */
struct rtc {
	volatile uint32_t *regs;
	handle_t irq;
	handle_t vmo;
};
bool rtc_open(struct rtc *rtc); /* false, and the case skipped, on a machine without one */
void rtc_close(struct rtc *rtc);
void rtc_raise(struct rtc *rtc);
void rtc_clear(struct rtc *rtc);
