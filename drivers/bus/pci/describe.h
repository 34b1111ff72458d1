/* SPDX-License-Identifier: BSD-2-Clause */
/* A function as a node of the device tree: its name and properties (PCI Bus Binding to IEEE 1275-1994, revision 2.1). */
#pragma once

#include "drivers/bus/pci/bus.h"

#define PCI_NAME_MAX       40   /* with the NUL */
#define PCI_PROPERTIES_MAX 4096 /* bytes of the tree */

/* "ethernet@2,0", "pci1af4,1044@1,0" */
void pci_name(const struct pci_function *function, char name[PCI_NAME_MAX]);

/* First cell of its address on the bus: number of the register in the low byte (0: configuration space) */
uint32_t pci_phys_high(uint16_t address, uint32_t reg);

/*
 * A flattened tree of one node, in `out`:
 *   compatible            "pciVVVV,DDDD.SSSS.ssss.RR" … "pciVVVV,DDDD", "pciclass,CCSSPP", "pciclass,CCSS"
 *   vendor-id, device-id, revision-id, class-code, subsystem-vendor-id, subsystem-id, interrupts (the pin)
 *   reg                   configuration space, then one entry for each base address that it has
 *   assigned-addresses    those that have an address, as the bus sees it
 *   capabilities, extended-capabilities    pairs of id and offset
 *   bus-range, ranges     of a bridge; ranges: windows of memory, one to one
 *   veridian,unassigned   strings: base addresses that got no address, and why
 * ERR_NO_MEMORY if it does not fit.
 */
status_t pci_describe(const struct pci_config *config, const struct pci_function *function, void *out, size_t size);
