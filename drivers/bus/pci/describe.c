/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a function's node. */
#include "drivers/bus/pci/describe.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "drivers/bus/pci/capability.h"

/* Generic names (IEEE 1275 recommended practice; Devicetree Specification 2.2.2) by class and subclass */
static const struct {
	uint16_t class;
	const char *name;
} generic_names[] = {
	{0x0100, "scsi"},     {0x0101, "ide"},     {0x0104, "raid"},    {0x0106, "sata"},   {0x0108, "nvme"},
	{0x0200, "ethernet"}, {0x0300, "display"}, {0x0380, "display"}, {0x0401, "sound"},  {0x0403, "sound"},
	{0x0604, "pci"},      {0x0609, "pci"},     {0x0700, "serial"},  {0x0805, "mmc"},    {0x0880, "system"},
	{0x0900, "keyboard"}, {0x0c03, "usb"},     {0x0c05, "smbus"},   {0x1000, "crypto"},
};

void pci_name(const struct pci_function *function, char name[PCI_NAME_MAX])
{
	unsigned device = PCI_ADDRESS_DEVICE(function->address), number = PCI_ADDRESS_FUNCTION(function->address);

	for (size_t i = 0; i < sizeof(generic_names) / sizeof(generic_names[0]); i++) {
		if (generic_names[i].class == function->class >> 8) {
			snprintf(name, PCI_NAME_MAX, "%s@%x,%x", generic_names[i].name, device, number);
			return;
		}
	}
	snprintf(name, PCI_NAME_MAX, "pci%04x,%04x@%x,%x", function->vendor, function->device, device, number);
}

uint32_t pci_phys_high(uint16_t address, uint32_t reg)
{
	return (uint32_t)address << 8 | reg;
}

/* ---- lists in the making -------------------------------------------------------------------------------- */

