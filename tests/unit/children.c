/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that bus drivers report: nodes that join the tree, what they may be given, pages that nobody else has. Argument: the folder of
 * device trees. */
#include <stdlib.h>

#include <libfdt.h>

#include "drivers/devmgr/bind/match.h"
#include "drivers/devmgr/blob.h"
#include "drivers/devmgr/child.h"
#include "tests/unit/check.h"

static const char *folder;
static uint64_t blob[512];

static size_t blob_build(const char *compatible, const char *extra, uint32_t value)
{
	memset(blob, 0, sizeof(blob));
	fdt_create(blob, sizeof(blob));
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_property_string(blob, "compatible", compatible);
	if (extra)
		fdt_property_u32(blob, extra, value);
	fdt_end_node(blob);
	CHECK_INT(fdt_finish(blob), 0);
	return fdt_totalsize(blob);
}

static struct tree *tree_load(const char *name, void **data)
{
	char path[1024];
	struct tree *tree = NULL;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!CHECK(file != NULL))
		exit(1);
	fseek(file, 0, SEEK_END);
	size_t size = (size_t)ftell(file);
	rewind(file);
	*data = malloc(size);
	CHECK(fread(*data, 1, size, file) == size);
	fclose(file);
	if (!CHECK_INT(tree_parse(*data, size, &tree), OK))
		exit(1);
	return tree;
}

static void test_grow(struct tree *tree)
{
	static const char *const bad_names[] = {"",     "/",    "a/b", "a@1@2", "@1",      "a@", "a b",
						"\x01", "\xff", ".a",  "..",    "a\n@0,0", "-a"};
	static const char *const good_names[] = {"a", "1", "virtio-blk@1,0", "Eth.x_y+z@00"};
	uint32_t bus = tree_find(tree, "/soc/pci@30000000"), node, other, before = tree_count(tree);
	size_t size = blob_build("pci1af4,1042", "phandle", 1);
	char path[TREE_PATH_MAX];

	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
		CHECK_INT(tree_add(tree, bus, bad_names[i], blob, size, &node), ERR_INVALID);
	for (size_t cut = 0; cut < size; cut++)
		CHECK_INT(tree_add(tree, bus, "cut", blob, cut, &node), ERR_BAD_FORMAT);
	CHECK_INT(tree_count(tree), before);
	for (size_t i = 0; i < sizeof(good_names) / sizeof(good_names[0]); i++)
		CHECK_INT(tree_add(tree, bus, good_names[i], blob, size, &node), OK);
	CHECK_INT(tree_count(tree), before + 4);
	CHECK_INT(tree_add(tree, bus, "virtio-blk@1,0", blob, size, &other), ERR_EXISTS);
	tree_path(tree, node, path, sizeof(path));
	CHECK_STR(path, "/soc/pci@30000000/Eth.x_y+z@00");
	node = tree_find(tree, "/soc/pci@30000000/virtio-blk@1,0");
	CHECK_INT(node, tree_find(tree, "/soc/pci/virtio-blk"));
	CHECK(tree_added(tree, node) && !tree_added(tree, bus));
	CHECK_INT(tree_parent(tree, node), bus);
	CHECK_INT(tree_depth(tree, node), 3);
	CHECK(tree_compatible(tree, node, "pci1af4,1042") && tree_prop_count(tree, node) == 2);
	/* Its word leads nobody to it. */
	CHECK(tree_by_phandle(tree, 1) != node);
	CHECK(tree_same(tree, node, blob, size) && !tree_same(tree, node, blob, size - 1));
	/* Other properties */
	size = blob_build("pci1af4,1041", NULL, 0);
	CHECK(!tree_same(tree, node, blob, size));
	CHECK_INT(tree_change(tree, node, blob, size / 2), ERR_BAD_FORMAT);
	CHECK(tree_compatible(tree, node, "pci1af4,1042"));
	CHECK_INT(tree_change(tree, node, blob, size), OK);
	CHECK(tree_compatible(tree, node, "pci1af4,1041") && tree_prop_count(tree, node) == 1);
	CHECK_INT(tree_change(tree, bus, blob, size), ERR_STATE);
	/* What its driver gets */
	struct plan plan = {0};
	struct blob_facts facts = {.plan = &plan};
	void *made;
	CHECK_INT(blob_make(tree_blob(tree, node), tree, node, &facts, &made, &size), OK);
	CHECK_STR(fdt_getprop(made, fdt_subnode_offset(made, 0, "node"), "compatible", NULL), "pci1af4,1041");
	CHECK_STR(fdt_getprop(made, 0, DRIVER_FACT_PATH, NULL), "/soc/pci@30000000/virtio-blk@1,0");
	free(made);
	/* Nothing below a child, no property twice */
	memset(blob, 0, sizeof(blob));
	fdt_create(blob, sizeof(blob));
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_begin_node(blob, "x");
	fdt_end_node(blob);
	fdt_end_node(blob);
	fdt_finish(blob);
	CHECK_INT(tree_add(tree, bus, "below", blob, fdt_totalsize(blob), &other), ERR_BAD_FORMAT);
	/* The last one goes again. */
	before = tree_count(tree);
	size = blob_build("x", NULL, 0);
	CHECK_INT(tree_add(tree, node, "last", blob, size, &other), OK);
	CHECK_INT(tree_first_child(tree, node), other);
	tree_remove_last(tree);
	CHECK_INT(tree_count(tree), before);
	CHECK_INT(tree_first_child(tree, node), TREE_NONE);
	/* As deep as may be, and many */
	for (other = node; tree_add(tree, other, "deep", blob, size, &other) == OK;)
		;
	CHECK_INT(tree_depth(tree, other), TREE_DEPTH_MAX - 1);
	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "many@%d", i);
		CHECK_INT(tree_add(tree, bus, path, blob, size, &other), OK);
	}
	CHECK_INT(tree_find(tree, "/soc/pci/many@1999"), other);
}

