/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeping an assignment, and taking one up again. */
#include "drivers/bus/pci/record.h"

#include <string.h>

#include "drivers/bus/pci/capability.h"

#define MAGIC 0x31494350u /* "PCI1" */

/* For functions that the last instance left in the middle of a reset (PCI Express Base 4.0, 6.6.2: 100 ms, and then not ready for up to 1 s) */
#define RESET_WAIT_NS 1100000000ull
#define RESET_POLL_NS 10000000ull

/* FNV-1a: damage by chance, not by intent. */
static uint64_t sum_of(const struct pci_record *record)
{
	const uint8_t *at = (const uint8_t *)record->functions;
	uint64_t sum = 0xcbf29ce484222325ull ^ record->count;

	for (size_t n = record->count * sizeof(record->functions[0]); n; n--)
		sum = (sum ^ *at++) * 0x100000001b3ull;
	return sum;
}

void pci_record_open(struct pci_record *record)
{
	record->magic = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* before what follows, should this instance die in it */
}

void pci_record_close(struct pci_record *record, const struct pci_bus *bus)
{
	record->count = bus->count;
	record->sum = sum_of(record);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	record->magic = MAGIC;
}

/* ---- is it possible? ---------------------------------------------------------------------------------- */

static bool check_place(const struct pci_bus *bus, uint32_t index)
{
	const struct pci_function *f = &bus->functions[index];

	if (f->kind > PCI_UNKNOWN || f->pin > 4)
		return false;
	if (f->parent == PCI_ROOT)
		return PCI_ADDRESS_BUS(f->address) == bus->host.first_bus;
	if (f->parent >= index)
		return false;
	const struct pci_function *bridge = &bus->functions[f->parent];
	return bridge->kind == PCI_BRIDGE && bridge->secondary && bridge->secondary == PCI_ADDRESS_BUS(f->address);
}

static bool check_buses(const struct pci_bus *bus, const struct pci_function *f)
{
	uint32_t last = f->parent == PCI_ROOT ? bus->host.last_bus : bus->functions[f->parent].subordinate;

	if (f->kind != PCI_BRIDGE || (!f->secondary && !f->subordinate))
		return true;
	return f->secondary > PCI_ADDRESS_BUS(f->address) && f->subordinate >= f->secondary && f->subordinate <= last;
}

static bool within(const struct pci_bus *bus, const struct pci_function *f, uint8_t room, uint64_t base, uint64_t size)
{
	if (room >= PCI_ROOM_NONE)
		return false;
	if (f->parent == PCI_ROOT)
		return pci_window_of(&bus->host, base, size) != NULL;
	if (room >= PCI_BRIDGE_ROOMS)
		return false;
	const struct pci_function *bridge = &bus->functions[f->parent];
	uint64_t from = bridge->window_base[room], len = bridge->window_size[room];
	return base >= from && base - from < len && size <= len - (base - from);
}

static bool check_bar(const struct pci_bus *bus, const struct pci_function *f, uint32_t index)
{
	const struct pci_bar *bar = &f->bars[index];
	uint64_t span = bar->size < PCI_PAGE ? PCI_PAGE : bar->size;

	if (bar->kind > PCI_BAR_MALFORMED || (bar->size & (bar->size - 1)))
		return false;
	if (!bar->base)
		return true;
	if (index >= pci_bar_count(f) || !bar->size || bar->base & (span - 1))
		return false;
	if (bar->kind == PCI_BAR_MEM32)
		return bar->base + (span - 1) <= UINT32_MAX && within(bus, f, bar->room, bar->base, span);
	return bar->kind == PCI_BAR_MEM64 && index + 1 < pci_bar_count(f) && !f->bars[index + 1].kind &&
	       within(bus, f, bar->room, bar->base, span);
}

static bool check_windows(const struct pci_bus *bus, const struct pci_function *f)
{
	for (uint8_t room = 0; room < PCI_BRIDGE_ROOMS; room++) {
		uint64_t base = f->window_base[room], size = f->window_size[room];

		if (!size)
			continue;
		if (f->kind != PCI_BRIDGE || (base | size) & 0xfffff || !within(bus, f, room, base, size))
			return false;
		if (room == PCI_ROOM_MEM ? base + (size - 1) > UINT32_MAX : !f->pref)
			return false;
	}
	return true;
}

struct span {
	uint64_t base, size;
};

static uint32_t spans_of(const struct pci_function *f, struct span *out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < PCI_BARS; i++) {
		if (f->bars[i].base)
			out[count++] = (struct span){f->bars[i].base,
						     f->bars[i].size < PCI_PAGE ? PCI_PAGE : f->bars[i].size};
	}
	for (uint32_t room = 0; room < PCI_BRIDGE_ROOMS; room++) {
		if (f->window_size[room])
			out[count++] = (struct span){f->window_base[room], f->window_size[room]};
	}
	return count;
}

