/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For drivers of PCI functions: their configuration space, which the bus driver serves (pci.idl says what a driver may change). Registers are
 * device_regs(dev, N): base address register N, with its number as in the specification; interrupt 0 is the function's line.
 *
 *   status_t bind(struct device *dev, enum driver_start start)
 *   {
 *           status_t status = device_regs(dev, 0, &regs);
 *           if (status == OK)
 *                   status = pci_config_master(dev, false);     the last instance's DMA ends here
 *           ... the device's own reset, device_dma_quiet, device_dma_alloc ...
 *           if (status == OK)
 *                   status = pci_config_master(dev, true);
 */
#pragma once

#include "sys/driver/driver.h"

/* Is the device a PCI function? */
bool pci_config_present(const struct device *dev);

/* Width 1, 2 or 4; all ones if nothing answers, or the bus driver does not */
uint32_t pci_config_read(struct device *dev, uint32_t offset, unsigned width);
status_t pci_config_write(struct device *dev, uint32_t offset, unsigned width, uint32_t value);

/* The next capability with this id behind *offset, which starts with 0. false: there is none (any more).
 * Extended ones: PCI_EXTENDED | id. */
bool pci_config_capability(struct device *dev, uint32_t id, uint32_t *offset);

/* Bus mastering: whether the function reaches memory */
status_t pci_config_master(struct device *dev, bool on);
/* Whether it asserts its interrupt line. The library switches it on after bind, when interrupts are taken. */
status_t pci_config_intx(struct device *dev, bool on);
/* Function level reset, or ERR_UNSUPPORTED. Takes a tenth of a second; bus mastering is off then. */
status_t pci_config_reset(struct device *dev);
