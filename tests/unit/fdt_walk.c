/* SPDX-License-Identifier: BSD-2-Clause */
/* devmgr's device tree: every real tree in tests/data/dtb, facts of some of them, and trees made wrong on
 * purpose. Argument: the folder of the real ones. */
#include <dirent.h>
#include <stdlib.h>

#include <libfdt.h>

#include "drivers/devmgr/tree/tree.h"
#include "tests/unit/check.h"

static const char *folder;

struct blob {
	void *data;
	size_t size;
	struct tree *tree;
};

static struct blob load(const char *name)
{
	struct blob blob = {0};
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!CHECK(file != NULL))
		exit(1);
	fseek(file, 0, SEEK_END);
	blob.size = (size_t)ftell(file);
	rewind(file);
	blob.data = malloc(blob.size);
	if (!CHECK(fread(blob.data, 1, blob.size, file) == blob.size) ||
	    !CHECK_INT(tree_parse(blob.data, blob.size, &blob.tree), OK))
		exit(1);
	fclose(file);
	return blob;
}

static void unload(struct blob *blob)
{
	tree_free(blob->tree);
	free(blob->data);
}

/* ---- what holds for every tree ----------------------------------------------------------------- */

static void check_node(const struct tree *tree, uint32_t node)
{
	char path[TREE_PATH_MAX];
	struct tree_range range;
	struct tree_irq irq;
	uint32_t n;
	status_t status;

	tree_path(tree, node, path, sizeof(path));
	CHECK_INT(tree_find(tree, path), node);
	if (node) {
		CHECK(tree_parent(tree, node) < node);
		CHECK_INT(tree_depth(tree, node), tree_depth(tree, tree_parent(tree, node)) + 1);
	}
	for (n = 0; (status = tree_reg(tree, node, n, &range)) == OK; n++)
		CHECK(range.base + range.size >= range.base);
	if (status != ERR_NOT_FOUND && status != ERR_UNSUPPORTED)
		printf("%s: reg %u: status %d\n", path, n, (int)status);
	CHECK(status == ERR_NOT_FOUND || status == ERR_UNSUPPORTED);
	for (n = 0; (status = tree_irq(tree, node, n, &irq)) == OK; n++)
		CHECK(irq.ncells >= 1 && irq.controller < tree_count(tree));
	/* QEMU's msi-less PCI hosts and firmware leftovers have interrupts that lead nowhere. */
	CHECK(status == ERR_NOT_FOUND || status == ERR_UNSUPPORTED);
}

static void test_all(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int trees = 0;

	if (!CHECK(dir != NULL))
		return;
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".dtb"))
			continue;
		struct blob blob = load(entry->d_name);
		trees++;
		CHECK(tree_count(blob.tree) > 10);
		if (!CHECK_INT(tree_defect_count(blob.tree), 0))
			printf("%s: %s\n", entry->d_name, tree_defect_at(blob.tree, 0)->text);
		for (uint32_t i = 0; i < tree_count(blob.tree); i++)
			check_node(blob.tree, i);
		unload(&blob);
	}
	closedir(dir);
	CHECK(trees >= 18);
}

/* ---- facts of some --------------------------------------------------------------------------------- */

struct fact {
	const char *path;
	uint32_t reg;
	uint64_t base, size;
	uint32_t irq; /* first cell of interrupt 0; 0: none */
};

static void check_facts(const struct tree *tree, const char *controller, const struct fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t node = tree_find(tree, facts[i].path);
		struct tree_range range;
		struct tree_irq irq;

		if (!CHECK(node != TREE_NONE) || !CHECK_INT(tree_reg(tree, node, facts[i].reg, &range), OK)) {
			printf("%s\n", facts[i].path);
			continue;
		}
		CHECK_INT(range.base, facts[i].base);
		CHECK_INT(range.size, facts[i].size);
		if (!facts[i].irq) {
			CHECK_INT(tree_irq(tree, node, 0, &irq), ERR_NOT_FOUND);
			continue;
		}
		if (!CHECK_INT(tree_irq(tree, node, 0, &irq), OK))
			continue;
		CHECK_STR(tree_name(tree, irq.controller), controller);
		CHECK_INT(irq.cells[0], facts[i].irq);
	}
}

