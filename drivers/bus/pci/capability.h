/* SPDX-License-Identifier: BSD-2-Clause */
/* The lists of capabilities of a function (PCI Local Bus 3.0, 6.7; PCI Express Base 4.0, 7.6.3). A list that loops or leaves its space ends there. */
#pragma once

#include "drivers/bus/pci/config.h"

#define PCI_CAPS_MAX     64u
/* In ids: an extended capability */
#define PCI_CAP_EXTENDED 0x10000u

struct pci_cap {
	uint32_t id;
	uint32_t offset;
};

struct pci_caps {
	uint32_t count;
	bool malformed; /* it was cut short */
	struct pci_cap list[PCI_CAPS_MAX];
};

void pci_caps_read(const struct pci_config *config, uint16_t address, struct pci_caps *out);
/* Offset of the first with this id behind the one at `after` (0: from the start); 0 without */
uint32_t pci_caps_find(const struct pci_caps *caps, uint32_t id, uint32_t after);
/* The same without the whole list */
uint32_t pci_capability_of(const struct pci_config *config, uint16_t address, uint32_t id);
