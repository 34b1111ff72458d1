/* SPDX-License-Identifier: BSD-2-Clause */
/* The model: registers, routing, resets, and a look at what is decoded where. */
#include "tests/unit/pci_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

struct model model;

/* ---- registers -------------------------------------------------------------------------------------------- */

static uint32_t get(const uint8_t *from, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = width; i-- > 0;)
		value = value << 8 | from[i];
	return value;
}

static void put(uint8_t *to, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

uint32_t model_peek(int number, uint32_t offset, unsigned width)
{
	return get(model.functions[number]->now + offset, width);
}

void model_poke(int number, uint32_t offset, unsigned width, uint32_t value)
{
	put(model.functions[number]->now + offset, width, value);
	put(model.functions[number]->fresh + offset, width, value);
}

void model_writable(int number, uint32_t offset, uint32_t bytes)
{
	memset(model.functions[number]->writable + offset, 0xff, bytes);
}

struct model_function *model_at(int number)
{
	return model.functions[number];
}

/* ---- building ---------------------------------------------------------------------------------------------- */

void model_clear(uint8_t first_bus)
{
	for (int i = 0; i < model.count; i++)
		free(model.functions[i]);
	model = (struct model){.first_bus = first_bus};
}

static int add(int bridge, unsigned device, unsigned function, uint8_t header)
{
	struct model_function *f = calloc(1, sizeof(*f));
	int number = model.count;

	if (!f || number == MODEL_FUNCTIONS_MAX)
		abort();
	model.functions[model.count++] = f;
	f->bridge = bridge;
	f->place = (uint8_t)(device << 3 | function);
	f->next_cap = 0x40;
	f->next_extended = 0x100;
	model_poke(number, PCI_HEADER, 1, header);
	put(f->writable + PCI_COMMAND, 2, 0x0547);
	put(f->clears + PCI_STATUS, 2, 0xf900);
	model_writable(number, PCI_CACHE_LINE, 2);
	model_writable(number, PCI_INTERRUPT_LINE, 1);
	if (function) {
		for (int i = 0; i < number; i++) {
			struct model_function *other = model.functions[i];

			if (other->bridge == bridge && other->place == (f->place & ~7))
				model_poke(i, PCI_HEADER, 1, other->now[PCI_HEADER] | PCI_HEADER_MULTI);
		}
	}
	return number;
}

int model_add(int bridge, unsigned device, unsigned function, uint16_t vendor, uint16_t id, uint32_t class)
{
	int number = add(bridge, device, function, PCI_HEADER_FUNCTION);

	model_poke(number, PCI_VENDOR, 2, vendor);
	model_poke(number, PCI_DEVICE, 2, id);
	model_poke(number, PCI_REVISION, 4, class << 8 | 1);
	model_poke(number, PCI_SUBSYSTEM_VENDOR, 2, vendor);
	model_poke(number, PCI_SUBSYSTEM, 2, 0x1100);
	model_poke(number, PCI_INTERRUPT_PIN, 1, 1);
	return number;
}

int model_add_bridge(int bridge, unsigned device, unsigned function, unsigned pcie_type, bool pref64)
{
	int number = add(bridge, device, function, PCI_HEADER_BRIDGE);
	struct model_function *f = model.functions[number];

	model_poke(number, PCI_VENDOR, 2, 0x1b36);
	model_poke(number, PCI_DEVICE, 2, 0x000c);
	model_poke(number, PCI_REVISION, 4, 0x06040000);
	model_poke(number, PCI_INTERRUPT_PIN, 1, 1);
	model_writable(number, PCI_BRIDGE_PRIMARY, 4);
	put(f->writable + PCI_BRIDGE_IO, 2, 0xf0f0);
	put(f->writable + PCI_BRIDGE_MEM_BASE, 4, 0xfff0fff0);
	put(f->writable + PCI_BRIDGE_PREF_BASE, 4, pref64 ? 0xfff0fff0 : 0);
	if (pref64) {
		model_poke(number, PCI_BRIDGE_PREF_BASE, 4, 0x00010001);
		model_writable(number, PCI_BRIDGE_PREF_BASE_HIGH, 8);
	}
	if (pcie_type)
		model_pcie(number, pcie_type, false);
	return number;
}

void model_bar(int number, unsigned index, uint64_t size, uint32_t flags)
{
	struct model_function *f = model.functions[number];
	uint32_t low = flags & PCI_BAR_IO ? 3 : 15;

	model_poke(number, PCI_BAR(index), 4, flags);
	put(f->writable + PCI_BAR(index), 4, (uint32_t) ~(size - 1) & ~low);
	if (!(flags & PCI_BAR_IO) && (flags & PCI_BAR_TYPE) == PCI_BAR_TYPE_64)
		put(f->writable + PCI_BAR(index + 1), 4, (uint32_t)(~(size - 1) >> 32));
}

uint32_t model_cap(int number, uint8_t id, unsigned size)
{
	struct model_function *f = model.functions[number];
	uint32_t offset = f->next_cap;

	f->next_cap += (size + 3) & ~3u;
	model_poke(number, offset, 1, id);
	model_poke(number, f->last_cap ? f->last_cap + 1 : PCI_CAPABILITIES, 1, offset);
	model_poke(number, PCI_STATUS, 2, PCI_STATUS_CAPS);
	f->last_cap = offset;
	return offset;
}

uint32_t model_cap_extended(int number, uint16_t id, unsigned size)
{
	struct model_function *f = model.functions[number];
	uint32_t offset = f->next_extended;

	f->next_extended += (size + 3) & ~3u;
	model_poke(number, offset, 4, 0x10000u | id);
	if (f->last_extended)
		model_poke(number, f->last_extended, 4, model_peek(number, f->last_extended, 4) | offset << 20);
	f->last_extended = offset;
	return offset;
}

void model_pcie(int number, unsigned type, bool flr)
{
	struct model_function *f = model.functions[number];

	f->pcie = model_cap(number, PCI_CAP_PCIE, PCI_PCIE_SIZE);
	model_poke(number, f->pcie + PCI_PCIE_FLAGS, 2, type << 4 | 2);
	model_poke(number, f->pcie + PCI_PCIE_DEVCAP, 4, flr ? PCI_PCIE_DEVCAP_FLR : 0);
	model_writable(number, f->pcie + PCI_PCIE_DEVCTL, 2);
	put(f->clears + f->pcie + PCI_PCIE_DEVSTA, 2, 0x000f);
}

void model_af(int number)
{
	struct model_function *f = model.functions[number];

	f->af = model_cap(number, PCI_CAP_AF, 6);
	model_poke(number, f->af + PCI_AF_CAPS, 1, PCI_AF_CAPS_FLR);
}

void model_power(int number, bool keeps)
{
	struct model_function *f = model.functions[number];

	f->power = model_cap(number, PCI_CAP_POWER, 8);
	model_poke(number, f->power + PCI_POWER_STATUS, 2, keeps ? PCI_POWER_KEEPS : 0);
	put(f->writable + f->power + PCI_POWER_STATUS, 2, PCI_POWER_STATE);
	put(f->clears + f->power + PCI_POWER_STATUS, 2, 0x8000);
}

/* ---- routing ------------------------------------------------------------------------------------------------ */

static void violation(const char *what, const struct model_function *f)
{
	if (!model.violations++)
		printf("model: %s (function %02x.%x)\n", what, f->place >> 3, f->place & 7u);
}

static struct model_function *on_bus(int bridge, uint8_t place)
{
	for (int i = 0; i < model.count; i++) {
		struct model_function *f = model.functions[i];

		if (f->bridge == bridge && f->place == place && !f->absent)
			return f;
	}
	return NULL;
}

/* The bridge on a bus that forwards accesses to another bus */
static int forwarder(int bridge, uint8_t bus)
{
	int found = -1;

	for (int i = 0; i < model.count; i++) {
		const struct model_function *f = model.functions[i];

		if (f->bridge != bridge || f->absent || (f->now[PCI_HEADER] & PCI_HEADER_TYPE) != PCI_HEADER_BRIDGE ||
		    !f->now[PCI_BRIDGE_SECONDARY] || bus < f->now[PCI_BRIDGE_SECONDARY] ||
		    bus > f->now[PCI_BRIDGE_SUBORDINATE])
			continue;
		if (found >= 0)
			violation("two bridges forward the same bus", f);
		found = i;
	}
	return found;
}

static struct model_function *route(uint16_t address)
{
	uint8_t bus = PCI_ADDRESS_BUS(address);
	int bridge = -1;

	for (uint8_t at = model.first_bus; at != bus; at = model.functions[bridge]->now[PCI_BRIDGE_SECONDARY]) {
		bridge = forwarder(bridge, bus);
		if (bridge < 0)
			return NULL;
	}
	/* At the far end of a link device numbers are not looked at: device 0 answers for all. */
	if (bridge >= 0 && model.functions[bridge]->pcie) {
		const struct model_function *b = model.functions[bridge];
		unsigned type = PCI_PCIE_TYPE(b->now[b->pcie + PCI_PCIE_FLAGS]);

		if (type == PCI_PCIE_ROOT_PORT || type == PCI_PCIE_DOWNSTREAM)
			return on_bus(bridge, address & 7);
	}
	return on_bus(bridge, (uint8_t)address);
}

static bool is_down(struct model_function *f, uint32_t offset)
{
	if (model.time >= f->down_until)
		return false;
	if (offset != PCI_VENDOR)
		violation("an access during a reset", f);
	return true;
}

static uint32_t config_read(void *ctx, uint16_t address, uint32_t offset, unsigned width)
{
	struct model_function *f = route(address);
	uint32_t ones = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;

	(void)ctx;
	if (offset % width || offset + width > PCI_CONFIG_SIZE)
		abort();
	if (!f || is_down(f, offset))
		return ones;
	if (offset == PCI_VENDOR && f->not_ready) {
		f->not_ready -= f->not_ready > 0;
		return width == 4 ? 0xffff0001u : 1;
	}
	return get(f->now + offset, width);
}

static void reset(struct model_function *f, uint64_t down_ns)
{
	memcpy(f->now, f->fresh, sizeof(f->now));
	f->down_until = model.time + down_ns + f->reset_ns;
	f->resets++;
}

static bool touches(uint32_t offset, unsigned width, uint32_t at)
{
	return at && offset <= at && at < offset + width;
}

static void config_write(void *ctx, uint16_t address, uint32_t offset, unsigned width, uint32_t value)
{
	struct model_function *f = route(address);

	(void)ctx;
	if (offset % width || offset + width > PCI_CONFIG_SIZE)
		abort();
	if (!f || (model.write_limit && model.writes >= model.write_limit))
		return;
	model.writes++;
	if (is_down(f, offset))
		return;
	uint16_t command = (uint16_t)get(f->now + PCI_COMMAND, 2);
	bool bridge = (f->now[PCI_HEADER] & PCI_HEADER_TYPE) == PCI_HEADER_BRIDGE;
	if (offset >= PCI_BAR(0) && offset < PCI_BAR(bridge ? 2 : 6) && command & PCI_COMMAND_MEMORY &&
	    get(f->now + offset, width) >> 4 != value >> 4)
		violation("a base address moves while it is decoded", f);
	uint16_t power = f->power ? (uint16_t)get(f->now + f->power + PCI_POWER_STATUS, 2) : 0;
	for (unsigned i = 0; i < width; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i), *now = &f->now[offset + i];

		*now = (uint8_t)((*now & ~f->writable[offset + i]) | (byte & f->writable[offset + i]));
		*now &= (uint8_t) ~(byte & f->clears[offset + i]);
	}
	if (touches(offset, width, f->pcie ? f->pcie + PCI_PCIE_DEVCTL + 1 : 0) &&
	    get(f->now + f->pcie + PCI_PCIE_DEVCTL, 2) & PCI_PCIE_DEVCTL_FLR) {
		if (get(f->now + f->pcie + PCI_PCIE_DEVCAP, 4) & PCI_PCIE_DEVCAP_FLR)
			reset(f, 100 * MS);
	} else if (touches(offset, width, f->af ? f->af + PCI_AF_CONTROL : 0) && value & 1) {
		reset(f, 100 * MS);
	} else if ((power & 3) == 3 && !(get(f->now + f->power + PCI_POWER_STATUS, 2) & 3) &&
		   !(power & PCI_POWER_KEEPS)) {
		reset(f, 10 * MS);
	}
}