static void check_console(const struct tree *tree, const char *path, const char *options)
{
	const char *got;
	uint32_t node = tree_stdout(tree, &got);
	char text[TREE_PATH_MAX];

	if (!CHECK(node != TREE_NONE))
		return;
	tree_path(tree, node, text, sizeof(text));
	CHECK_STR(text, path);
	CHECK_STR(got, options);
}

static void test_virt(void)
{
	static const struct fact facts[] = {
		{"/soc/serial@10000000", 0, 0x10000000, 0x100, 10},
		{"/soc/serial", 0, 0x10000000, 0x100, 10},
		{"/soc/rtc@101000", 0, 0x101000, 0x1000, 11},
		{"/soc/virtio_mmio@10001000", 0, 0x10001000, 0x1000, 1},
		{"/soc/virtio_mmio@10008000", 0, 0x10008000, 0x1000, 8},
		{"/soc/test@100000", 0, 0x100000, 0x1000, 0},
		{"/soc/pci@30000000", 0, 0x30000000, 0x10000000, 0},
		{"/flash@20000000", 1, 0x22000000, 0x2000000, 0},
		{"/memory@80000000", 0, 0x80000000, 0x20000000, 0},
	};
	struct blob blob = load("qemu-virt.dtb");
	const struct tree *tree = blob.tree;

	check_facts(tree, "plic@c000000", facts, sizeof(facts) / sizeof(facts[0]));
	check_console(tree, "/soc/serial@10000000", "");
	CHECK_INT(tree_find(tree, "/soc/virtio_mmio"), TREE_NONE); /* eight of them */
	CHECK_INT(tree_find(tree, "/soc/seria"), TREE_NONE);
	CHECK_INT(tree_find(tree, "soc"), TREE_NONE);
	CHECK_INT(tree_find(tree, ""), TREE_NONE);
	CHECK_INT(tree_find(tree, "/"), 0);
	CHECK_INT(tree_find(tree, "//soc/"), tree_find(tree, "/soc"));
	CHECK_INT(tree_resolve(tree, "serial0:9600", NULL), tree_find(tree, "/soc/serial"));
	CHECK_INT(tree_resolve(tree, "serial", NULL), TREE_NONE);
	CHECK_INT(tree_resolve(tree, ":", NULL), TREE_NONE);

	/* The system controller behind /poweroff */
	uint32_t phandle = 0;
	CHECK_INT(tree_u32(tree, tree_find(tree, "/poweroff"), "regmap", &phandle), OK);
	CHECK_INT(tree_by_phandle(tree, phandle), tree_find(tree, "/soc/test"));
	CHECK(tree_compatible(tree, tree_find(tree, "/soc/test"), "syscon"));
	CHECK(!tree_compatible(tree, tree_find(tree, "/soc/test"), "sysco"));

	/* PCI: the pins of every slot, swizzled over four interrupts */
	uint32_t pci = tree_find(tree, "/soc/pci");
	for (uint32_t slot = 0; slot < 32; slot++) {
		for (uint32_t pin = 1; pin <= 4; pin++) {
			uint32_t address[3] = {slot << 11, 0, 0};
			struct tree_irq irq;

			if (CHECK_INT(tree_irq_map(tree, pci, address, 3, &pin, 1, &irq), OK))
				CHECK_INT(irq.cells[0], 32 + (slot + pin - 1) % 4);
		}
	}
	uint32_t five = 5, address[3] = {0};
	CHECK_INT(tree_irq_map(tree, pci, address, 3, &five, 1, &(struct tree_irq){0}), ERR_UNSUPPORTED);
	CHECK_INT(tree_irq_map(tree, pci, address, 2, &five, 1, &(struct tree_irq){0}), ERR_BAD_FORMAT);
	CHECK_INT(tree_irq_map(tree, 0, address, 3, &five, 1, &(struct tree_irq){0}), ERR_INVALID);
	unload(&blob);
}

static void test_virt_aplic(void)
{
	struct blob blob = load("qemu-virt-aplic.dtb");
	struct tree_irq irq;

	CHECK_INT(tree_irq(blob.tree, tree_find(blob.tree, "/soc/serial"), 0, &irq), OK);
	CHECK_INT(irq.ncells, 2);
	CHECK_INT(irq.cells[0], 10);
	CHECK_INT(irq.cells[1], 4); /* level, high */
	CHECK(tree_compatible(blob.tree, irq.controller, "riscv,aplic"));
	unload(&blob);
}