/* Of two functions on one bus (or one, with itself): nothing lies where something else does. */
static bool check_apart(const struct pci_function *a, const struct pci_function *b)
{
	struct span of_a[PCI_BARS + PCI_BRIDGE_ROOMS], of_b[PCI_BARS + PCI_BRIDGE_ROOMS];
	uint32_t count_a = spans_of(a, of_a), count_b = spans_of(b, of_b);

	for (uint32_t i = 0; i < count_a; i++) {
		for (uint32_t n = a == b ? i + 1 : 0; n < count_b; n++) {
			if (of_a[i].base < of_b[n].base ? of_b[n].base - of_a[i].base < of_a[i].size
							: of_a[i].base - of_b[n].base < of_b[n].size)
				return false;
		}
	}
	return true;
}

static bool check_siblings(const struct pci_bus *bus, uint32_t index)
{
	const struct pci_function *f = &bus->functions[index];

	if (!check_apart(f, f))
		return false;
	for (uint16_t i = bus->next[index]; i != PCI_ROOT; i = bus->next[i]) {
		const struct pci_function *other = &bus->functions[i];

		if (other->address == f->address || !check_apart(f, other))
			return false;
		if (f->kind == PCI_BRIDGE && other->kind == PCI_BRIDGE && f->secondary && other->secondary &&
		    f->secondary <= other->subordinate && other->secondary <= f->subordinate)
			return false;
	}
	return true;
}

bool pci_record_load(struct pci_record *record, struct pci_bus *bus)
{
	if (record->magic != MAGIC || record->count > PCI_FUNCTIONS_MAX || record->sum != sum_of(record))
		return false;
	bus->functions = record->functions;
	bus->count = record->count;
	bus->left_out = 0;
	for (uint32_t i = 0; i < bus->count; i++) {
		const struct pci_function *f = &bus->functions[i];

		if (!check_place(bus, i) || !check_buses(bus, f) || !check_windows(bus, f))
			return false;
		for (uint32_t n = 0; n < PCI_BARS; n++) {
			if (!check_bar(bus, f, n))
				return false;
		}
	}
	pci_link(bus);
	for (uint32_t i = 0; i < bus->count; i++) {
		if (!check_siblings(bus, i))
			return false;
	}
	return true;
}

/* ---- taking it up ----------------------------------------------------------------------------------------- */

static bool is_there(const struct pci_config *config, const struct pci_function *f)
{
	return pci_read16(config, f->address, PCI_VENDOR) == f->vendor &&
	       pci_read16(config, f->address, PCI_DEVICE) == f->device;
}

/* All waits together are bounded: functions that were taken away must not keep the others' drivers waiting. */
static bool await(const struct pci_config *config, const struct pci_function *f, uint64_t *budget_ns)
{
	while (!is_there(config, f)) {
		if (*budget_ns < RESET_POLL_NS)
			return false;
		*budget_ns -= RESET_POLL_NS;
		config->wait(config->ctx, RESET_POLL_NS);
	}
	return true;
}

static bool wake(const struct pci_config *config, const struct pci_function *f)
{
	uint32_t offset = pci_capability_of(config, f->address, PCI_CAP_POWER);

	if (!offset)
		return false;
	uint16_t status = pci_read16(config, f->address, offset + PCI_POWER_STATUS);
	if (!(status & PCI_POWER_STATE))
		return false;
	pci_write16(config, f->address, offset + PCI_POWER_STATUS, (uint16_t)(status & ~PCI_POWER_STATE));
	config->wait(config->ctx, RESET_POLL_NS);
	return true;
}

/* Returns whether anything had to be put back. */
static bool restore(const struct pci_config *config, const struct pci_function *f)
{
	bool changed = wake(config, f);

	if (f->kind == PCI_BRIDGE && pci_bridge_differs(config, f)) {
		pci_bridge_write(config, f);
		changed = true;
	}
	if (pci_bars_differ(config, f)) {
		pci_write16(config, f->address, PCI_COMMAND, PCI_COMMAND_INTX_OFF);
		pci_bars_write(config, f);
		changed = true;
	}
	if (changed)
		pci_write16(config, f->address, PCI_COMMAND, pci_command_of(f));
	return changed;
}

uint32_t pci_record_restore(struct pci_bus *bus, uint32_t *repaired)
{
	uint64_t budget_ns = RESET_WAIT_NS;
	uint32_t gone = 0;

	*repaired = 0;
	for (uint32_t i = 0; i < bus->count; i++) {
		const struct pci_function *f = &bus->functions[i];

		bus->gone[i] = f->parent != PCI_ROOT && bus->gone[f->parent];
		if (!bus->gone[i])
			bus->gone[i] = !await(bus->config, f, &budget_ns);
		if (bus->gone[i])
			gone++;
		else
			*repaired += restore(bus->config, f);
	}
	return gone;
}
