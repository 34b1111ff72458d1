/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a function answers. */
#include "drivers/bus/pci/config.h"

#define RETRY_FIRST_NS 100000ull
#define RETRY_MOST_NS  20000000ull

enum pci_presence pci_presence(const struct pci_config *config, uint16_t address)
{
	uint16_t vendor = pci_read16(config, address, PCI_VENDOR);

	if (vendor == 0xffff || vendor == 0)
		return PCI_ABSENT;
	/* A root complex answers so for a function that asks to be tried again (PCI Express Base 4.0, 2.3.2). */
	return vendor == 1 ? PCI_NOT_READY : PCI_PRESENT;
}

enum pci_presence pci_presence_await(const struct pci_config *config, uint16_t address, uint64_t *budget_ns)
{
	enum pci_presence presence = pci_presence(config, address);

	for (uint64_t pause = RETRY_FIRST_NS; presence == PCI_NOT_READY && *budget_ns;) {
		if (pause > *budget_ns)
			pause = *budget_ns;
		config->wait(config->ctx, pause);
		*budget_ns -= pause;
		if (pause < RETRY_MOST_NS)
			pause *= 2;
		presence = pci_presence(config, address);
	}
	return presence;
}
