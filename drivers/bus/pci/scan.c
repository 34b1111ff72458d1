/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds every function behind the host bridge, depth first, and numbers the buses on the way. */
#include <string.h>

#include "drivers/bus/pci/bus.h"
#include "drivers/bus/pci/capability.h"

/* Waiting for functions that are not ready: together, so that many of them do not keep everybody waiting. */
#define READY_BUDGET_NS 1000000000ull
/* From D3hot to D0 (PCI Power Management 1.2, table 5-6) */
#define POWER_UP_NS     10000000ull

struct level {
	uint16_t bridge; /* PCI_ROOT */
	uint8_t bus;
	bool only_first;
	uint8_t function; /* the next to look at: device << 3 | function */
	bool end;
};

struct scan {
	struct pci_bus *bus;
	struct level levels[256]; /* one for each bus that is being looked at */
	uint32_t depth;
	uint8_t last_bus; /* highest number given out */
	uint64_t ready_budget_ns;
};

static void leave_out(struct pci_bus *bus, uint16_t address, bool full)
{
	if (!bus->left_out++) {
		bus->left_address = address;
		bus->full = full;
	}
}

static void power_up(const struct pci_config *config, uint16_t address, const struct pci_caps *caps)
{
	uint32_t offset = pci_caps_find(caps, PCI_CAP_POWER, 0);

	if (!offset)
		return;
	uint16_t status = pci_read16(config, address, offset + PCI_POWER_STATUS);
	if (!(status & PCI_POWER_STATE))
		return;
	pci_write16(config, address, offset + PCI_POWER_STATUS, (uint16_t)(status & ~PCI_POWER_STATE));
	config->wait(config->ctx, POWER_UP_NS);
}

static void read_bridge(const struct pci_config *config, struct pci_function *f, const struct pci_caps *caps)
{
	uint32_t pcie = pci_caps_find(caps, PCI_CAP_PCIE, 0);
	uint32_t type = pcie ? PCI_PCIE_TYPE(pci_read16(config, f->address, pcie + PCI_PCIE_FLAGS)) : 0;

	f->only_first = type == PCI_PCIE_ROOT_PORT || type == PCI_PCIE_DOWNSTREAM;
	/* A window that is not there reads as 0; the low bits tell the width (PCI-to-PCI Bridge 1.2, 3.2.5.9). */
	pci_write16(config, f->address, PCI_BRIDGE_PREF_BASE, 0xfff0);
	uint16_t base = pci_read16(config, f->address, PCI_BRIDGE_PREF_BASE);
	f->pref = (base & 0xfff0) == 0xfff0 && (base & 0xf) == PCI_BRIDGE_PREF_64;
}

static void read_function(const struct pci_config *config, struct pci_function *f)
{
	uint8_t header = pci_read8(config, f->address, PCI_HEADER) & PCI_HEADER_TYPE;
	struct pci_caps caps;

	f->kind = header == PCI_HEADER_FUNCTION ? PCI_FUNCTION : header == PCI_HEADER_BRIDGE ? PCI_BRIDGE : PCI_UNKNOWN;
	f->vendor = pci_read16(config, f->address, PCI_VENDOR);
	f->device = pci_read16(config, f->address, PCI_DEVICE);
	uint32_t class = pci_read32(config, f->address, PCI_REVISION);
	f->revision = (uint8_t) class;
	f->class = class >> 8;
	pci_write16(config, f->address, PCI_COMMAND, PCI_COMMAND_INTX_OFF);
	if (f->kind == PCI_UNKNOWN)
		return;
	pci_caps_read(config, f->address, &caps);
	power_up(config, f->address, &caps);
	f->pin = pci_read8(config, f->address, PCI_INTERRUPT_PIN);
	if (f->pin > 4)
		f->pin = 0;
	if (f->kind == PCI_BRIDGE) {
		read_bridge(config, f, &caps);
	} else {
		f->subsystem_vendor = pci_read16(config, f->address, PCI_SUBSYSTEM_VENDOR);
		f->subsystem = pci_read16(config, f->address, PCI_SUBSYSTEM);
	}
	pci_bars_size(config, f);
}

static void advance(struct level *level, bool whole_device)
{
	uint32_t next = whole_device ? (level->function | 7u) + 1 : level->function + 1u;

	level->end = next >= (level->only_first ? 8u : 256u);
	level->function = (uint8_t)next;
}

/* What firmware or an earlier instance had set up on this bus is shut before anything on it is looked at: two bridges that claim the
 * same bus number would both answer for it. */