static status_t plan_one(const struct tree *tree, uint32_t bus, uint64_t base, uint64_t size)
{
	struct child_said said = {.name = "x", .base = {base}, .size = {size}};
	struct plan bus_plan, plan;

	plan_make(tree, bus, TREE_NONE, &bus_plan);
	return child_plan(tree, bus, &bus_plan, TREE_NONE, &said, TREE_NONE, &plan);
}

static void test_windows(const struct tree *tree)
{
	static const struct {
		uint64_t base, size;
		status_t wanted;
	} places[] = {
		{0x40000000, 0x40000000, OK},
		{0x40000000, 0x40000001, ERR_RANGE},
		{0x3ffff000, 0x1000, ERR_RANGE},
		{0x3ffff000, 0x2000, ERR_RANGE},
		{0x7ffff000, 0x1000, OK},
		{0x7fffffff, 1, OK},
		{0x80000000, 1, ERR_RANGE},
		{0x400000000, 0x400000000, OK}, /* the 64-bit window */
		{0x7fffff000, 0x1000, OK},
		{0x800000000, 0x1000, ERR_RANGE},
		{0x3000000, 0x10000, OK}, /* I/O ports, where the machine has them in memory */
		{0x3000000, 0x10001, ERR_RANGE},
		{0x30000000, 0x1000, ERR_RANGE}, /* the bridge's own registers are no window */
		{0, 1, ERR_RANGE},
		{0, UINT64_MAX, ERR_RANGE},
		{1, UINT64_MAX, ERR_RANGE},
		{UINT64_MAX, 1, ERR_RANGE},
		{UINT64_MAX, UINT64_MAX, ERR_RANGE},
		{0x40000000, UINT64_MAX, ERR_RANGE},
		{0x40000000, UINT64_MAX - 0x40000000, ERR_RANGE},
	};
	uint32_t pci = tree_find(tree, "/soc/pci@30000000");
	struct tree_range window;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		CHECK_INT(plan_one(tree, pci, places[i].base, places[i].size), places[i].wanted);
	CHECK_INT(tree_window(tree, pci, 3, &window), ERR_NOT_FOUND);
	/* Empty ranges hand nothing on; nor does a node that is no bus. */
	CHECK_INT(plan_one(tree, tree_find(tree, "/soc"), 0x10000000, 0x100), ERR_RANGE);
	CHECK_INT(plan_one(tree, tree_find(tree, "/soc/serial"), 0x10000000, 0x100), ERR_RANGE);
	CHECK_INT(plan_one(tree, 0, 0x10000000, 0x100), ERR_RANGE);
	uint32_t platform = tree_find(tree, "/platform-bus@4000000");
	if (platform != TREE_NONE) {
		CHECK_INT(plan_one(tree, platform, 0x4000000, 0x2000000), OK);
		CHECK_INT(plan_one(tree, platform, 0x5fff000, 0x1001), ERR_RANGE);
	}
}

/* A bus that was found itself: what it was given bounds what it gives, whatever its properties say. */
static void test_nested(struct tree *tree)
{
	uint32_t pci = tree_find(tree, "/soc/pci@30000000"), bus;
	size_t size = blob_build("simple-bus", "interrupt-map", 0);
	struct child_said said = {.name = "bus@0", .base = {0x41000000}, .size = {0x2000}};
	struct plan pci_plan, bus_plan, plan;

	plan_make(tree, pci, TREE_NONE, &pci_plan);
	CHECK_INT(tree_add(tree, pci, said.name, blob, size, &bus), OK);
	CHECK_INT(child_plan(tree, pci, &pci_plan, TREE_NONE, &said, bus, &bus_plan), OK);
	said = (struct child_said){.name = "x", .base = {0x41001000}, .size = {0x1000}};
	CHECK_INT(child_plan(tree, bus, &bus_plan, TREE_NONE, &said, TREE_NONE, &plan), OK);
	said.base[0] = 0x41002000;
	CHECK_INT(child_plan(tree, bus, &bus_plan, TREE_NONE, &said, TREE_NONE, &plan), ERR_RANGE);
	said.base[0] = 0x41001000;
	said.irq_pin = 1;
	CHECK_INT(child_plan(tree, bus, &bus_plan, TREE_NONE, &said, TREE_NONE, &plan), ERR_RANGE);
}

