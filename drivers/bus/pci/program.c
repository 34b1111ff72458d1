/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the assignment into the hardware, and compares. */
#include "drivers/bus/pci/bus.h"

static bool has_address(const struct pci_bar *bar)
{
	return bar->kind == PCI_BAR_MEM32 || bar->kind == PCI_BAR_MEM64;
}

bool pci_can_decode(const struct pci_function *function)
{
	if (function->kind == PCI_UNKNOWN || function->bars_bad)
		return false;
	for (uint32_t i = 0; i < pci_bar_count(function); i++) {
		if (has_address(&function->bars[i]) && !function->bars[i].base)
			return false;
	}
	return true;
}

void pci_bars_write(const struct pci_config *config, const struct pci_function *function)
{
	for (uint32_t i = 0; i < pci_bar_count(function); i++) {
		const struct pci_bar *bar = &function->bars[i];

		if (!has_address(bar))
			continue;
		pci_write32(config, function->address, PCI_BAR(i), (uint32_t)bar->base);
		if (bar->kind == PCI_BAR_MEM64)
			pci_write32(config, function->address, PCI_BAR(i + 1), (uint32_t)(bar->base >> 32));
	}
}

bool pci_bars_differ(const struct pci_config *config, const struct pci_function *function)
{
	for (uint32_t i = 0; i < pci_bar_count(function); i++) {
		const struct pci_bar *bar = &function->bars[i];

		if (!has_address(bar))
			continue;
		if ((pci_read32(config, function->address, PCI_BAR(i)) & ~0xfu) != (uint32_t)bar->base)
			return true;
		if (bar->kind == PCI_BAR_MEM64 &&
		    pci_read32(config, function->address, PCI_BAR(i + 1)) != (uint32_t)(bar->base >> 32))
			return true;
	}
	return false;
}

/* The registers of a bridge's buses and windows, as they are to be. A window whose base is above its limit is closed. */
struct bridge_registers {
	uint32_t buses; /* without the latency timer */
	uint32_t mem, pref;
	uint32_t pref_base_high, pref_limit_high;
};

static uint32_t window_register(uint64_t base, uint64_t size)
{
	uint64_t last = base + (size - 1);

	if (!size)
		return 0x0000fff0u;
	return (uint32_t)(base >> 16 & 0xfff0u) | (uint32_t)(last & 0xfff00000u);
}

static struct bridge_registers bridge_registers(const struct pci_function *bridge)
{
	const uint64_t *base = bridge->window_base, *size = bridge->window_size;
	struct bridge_registers r = {
		.buses = PCI_ADDRESS_BUS(bridge->address) | (uint32_t)bridge->secondary << 8 |
			 (uint32_t)bridge->subordinate << 16,
		.mem = window_register(base[PCI_ROOM_MEM], size[PCI_ROOM_MEM]),
		.pref = window_register(base[PCI_ROOM_PREF], size[PCI_ROOM_PREF]),
	};

	if (size[PCI_ROOM_PREF]) {
		r.pref_base_high = (uint32_t)(base[PCI_ROOM_PREF] >> 32);
		r.pref_limit_high = (uint32_t)((base[PCI_ROOM_PREF] + (size[PCI_ROOM_PREF] - 1)) >> 32);
	}
	return r;
}

void pci_bridge_write(const struct pci_config *config, const struct pci_function *bridge)
{
	struct bridge_registers r = bridge_registers(bridge);
	uint16_t address = bridge->address;

	pci_write8(config, address, PCI_BRIDGE_PRIMARY, (uint8_t)r.buses);
	pci_write8(config, address, PCI_BRIDGE_SECONDARY, (uint8_t)(r.buses >> 8));
	pci_write8(config, address, PCI_BRIDGE_SUBORDINATE, (uint8_t)(r.buses >> 16));
	pci_write16(config, address, PCI_BRIDGE_IO, 0x00f0); /* closed */
	pci_write32(config, address, PCI_BRIDGE_MEM_BASE, r.mem);
	/* Closed while its halves do not belong together */
	pci_write32(config, address, PCI_BRIDGE_PREF_LIMIT_HIGH, 0);
	pci_write32(config, address, PCI_BRIDGE_PREF_BASE, 0x0000fff0u);
	pci_write32(config, address, PCI_BRIDGE_PREF_BASE_HIGH, r.pref_base_high);
	pci_write32(config, address, PCI_BRIDGE_PREF_LIMIT_HIGH, r.pref_limit_high);
	pci_write32(config, address, PCI_BRIDGE_PREF_BASE, r.pref);
}

bool pci_bridge_differs(const struct pci_config *config, const struct pci_function *bridge)
{
	struct bridge_registers r = bridge_registers(bridge);
	uint16_t address = bridge->address;

	if ((pci_read32(config, address, PCI_BRIDGE_PRIMARY) & 0x00ffffffu) != r.buses ||
	    (pci_read32(config, address, PCI_BRIDGE_MEM_BASE) & 0xfff0fff0u) != r.mem)
		return true;
	return bridge->pref && ((pci_read32(config, address, PCI_BRIDGE_PREF_BASE) & 0xfff0fff0u) != r.pref ||
				pci_read32(config, address, PCI_BRIDGE_PREF_BASE_HIGH) != r.pref_base_high ||
				pci_read32(config, address, PCI_BRIDGE_PREF_LIMIT_HIGH) != r.pref_limit_high);
}

uint16_t pci_command_of(const struct pci_function *f)
{
	uint16_t command = PCI_COMMAND_INTX_OFF;

	if (pci_can_decode(f))
		command |= PCI_COMMAND_MEMORY;
	/* A bridge forwards what its windows say, and what the functions behind it send. */
	if (f->kind == PCI_BRIDGE)
		command |= PCI_COMMAND_MASTER;
	return command;
}

void pci_program(const struct pci_bus *bus)
{
	for (uint32_t i = 0; i < bus->count; i++) {
		const struct pci_function *f = &bus->functions[i];

		pci_bars_write(bus->config, f);
		if (f->kind == PCI_BRIDGE)
			pci_bridge_write(bus->config, f);
	}
	for (uint32_t i = 0; i < bus->count; i++)
		pci_write16(bus->config, bus->functions[i].address, PCI_COMMAND, pci_command_of(&bus->functions[i]));
}
