/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers of PCI functions are told and may do: capabilities, rules for writing, resets, the node that describes a function. */
#include <libfdt.h>
#include <stdlib.h>

#include "drivers/bus/pci/capability.h"
#include "drivers/bus/pci/describe.h"
#include "drivers/bus/pci/guard.h"
#include "drivers/bus/pci/reset.h"
#include "tests/unit/check.h"
#include "tests/unit/pci_model.h"

#define MS 1000000ull

static struct pci_bus bus;
static struct pci_function functions[PCI_FUNCTIONS_MAX];

static void start(void)
{
	bus = (struct pci_bus){.config = &model_config, .functions = functions};
	bus.host = (struct pci_host){0, 255, 1, {{0x40000000, 0x40000000, 0x40000000, false, true}}};
	model_clear(0);
}

static void build(void)
{
	pci_scan(&bus);
	pci_assign(&bus);
	pci_program(&bus);
}

static int device(unsigned number)
{
	int f = model_add(-1, number, 0, 0x1234, 0x11e8, 0x00ff00);

	model_bar(f, 0, 1 << 20, 0);
	return f;
}

static const struct pci_function *only(void)
{
	return &bus.functions[0];
}

/* ---- capabilities ----------------------------------------------------------------------------------------- */

static void test_capabilities(void)
{
	struct pci_caps caps;

	start();
	int f = device(1), plain = device(2);
	uint32_t first = model_cap(f, PCI_CAP_VENDOR, 16), msix = model_cap(f, PCI_CAP_MSIX, 12);
	uint32_t second = model_cap(f, PCI_CAP_VENDOR, 20);
	model_cap_extended(f, PCI_EXT_AER, 0x48); /* not PCI Express: nobody is to look there */
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK_INT(caps.count, 3);
	CHECK(!caps.malformed);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_VENDOR, 0), first);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_VENDOR, first), second);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_VENDOR, msix), second);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_VENDOR, second), 0);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_VENDOR, 0x77), 0);
	CHECK_INT(pci_capability_of(&model_config, 1 << 3, PCI_CAP_MSIX), msix);

	model_pcie(f, 0, true);
	uint32_t serial = model_cap_extended(f, 3, 12);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK_INT(caps.count, 6);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_EXTENDED | PCI_EXT_AER, 0), 0x100);
	CHECK_INT(pci_caps_find(&caps, PCI_CAP_EXTENDED | 3, 0x100), serial);

	pci_caps_read(&model_config, 2 << 3, &caps);
	CHECK_INT(caps.count, 0);
	(void)plain;
	pci_caps_read(&model_config, 3 << 3, &caps); /* nobody there */
	CHECK_INT(caps.count, 0);
}

static void test_capabilities_malformed(void)
{
	struct pci_caps caps;

	/* Loops: to itself, and to the first */
	start();
	int f = device(1);
	uint32_t one = model_cap(f, PCI_CAP_VENDOR, 8), two = model_cap(f, PCI_CAP_VENDOR, 8);
	model_poke(f, two + 1, 1, two);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed && caps.count == 2);
	model_poke(f, two + 1, 1, one);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed && caps.count == 2);
	/* Into the header, and where nobody answers */
	model_poke(f, two + 1, 1, 0x10);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed && caps.count == 2);
	model_poke(f, two + 1, 1, 0xf0);
	model_poke(f, 0xf0, 2, 0xffff);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed && caps.count == 2);
	/* Low bits of a pointer are none of it */
	model_poke(f, PCI_CAPABILITIES, 1, one | 3);
	model_poke(f, two + 1, 1, 0);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(!caps.malformed && caps.count == 2);

	/* Extended: a loop, one that leads back, and more than anybody has */
	model_pcie(f, 0, true);
	model_poke(f, 0x100, 4, 0x10010001);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed && caps.count == 4);
	model_poke(f, 0x100, 4, 0x04010001);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed);
	for (uint32_t at = 0x100; at < 0xf00; at += 4)
		model_poke(f, at, 4, (at + 4) << 20 | 0x1000b);
	pci_caps_read(&model_config, 1 << 3, &caps);
	CHECK(caps.malformed && caps.count == PCI_CAPS_MAX);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static status_t try(uint32_t offset, uint32_t width, uint32_t value, uint32_t *out)
{
	*out = value;
	CHECK_INT(pci_guard_access(offset, width), OK);
	return pci_guard_write(&model_config, only(), offset, width, out);
}

