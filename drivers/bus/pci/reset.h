/* SPDX-License-Identifier: BSD-2-Clause */
/* Resets of single functions, in steps, as they take their time: others are served meanwhile. */
#pragma once

#include "drivers/bus/pci/bus.h"

enum pci_reset_way { PCI_RESET_NONE, PCI_RESET_PCIE, PCI_RESET_AF, PCI_RESET_POWER };

struct pci_reset {
	const struct pci_function *function; /* NULL: nothing under way */
	enum pci_reset_way way;
	uint8_t phase;
	uint32_t offset;     /* of the capability that does it */
	uint64_t deadline;   /* of the present phase */
	uint64_t next;       /* when pci_reset_step is to be called */
	uint32_t cache_line; /* the rest: what is put back */
	uint16_t command, devctl;
	uint32_t devctl_offset; /* 0: it has none */
	uint8_t interrupt_line;
};

/* Bus mastering is off from here on. ERR_UNSUPPORTED: the function has no way to be reset; then only that has been done. */
status_t pci_reset_begin(const struct pci_config *config, const struct pci_function *function, uint64_t now,
			 struct pci_reset *reset);

/* ERR_WOULD_BLOCK: again at reset->next. OK, ERR_TIMED_OUT (it never answered again): over. */
status_t pci_reset_step(const struct pci_config *config, uint64_t now, struct pci_reset *reset);
