/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assignment in memory that outlives the bus driver's instances. A new instance that finds a good one puts
 * back what differs in the hardware (an instance may have died in the middle of a function's reset) and touches nothing else: the functions'
 * drivers go on. The memory may hold anything, as the last instance may have run wild.
 */
#pragma once

#include "drivers/bus/pci/bus.h"

struct pci_record {
	uint32_t magic; /* 0 while an assignment is being made */
	uint32_t count;
	uint64_t sum;
	uint64_t quiet_until; /* of the clock: a function is in its reset until then. Not part of the sum */
	struct pci_function functions[PCI_FUNCTIONS_MAX];
};

/* The functions in it are being changed. */
void pci_record_open(struct pci_record *record);
void pci_record_close(struct pci_record *record, const struct pci_bus *bus);

/* Does it hold an assignment that is possible with this host? Then bus has its functions. */
bool pci_record_load(struct pci_record *record, struct pci_bus *bus);

/* Puts back what differs. Returns how many functions are gone: bus->gone says which. */
uint32_t pci_record_restore(struct pci_bus *bus, uint32_t *repaired);
