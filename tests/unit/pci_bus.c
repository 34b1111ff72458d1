/* SPDX-License-Identifier: BSD-2-Clause */
/* The bus driver's logic against configuration spaces in software: what it finds, numbers, sizes, assigns and leaves out, and how a new
 * instance takes it up. */
#include <libfdt.h>
#include <stdlib.h>

#include "drivers/bus/pci/record.h"
#include "tests/unit/check.h"
#include "tests/unit/pci_model.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define MEM32 0u
#define MEM64 PCI_BAR_TYPE_64
#define PREF  PCI_BAR_PREFETCH

static struct pci_bus bus;
static struct pci_record record;
static fdt32_t cells[PCI_WINDOW_CELLS * 32];
static uint32_t cell_count;

static void window(uint32_t space, uint64_t base, uint64_t phys, uint64_t size)
{
	const uint32_t values[PCI_WINDOW_CELLS] = {
		space,          (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(phys >> 32),
		(uint32_t)phys, (uint32_t)(size >> 32), (uint32_t)size};

	for (uint32_t i = 0; i < PCI_WINDOW_CELLS; i++)
		cells[cell_count++] = cpu_to_fdt32(values[i]);
}

static uint32_t windows_done(void)
{
	uint32_t left_out = pci_windows_read(&bus.host, cells, 4 * cell_count);

	cell_count = 0;
	return left_out;
}

static void host(uint8_t first_bus, uint8_t last_bus)
{
	memset(&bus, 0, sizeof(bus));
	memset(&record, 0, sizeof(record));
	bus.config = &model_config;
	bus.functions = record.functions;
	bus.host.first_bus = first_bus;
	bus.host.last_bus = last_bus;
	model_clear(first_bus);
}

/* As the virt machine has them */
static void host_virt(void)
{
	host(0, 255);
	window(1u << 24, 0, 0x3000000, 0x10000);
	window(2u << 24, 0x40000000, 0x40000000, 1 * GIB);
	window(3u << 24, 16 * GIB, 16 * GIB, 16 * GIB);
	CHECK_INT(windows_done(), 0);
}

static void build(void)
{
	pci_record_open(&record);
	pci_scan(&bus);
	pci_assign(&bus);
	pci_program(&bus);
	pci_record_close(&record, &bus);
	CHECK(model_sound(&bus.host));
	CHECK_INT(model.violations, 0);
}

static const struct pci_function *at(unsigned number, unsigned device, unsigned function)
{
	static const struct pci_function none;
	uint32_t index = pci_find(&bus, PCI_ADDRESS(number, device, function));

	CHECK(index != UINT32_MAX);
	return index == UINT32_MAX ? &none : &bus.functions[index];
}

static bool decodes(int number)
{
	return model_peek(number, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
}

static int virtio(int bridge, unsigned device, unsigned function)
{
	int number = model_add(bridge, device, function, 0x1af4, 0x1042, 0x018000);

	model_bar(number, 1, 4 * KIB, MEM32);
	model_bar(number, 4, 16 * KIB, MEM64 | PREF);
	model_cap(number, PCI_CAP_MSIX, 12);
	model_cap(number, PCI_CAP_VENDOR, 16);
	return number;
}

/* ---- windows --------------------------------------------------------------------------------------------- */

static void test_windows(void)
{
	host_virt();
	CHECK_INT(bus.host.window_count, 2);
	CHECK(bus.host.windows[0].low && !bus.host.windows[1].low);

	/* Across 4 GiB: two */
	host(0, 255);
	window(3u << 24, 3 * GIB, 0x100000000000, 2 * GIB);
	CHECK_INT(windows_done(), 0);
	CHECK_INT(bus.host.window_count, 2);
	CHECK(pci_window_of(&bus.host, 4 * GIB, GIB) && pci_window_of(&bus.host, 4 * GIB, GIB)->phys == 0x100040000000);
	CHECK(!pci_window_of(&bus.host, 4 * GIB, GIB + 1));

	/* Address 0 means none; odd ends are cut off */
	window(2u << 24, 0, 0x50000000, 0x3800);
	CHECK_INT(windows_done(), 0);
	CHECK_INT(bus.host.windows[0].base, 0x1000);
	CHECK_INT(bus.host.windows[0].phys, 0x50001000);
	CHECK_INT(bus.host.windows[0].size, 0x2000);

	/* Wrapped, empty, without a common page offset, overlapping on either side */
	window(2u << 24, 0x40000000, 0x40000000, GIB);
	window(2u << 24, 0x40000000, 0x240000000, 4 * KIB);
	window(2u << 24, 0x90000000, 0x40000000, 4 * KIB);
	window(2u << 24, 0x90000000, 0x90000800, 64 * KIB);
	window(2u << 24, 0x90000000, 0x90000000, 0);
	window(3u << 24, ~0ull - 0xfff, 0x90000000, 64 * KIB);
	window(3u << 24, 0x900000000, ~0ull - 0xfff, 64 * KIB);
	window(0, 0x90000000, 0x90000000, 4 * KIB);
	CHECK_INT(windows_done(), 6);
	CHECK_INT(bus.host.window_count, 1);

	/* More than there is room for, and a broken entry */
	for (uint32_t i = 0; i < 20; i++)
		window(2u << 24, 0x40000000 + i * MIB, 0x40000000 + i * MIB, MIB);
	cell_count--;
	CHECK_INT(windows_done(), 1 + 19 - PCI_WINDOWS_MAX);
	CHECK_INT(bus.host.window_count, PCI_WINDOWS_MAX);
	CHECK_INT(pci_windows_read(&bus.host, NULL, 0), 0);
	CHECK_INT(bus.host.window_count, 0);
}

/* ---- finding ------------------------------------------------------------------------------------------------- */

static void test_nothing(void)
{
	host_virt();
	build();
	CHECK_INT(bus.count, 0);
	CHECK(pci_record_load(&record, &bus));
	CHECK_INT(bus.count, 0);
}

static void test_flat(void)
{
	host_virt();
	int one = virtio(-1, 1, 0), two = virtio(-1, 31, 0);
	int multi = model_add(-1, 5, 0, 0x8086, 0x1, 0x020000);
	model_add(-1, 5, 7, 0x8086, 0x2, 0x0c0300);
	/* Function 1 of a device that says that it has only one is an echo */
	model_add(-1, 6, 0, 0x8086, 0x3, 0x020000);
	model_add(-1, 6, 1, 0x8086, 0x4, 0x020000);
	model_poke(multi + 2, PCI_HEADER, 1, 0);
	/* Vendors that are none */
	model_add(-1, 7, 0, 0xffff, 0xffff, 0);
	model_add(-1, 8, 0, 0, 0, 0);
	build();
	CHECK_INT(bus.count, 5);
	CHECK_INT(at(0, 5, 7)->device, 2);
	CHECK_INT(at(0, 1, 0)->class, 0x018000);
	CHECK_INT(at(0, 1, 0)->subsystem, 0x1100);
	CHECK_INT(at(0, 1, 0)->pin, 1);
	CHECK(decodes(one) && decodes(two));
	CHECK_INT(model_peek(one, PCI_COMMAND, 2), PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF);
	CHECK(at(0, 1, 0)->bars[4].base >= 16 * GIB);
	CHECK(at(0, 1, 0)->bars[1].base < 2 * GIB);
	CHECK_INT(at(0, 1, 0)->bars[4].size, 16 * KIB);
	CHECK_INT(at(0, 1, 0)->bars[4].kind, PCI_BAR_MEM64);
	CHECK_INT(at(0, 1, 0)->bars[5].kind, PCI_BAR_NONE);
}

static void test_not_ready(void)
{
	host_virt();
	model_at(virtio(-1, 1, 0))->not_ready = 3;
	model_at(virtio(-1, 2, 0))->not_ready = -1;
	model_at(virtio(-1, 3, 0))->not_ready = -1;
	virtio(-1, 4, 0);
	build();
	CHECK_INT(bus.count, 2);
	CHECK_INT(bus.left_out, 2);
	CHECK_INT(bus.left_address, PCI_ADDRESS(0, 2, 0));
	CHECK(!bus.full);
	CHECK(model.time <= 1000000000); /* not a second for each */
}

static void test_bridges(void)
{
	host_virt();
	int ports[3], ends[3];

	for (unsigned i = 0; i < 3; i++) {
		ports[i] = model_add_bridge(-1, 1 + i, 0, PCI_PCIE_ROOT_PORT, true);
		model_bar(ports[i], 0, 4 * KIB, MEM32);
		ends[i] = virtio(ports[i], 0, 0);
	}
	/* A switch behind another port: upstream, two downstream, a conventional bridge below */
	int port = model_add_bridge(-1, 4, 0, PCI_PCIE_ROOT_PORT, true);
	int up = model_add_bridge(port, 0, 0, 5, true);
	int down = model_add_bridge(up, 0, 0, PCI_PCIE_DOWNSTREAM, true);
	model_add_bridge(up, 31, 0, PCI_PCIE_DOWNSTREAM, true);
	int old = model_add_bridge(down, 0, 0, 7, false);
	int leaf = virtio(old, 9, 0);
	int leaf2 = virtio(old, 31, 0);
	int beside = virtio(-1, 9, 0);
	/* What the firmware left: the same numbers everywhere */
	for (int i = 0; i < model.count; i++) {
		if ((model_peek(i, PCI_HEADER, 1) & PCI_HEADER_TYPE) == PCI_HEADER_BRIDGE)
			model_poke(i, PCI_BRIDGE_SECONDARY, 2, 0xff01);
	}
	build();
	CHECK_INT(bus.count, 14);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(model_peek(ports[i], PCI_BRIDGE_SECONDARY, 1), i + 1);
		CHECK_INT(model_peek(ports[i], PCI_BRIDGE_SUBORDINATE, 1), i + 1);
		CHECK(decodes(ends[i]));
		CHECK(at((unsigned)i + 1, 0, 0)->bars[4].base >= 16 * GIB);
	}
	CHECK_INT(model_peek(port, PCI_BRIDGE_SECONDARY, 1), 4);
	CHECK_INT(model_peek(port, PCI_BRIDGE_SUBORDINATE, 1), 8);
	CHECK_INT(model_peek(up, PCI_BRIDGE_SUBORDINATE, 1), 8);
	CHECK_INT(model_peek(old, PCI_BRIDGE_PRIMARY, 1), 6);
	CHECK(decodes(leaf) && decodes(leaf2) && decodes(beside));
	/* The old bridge has no prefetchable window: everything goes through the other */
	CHECK(at(7, 9, 0)->bars[4].base < 2 * GIB);
	CHECK_INT(at(0, 1, 0)->kind, PCI_BRIDGE);
	CHECK(bus.functions[at(7, 9, 0)->parent].address == PCI_ADDRESS(6, 0, 0));

	/* Interrupts: turned by the device number at each bridge */
	uint16_t address;
	uint8_t pin;
	pci_intx(&bus, pci_find(&bus, PCI_ADDRESS(7, 9, 0)), &address, &pin);
	CHECK_INT(address, PCI_ADDRESS(0, 4, 0));
	CHECK_INT(pin, 1 + 9 % 4);
	pci_intx(&bus, pci_find(&bus, PCI_ADDRESS(7, 31, 0)), &address, &pin);
	CHECK_INT(pin, (0 + 31) % 4 + 1);
	pci_intx(&bus, pci_find(&bus, PCI_ADDRESS(0, 9, 0)), &address, &pin);
	CHECK_INT(address, PCI_ADDRESS(0, 9, 0));
	CHECK_INT(pin, 1);
}

static void test_bus_numbers_run_out(void)
{
	host(4, 7);
	window(2u << 24, 0x40000000, 0x40000000, GIB);
	windows_done();
	int above = -1, bridges[6];

	for (int i = 0; i < 6; i++)
		above = bridges[i] = model_add_bridge(above, 0, 0, 0, true);
	virtio(above, 1, 0);
	int good = virtio(bridges[2], 1, 0);
	int beside = model_add_bridge(-1, 9, 0, PCI_PCIE_ROOT_PORT, true);
	virtio(beside, 0, 0);
	build();
	CHECK_INT(model_peek(bridges[0], PCI_BRIDGE_SECONDARY, 1), 5);
	CHECK_INT(model_peek(bridges[2], PCI_BRIDGE_SECONDARY, 1), 7);
	CHECK_INT(model_peek(bridges[3], PCI_BRIDGE_SECONDARY, 1), 0);
	CHECK_INT(model_peek(beside, PCI_BRIDGE_SECONDARY, 1), 0);
	CHECK(decodes(good));
	CHECK_INT(bus.count, 6);
	CHECK_INT(at(4, 9, 0)->secondary, 0);
}

static void test_too_many(void)
{
	host_virt();
	int port = model_add_bridge(-1, 0, 0, 0, true), port2 = model_add_bridge(-1, 1, 0, 0, true);

	for (unsigned i = 0; i < 256; i++)
		model_add(port, i / 8, i % 8, 0x1234, (uint16_t)i, 0xff0000);
	for (unsigned i = 0; i < 256; i++)
		model_bar(model_add(port2, i / 8, i % 8, 0x1234, (uint16_t)i, 0xff0000), 0, 4 * KIB, MEM32);
	build();
	CHECK_INT(bus.count, PCI_FUNCTIONS_MAX);
	CHECK_INT(bus.left_out, 2);
	CHECK(bus.full);
	CHECK(pci_record_load(&record, &bus));
}

static void test_unknown_header(void)
{
	host_virt();
	int card = model_add(-1, 1, 0, 0x1180, 0x0476, 0x060700);
	model_poke(card, PCI_HEADER, 1, 2);
	model_bar(card, 0, 4 * KIB, MEM32);
	int odd = model_add(-1, 2, 0, 0x1180, 0x0477, 0xff0000);
	model_poke(odd, PCI_HEADER, 1, 0x7f);
	virtio(-1, 3, 0);
	build();
	CHECK_INT(bus.count, 3);
	CHECK_INT(at(0, 1, 0)->kind, PCI_UNKNOWN);
	CHECK_INT(at(0, 2, 0)->kind, PCI_UNKNOWN);
	CHECK(!decodes(card) && !decodes(odd));
}

/* ---- sizes --------------------------------------------------------------------------------------------------- */

static void test_sizes(void)
{
	host_virt();
	int f = model_add(-1, 1, 0, 0x1234, 1, 0xff0000);

	model_bar(f, 0, 16, MEM32);
	model_bar(f, 1, 32, PCI_BAR_IO);
	model_bar(f, 2, 256 * MIB, MEM32 | PREF);
	model_bar(f, 3, 8 * GIB, MEM64 | PREF);
	model_bar(f, 5, 4 * KIB, MEM32);
	int g = model_add(-1, 2, 0, 0x1234, 2, 0xff0000);
	model_bar(g, 0, 32, PCI_BAR_IO);
	model_poke(g, PCI_BAR(0), 4, 0xc001);                                              /* the firmware's */
	model_at(g)->writable[PCI_BAR(0) + 2] = model_at(g)->writable[PCI_BAR(0) + 3] = 0; /* ports of 16 bits */
	build();
	const struct pci_bar *bars = at(0, 1, 0)->bars;
	CHECK_INT(bars[0].size, 16);
	CHECK_INT(bars[1].kind, PCI_BAR_PORTS);
	CHECK_INT(bars[1].size, 32);
	CHECK_INT(bars[1].base, 0);
	CHECK_INT(bars[2].size, 256 * MIB);
	CHECK(bars[2].prefetch && bars[2].kind == PCI_BAR_MEM32);
	CHECK_INT(bars[3].size, 8 * GIB);
	CHECK_INT(bars[3].base, 16 * GIB);
	CHECK(bars[5].base);
	CHECK(decodes(f));
	CHECK_INT(at(0, 2, 0)->bars[0].size, 32);
	CHECK_INT(at(0, 2, 0)->bars[0].kind, PCI_BAR_PORTS);
}

static void test_malformed_sizes(void)
{
	host_virt();
	int fixed = model_add(-1, 1, 0, 0x1234, 1, 0xff0000);
	model_poke(fixed, PCI_BAR(0), 4, 0xfebf0000); /* takes no address at all */
	int holes = model_add(-1, 2, 0, 0x1234, 2, 0xff0000);
	model_bar(holes, 0, 4 * KIB, MEM32);
	model_at(holes)->writable[PCI_BAR(0) + 2] = 0x55;
	int last = model_add(-1, 3, 0, 0x1234, 3, 0xff0000);
	model_poke(last, PCI_BAR(5), 4, MEM64); /* its upper half would be the next register */
	model_writable(last, PCI_BAR(5) + 2, 2);
	int below = model_add(-1, 4, 0, 0x1234, 4, 0xff0000);
	model_bar(below, 0, 4 * KIB, 2); /* below 1 MiB */
	int reserved = model_add(-1, 5, 0, 0x1234, 5, 0xff0000);
	model_bar(reserved, 0, 4 * KIB, 6);
	int type = model_add(-1, 6, 0, 0x1234, 6, 0xff0000);
	model_bar(type, 0, 4 * KIB, 0);
	model_at(type)->writable[PCI_BAR(0)] = 0x08; /* what kind it is can be written */
	int good = virtio(-1, 7, 0);
	build();
	for (unsigned i = 1; i <= 6; i++)
		CHECK_INT(at(0, i, 0)->bars_bad, 1);
	CHECK(!decodes(fixed) && !decodes(holes) && !decodes(last) && !decodes(below) && !decodes(reserved) &&
	      !decodes(type));
	CHECK(decodes(good));
}

/* ---- places -------------------------------------------------------------------------------------------------- */

static void test_no_room(void)
{
	host_virt();
	int giant = model_add(-1, 1, 0, 0x1234, 1, 0x030000);
	model_bar(giant, 0, 64 * GIB, MEM64 | PREF);
	int low = model_add(-1, 2, 0, 0x1234, 2, 0x030000);
	model_bar(low, 0, 2 * GIB, MEM32);
	int port = model_add_bridge(-1, 3, 0, PCI_PCIE_ROOT_PORT, true);
	int behind = model_add(port, 0, 0, 0x1234, 3, 0x030000);
	model_bar(behind, 0, 1ull << 63, MEM64 | PREF);
	model_bar(behind, 2, 4 * KIB, MEM32);
	int port2 = model_add_bridge(-1, 4, 0, PCI_PCIE_ROOT_PORT, true);
	int fits = model_add(port2, 0, 0, 0x1234, 4, 0x030000);
	model_bar(fits, 0, 8 * GIB, MEM64 | PREF);
	model_bar(fits, 2, 512 * MIB, MEM32);
	int good = virtio(-1, 5, 0);
	build();
	CHECK(!decodes(giant) && !decodes(low) && !decodes(behind));
	CHECK(decodes(fits) && decodes(good));
	CHECK_INT(at(0, 1, 0)->bars[0].base, 0);
	CHECK(at(1, 0, 0)->bars[2].base);
}

static void test_ways_out(void)
{
	/* 64 bits and not prefetchable: below 4 GiB first, else above; behind a bridge only below. */
	host_virt();
	int f = model_add(-1, 1, 0, 0x1234, 1, 0x010802);
	model_bar(f, 0, 2 * GIB, MEM64);
	int port = model_add_bridge(-1, 2, 0, PCI_PCIE_ROOT_PORT, true);
	int g = model_add(port, 0, 0, 0x1234, 1, 0x010802);
	model_bar(g, 0, 2 * GIB, MEM64);
	build();
	CHECK(at(0, 1, 0)->bars[0].base >= 4 * GIB && decodes(f));
	CHECK(!decodes(g));

	/* No window above: prefetchable memory shares the one there is */
	host(0, 255);
	window(2u << 24, 0x40000000, 0x40000000, 64 * MIB);
	windows_done();
	port = model_add_bridge(-1, 2, 0, PCI_PCIE_ROOT_PORT, true);
	g = virtio(port, 0, 0);
	f = virtio(-1, 1, 0);
	build();
	CHECK(decodes(f) && decodes(g));

	/* A small one above: what does not fit comes below */
	host(0, 255);
	window(2u << 24, 0x40000000, 0x40000000, 64 * MIB);
	window(3u << 24 | 1u << 30, 0x400000000, 0x400000000, 8 * MIB);
	windows_done();
	f = model_add(-1, 1, 0, 0x1234, 1, 0x010802);
	model_bar(f, 0, 8 * MIB, MEM64 | PREF);
	g = model_add(-1, 2, 0, 0x1234, 1, 0x010802);
	model_bar(g, 0, 8 * MIB, MEM64 | PREF);
	port = model_add_bridge(-1, 3, 0, PCI_PCIE_ROOT_PORT, true);
	int h = virtio(port, 0, 0);
	build();
	CHECK(decodes(f) && decodes(g) && decodes(h));

	/* A prefetchable window below 4 GiB takes what is prefetchable, and nothing else */
	host(0, 255);
	window(2u << 24, 0x40000000, 0x40000000, 64 * MIB);
	window(2u << 24 | 1u << 30, 0x80000000, 0x80000000, 64 * MIB);
	windows_done();
	f = model_add(-1, 1, 0, 0x1234, 1, 0x010802);
	model_bar(f, 0, 8 * MIB, MEM32 | PREF);
	model_bar(f, 1, 8 * MIB, MEM32);
	model_bar(f, 2, 8 * MIB, MEM64 | PREF);
	port = model_add_bridge(-1, 3, 0, PCI_PCIE_ROOT_PORT, true);
	h = virtio(port, 0, 0);
	build();
	CHECK(decodes(f) && decodes(h));
	CHECK(at(0, 1, 0)->bars[0].base >= 0x80000000);
	CHECK(at(0, 1, 0)->bars[1].base < 0x80000000);
	CHECK(at(0, 1, 0)->bars[2].base >= 0x80000000);
	CHECK(at(1, 0, 0)->bars[4].base >= 0x80000000);
}

/* A bridge whose own registers find no place does not forward; what is behind it is left out with it. */
static void test_bridge_without_place(void)
{
	host_virt();
	int port = model_add_bridge(-1, 1, 0, PCI_PCIE_ROOT_PORT, true);
	model_bar(port, 0, 4 * GIB, MEM64);
	model_at(port)->writable[PCI_BAR(0)] = 0;
	int end = virtio(port, 0, 0);
	int port2 = model_add_bridge(-1, 2, 0, PCI_PCIE_ROOT_PORT, true);
	model_poke(port2, PCI_BAR(0), 4, 0x10000000);
	int end2 = virtio(port2, 0, 0);
	int port3 = model_add_bridge(-1, 3, 0, PCI_PCIE_ROOT_PORT, true);
	model_bar(port3, 0, 2 * GIB, MEM32);
	int end3 = virtio(port3, 0, 0);
	build();
	CHECK(decodes(port) && decodes(end)); /* above 4 GiB: on the host's bus that is possible */
	CHECK(!decodes(port2) && !decodes(end2) && !decodes(port3) && !decodes(end3));
}

static void test_same_again(void)
{
	static struct pci_function first[PCI_FUNCTIONS_MAX];

	for (int turn = 0; turn < 2; turn++) {
		host_virt();
		for (unsigned i = 0; i < 8; i++)
			virtio(i % 2 ? model_add_bridge(-1, i, 0, PCI_PCIE_ROOT_PORT, true) : -1, i % 2 ? 0 : i, 0);
		build();
		if (turn == 0)
			memcpy(first, bus.functions, sizeof(first));
	}
	CHECK(!memcmp(first, bus.functions, sizeof(first)));
}

/* ---- random machines ------------------------------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252ull;

static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

static void random_bars(int number, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		switch (chance(5)) {
		case 0: model_bar(number, i, 16ull << chance(18), MEM32 | (chance(2) ? PREF : 0)); break;
		case 1:
			if (i + 1 < count)
				model_bar(number, i, 4096ull << chance(chance(8) ? 16 : 40),
					  MEM64 | (chance(2) ? PREF : 0));
			i++;
			break;
		case 2: model_bar(number, i, 4u << chance(6), PCI_BAR_IO); break;
		default: break;
		}
	}
}

static void random_bus(int bridge, unsigned depth)
{
	static const unsigned types[] = {0, PCI_PCIE_ROOT_PORT, PCI_PCIE_DOWNSTREAM, 5, 7};
	bool link = bridge >= 0 && model_at(bridge)->pcie &&
		    (PCI_PCIE_TYPE(model_peek(bridge, model_at(bridge)->pcie + 2, 2)) & ~2u) == 4;

	for (unsigned device = 0; device < (link ? 1 : 32); device++) {
		if (chance(3) || model.count > 150)
			continue;
		if (depth < 5 && !chance(3)) {
			int below = model_add_bridge(bridge, device, 0, types[chance(5)], chance(4));

			if (!chance(4))
				random_bars(below, 2);
			random_bus(below, depth + 1);
		} else {
			int f = model_add(bridge, device, 0, 0x1234, (uint16_t)model.count, 0xff0000);

			random_bars(f, 6);
			if (!chance(4))
				random_bars(model_add(bridge, device, 1 + chance(7), 0x1234, 1, 0xff0000), 6);
		}
	}
}

/* A new instance finds the hardware as it is to be, and changes nothing. */
static void check_taken_up(void)
{
	static struct pci_bus second;
	uint32_t repaired;
	unsigned writes = model.writes;

	second = (struct pci_bus){.host = bus.host, .config = &model_config};
	if (!CHECK(pci_record_load(&record, &second)))
		return;
	CHECK_INT(pci_record_restore(&second, &repaired), 0);
	CHECK_INT(repaired, 0);
	CHECK_INT(model.writes, writes);
}

static void test_random(void)
{
	for (int i = 0; i < 200 && !checks_failed; i++) {
		host(0, chance(4) ? 255 : (uint8_t)chance(20));
		window(2u << 24, 0x40000000, 0x40000000, MIB << chance(11));
		if (chance(3))
			window(3u << 24 | (chance(2) ? 1u << 30 : 0), 16 * GIB, 0x1000000000, MIB << chance(16));
		if (chance(2))
			window(2u << 24 | 1u << 30, 0xc0000000, 0xc0000000, MIB << chance(9));
		windows_done();
		random_bus(-1, 0);
		build();
		check_taken_up();
	}
}

/* ---- restarts ------------------------------------------------------------------------------------------------- */

static void machine(void)
{
	host_virt();
	for (unsigned i = 0; i < 4; i++) {
		int port = model_add_bridge(-1, i, 0, PCI_PCIE_ROOT_PORT, true);
		int f = virtio(port, 0, 0);

		model_bar(port, 0, 4 * KIB, MEM32);
		model_pcie(f, 0, true);
		model_power(f, false);
	}
	virtio(-1, 8, 0);
}

static void test_restart(void)
{
	uint32_t repaired;

	machine();
	build();
	/* The function's driver has it going */
	model_at(1)->now[PCI_COMMAND] |= PCI_COMMAND_MASTER;
	check_taken_up();
	CHECK(model_peek(1, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);

	/* Died in the middle of a function's reset: it has lost everything, and is not ready yet */
	memcpy(model_at(1)->now, model_at(1)->fresh, PCI_CONFIG_SIZE);
	model_at(1)->not_ready = 4;
	CHECK(pci_record_load(&record, &bus));
	CHECK_INT(pci_record_restore(&bus, &repaired), 0);
	CHECK_INT(repaired, 1);
	CHECK(model_sound(&bus.host) && decodes(1));
	check_taken_up();

	/* In D3hot: coming back resets it */
	model_at(3)->now[model_at(3)->power + PCI_POWER_STATUS] |= 3;
	CHECK_INT(pci_record_restore(&bus, &repaired), 0);
	CHECK_INT(repaired, 1);
	CHECK_INT(model_at(3)->resets, 1);
	CHECK(model_sound(&bus.host) && decodes(3));

	/* A bridge that forgot all: itself, and what is behind it is as it was */
	memcpy(model_at(4)->now, model_at(4)->fresh, PCI_CONFIG_SIZE);
	CHECK_INT(pci_record_restore(&bus, &repaired), 0);
	CHECK_INT(repaired, 1);
	CHECK(model_sound(&bus.host) && decodes(5));

	/* One that went away, with what was behind it; another in its place counts as gone, too */
	model_at(4)->absent = true;
	model_poke(8, PCI_DEVICE, 2, 0x9999);
	CHECK_INT(pci_record_restore(&bus, &repaired), 3);
	CHECK(bus.gone[pci_find(&bus, PCI_ADDRESS(3, 0, 0))]);
	CHECK(!bus.gone[pci_find(&bus, PCI_ADDRESS(1, 0, 0))]);
	CHECK_INT(model.violations, 0);
}

/* An instance that dies at any moment of its work leaves something that the next one can start from. */
static void test_death(void)
{
	machine();
	build();
	unsigned all = model.writes;

	for (unsigned limit = 1; limit < all && !checks_failed; limit++) {
		machine();
		model.write_limit = limit;
		pci_record_open(&record);
		pci_scan(&bus);
		pci_assign(&bus);
		pci_program(&bus);
		/* the record was never closed */
		model.write_limit = 0;
		model.violations = 0;
		CHECK(!pci_record_load(&record, &bus));
		build();
		CHECK_INT(bus.count, 9);
		CHECK(decodes(1) && decodes(8));
	}
}

static void test_damaged_record(void)
{
	static struct pci_record good;
	static struct pci_bus second;

	machine();
	build();
	good = record;
	second = (struct pci_bus){.host = bus.host, .config = &model_config};
	/* Damage is noticed by the sum */
	for (size_t i = 0; i < offsetof(struct pci_record, functions) + bus.count * sizeof(record.functions[0]); i++) {
		if (i >= offsetof(struct pci_record, quiet_until) && i < offsetof(struct pci_record, functions))
			continue;
		((uint8_t *)&record)[i] ^= 0x10;
		CHECK(!pci_record_load(&record, &second));
		((uint8_t *)&record)[i] ^= 0x10;
	}
	CHECK(pci_record_load(&record, &second));

	/* And if the sum is right, by what it says: the same again with random contents */
	unsigned accepted = 0;
	for (int i = 0; i < 6000; i++) {
		record = good;
		for (uint32_t n = chance(3); n < 3; n++)
			((uint8_t *)record.functions)[chance((uint32_t)(bus.count * sizeof(record.functions[0])))] =
				(uint8_t)chance(256);
		struct pci_bus of_record = {.count = record.count};
		pci_record_close(&record, &of_record);
		if (pci_record_load(&record, &second)) {
			uint32_t repaired;

			accepted++;
			(void)pci_record_restore(&second, &repaired);
			CHECK(model_sound(&second.host));
			record = good;
			CHECK(pci_record_load(&record, &second));
			(void)pci_record_restore(&second, &repaired);
		}
	}
	CHECK(accepted > 100); /* changes of ids and the like */
	CHECK_INT(model.violations, 0);
	record.count = PCI_FUNCTIONS_MAX + 1;
	CHECK(!pci_record_load(&record, &second));
}

int main(void)
{
	test_windows();
	test_nothing();
	test_flat();
	test_not_ready();
	test_bridges();
	test_bus_numbers_run_out();
	test_too_many();
	test_unknown_header();
	test_sizes();
	test_malformed_sizes();
	test_no_room();
	test_ways_out();
	test_bridge_without_place();
	test_same_again();
	test_random();
	test_restart();
	test_death();
	test_damaged_record();
	model_clear(0);
	return check_end();
}