static void test_visionfive2(void)
{
	static const struct fact facts[] = {
		{"/soc/serial@10000000", 0, 0x10000000, 0x10000, 32},
		{"/soc/i2c@10030000", 0, 0x10030000, 0x10000, 35},
		{"/soc/usb@10100000/usb@0", 0, 0x10100000, 0x10000, 100},
		{"/soc/usb@10100000/usb@0", 1, 0x10110000, 0x10000, 100},
		{"/soc/usb@10100000/usb@0", 2, 0x10120000, 0x10000, 100},
		{"/soc/spi@13010000", 1, 0x21000000, 0x400000, 25},
		{"/soc/mmc@16010000", 0, 0x16010000, 0x10000, 74},
		{"/soc/ethernet@16030000", 0, 0x16030000, 0x10000, 7},
		{"/soc/pcie@940000000", 0, 0x940000000, 0x1000000, 56},
		{"/soc/pcie@9c0000000", 1, 0x2c000000, 0x100000, 57},
		{"/soc/power-controller@17030000", 0, 0x17030000, 0x10000, 111},
	};
	struct blob blob = load("jh7110-starfive-visionfive-2-v1.3b.dtb");
	const struct tree *tree = blob.tree;
	struct tree_range range;
	struct tree_irq irq;

	check_facts(tree, "interrupt-controller@c000000", facts, sizeof(facts) / sizeof(facts[0]));
	check_console(tree, "/soc/serial@10000000", "115200n8");
	/* A number on a bus is no address. */
	CHECK_INT(tree_reg(tree, tree_find(tree, "/soc/i2c@12050000/pmic@36"), 0, &range), ERR_UNSUPPORTED);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/cpus/cpu@1"), 0, &range), ERR_UNSUPPORTED);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/soc/serial@10000000"), 1, &range), ERR_NOT_FOUND);
	/* All three of the USB controller, by number */
	uint32_t usb = tree_find(tree, "/soc/usb@10100000/usb@0");
	CHECK_INT(tree_irq(tree, usb, 1, &irq), OK);
	CHECK_INT(irq.cells[0], 108);
	CHECK_INT(tree_irq(tree, usb, 2, &irq), OK);
	CHECK_INT(irq.cells[0], 110);
	CHECK_INT(tree_irq(tree, usb, 3, &irq), ERR_NOT_FOUND);
	/* interrupts-extended: the PLIC's own contexts end at the harts */
	uint32_t plic = tree_find(tree, "/soc/interrupt-controller@c000000");
	CHECK_INT(tree_irq(tree, plic, 2, &irq), OK);
	CHECK_INT(irq.cells[0], 9);
	CHECK_STR(tree_name(tree, tree_parent(tree, irq.controller)), "cpu@1");
	/* status */
	CHECK(tree_enabled(tree, tree_find(tree, "/soc/serial@10000000")));
	CHECK(!tree_enabled(tree, tree_find(tree, "/soc/serial@10010000")));
	CHECK_INT(tree_string_index(tree, tree_find(tree, "/soc/mmc@16010000"), "clock-names", "ciu"), 1);
	unload(&blob);
}

static void test_sifive(void)
{
	static const struct fact facts[] = {
		{"/soc/serial@10010000", 0, 0x10010000, 0x1000, 4},
		{"/soc/serial@10011000", 0, 0x10011000, 0x1000, 5},
	};
	struct blob blob = load("qemu-sifive_u.dtb");

	check_facts(blob.tree, "interrupt-controller@c000000", facts, 2);
	check_console(blob.tree, "/soc/serial@10010000", "");
	unload(&blob);
	blob = load("mpfs-icicle-kit.dtb");
	check_console(blob.tree, "/soc/serial@20100000", "115200n8");
	unload(&blob);
}

/* ---- trees made wrong ---------------------------------------------------------------------------------- */

static uint64_t made_storage[16384];