static void test_access(void)
{
	CHECK_INT(pci_guard_access(0, 4), OK);
	CHECK_INT(pci_guard_access(4092, 4), OK);
	CHECK_INT(pci_guard_access(4095, 1), OK);
	CHECK_INT(pci_guard_access(4096, 4), ERR_RANGE);
	CHECK_INT(pci_guard_access(UINT32_MAX - 3, 4), ERR_RANGE);
	CHECK_INT(pci_guard_access(2, 4), ERR_INVALID);
	CHECK_INT(pci_guard_access(1, 2), ERR_INVALID);
	CHECK_INT(pci_guard_access(0, 0), ERR_INVALID);
	CHECK_INT(pci_guard_access(0, 3), ERR_INVALID);
	CHECK_INT(pci_guard_access(0, 8), ERR_INVALID);
}

static void test_header(void)
{
	uint32_t value;

	start();
	int f = device(1);
	build();
	/* In the whole header only command and status are the driver's */
	for (uint32_t offset = 0; offset < 0x40; offset++) {
		for (uint32_t width = 1; width <= 4; width *= 2) {
			bool command = offset >= 4 && offset < 8 &&
				       (offset != 6 || width > 1); /* that byte is all read-only */

			if (!(offset % width))
				CHECK_INT(try(offset, width, 0, &value), command ? OK : ERR_ACCESS);
		}
	}
	/* Of the command register: mastering, memory, interrupts; the rest as it was */
	CHECK_INT(try(PCI_COMMAND, 2, 0xffff, &value), OK);
	CHECK_INT(value, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF);
	model_poke(f, PCI_COMMAND, 2, 0x0146);
	CHECK_INT(try(PCI_COMMAND, 2, 0, &value), OK);
	CHECK_INT(value, 0x0140);
	CHECK_INT(try(PCI_COMMAND + 1, 1, 0xff, &value), OK);
	CHECK_INT(value, 0x05);
	/* Flags of the status register are cleared only where the driver says so */
	model_poke(f, PCI_STATUS, 2, 0xf910);
	CHECK_INT(try(PCI_COMMAND, 4, 0x20000004, &value), OK);
	CHECK_INT(value, 0x20000144);
	CHECK_INT(try(PCI_STATUS, 2, 0xffff, &value), OK);
	CHECK_INT(value, 0xf900);
	CHECK_INT(try(PCI_STATUS, 2, 0, &value), OK);
	CHECK_INT(value, 0);
}

static void test_undecodable(void)
{
	uint32_t value;

	/* One of its base addresses has no place: memory stays off, whatever its driver says. */
	start();
	model_bar(device(1), 2, 1ull << 40, PCI_BAR_TYPE_64);
	build();
	CHECK_INT(try(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, &value), OK);
	CHECK_INT(value, PCI_COMMAND_MASTER);

	/* Bridges and unknown headers are nobody's. */
	start();
	model_add_bridge(-1, 1, 0, PCI_PCIE_ROOT_PORT, true);
	build();
	for (uint32_t offset = 0; offset < 4096; offset += 4)
		CHECK_INT(try(offset, 4, 0xffffffff, &value), ERR_ACCESS);
	start();
	model_poke(device(1), PCI_HEADER, 1, 2);
	build();
	CHECK_INT(try(PCI_COMMAND, 2, 0, &value), ERR_ACCESS);
	CHECK_INT(try(0x80, 4, 0, &value), ERR_ACCESS);
}

