/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver of PCI functions does when its clock is "set" to one of these. rtc.get tells the result: how many things were not as they must be;
 * of PCI_DO_COUNT, how many interrupts came. */
#pragma once

#define PCI_HOLD_BYTES 8192u

enum {
	PCI_DO_RULES = 1,     /* reads and writes of the configuration space: what is refused, what is kept */
	PCI_DO_REGISTERS = 2, /* its registers answer */
	PCI_DO_RAISE = 3,     /* makes the device interrupt */
	PCI_DO_COUNT = 4,
	PCI_DO_RESET = 5, /* function level reset, and the registers answer again */
	PCI_DO_DMA = 6,   /* to and from memory with bus mastering, and not without */
	PCI_DO_HOLD = 7,  /* takes memory for the device, and lets it master the bus from now on */
	PCI_DO_DIE = 8,   /* faults */
};