static void *made_begin(void)
{
	memset(made_storage, 0, sizeof(made_storage));
	fdt_create(made_storage, sizeof(made_storage));
	fdt_finish_reservemap(made_storage);
	fdt_begin_node(made_storage, "");
	return made_storage;
}

static struct tree *made_end(void *fdt)
{
	struct tree *tree = NULL;

	fdt_end_node(fdt);
	if (!CHECK_INT(fdt_finish(fdt), 0) || !CHECK_INT(tree_parse(fdt, sizeof(made_storage), &tree), OK))
		exit(1);
	return tree;
}

static void cells(void *fdt, const char *name, uint32_t count, const uint32_t *values)
{
	fdt32_t data[64];

	for (uint32_t i = 0; i < count; i++)
		data[i] = cpu_to_fdt32(values[i]);
	CHECK_INT(fdt_property(fdt, name, data, (int)(4 * count)), 0);
}
#define CELLS(fdt, name, ...) cells(fdt, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (const uint32_t[]){__VA_ARGS__})

static void test_ranges(void)
{
	struct tree_range range;
	void *fdt = made_begin();

	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	fdt_begin_node(fdt, "offset"); /* two windows, one of them to above 4 GiB */
	CELLS(fdt, "#address-cells", 1);
	CELLS(fdt, "#size-cells", 1);
	CELLS(fdt, "ranges", 0x1000, 0, 0x80000000, 0x1000, 0x4000, 0x5, 0, 0x2000);
	fdt_begin_node(fdt, "low");
	CELLS(fdt, "reg", 0x1800, 0x800, 0x1800, 0x801, 0x0fff, 1, 0x3000, 0);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "nested");
	CELLS(fdt, "#address-cells", 1);
	CELLS(fdt, "#size-cells", 1);
	CELLS(fdt, "ranges", 0, 0x4800, 0x1000);
	fdt_begin_node(fdt, "deep");
	CELLS(fdt, "reg", 0x10, 0x20);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "closed"); /* no ranges: nothing below is the CPU's */
	CELLS(fdt, "#address-cells", 1);
	CELLS(fdt, "#size-cells", 1);
	fdt_begin_node(fdt, "inside");
	CELLS(fdt, "reg", 0, 4);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "same"); /* empty ranges, but other cells */
	CELLS(fdt, "#address-cells", 1);
	CELLS(fdt, "#size-cells", 1);
	fdt_property(fdt, "ranges", "", 0);
	fdt_begin_node(fdt, "inside");
	CELLS(fdt, "reg", 0, 4);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "wrap");
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	CELLS(fdt, "ranges", 0, 0, 0xffffffff, 0xfffff000, 0xffffffff, 0xffffffff);
	fdt_begin_node(fdt, "inside");
	CELLS(fdt, "reg", 0, 0x1000, 0, 4, 0, 0xff0, 0, 0x11);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "huge-cells");
	CELLS(fdt, "#address-cells", 0xffffffff);
	CELLS(fdt, "#size-cells", 0x40000000);
	fdt_property(fdt, "ranges", "", 0);
	fdt_begin_node(fdt, "inside");
	CELLS(fdt, "reg", 0, 4);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "odd");
	fdt_property(fdt, "reg", "123", 3);
	fdt_end_node(fdt);
	struct tree *tree = made_end(fdt);

	uint32_t low = tree_find(tree, "/offset/low");
	CHECK_INT(tree_reg(tree, low, 0, &range), OK);
	CHECK_INT(range.base, 0x80000800);
	CHECK_INT(tree_reg(tree, low, 1, &range), ERR_RANGE); /* one byte beyond the window */
	CHECK_INT(tree_reg(tree, low, 2, &range), ERR_RANGE);
	CHECK_INT(tree_reg(tree, low, 3, &range), ERR_RANGE);
	CHECK_INT(tree_reg(tree, low, 4, &range), ERR_NOT_FOUND);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/offset/nested/deep"), 0, &range), OK);
	CHECK_INT(range.base, 0x500000810);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/offset/closed/inside"), 0, &range), ERR_UNSUPPORTED);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/same/inside"), 0, &range), ERR_BAD_FORMAT);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/wrap/inside"), 0, &range), ERR_BAD_FORMAT);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/wrap/inside"), 1, &range), ERR_BAD_FORMAT);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/huge-cells/inside"), 0, &range), ERR_BAD_FORMAT);
	CHECK_INT(tree_reg(tree, tree_find(tree, "/odd"), 0, &range), ERR_BAD_FORMAT);
	CHECK_INT(tree_reg(tree, 0, 0, &range), ERR_NOT_FOUND);
	CHECK_INT(tree_defect_count(tree), 2); /* both cells of huge-cells */
	tree_free(tree);
}