struct strings {
	char text[512];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void strings_add(struct strings *list, const char *format, ...)
{
	va_list args;
	size_t room = sizeof(list->text) - list->len;

	va_start(args, format);
	int n = vsnprintf(list->text + list->len, room, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < room)
		list->len += (size_t)n + 1;
}

struct cells {
	fdt32_t list[2 * PCI_CAPS_MAX];
	uint32_t count;
};

static void cells_add(struct cells *cells, uint32_t value)
{
	cells->list[cells->count++] = cpu_to_fdt32(value);
}

static void cells_add_address(struct cells *cells, uint32_t high, uint64_t address, uint64_t size)
{
	cells_add(cells, high);
	cells_add(cells, (uint32_t)(address >> 32));
	cells_add(cells, (uint32_t)address);
	cells_add(cells, (uint32_t)(size >> 32));
	cells_add(cells, (uint32_t)size);
}

static int put_cells(void *fdt, const char *name, const struct cells *cells)
{
	return cells->count ? fdt_property(fdt, name, cells->list, (int)(4 * cells->count)) : 0;
}

static int put_strings(void *fdt, const char *name, const struct strings *list)
{
	return list->len ? fdt_property(fdt, name, list->text, (int)list->len) : 0;
}

/* ---- properties --------------------------------------------------------------------------------------------- */

static int put_compatible(void *fdt, const struct pci_function *f)
{
	struct strings list = {.len = 0};
	unsigned vendor = f->vendor, device = f->device, class = f->class;

	if (f->subsystem_vendor || f->subsystem) {
		strings_add(&list, "pci%04x,%04x.%04x.%04x.%02x", vendor, device, f->subsystem_vendor, f->subsystem,
			    f->revision);
		strings_add(&list, "pci%04x,%04x.%04x.%04x", vendor, device, f->subsystem_vendor, f->subsystem);
	}
	strings_add(&list, "pci%04x,%04x.%02x", vendor, device, f->revision);
	strings_add(&list, "pci%04x,%04x", vendor, device);
	strings_add(&list, "pciclass,%06x", class);
	strings_add(&list, "pciclass,%04x", class >> 8);
	return put_strings(fdt, "compatible", &list);
}

static int put_ids(void *fdt, const struct pci_function *f)
{
	const struct {
		const char *name;
		uint32_t value;
		bool present;
	} ids[] = {
		{"vendor-id", f->vendor, true},
		{"device-id", f->device, true},
		{"revision-id", f->revision, true},
		{"class-code", f->class, true},
		{"subsystem-vendor-id", f->subsystem_vendor, f->kind == PCI_FUNCTION},
		{"subsystem-id", f->subsystem, f->kind == PCI_FUNCTION},
		{"interrupts", f->pin, f->pin != 0},
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (ids[i].present)
			error = fdt_property_u32(fdt, ids[i].name, ids[i].value);
	}
	return error;
}

/* The first cell: space, prefetchable, and the register (2.2.1.1) */
static uint32_t bar_high(const struct pci_function *f, uint32_t index)
{
	const struct pci_bar *bar = &f->bars[index];
	uint32_t space = bar->kind == PCI_BAR_PORTS ? 1 : bar->kind == PCI_BAR_MEM32 ? 2 : 3;

	return space << 24 | (bar->prefetch ? 1u << 30 : 0) | pci_phys_high(f->address, PCI_BAR(index));
}

static int put_addresses(void *fdt, const struct pci_function *f)
{
	struct cells reg = {.count = 0}, assigned = {.count = 0};

	cells_add_address(&reg, pci_phys_high(f->address, 0), 0, 0);
	for (uint32_t i = 0; i < pci_bar_count(f); i++) {
		const struct pci_bar *bar = &f->bars[i];

		if (!bar->size)
			continue;
		cells_add_address(&reg, bar_high(f, i), 0, bar->size);
		if (bar->base)
			cells_add_address(&assigned, bar_high(f, i) | 1u << 31, bar->base, bar->size);
	}
	int error = put_cells(fdt, "reg", &reg);
	return error ? error : put_cells(fdt, "assigned-addresses", &assigned);
}

static int put_unassigned(void *fdt, const struct pci_function *f)
{
	struct strings list = {.len = 0};

	for (uint32_t i = 0; i < pci_bar_count(f); i++) {
		const struct pci_bar *bar = &f->bars[i];

		if (bar->base || bar->kind == PCI_BAR_NONE)
			continue;
		if (bar->kind == PCI_BAR_MALFORMED)
			strings_add(&list, "bar %u: malformed", (unsigned)i);
		else if (bar->kind == PCI_BAR_PORTS)
			strings_add(&list, "bar %u: %llu I/O ports", (unsigned)i, (unsigned long long)bar->size);
		else
			strings_add(&list, "bar %u: no room for 0x%llx bytes", (unsigned)i,
				    (unsigned long long)bar->size);
	}
	return put_strings(fdt, "veridian,unassigned", &list);
}

static int put_capabilities(void *fdt, const struct pci_config *config, uint16_t address)
{
	struct cells plain = {.count = 0}, extended = {.count = 0};
	struct pci_caps caps;

	pci_caps_read(config, address, &caps);
	for (uint32_t i = 0; i < caps.count; i++) {
		struct cells *list = caps.list[i].id & PCI_CAP_EXTENDED ? &extended : &plain;

		cells_add(list, caps.list[i].id & 0xffff);
		cells_add(list, caps.list[i].offset);
	}
	int error = put_cells(fdt, "capabilities", &plain);
	return error ? error : put_cells(fdt, "extended-capabilities", &extended);
}

static void ranges_add(struct cells *ranges, uint32_t high, uint64_t base, uint64_t size)
{
	cells_add(ranges, high);
	cells_add(ranges, (uint32_t)(base >> 32));
	cells_add(ranges, (uint32_t)base);
	cells_add_address(ranges, high, base, size);
}

static int put_bridge(void *fdt, const struct pci_function *f)
{
	struct cells range = {.count = 0}, ranges = {.count = 0};
	const uint64_t *base = f->window_base, *size = f->window_size;

	if (f->kind != PCI_BRIDGE || !f->secondary)
		return 0;
	cells_add(&range, f->secondary);
	cells_add(&range, f->subordinate);
	if (size[PCI_ROOM_MEM])
		ranges_add(&ranges, 2u << 24, base[PCI_ROOM_MEM], size[PCI_ROOM_MEM]);
	if (size[PCI_ROOM_PREF])
		ranges_add(&ranges, 3u << 24 | 1u << 30, base[PCI_ROOM_PREF], size[PCI_ROOM_PREF]);
	int error = put_cells(fdt, "bus-range", &range);
	return error ? error : put_cells(fdt, "ranges", &ranges);
}

static int put_all(void *fdt, const struct pci_config *config, const struct pci_function *f)
{
	int error = put_compatible(fdt, f);

	if (!error)
		error = put_ids(fdt, f);
	if (!error)
		error = put_addresses(fdt, f);
	if (!error)
		error = put_unassigned(fdt, f);
	if (!error && f->kind != PCI_UNKNOWN)
		error = put_capabilities(fdt, config, f->address);
	return error ? error : put_bridge(fdt, f);
}

status_t pci_describe(const struct pci_config *config, const struct pci_function *function, void *out, size_t size)
{
	int error;

	memset(out, 0, size);
	error = fdt_create(out, (int)size);
	if (!error)
		error = fdt_finish_reservemap(out);
	if (!error)
		error = fdt_begin_node(out, "");
	if (!error)
		error = put_all(out, config, function);
	if (!error)
		error = fdt_end_node(out);
	if (!error)
		error = fdt_finish(out);
	return error ? ERR_NO_MEMORY : OK;
}