static void test_irqs(const struct tree *tree)
{
	uint32_t pci = tree_find(tree, "/soc/pci@30000000"), plic = tree_find(tree, "/soc/plic@c000000");
	struct plan bus_plan, plan;

	plan_make(tree, pci, plic, &bus_plan);
	for (uint32_t device = 0; device < 8; device++) {
		for (uint32_t pin = 1; pin <= 4; pin++) {
			struct child_said said = {.name = "x", .irq_address = device << 11, .irq_pin = pin};

			CHECK_INT(child_plan(tree, pci, &bus_plan, plic, &said, TREE_NONE, &plan), OK);
			CHECK_INT(plan.irq_count, 1);
			CHECK_INT(plan.irqs[0].source, 32 + (device + pin - 1) % 4);
			CHECK_STR(plan_problem(&plan), NULL);
		}
	}
	/* No such pin; a controller without a driver; a bus without a map: it is there, without its interrupt. */
	struct child_said said = {.name = "x", .irq_pin = 5};
	CHECK_INT(child_plan(tree, pci, &bus_plan, plic, &said, TREE_NONE, &plan), OK);
	CHECK(plan_problem(&plan) != NULL);
	said.irq_pin = 1;
	CHECK_INT(child_plan(tree, pci, &bus_plan, TREE_NONE, &said, TREE_NONE, &plan), OK);
	CHECK_STR(plan_problem(&plan), "controller plic@c000000 has no driver");
	CHECK_INT(child_plan(tree, tree_find(tree, "/soc"), &bus_plan, plic, &said, TREE_NONE, &plan), OK);
	CHECK(plan_problem(&plan) != NULL);
}

static void test_claims(struct tree *tree)
{
	uint32_t pci = tree_find(tree, "/soc/pci@30000000"), a, b;
	size_t size = blob_build("x", NULL, 0);
	struct child_said first = {.name = "first", .base = {0x42000000, 0, 0x42008800}, .size = {0x1000, 0, 0x10}};
	struct child_said second = {.name = "second", .base = {0, 0, 0, 0, 0, 0x42008000}, .size = {0, 0, 0, 0, 0, 4}};
	struct plan bus_plan, plan;
	struct claims claims;

	CHECK_INT(claims_init(&claims, tree), OK);
	plan_make(tree, pci, TREE_NONE, &bus_plan);
	CHECK_INT(tree_add(tree, pci, first.name, blob, size, &a), OK);
	CHECK_INT(tree_add(tree, pci, second.name, blob, size, &b), OK);
	CHECK_INT(child_plan(tree, pci, &bus_plan, TREE_NONE, &first, a, &plan), OK);
	CHECK_INT(plan.reg_count, 3);
	CHECK_INT(plan.regs[1].range.size, 0);
	CHECK_STR(plan_problem(&plan), NULL);
	CHECK_INT(plan_claim(&claims, tree, a, &plan), OK);
	CHECK(child_overlaps(&first, &second) && child_overlaps(&second, &first) && child_overlaps(&first, &first));
	CHECK_INT(child_plan(tree, pci, &bus_plan, TREE_NONE, &second, b, &plan), OK);
	CHECK_INT(plan_claim(&claims, tree, b, &plan), ERR_BUSY);
	claims_remove(&claims, a);
	CHECK_INT(child_plan(tree, pci, &bus_plan, TREE_NONE, &second, b, &plan), OK);
	CHECK_INT(plan_claim(&claims, tree, b, &plan), OK);
	/* Two registers of one child in one place */
	first.base[1] = 0x42000fff;
	first.size[1] = 1;
	CHECK_INT(child_plan(tree, pci, &bus_plan, TREE_NONE, &first, a, &plan), ERR_RANGE);
	second.base[5] = 0x42009000;
	first.size[1] = 0;
	CHECK(!child_overlaps(&first, &second) && !child_overlaps(&second, &first));
	claims_free(&claims);
}

int main(int argc, char **argv)
{
	void *data;

	if (argc != 2)
		return 2;
	folder = argv[1];
	struct tree *tree = tree_load("qemu-virt.dtb", &data);
	test_windows(tree);
	test_irqs(tree);
	test_nested(tree);
	test_claims(tree);
	test_grow(tree);
	test_windows(tree);
	tree_free(tree);
	free(data);
	return check_end();
}