static void shut(const struct pci_config *config, struct level level)
{
	while (!level.end) {
		uint16_t address = (uint16_t)(level.bus << 8 | level.function);
		bool first = PCI_ADDRESS_FUNCTION(address) == 0, there = pci_presence(config, address) == PCI_PRESENT;
		uint8_t header = there ? pci_read8(config, address, PCI_HEADER) : 0;

		advance(&level, first && !(header & PCI_HEADER_MULTI));
		if (!there)
			continue;
		pci_write16(config, address, PCI_COMMAND, PCI_COMMAND_INTX_OFF);
		if ((header & PCI_HEADER_TYPE) == PCI_HEADER_BRIDGE) {
			pci_write8(config, address, PCI_BRIDGE_SECONDARY, 0);
			pci_write8(config, address, PCI_BRIDGE_SUBORDINATE, 0);
		}
	}
}

static void enter(struct scan *scan, struct level level)
{
	shut(scan->bus->config, level);
	scan->levels[scan->depth++] = level;
}

static void descend(struct scan *scan, uint16_t index)
{
	struct pci_function *f = &scan->bus->functions[index];
	const struct pci_config *config = scan->bus->config;

	pci_write8(config, f->address, PCI_BRIDGE_PRIMARY, PCI_ADDRESS_BUS(f->address));
	if (scan->last_bus == scan->bus->host.last_bus)
		return; /* no number left */
	f->secondary = ++scan->last_bus;
	pci_write8(config, f->address, PCI_BRIDGE_SECONDARY, f->secondary);
	/* Everything above, until it is known how much that is */
	pci_write8(config, f->address, PCI_BRIDGE_SUBORDINATE, scan->bus->host.last_bus);
	enter(scan, (struct level){.bridge = index, .bus = f->secondary, .only_first = f->only_first});
}

static void ascend(struct scan *scan)
{
	struct level *level = &scan->levels[--scan->depth];

	if (level->bridge == PCI_ROOT)
		return;
	struct pci_function *f = &scan->bus->functions[level->bridge];
	f->subordinate = scan->last_bus;
	pci_write8(scan->bus->config, f->address, PCI_BRIDGE_SUBORDINATE, f->subordinate);
}

static void look(struct scan *scan)
{
	struct level *level = &scan->levels[scan->depth - 1];
	struct pci_bus *bus = scan->bus;
	uint16_t address = (uint16_t)(level->bus << 8 | level->function), parent = level->bridge;
	enum pci_presence presence = pci_presence_await(bus->config, address, &scan->ready_budget_ns);
	bool first = PCI_ADDRESS_FUNCTION(address) == 0;

	if (presence != PCI_PRESENT) {
		if (presence == PCI_NOT_READY)
			leave_out(bus, address, false);
		advance(level, first);
		return;
	}
	uint8_t header = pci_read8(bus->config, address, PCI_HEADER);
	advance(level, first && !(header & PCI_HEADER_MULTI));
	if (bus->count == PCI_FUNCTIONS_MAX) {
		leave_out(bus, address, true);
		return;
	}
	uint16_t index = (uint16_t)bus->count++;
	struct pci_function *f = &bus->functions[index];
	memset(f, 0, sizeof(*f));
	f->address = address;
	f->parent = parent;
	read_function(bus->config, f);
	if (f->kind == PCI_BRIDGE)
		descend(scan, index);
}

void pci_scan(struct pci_bus *bus)
{
	struct scan scan = {.bus = bus, .last_bus = bus->host.first_bus, .ready_budget_ns = READY_BUDGET_NS};

	bus->count = bus->left_out = 0;
	enter(&scan, (struct level){.bridge = PCI_ROOT, .bus = bus->host.first_bus});
	while (scan.depth) {
		if (scan.levels[scan.depth - 1].end)
			ascend(&scan);
		else
			look(&scan);
	}
	pci_link(bus);
}

void pci_link(struct pci_bus *bus)
{
	memset(bus->first, 0xff, sizeof(bus->first));
	for (uint32_t i = bus->count; i-- > 0;) {
		uint16_t parent = bus->functions[i].parent;
		uint16_t *head = &bus->first[parent == PCI_ROOT ? PCI_FUNCTIONS_MAX : parent];

		bus->next[i] = *head;
		*head = (uint16_t)i;
	}
}

uint32_t pci_find(const struct pci_bus *bus, uint16_t address)
{
	for (uint32_t i = 0; i < bus->count; i++) {
		if (bus->functions[i].address == address)
			return i;
	}
	return UINT32_MAX;
}