static void config_wait(void *ctx, uint64_t ns)
{
	(void)ctx;
	model.time += ns;
}

const struct pci_config model_config = {config_read, config_write, config_wait, NULL};

/* ---- what is decoded where ------------------------------------------------------------------------------------ */

struct decoded {
	uint64_t base, size;
	int owner;
};

static struct decoded decoded[6 * MODEL_FUNCTIONS_MAX];
static unsigned decoded_count;

/* Size of a base address by its writable bits */
static uint64_t bar_at(const struct model_function *f, unsigned index, uint64_t *base, unsigned *registers)
{
	uint32_t low = get(f->now + PCI_BAR(index), 4);
	uint64_t mask = 0xffffffff00000000ull | get(f->writable + PCI_BAR(index), 4);

	*registers = 1;
	*base = low & ~15u;
	if (low & PCI_BAR_IO)
		return 0;
	if ((low & PCI_BAR_TYPE) == PCI_BAR_TYPE_64) {
		*registers = 2;
		*base |= (uint64_t)get(f->now + PCI_BAR(index + 1), 4) << 32;
		mask = (mask & 0xffffffff) | (uint64_t)get(f->writable + PCI_BAR(index + 1), 4) << 32;
	}
	return (uint32_t)mask || *registers == 2 ? mask & (0 - mask) : 0;
}