static void test_capabilities_guarded(void)
{
	uint32_t value;

	start();
	int f = device(1);
	model_power(f, false);
	uint32_t msi = model_cap(f, PCI_CAP_MSI, 14), msix = model_cap(f, PCI_CAP_MSIX, 12),
		 vendor = model_cap(f, PCI_CAP_VENDOR, 20);
	model_poke(f, msi + 2, 2, PCI_MSI_64);
	model_pcie(f, 0, true);
	uint32_t pcie = model_at(f)->pcie;
	model_af(f);
	uint32_t vpd = model_cap(f, PCI_CAP_VPD, 8);
	uint32_t aer = model_cap_extended(f, PCI_EXT_AER, 0x48), ats = model_cap_extended(f, 0x0f, 8);
	uint32_t rebar = model_cap_extended(f, 0x15, 12), dvsec = model_cap_extended(f, PCI_EXT_DVSEC, 16);
	build();
	for (uint32_t i = 0; i < 8; i += 4)
		CHECK_INT(try(model_at(f)->power + i, 4, 0, &value), ERR_ACCESS);
	for (uint32_t i = 0; i < 12; i += 4) {
		CHECK_INT(try(msi + i, 4, 0, &value), ERR_ACCESS);
		CHECK_INT(try(msix + i, 4, 0, &value), ERR_ACCESS);
	}
	CHECK_INT(try(msix + 3, 1, 0x80, &value), ERR_ACCESS);
	for (uint32_t i = 0; i < 20; i += 4)
		CHECK_INT(try(vendor + i, 4, 0x12345678, &value), OK);
	CHECK_INT(value, 0x12345678);
	CHECK_INT(try(vpd + 2, 2, 0x8000, &value), OK);
	CHECK_INT(try(model_at(f)->af + PCI_AF_CONTROL, 1, 1, &value), ERR_ACCESS);
	for (uint32_t i = 0; i < PCI_PCIE_SIZE; i += 4)
		CHECK_INT(try(pcie + i, 4, 0, &value), i == PCI_PCIE_DEVCTL ? OK : ERR_ACCESS);
	/* No reset, no payload size: they concern others */
	CHECK_INT(try(pcie + PCI_PCIE_DEVCTL, 2, 0xffff, &value), OK);
	CHECK_INT(value, PCI_PCIE_DEVCTL_DRIVER);
	CHECK_INT(try(pcie + PCI_PCIE_DEVCTL + 1, 1, 0x80, &value), OK);
	CHECK_INT(value, 0);
	model_poke(f, pcie + PCI_PCIE_DEVSTA, 2, 0x4f);
	CHECK_INT(try(pcie + PCI_PCIE_DEVCTL, 4, 0x00010000, &value), OK);
	CHECK_INT(value, 0x00010000);

	/* Of the device's own making, outside of all that is guarded */
	CHECK_INT(try(0xfc, 4, 1, &value), OK);
	CHECK_INT(try(aer, 4, 0, &value), ERR_ACCESS);
	CHECK_INT(try(aer + 8, 4, 0, &value), OK);
	CHECK_INT(try(ats + 4, 4, 0, &value), ERR_ACCESS);
	CHECK_INT(try(rebar + 4, 4, 0, &value), ERR_ACCESS);
	CHECK_INT(try(dvsec + 8, 4, 0, &value), OK);
	/* A list that loops says nothing about what is where */
	model_poke(f, msix + 1, 1, msix);
	CHECK_INT(try(vendor + 4, 4, 0, &value), ERR_ACCESS);
	CHECK_INT(try(PCI_COMMAND, 2, 0, &value), OK);
}

/* ---- resets ------------------------------------------------------------------------------------------------------ */

/* Returns the status; *took is the time. The function's driver had it going. */
static status_t reset(int number, uint64_t *took)
{
	struct pci_reset job;
	uint64_t begin = model.time;

	model_at(number)->now[PCI_COMMAND] |= PCI_COMMAND_MASTER;
	status_t status = pci_reset_begin(&model_config, only(), model.time, &job);
	CHECK(!(model_peek(number, PCI_COMMAND, 2) & PCI_COMMAND_MASTER));
	if (status != OK)
		return status;
	unsigned turns = 0;
	while ((status = pci_reset_step(&model_config, model.time, &job)) == ERR_WOULD_BLOCK && turns++ < 1000) {
		CHECK(job.next > model.time);
		CHECK_INT(pci_reset_step(&model_config, model.time, &job), ERR_WOULD_BLOCK); /* too early */
		model.time = job.next;
	}
	*took = model.time - begin;
	CHECK(!job.function);
	return status;
}

