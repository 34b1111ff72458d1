/* SPDX-License-Identifier: BSD-2-Clause */
/* How much address space each base address asks for (PCI Local Bus 3.0, 6.2.5.1). */
#include "drivers/bus/pci/bus.h"

uint32_t pci_bar_count(const struct pci_function *function)
{
	switch (function->kind) {
	case PCI_FUNCTION: return PCI_BARS;
	case PCI_BRIDGE: return PCI_BRIDGE_BARS;
	default: return 0;
	}
}

struct probe {
	uint32_t ones;  /* what it reads after all ones were written */
	uint32_t zeros; /* after zeros */
};

static struct probe probe(const struct pci_config *config, uint16_t address, uint32_t offset)
{
	struct probe p;

	pci_write32(config, address, offset, 0xffffffffu);
	p.ones = pci_read32(config, address, offset);
	pci_write32(config, address, offset, 0);
	p.zeros = pci_read32(config, address, offset);
	return p;
}

/* Bits that can be changed have to be all above the lowest one: then that is the size; else 0. */
static uint64_t mask_size(uint64_t mask)
{
	uint64_t size = mask & (0 - mask);

	return mask + size == 0 ? size : 0;
}

static void size_ports(struct probe p, struct pci_bar *bar)
{
	uint32_t mask = p.ones & ~3u;

	/* The upper half may be missing: ports have 16 bits on some machines. */
	if (mask <= 0xffff)
		mask |= 0xffff0000u;
	bar->size = mask_size(0xffffffff00000000ull | mask);
	bar->kind = bar->size && !(p.zeros & ~3u) ? PCI_BAR_PORTS : PCI_BAR_MALFORMED;
}

/* Returns the number of registers that it takes. */
static uint32_t size_memory(const struct pci_config *config, const struct pci_function *function, uint32_t index,
			    struct probe p, struct pci_bar *bar)
{
	uint64_t mask = 0xffffffff00000000ull | (p.ones & ~0xfu), zeros = p.zeros & ~0xfu;
	uint32_t registers = 1;
	uint8_t kind = PCI_BAR_MEM32;

	if ((p.ones & PCI_BAR_TYPE) == PCI_BAR_TYPE_64) {
		if (index + 1 >= pci_bar_count(function)) {
			bar->kind = PCI_BAR_MALFORMED;
			return 1;
		}
		struct probe high = probe(config, function->address, PCI_BAR(index + 1));
		mask = (uint64_t)high.ones << 32 | (p.ones & ~0xfu);
		zeros |= (uint64_t)high.zeros << 32;
		registers = 2;
		kind = PCI_BAR_MEM64;
	} else if ((p.ones & PCI_BAR_TYPE) != PCI_BAR_TYPE_32) {
		kind = PCI_BAR_MALFORMED; /* below 1 MiB, or reserved */
	}
	bar->size = mask_size(mask);
	bar->prefetch = (p.ones & PCI_BAR_PREFETCH) != 0;
	bar->kind = bar->size && !zeros && (p.ones & 0xf) == (p.zeros & 0xf) ? kind : PCI_BAR_MALFORMED;
	return registers;
}

static uint32_t size_one(const struct pci_config *config, struct pci_function *function, uint32_t index)
{
	struct pci_bar *bar = &function->bars[index];
	struct probe p = probe(config, function->address, PCI_BAR(index));

	/* Type bits alone are a register without an address: of 32 bits it is not there. */
	if (!p.ones || (!(p.ones & PCI_BAR_IO) && !(p.ones & ~0xfu) && (p.ones & PCI_BAR_TYPE) != PCI_BAR_TYPE_64))
		return 1;
	if (!(p.ones & PCI_BAR_IO))
		return size_memory(config, function, index, p, bar);
	size_ports(p, bar);
	return 1;
}

void pci_bars_size(const struct pci_config *config, struct pci_function *function)
{
	uint32_t count = pci_bar_count(function);

	for (uint32_t i = 0; i < PCI_BARS; i++)
		function->bars[i] = (struct pci_bar){.room = PCI_ROOM_NONE};
	for (uint32_t i = 0; i < count;)
		i += size_one(config, function, i);
	for (uint32_t i = 0; i < count; i++) {
		if (function->bars[i].kind == PCI_BAR_MALFORMED) {
			function->bars[i].size = 0;
			function->bars_bad++;
		}
	}
}