static void test_interrupts(void)
{
	struct tree_irq irq;
	void *fdt = made_begin();

	CELLS(fdt, "interrupt-parent", 1);
	fdt_begin_node(fdt, "pic");
	CELLS(fdt, "phandle", 1);
	CELLS(fdt, "#interrupt-cells", 2);
	fdt_property(fdt, "interrupt-controller", "", 0);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "inherits");
	CELLS(fdt, "interrupts", 7, 4, 8, 1);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "odd-length");
	CELLS(fdt, "interrupts", 7, 4, 8);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "nobody");
	CELLS(fdt, "interrupt-parent", 99);
	CELLS(fdt, "interrupts", 7, 4);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "extended");
	CELLS(fdt, "interrupts-extended", 1, 3, 4, 99, 1);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "short");
	CELLS(fdt, "interrupts-extended", 1, 3);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "circle-a"); /* two nexus nodes that map to each other */
	CELLS(fdt, "phandle", 2);
	CELLS(fdt, "#interrupt-cells", 1);
	CELLS(fdt, "#address-cells", 0);
	CELLS(fdt, "interrupt-map", 5, 3, 5);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "circle-b");
	CELLS(fdt, "phandle", 3);
	CELLS(fdt, "#interrupt-cells", 1);
	CELLS(fdt, "#address-cells", 0);
	CELLS(fdt, "interrupt-map", 5, 2, 5);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "in-circle");
	CELLS(fdt, "interrupts-extended", 2, 5, 2, 6);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "own-parent");
	CELLS(fdt, "phandle", 4);
	CELLS(fdt, "interrupt-parent", 4);
	CELLS(fdt, "interrupts", 1);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "cut-map");
	CELLS(fdt, "phandle", 5);
	CELLS(fdt, "#interrupt-cells", 1);
	CELLS(fdt, "#address-cells", 0);
	CELLS(fdt, "interrupt-map", 1, 1, 9);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "at-cut-map");
	CELLS(fdt, "interrupts-extended", 5, 1);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "many-cells");
	CELLS(fdt, "phandle", 6);
	CELLS(fdt, "#interrupt-cells", 0x80000001);
	fdt_property(fdt, "interrupt-controller", "", 0);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "at-many-cells");
	CELLS(fdt, "interrupts-extended", 6, 1);
	fdt_end_node(fdt);
	struct tree *tree = made_end(fdt);

	uint32_t node = tree_find(tree, "/inherits");
	CHECK_INT(tree_irq(tree, node, 1, &irq), OK);
	CHECK_INT(irq.cells[0], 8);
	CHECK_INT(irq.cells[1], 1);
	CHECK_INT(tree_irq(tree, node, 2, &irq), ERR_NOT_FOUND);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/odd-length"), 0, &irq), ERR_BAD_FORMAT);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/nobody"), 0, &irq), ERR_UNSUPPORTED);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/extended"), 0, &irq), OK);
	CHECK_INT(irq.cells[0], 3);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/extended"), 1, &irq), ERR_UNSUPPORTED);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/short"), 0, &irq), ERR_BAD_FORMAT);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/in-circle"), 0, &irq), ERR_BAD_FORMAT);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/in-circle"), 1, &irq), ERR_UNSUPPORTED);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/own-parent"), 0, &irq), ERR_UNSUPPORTED);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/at-cut-map"), 0, &irq), ERR_BAD_FORMAT);
	CHECK_INT(tree_irq(tree, tree_find(tree, "/at-many-cells"), 0, &irq), ERR_BAD_FORMAT);
	tree_free(tree);
}