static void check_as_before(int number, const uint8_t *before)
{
	uint8_t now[PCI_CONFIG_SIZE];

	memcpy(now, model_at(number)->now, sizeof(now));
	CHECK(!memcmp(now, before, sizeof(now)));
	CHECK(model_sound(&bus.host));
	CHECK_INT(model.violations, 0);
}

static void test_reset(void)
{
	static uint8_t before[PCI_CONFIG_SIZE];
	uint64_t took;

	for (int way = 0; way < 3; way++) {
		start();
		int f = device(1);
		model_bar(f, 4, 1 << 20, PCI_BAR_TYPE_64 | PCI_BAR_PREFETCH);
		model_pcie(f, 0, way == 0);
		if (way == 1)
			model_af(f);
		model_power(f, false);
		build();
		model_at(f)->now[PCI_CACHE_LINE] = 16;
		model_at(f)->now[model_at(f)->pcie + PCI_PCIE_DEVCTL] = 0x1f;
		memcpy(before, model_at(f)->now, sizeof(before));
		CHECK_INT(reset(f, &took), OK);
		CHECK_INT(model_at(f)->resets, 1);
		CHECK(took >= (way == 2 ? 20 : 100) * MS && took < 250 * MS);
		check_as_before(f, before);

		/* Transactions that never end hold it up only for a while */
		if (way < 2) {
			model_poke(f, way == 0 ? model_at(f)->pcie + PCI_PCIE_DEVSTA : model_at(f)->af + PCI_AF_STATUS,
				   1, way == 0 ? PCI_PCIE_DEVSTA_BUSY : PCI_AF_STATUS_BUSY);
			CHECK_INT(reset(f, &took), OK);
			CHECK(took >= 200 * MS && took < 350 * MS);
		}
		/* It asks to be tried again for a while; then it never comes back */
		model_at(f)->not_ready = 20;
		CHECK_INT(reset(f, &took), OK);
		CHECK(model_peek(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY);
		model_at(f)->reset_ns = 3000 * MS;
		CHECK_INT(reset(f, &took), ERR_TIMED_OUT);
		CHECK(took < 2000 * MS);
		CHECK_INT(model.violations, 0);
	}
}

static void test_reset_unsupported(void)
{
	uint64_t took;

	start();
	int f = device(1);
	build();
	CHECK_INT(reset(f, &took), ERR_UNSUPPORTED);
	model_power(f, true); /* comes out of D3hot as it went in */
	CHECK_INT(reset(f, &took), ERR_UNSUPPORTED);
	CHECK_INT(model_at(f)->resets, 0);
	CHECK(model_peek(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY);
	start();
	f = model_add_bridge(-1, 1, 0, 0, true);
	model_power(f, false);
	build();
	CHECK_INT(reset(f, &took), ERR_UNSUPPORTED);
}

/* ---- nodes --------------------------------------------------------------------------------------------------------- */

static uint8_t blob[PCI_PROPERTIES_MAX];

static uint32_t cell(const char *name, uint32_t index)
{
	int len;
	const uint8_t *data = fdt_getprop(blob, 0, name, &len);

	return data && (index + 1) * 4 <= (uint32_t)len ? fdt32_ld((const fdt32_t *)(const void *)(data + 4 * index))
							: 0xdeadbeef;
}

static void test_node(void)
{
	char name[PCI_NAME_MAX];

	start();
	int f = device(0x1f);
	model_bar(f, 1, 64, PCI_BAR_IO);
	model_bar(f, 2, 1ull << 40, PCI_BAR_TYPE_64);
	uint32_t msix = model_cap(f, PCI_CAP_MSIX, 12);
	int port = model_add_bridge(-1, 2, 0, PCI_PCIE_ROOT_PORT, true);
	int nic = model_add(port, 0, 0, 0x8086, 0x10d3, 0x020000);
	model_bar(nic, 0, 128 << 10, 0);
	build();

	const struct pci_function *function = &bus.functions[pci_find(&bus, 0x1f << 3)];
	pci_name(function, name);
	CHECK_STR(name, "pci1234,11e8@1f,0");
	CHECK_INT(pci_describe(&model_config, function, blob, sizeof(blob)), OK);
	CHECK_INT(fdt_check_header(blob), 0);
	static const char *const compatible[] = {"pci1234,11e8.1234.1100.01", "pci1234,11e8.1234.1100",
						 "pci1234,11e8.01",           "pci1234,11e8",
						 "pciclass,00ff00",           "pciclass,00ff"};
	for (int i = 0; i < 6; i++)
		CHECK_STR(fdt_stringlist_get(blob, 0, "compatible", i, NULL), compatible[i]);
	CHECK_INT(fdt_stringlist_count(blob, 0, "compatible"), 6);
	CHECK_INT(cell("vendor-id", 0), 0x1234);
	CHECK_INT(cell("device-id", 0), 0x11e8);
	CHECK_INT(cell("class-code", 0), 0x00ff00);
	CHECK_INT(cell("revision-id", 0), 1);
	CHECK_INT(cell("subsystem-id", 0), 0x1100);
	CHECK_INT(cell("interrupts", 0), 1);
	CHECK_INT(cell("reg", 0), 0x0000f800);
	CHECK_INT(cell("reg", 5), 0x0200f810);
	CHECK_INT(cell("reg", 9), 1 << 20);
	CHECK_INT(cell("reg", 10), 0x0100f814);
	CHECK_INT(cell("reg", 15), 0x0300f818);
	CHECK_INT(cell("reg", 18), 1 << 8);
	CHECK_INT(cell("assigned-addresses", 0), 0x8200f810);
	CHECK_INT(cell("assigned-addresses", 2), (uint32_t)function->bars[0].base);
	CHECK_INT(cell("assigned-addresses", 5), 0xdeadbeef);
	CHECK_STR(fdt_stringlist_get(blob, 0, "veridian,unassigned", 0, NULL), "bar 1: 64 I/O ports");
	CHECK_STR(fdt_stringlist_get(blob, 0, "veridian,unassigned", 1, NULL),
		  "bar 2: no room for 0x10000000000 bytes");
	CHECK_INT(cell("capabilities", 0), PCI_CAP_MSIX);
	CHECK_INT(cell("capabilities", 1), msix);

	function = &bus.functions[pci_find(&bus, 2 << 3)];
	pci_name(function, name);
	CHECK_STR(name, "pci@2,0");
	CHECK_INT(pci_describe(&model_config, function, blob, sizeof(blob)), OK);
	CHECK_INT(cell("bus-range", 0), 1);
	CHECK_INT(cell("ranges", 0), 0x02000000);
	CHECK_INT(cell("ranges", 2), (uint32_t)function->window_base[PCI_ROOM_MEM]);
	CHECK(!fdt_getprop(blob, 0, "subsystem-id", NULL));
	function = &bus.functions[pci_find(&bus, 1 << 8)];
	pci_name(function, name);
	CHECK_STR(name, "ethernet@0,0");

	/* The fullest function there is fits into what devmgr takes, and no less is written over */
	for (uint32_t at = 0x40; at < 0x100; at += 4)
		model_poke(f, at, 2, at + 4 < 0x100 ? (at + 4) << 8 | PCI_CAP_VENDOR : PCI_CAP_PCIE);
	for (uint32_t at = 0x100; at < 0xf00; at += 4)
		model_poke(f, at, 4, (at + 4) << 20 | 0x1000b);
	function = &bus.functions[pci_find(&bus, 0x1f << 3)];
	CHECK_INT(pci_describe(&model_config, function, blob, sizeof(blob)), OK);
	for (size_t size = 0; size < fdt_totalsize(blob); size += 4) {
		uint8_t *small = malloc(size + 1);

		CHECK(small && pci_describe(&model_config, function, small, size) == ERR_NO_MEMORY);
		free(small);
	}
}

int main(void)
{
	test_capabilities();
	test_capabilities_malformed();
	test_access();
	test_header();
	test_undecodable();
	test_capabilities_guarded();
	test_reset();
	test_reset_unsupported();
	test_node();
	model_clear(0);
	return check_end();
}
