/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks the lists of capabilities, however they are linked. */
#include "drivers/bus/pci/capability.h"

#include <string.h>

#define EXTENDED_FIRST 0x100u

static bool add(struct pci_caps *caps, uint32_t id, uint32_t offset)
{
	for (uint32_t i = 0; i < caps->count; i++) {
		if (caps->list[i].offset == offset)
			return false;
	}
	if (caps->count == PCI_CAPS_MAX)
		return false;
	caps->list[caps->count++] = (struct pci_cap){id, offset};
	return true;
}

static void walk(const struct pci_config *config, uint16_t address, struct pci_caps *caps)
{
	uint32_t offset = pci_read8(config, address, PCI_CAPABILITIES) & 0xfcu;

	while (offset) {
		uint16_t head = offset < 0x40 ? 0xffff : pci_read16(config, address, offset);

		if (head == 0xffff || !add(caps, head & 0xffu, offset)) {
			caps->malformed = true;
			return;
		}
		offset = head >> 8 & 0xfcu;
	}
}

static void walk_extended(const struct pci_config *config, uint16_t address, struct pci_caps *caps)
{
	uint32_t offset = EXTENDED_FIRST;

	while (offset) {
		uint32_t head = pci_read32(config, address, offset);

		if ((!head || head == 0xffffffffu) && offset == EXTENDED_FIRST)
			return; /* none */
		if (head == 0xffffffffu || !add(caps, PCI_CAP_EXTENDED | (head & 0xffffu), offset)) {
			caps->malformed = true;
			return;
		}
		offset = head >> 20 & 0xffcu;
		if (offset && offset < EXTENDED_FIRST) {
			caps->malformed = true;
			return;
		}
	}
}

void pci_caps_read(const struct pci_config *config, uint16_t address, struct pci_caps *out)
{
	uint16_t status = pci_read16(config, address, PCI_STATUS);

	memset(out, 0, sizeof(*out));
	if (status == 0xffff || !(status & PCI_STATUS_CAPS))
		return;
	walk(config, address, out);
	/* Only PCI Express has the larger space; what a conventional function answers there is another's or an echo. */
	if (pci_caps_find(out, PCI_CAP_PCIE, 0))
		walk_extended(config, address, out);
}

uint32_t pci_caps_find(const struct pci_caps *caps, uint32_t id, uint32_t after)
{
	bool behind = !after;

	for (uint32_t i = 0; i < caps->count; i++) {
		if (behind && caps->list[i].id == id)
			return caps->list[i].offset;
		behind |= caps->list[i].offset == after;
	}
	return 0;
}

uint32_t pci_capability_of(const struct pci_config *config, uint16_t address, uint32_t id)
{
	struct pci_caps caps;

	pci_caps_read(config, address, &caps);
	return pci_caps_find(&caps, id, 0);
}