static void test_shape(void)
{
	const char *options;
	void *fdt = made_begin();

	fdt_begin_node(fdt, "a");
	fdt_property_string(fdt, "status", "disabled");
	CELLS(fdt, "phandle", 7);
	fdt_begin_node(fdt, "b");
	fdt_property_string(fdt, "status", "okay");
	CELLS(fdt, "phandle", 7);
	fdt_property(fdt, "compatible", "x\0y", 3); /* the last string is not ended */
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "c");
	fdt_property(fdt, "status", "okay", 4);
	CELLS(fdt, "phandle", 0);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "aliases");
	fdt_property_string(fdt, "s", "/a/b");
	fdt_property(fdt, "open", "/a", 2);
	fdt_property_string(fdt, "ring", "ring");
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "chosen");
	fdt_property_string(fdt, "stdout-path", "s:9600e7");
	fdt_end_node(fdt);
	for (int i = 0; i < 100; i++)
		fdt_begin_node(fdt, "deep");
	for (int i = 0; i < 100; i++)
		fdt_end_node(fdt);
	struct tree *tree = made_end(fdt);

	uint32_t b = tree_find(tree, "/a/b");
	CHECK(!tree_enabled(tree, b));
	CHECK(!tree_enabled(tree, tree_find(tree, "/c")));
	CHECK_STR(tree_string(tree, b, "compatible", 0), "x");
	CHECK_STR(tree_string(tree, b, "compatible", 1), NULL);
	CHECK(!tree_compatible(tree, b, "y"));
	CHECK_INT(tree_by_phandle(tree, 7), tree_find(tree, "/a"));
	CHECK_INT(tree_by_phandle(tree, 0), TREE_NONE);
	CHECK_INT(tree_stdout(tree, &options), b);
	CHECK_STR(options, "9600e7");
	CHECK_INT(tree_resolve(tree, "open", NULL), TREE_NONE);
	CHECK_INT(tree_resolve(tree, "ring", NULL), TREE_NONE);
	/* phandle twice, phandle 0, too deep */
	CHECK_INT(tree_defect_count(tree), 3);
	uint32_t deepest = tree_count(tree) - 1;
	CHECK_INT(tree_depth(tree, deepest), TREE_DEPTH_MAX - 1);
	char path[TREE_PATH_MAX], small[12], one[1];
	tree_path(tree, deepest, path, sizeof(path));
	CHECK_INT(tree_find(tree, path), deepest);
	tree_path(tree, deepest, small, sizeof(small));
	CHECK_STR(small, "/deep/de...");
	tree_path(tree, deepest, one, sizeof(one));
	CHECK_STR(one, "");
	tree_free(tree);
}

/* Any bytes changed in a real tree: it is refused or walked, within its memory (the sanitizers tell). */
static void test_damage(void)
{
	struct blob blob = load("qemu-virt.dtb");
	uint8_t *copy = malloc(blob.size);
	uint32_t seed = 1;
	int parsed = 0;

	for (int round = 0; round < 3000; round++) {
		struct tree *tree;

		memcpy(copy, blob.data, blob.size);
		for (int i = 0; i < 1 + round % 8; i++) {
			seed = seed * 1664525 + 1013904223;
			copy[seed % blob.size] = (uint8_t)(seed >> 24);
		}
		if (tree_parse(copy, blob.size, &tree) != OK)
			continue;
		parsed++;
		for (uint32_t i = 0; i < tree_count(tree); i++) {
			char path[64];
			struct tree_range range;
			struct tree_irq irq;

			tree_path(tree, i, path, sizeof(path));
			for (uint32_t n = 0; n < 4; n++) {
				(void)tree_reg(tree, i, n, &range);
				(void)tree_irq(tree, i, n, &irq);
			}
			(void)tree_enabled(tree, i);
		}
		(void)tree_stdout(tree, NULL);
		tree_free(tree);
	}
	CHECK(parsed > 100 && parsed < 3000);
	/* Cut short anywhere */
	for (size_t size = 0; size < blob.size; size += 61) {
		struct tree *tree = NULL;
		void *part = malloc(size ? size : 1);

		memcpy(part, blob.data, size);
		CHECK_INT(tree_parse(part, size, &tree), ERR_BAD_FORMAT);
		free(part);
	}
	free(copy);
	unload(&blob);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	test_all();
	test_virt();
	test_virt_aplic();
	test_visionfive2();
	test_sifive();
	test_ranges();
	test_interrupts();
	test_shape();
	test_damage();
	return check_end();
}