static bool forwarded(const struct model_function *bridge, uint64_t base, uint64_t size)
{
	uint64_t mem = (uint64_t)get(bridge->now + PCI_BRIDGE_MEM_BASE, 2) << 16;
	uint64_t mem_end = (uint64_t)get(bridge->now + PCI_BRIDGE_MEM_LIMIT, 2) << 16 | 0xfffff;
	uint64_t pref = (uint64_t)get(bridge->now + PCI_BRIDGE_PREF_BASE_HIGH, 4) << 32 |
			(uint64_t)(get(bridge->now + PCI_BRIDGE_PREF_BASE, 2) & 0xfff0) << 16;
	uint64_t pref_end = (uint64_t)get(bridge->now + PCI_BRIDGE_PREF_LIMIT_HIGH, 4) << 32 |
			    (uint64_t)(get(bridge->now + PCI_BRIDGE_PREF_LIMIT, 2) & 0xfff0) << 16 | 0xfffff;
	bool has_pref = get(bridge->writable + PCI_BRIDGE_PREF_BASE, 2);
	uint16_t command = (uint16_t)get(bridge->now + PCI_COMMAND, 2);

	if (!(command & PCI_COMMAND_MEMORY))
		return false;
	if (mem <= mem_end && base >= mem && base + size - 1 <= mem_end)
		return true;
	return has_pref && pref <= pref_end && base >= pref && base + size - 1 <= pref_end;
}

