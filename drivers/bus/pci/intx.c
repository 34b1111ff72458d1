/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt lines: each bridge turns the pins of what is behind it by their device number (PCI-to-PCI Bridge 1.2, 9.1). */
#include "drivers/bus/pci/bus.h"

void pci_intx(const struct pci_bus *bus, uint32_t index, uint16_t *address, uint8_t *pin)
{
	const struct pci_function *function = &bus->functions[index];

	*pin = function->pin;
	while (function->parent != PCI_ROOT) {
		if (*pin)
			*pin = (uint8_t)((*pin - 1u + PCI_ADDRESS_DEVICE(function->address)) % 4 + 1);
		function = &bus->functions[function->parent];
	}
	*address = function->address;
}