static bool fault(const char *what, const struct model_function *f, uint64_t base, uint64_t size)
{
	printf("model: %s: function %02x.%x, 0x%llx + 0x%llx\n", what, f->place >> 3, f->place & 7u,
	       (unsigned long long)base, (unsigned long long)size);
	return false;
}

static bool range_sound(const struct pci_host *host, int number, uint64_t base, uint64_t size)
{
	const struct model_function *f = model.functions[number];
	uint64_t page = base & ~(PCI_PAGE - 1), span = size < PCI_PAGE ? PCI_PAGE : size;

	if (base & (size - 1) || base & (PCI_PAGE - 1) || !base)
		return fault("not aligned", f, base, size);
	if (!pci_window_of(host, page, span))
		return fault("in no window of the host", f, base, size);
	for (int i = f->bridge; i >= 0; i = model.functions[i]->bridge) {
		if (!forwarded(model.functions[i], page, span))
			return fault("not forwarded by a bridge above", f, base, size);
	}
	/* Nobody beside it, nor beside a bridge above it, claims it as well. */
	for (int at = number; at >= 0; at = model.functions[at]->bridge) {
		for (int i = 0; i < model.count; i++) {
			const struct model_function *other = model.functions[i];

			if (i == at || other->absent || other->bridge != model.functions[at]->bridge ||
			    (other->now[PCI_HEADER] & PCI_HEADER_TYPE) != PCI_HEADER_BRIDGE)
				continue;
			if (forwarded(other, page, PCI_PAGE) || forwarded(other, page + span - PCI_PAGE, PCI_PAGE))
				return fault("another bridge claims it, too", f, base, size);
		}
	}
	for (unsigned i = 0; i < decoded_count; i++) {
		if (page < decoded[i].base + decoded[i].size && decoded[i].base < page + span)
			return fault("overlaps another's page", f, base, size);
	}
	decoded[decoded_count++] = (struct decoded){page, span, number};
	return true;
}

bool model_sound(const struct pci_host *host)
{
	decoded_count = 0;
	for (int i = 0; i < model.count; i++) {
		const struct model_function *f = model.functions[i];
		uint8_t header = f->now[PCI_HEADER] & PCI_HEADER_TYPE;
		unsigned bars = header == 0 ? 6 : header == 1 ? 2 : 0, registers;

		if (f->absent || !(get(f->now + PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
			continue;
		for (unsigned n = 0; n < bars; n += registers) {
			uint64_t base, size = bar_at(f, n, &base, &registers);

			if (size && !range_sound(host, i, base, size))
				return false;
		}
	}
	return true;
}
