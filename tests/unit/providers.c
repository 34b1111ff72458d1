/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who provides what to whom: the VisionFive 2's tree against a table of its devices, what the trees of other boards have to
 * say, entries made wrong, circles. Argument: the folder of device trees.
 */
#include <dirent.h>
#include <stdlib.h>

#include <libfdt.h>

#include "drivers/devmgr/plan.h"
#include "drivers/devmgr/providers.h"
#include "sys/driver/manifest.h"
#include "tests/unit/check.h"

static const char *folder;

struct loaded {
	void *data;
	struct tree *tree;
	bool *driven;
	struct provider_map map;
};

static void map_make(struct loaded *t, bool (*driven)(const struct tree *, uint32_t))
{
	t->driven = calloc(tree_count(t->tree), sizeof(*t->driven));
	for (uint32_t i = 0; i < tree_count(t->tree); i++)
		t->driven[i] = tree_enabled(t->tree, i) && !plan_kernel_node(t->tree, i) &&
			       tree_prop(t->tree, i, "compatible") && driven(t->tree, i);
	const struct provider_world world = {t->tree, plan_controller(t->tree, 1), t->driven};
	if (!CHECK_INT(providers_map(&world, &t->map), OK))
		exit(1);
}

static void load(struct loaded *t, const char *name, bool (*driven)(const struct tree *, uint32_t))
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!CHECK(file != NULL)) {
		printf("%s\n", path);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	size_t size = (size_t)ftell(file);
	rewind(file);
	t->data = malloc(size);
	CHECK(fread(t->data, 1, size, file) == size);
	fclose(file);
	if (!CHECK_INT(tree_parse(t->data, size, &t->tree), OK))
		exit(1);
	map_make(t, driven);
}

static void unload(struct loaded *t)
{
	providers_free(&t->map);
	tree_free(t->tree);
	free(t->driven);
	free(t->data);
}

/* A driver for every device but those that devmgr itself stands for */
static bool all_driven(const struct tree *tree, uint32_t node)
{
	static const char *const none[] = {"fixed-clock",     "simple-bus",        "operating-points-v2",
					   "regulator-fixed", "simple-mfd",        "fixed-partitions",
					   "snps,dwmac-mdio", "fixed-factor-clock"};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (tree_compatible(tree, node, none[i]))
			return false;
	}
	return tree_parent(tree, node) != TREE_NONE;
}

static bool none_driven(const struct tree *tree, uint32_t node)
{
	(void)tree, (void)node;
	return false;
}

/* ---- the VisionFive 2 ------------------------------------------------------------------------------- */

/*
 * Every enabled device of the board (v1.3B), as the board's documentation has it: registers, interrupts, clocks, resets, and
 * what else it names. SYS, AON, STG, ISP, VOUT and PLL are the clock and reset controllers, PINS the pin controller.
 */
static const struct device_row {
	const char *path, *regs, *irqs, *clocks, *resets, *others;
} vf2[] = {
	/* clang-format off */
	{"/cpus/cpu@1", "", "", "SYS 1", "", "supply cpu dcdc2"},
	{"/cpus/cpu@2", "", "", "SYS 1", "", "supply cpu dcdc2"},
	{"/cpus/cpu@3", "", "", "SYS 1", "", "supply cpu dcdc2"},
	{"/cpus/cpu@4", "", "", "SYS 1", "", "supply cpu dcdc2"},
	{"/soc/timer@2000000", "2000000+10000", "", "", "", ""},
	{"/soc/cache-controller@2010000", "2010000+4000", "1, 3, 4, 2", "", "", ""},
	{"/soc/interrupt-controller@c000000", "c000000+4000000", "", "", "", ""},
	{"/soc/serial@10000000", "10000000+10000", "32", "SYS 146, SYS 145", "SYS 83, SYS 84", "pins default uart0-0"},
	{"/soc/i2c@10030000", "10030000+10000", "35", "SYS 138", "SYS 76", "pins default i2c0-0"},
	{"/soc/i2c@10050000", "10050000+10000", "37", "SYS 140", "SYS 78", "pins default i2c2-0"},
	{"/soc/spi@10060000", "10060000+10000", "38", "SYS 131, SYS 131", "SYS 69", "pins default spi0-0"},
	{"/soc/spi@10060000/spi@0", "", "", "", "", ""},
	{"/soc/pwmdac@100b0000", "100b0000+1000", "", "SYS 157, SYS 158", "SYS 96", "dma channel tx dma-controller@16050000 22, pins default pwmdac-0"},
	{"/soc/usb@10100000", "", "", "STG 4, STG 5, STG 1, STG 3, STG 2", "STG 10, STG 8, STG 7, STG 9", ""},
	{"/soc/usb@10100000/usb@0", "10100000+10000, 10110000+10000, 10120000+10000", "100, 108, 110", "", "", "phy cdns3,usb2-phy phy@10200000"},
	{"/soc/phy@10200000", "10200000+10000", "", "SYS 95, STG 6", "", ""},
	{"/soc/phy@10210000", "10210000+10000", "", "", "", ""},
	{"/soc/phy@10220000", "10220000+10000", "", "", "", ""},
	{"/soc/clock-controller@10230000", "10230000+10000", "", "oscillator, SYS 54, SYS 8, SYS 95, SYS 2, SYS 55, SYS 6, SYS 11", "", ""},
	{"/soc/syscon@10240000", "10240000+1000", "", "", "", ""},
	{"/soc/i2c@12050000", "12050000+10000", "50", "SYS 143", "SYS 81", "pins default i2c5-0"},
	{"/soc/i2c@12050000/pmic@36", "", "", "", "", ""},
	{"/soc/i2c@12060000", "12060000+10000", "51", "SYS 144", "SYS 82", "pins default i2c6-0"},
	{"/soc/pwm@120d0000", "120d0000+10000", "", "SYS 121", "SYS 108", "pins default pwm-0"},
	{"/soc/temperature-sensor@120e0000", "120e0000+10000", "", "SYS 130, SYS 129", "SYS 124, SYS 123", ""},
	{"/soc/spi@13010000", "13010000+10000, 21000000+400000", "25", "SYS 90, SYS 87, SYS 88", "SYS 62, SYS 61, SYS 63", ""},
	{"/soc/spi@13010000/flash@0", "", "", "", "", ""},
	{"/soc/spi@13010000/flash@0/partitions", "", "", "", "", ""},
	{"/soc/clock-controller@13020000", "13020000+10000", "", "oscillator, gmac1-rmii-refin-clock, gmac1-rgmii-rxin-clock, i2stx-bclk-ext-clock, i2stx-lrck-ext-clock, i2srx-bclk-ext-clock, i2srx-lrck-ext-clock, tdm-ext-clock, mclk-ext-clock, PLL 0, PLL 1, PLL 2", "", "assigned clock SYS 1 at 500000000, assigned clock PLL 0 at 1500000000"},
	{"/soc/syscon@13030000", "13030000+1000", "", "", "", ""},
	{"/soc/syscon@13030000/clock-controller", "", "", "oscillator", "", ""},
	{"/soc/pinctrl@13040000", "13040000+10000", "86", "SYS 112", "SYS 2", ""},
	{"/soc/watchdog@13070000", "13070000+10000", "", "SYS 122, SYS 123", "SYS 109, SYS 110", ""},
	{"/soc/crypto@16000000", "16000000+4000", "28", "STG 15, STG 16", "STG 3", "dma channel tx dma-controller@16008000 1 2, dma channel rx dma-controller@16008000 0 2"},
	{"/soc/dma-controller@16008000", "16008000+4000", "29", "STG 15", "STG 3", ""},
	{"/soc/rng@1600c000", "1600c000+4000", "30", "STG 15, STG 16", "STG 3", ""},
	{"/soc/mmc@16010000", "16010000+10000", "74", "SYS 91, SYS 93", "SYS 64", "assigned clock SYS 93 at 50000000, pins default mmc0-0, supply vmmc dcdc1, supply vqmmc aldo4"},
	{"/soc/mmc@16020000", "16020000+10000", "75", "SYS 92, SYS 94", "SYS 65", "assigned clock SYS 94 at 50000000, gpio cd PINS 41 1, pins default mmc1-0"},
	{"/soc/ethernet@16030000", "16030000+10000", "7, 6, 5", "AON 3, AON 2, SYS 109, AON 6, SYS 111", "AON 0, AON 1", "assigned clock AON 5, assigned parent AON 4"},
	{"/soc/ethernet@16030000/mdio", "", "", "", "", ""},
	{"/soc/ethernet@16040000", "16040000+10000", "78, 77, 76", "SYS 98, SYS 97, SYS 102, SYS 106, SYS 107", "SYS 66, SYS 67", "assigned clock SYS 105, assigned parent SYS 101"},
	{"/soc/ethernet@16040000/mdio", "", "", "", "", ""},
	{"/soc/dma-controller@16050000", "16050000+10000", "73", "STG 27, STG 28", "STG 5, STG 6", ""},
	{"/soc/clock-controller@17000000", "17000000+10000", "", "oscillator, gmac0-rmii-refin-clock, gmac0-rgmii-rxin-clock, SYS 8, SYS 11, SYS 108, rtc-oscillator", "", ""},
	{"/soc/syscon@17010000", "17010000+1000", "", "", "", ""},
	{"/soc/pinctrl@17020000", "17020000+10000", "85", "", "AON 2", ""},
	{"/soc/power-controller@17030000", "17030000+10000", "111", "", "", ""},
	{"/soc/clock-controller@19810000", "19810000+10000", "", "SYS 51, SYS 52, SYS 53, dvp-clock", "SYS 41, SYS 42, SYS 28", "power domain power-controller@17030000 5"},
	{"/soc/phy@19820000", "19820000+10000", "", "ISP 3, ISP 4, ISP 5", "ISP 2, ISP 3", "power domain syscon@17010000 1"},
	{"/soc/clock-controller@295c0000", "295c0000+10000", "", "SYS 58, SYS 61, SYS 62, SYS 63, SYS 165, hdmitx0-pixel-clock", "SYS 43", "power domain power-controller@17030000 4"},
	{"/soc/pcie@940000000", "940000000+1000000, 2b000000+100000", "56", "SYS 96, STG 10, STG 8, STG 9", "STG 11, STG 12, STG 13, STG 14, STG 15, STG 16", "phy phy@10210000, gpio perst PINS 26 1, pins default pcie0-0"},
	{"/soc/pcie@9c0000000", "9c0000000+1000000, 2c000000+100000", "57", "SYS 96, STG 13, STG 11, STG 12", "STG 17, STG 18, STG 19, STG 20, STG 21, STG 22", "phy phy@10220000, gpio perst PINS 28 1, pins default pcie1-0"},
	{"/memory@40000000", "40000000+100000000", "", "", "", ""},
	{"/gpio-restart", "", "", "", "", "gpio PINS 35 0"},
	/* clang-format on */
};

static const struct {
	const char *node, *label;
} labels[] = {
	{"clock-controller@13020000", "SYS"},  {"clock-controller@17000000", "AON"},
	{"clock-controller@10230000", "STG"},  {"clock-controller@19810000", "ISP"},
	{"clock-controller@295c0000", "VOUT"}, {"clock-controller", "PLL"},
	{"pinctrl@13040000", "PINS"},
};

static void add(char *text, size_t size, const char *part)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", part);
}

static void add_ref(const struct tree *tree, const struct provider_ref *ref, bool kind, char *text, size_t size)
{
	const char *label = ref->node == TREE_NONE ? "nothing" : tree_name(tree, ref->node);
	char number[32];

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (!strcmp(label, labels[i].node))
			label = labels[i].label;
	}
	add(text, size, *text ? ", " : "");
	if (kind) {
		add(text, size, provider_kind_name(ref->kind));
		add(text, size, ref->name[0] ? " " : "");
		add(text, size, ref->name);
		add(text, size, " ");
	}
	add(text, size, label);
	for (uint32_t i = 0; i < ref->ncells; i++) {
		snprintf(number, sizeof(number), " %u", (unsigned)ref->cells[i]);
		add(text, size, number);
	}
	if (ref->value && ref->kind == DRIVER_REF_ASSIGNED) {
		snprintf(number, sizeof(number), " at %u", (unsigned)ref->value);
		add(text, size, number);
	}
}

static void check_vf2_row(const struct loaded *t, const struct device_row *row)
{
	char regs[256] = "", irqs[64] = "", clocks[512] = "", resets[256] = "", others[512] = "";
	uint32_t node = tree_find(t->tree, row->path);
	struct provider_list list;
	struct plan plan;

	if (!CHECK(node != TREE_NONE && tree_enabled(t->tree, node))) {
		printf("%s\n", row->path);
		return;
	}
	plan_make(t->tree, node, t->map.world.controller, &plan);
	for (uint32_t i = 0; i < plan.reg_count; i++) {
		char one[64];

		snprintf(one, sizeof(one), "%s%llx+%llx", i ? ", " : "", (unsigned long long)plan.regs[i].range.base,
			 (unsigned long long)plan.regs[i].range.size);
		add(regs, sizeof(regs), one);
		CHECK_STR(plan.regs[i].problem, "");
	}
	/* The kernel's own need harts, nothing that a driver could be given. */
	bool kernel = plan_kernel_node(t->tree, node);
	CHECK_INT(providers_read(t->tree, node, &list), OK);
	for (uint32_t i = 0; i < list.count; i++) {
		const struct provider_ref *ref = &list.refs[i];
		char number[16];

		CHECK_STR(ref->problem, "");
		switch (ref->kind) {
		case DRIVER_REF_CLOCK: add_ref(t->tree, ref, false, clocks, sizeof(clocks)); break;
		case DRIVER_REF_RESET: add_ref(t->tree, ref, false, resets, sizeof(resets)); break;
		case DRIVER_REF_IRQ:
			if (ref->node != t->map.world.controller)
				break;
			snprintf(number, sizeof(number), "%s%u", *irqs ? ", " : "", (unsigned)ref->cells[0]);
			add(irqs, sizeof(irqs), number);
			CHECK(ref->index < plan.irq_count && plan.irqs[ref->index].source == ref->cells[0]);
			break;
		default: add_ref(t->tree, ref, true, others, sizeof(others)); break;
		}
	}
	CHECK(kernel || !plan_problem(&plan));
	bool good = CHECK_STR(regs, row->regs) & CHECK_STR(irqs, row->irqs) & CHECK_STR(clocks, row->clocks) &
		    CHECK_STR(resets, row->resets) & CHECK_STR(others, row->others);
	if (!good)
		printf("  of %s\n", row->path);
	free(list.refs);
}

static void test_vf2(void)
{
	static const char *const silent[] = {"fixed-clock",         "simple-bus",        "riscv,cpu-intc",
					     "operating-points-v2", "simple-audio-card", "linux,spdif-dit"};
	struct loaded t;
	size_t rows = sizeof(vf2) / sizeof(vf2[0]);

	load(&t, "jh7110-starfive-visionfive-2-v1.3b.dtb", all_driven);
	for (size_t i = 0; i < rows; i++)
		check_vf2_row(&t, &vf2[i]);
	/* There is no enabled device beside those. */
	for (uint32_t i = 1; i < tree_count(t.tree); i++) {
		bool known = !tree_prop(t.tree, i, "compatible") || !tree_enabled(t.tree, i);
		char path[TREE_PATH_MAX];

		tree_path(t.tree, i, path, sizeof(path));
		for (size_t r = 0; !known && r < rows; r++)
			known = tree_find(t.tree, vf2[r].path) == i;
		for (size_t s = 0; !known && s < sizeof(silent) / sizeof(silent[0]); s++)
			known = tree_compatible(t.tree, i, silent[s]);
		if (!CHECK(known))
			printf("  %s is not in the table\n", path);
		/* With all drivers there, everything can be had, and nothing goes round in a circle. */
		const struct provider_ref *missing = provider_missing(&t.map, i, 0);
		if (!CHECK(!missing)) {
			char text[128];

			provider_explain(&t.map, missing, text, sizeof(text));
			printf("  %s %s\n", path, text);
		}
		CHECK(t.map.circle[i] == TREE_NONE);
	}
	unload(&t);
}

/* ---- every tree ---------------------------------------------------------------------------------------- */

/* Nothing in a real tree is malformed, goes round in a circle, or lacks anything but drivers. */
static void check_tree(const char *name, bool (*driven)(const struct tree *, uint32_t))
{
	struct loaded t;

	load(&t, name, driven);
	for (uint32_t i = 0; i < tree_count(t.tree); i++) {
		char text[128] = "", path[TREE_PATH_MAX];
		const struct provider_ref *missing = provider_missing(&t.map, i, 0);
		tree_path(t.tree, i, path, sizeof(path));
		if (missing)
			provider_explain(&t.map, missing, text, sizeof(text));
		if (!CHECK(!missing || (driven == none_driven && missing->state == DRIVER_REF_UNDRIVEN)))
			printf("  %s: %s %s\n", name, path, text);
		if (!CHECK(t.map.circle[i] == TREE_NONE)) {
			provider_circle(&t.map, i, text, sizeof(text));
			printf("  %s: %s\n", name, text);
		}
		for (uint32_t r = 0; r < t.map.of[i].count; r++) {
			const struct provider_ref *ref = &t.map.of[i].refs[r];

			if (!CHECK(ref->state != DRIVER_REF_BAD && !ref->loose))
				printf("  %s: %s %s: %s\n", name, path, ref->name, ref->problem);
		}
	}
	unload(&t);
}

static void test_trees(void)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (!strstr(entry->d_name, ".dtb"))
			continue;
		check_tree(entry->d_name, all_driven);
		check_tree(entry->d_name, none_driven);
		count++;
	}
	CHECK(count >= 18);
	if (dir)
		closedir(dir);
}

/* Boards whose clocks have no driver yet: the console starts, as its driver does with what the firmware left on. */
static bool uart_driven(const struct tree *tree, uint32_t node)
{
	return tree_compatible(tree, node, "snps,dw-apb-uart") || tree_compatible(tree, node, "ns16550a") ||
	       tree_compatible(tree, node, "sifive,uart0");
}

static void test_consoles(void)
{
	static const struct {
		const char *tree, *why;
	} boards[] = {
		{"jh7110-starfive-visionfive-2-v1.3b.dtb",
		 "waits for clock baudclk of /soc/clock-controller@13020000, which has no driver"},
		{"jh7110-u-boot-2025.01-internal.dtb",
		 "waits for clock baudclk of /soc/clock-controller@13020000, which has no driver"},
		{"mpfs-icicle-kit.dtb", "waits for clock 0 of /soc/clkcfg@20002000, which has no driver"},
		{"hifive-unmatched-a00.dtb",
		 "waits for clock 0 of /soc/clock-controller@10000000, which has no driver"},
		{"qemu-virt.dtb", NULL},
	};

	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
		struct loaded t;
		char text[128];

		load(&t, boards[i].tree, uart_driven);
		uint32_t console = tree_stdout(t.tree, NULL);
		if (!CHECK(console != TREE_NONE && t.driven[console]))
			printf("  %s\n", boards[i].tree);
		const struct provider_ref *missing = provider_missing(&t.map, console, 0);
		if (missing)
			provider_explain(&t.map, missing, text, sizeof(text));
		CHECK_STR(missing ? text : NULL, boards[i].why);
		CHECK(!provider_missing(&t.map, console, DRIVER_LEFT_ON));
		unload(&t);
	}
}

/* ---- made trees ---------------------------------------------------------------------------------------- */

#define CELLS_MAX 600
static uint64_t made[4096];

static void begin(void)
{
	CHECK_INT(fdt_create(made, sizeof(made)), 0);
	fdt_finish_reservemap(made);
	fdt_begin_node(made, "");
}

/* A device "x" is `compatible = "x"`, with the phandle if that is not 0. */
static void node(const char *name, uint32_t phandle)
{
	fdt_begin_node(made, name);
	fdt_property_string(made, "compatible", name);
	if (phandle)
		fdt_property_u32(made, "phandle", phandle);
}

static void part(const char *name, uint32_t phandle)
{
	fdt_begin_node(made, name);
	fdt_property_u32(made, "phandle", phandle);
}

static void end(void)
{
	CHECK_INT(fdt_end_node(made), 0);
}

static void cells(const char *name, unsigned count, const uint32_t *values)
{
	fdt32_t data[CELLS_MAX];

	for (unsigned i = 0; i < count; i++)
		data[i] = cpu_to_fdt32(values[i]);
	CHECK_INT(fdt_property(made, name, data, (int)(4 * count)), 0);
}
#define CELLS(name, ...) cells(name, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

static void finish(struct loaded *t, bool (*driven)(const struct tree *, uint32_t))
{
	end();
	CHECK_INT(fdt_finish(made), 0);
	*t = (struct loaded){0};
	if (!CHECK_INT(tree_parse(made, sizeof(made), &t->tree), OK))
		exit(1);
	map_make(t, driven);
}

static const struct provider_list *list_of(const struct loaded *t, const char *path)
{
	return &t->map.of[tree_find(t->tree, path)];
}

static void check_missing(const struct loaded *t, const char *path, uint32_t optional, const char *wanted)
{
	const struct provider_ref *missing = provider_missing(&t->map, tree_find(t->tree, path), optional);
	char text[128];

	if (missing)
		provider_explain(&t->map, missing, text, sizeof(text));
	CHECK_STR(missing ? text : NULL, wanted);
}

static void test_malformed(void)
{
	static uint32_t many[CELLS_MAX - 1];
	struct loaded t;

	begin();
	node("crg", 1);
	fdt_property_u32(made, "#clock-cells", 1);
	fdt_property_u32(made, "#reset-cells", 9);
	end();
	node("torn", 0);
	fdt_property(made, "clocks", "\0\0\0\1\0\0", 6);
	end();
	node("astray", 0);
	CELLS("clocks", 1, 5, 99, 7, 1, 6);
	end();
	node("wide", 0);
	CELLS("resets", 1, 5);
	end();
	node("none", 0);
	CELLS("phys", 1, 5);
	fdt_property(made, "phy-names", "usb", 4);
	end();
	node("short", 0);
	CELLS("clocks", 1, 5, 1);
	end();
	node("holes", 0);
	CELLS("clocks", 0, 1, 7, 0);
	fdt_property(made, "clock-names", "a\0b\0c", 6);
	end();
	node("many", 0);
	for (unsigned i = 0; i < CELLS_MAX - 1; i++)
		many[i] = i % 2 ? 5 : 1;
	cells("clocks", CELLS_MAX - 2, many);
	end();
	node("empty", 0);
	fdt_property(made, "clocks", "", 0);
	end();
	finish(&t, all_driven);
	check_missing(&t, "/torn", 0, "clock 0 malformed");
	check_missing(&t, "/astray", ~0u, "clock 1 names no node");
	CHECK_INT(list_of(&t, "/astray")->count, 2); /* what comes behind cannot be found */
	CHECK_INT(list_of(&t, "/astray")->refs[0].state, DRIVER_REF_DRIVEN);
	check_missing(&t, "/wide", 0, "reset 0 crg has a bad #reset-cells");
	check_missing(&t, "/none", 0, "phy usb crg has no #phy-cells");
	check_missing(&t, "/short", 0, "clock 1 ends within an entry");
	check_missing(&t, "/holes", 0, NULL);
	const struct provider_list *list = list_of(&t, "/holes");
	CHECK_INT(list->count, 3);
	CHECK_INT(list->refs[0].state, DRIVER_REF_EMPTY);
	CHECK(list->refs[1].state == DRIVER_REF_DRIVEN && list->refs[1].cells[0] == 7 && list->refs[1].index == 1);
	CHECK_STR(list->refs[1].name, "b");
	check_missing(&t, "/many", 0, "clock 255 more than 255 entries");
	CHECK_INT(list_of(&t, "/many")->count, PROVIDER_REFS_MAX);
	CHECK_INT(list_of(&t, "/empty")->count, 0);
	/* The provider's rows: those entries that could be read */
	CHECK_INT(t.map.rows[tree_find(t.tree, "/crg")], 1 + 1 + 1 + (PROVIDER_REFS_MAX - 1));
	providers_free(&t.map);
	tree_free(t.tree);
	free(t.driven);
}

static void test_names(void)
{
	struct loaded t;
	char text[64];

	begin();
	node("pio", 1);
	fdt_property_u32(made, "#gpio-cells", 2);
	part("hog", 3);
	fdt_property(made, "gpio-hog", "", 0);
	CELLS("gpios", 4, 0);
	end();
	part("pins-a", 4);
	end();
	part("pins-b", 5);
	end();
	end();
	node("user", 0);
	CELLS("reset-gpios", 1, 3, 1, 1, 4, 0);
	CELLS("enable-gpio", 1, 5, 0);
	CELLS("gpios", 0, 1, 6, 0);
	CELLS("snps,nr-gpios", 32);
	CELLS("ngpios", 32);
	CELLS("pinctrl-0", 4, 5);
	CELLS("pinctrl-1", 5);
	CELLS("pinctrl-x", 99);
	fdt_property(made, "pinctrl-names", "default\0sleep", 14);
	CELLS("vdd-supply", 1);
	CELLS("power-supply-count", 1);
	end();
	finish(&t, all_driven);
	CHECK_INT(list_of(&t, "/pio/hog")->count, 0);
	const struct provider_list *list = list_of(&t, "/user");
	static const char *const wanted[] = {"gpio reset",   "gpio reset",   "gpio enable", "gpio 0",    "gpio 1",
					     "pins default", "pins default", "pins sleep",  "supply vdd"};
	CHECK_INT(list->count, sizeof(wanted) / sizeof(wanted[0]));
	for (uint32_t i = 0; i < list->count && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		provider_describe(&list->refs[i], text, sizeof(text));
		CHECK_STR(text, wanted[i]);
		if (list->refs[i].state == DRIVER_REF_DRIVEN)
			CHECK_INT(list->refs[i].owner, tree_find(t.tree, "/pio"));
	}
	CHECK(provider_find(list, DRIVER_REF_GPIO, 1)->index == 1 &&
	      provider_find(list, DRIVER_REF_GPIO, 1)->cells[0] == 4);
	CHECK(provider_find(list, DRIVER_REF_PINCTRL, 2)->value == 1 && !provider_find(list, DRIVER_REF_PINCTRL, 3));
	providers_free(&t.map);
	tree_free(t.tree);
	free(t.driven);
}

/* What parts of a device need, the device needs. Subnodes that are devices are none. */
static void test_parts(void)
{
	struct loaded t;

	begin();
	node("pio", 1);
	fdt_property_u32(made, "#gpio-cells", 1);
	end();
	node("leds", 0);
	CELLS("enable-gpios", 1, 9);
	fdt_begin_node(made, "led-0");
	CELLS("gpios", 1, 3);
	end();
	fdt_begin_node(made, "group");
	fdt_begin_node(made, "led-1");
	CELLS("a-gpios", 1, 4);
	CELLS("b-supply", 77);
	end();
	end();
	node("inner", 0);
	CELLS("gpios", 1, 5);
	end();
	end();
	finish(&t, all_driven);
	const struct provider_list *list = list_of(&t, "/leds");
	CHECK_INT(list->count, 4);
	CHECK(list->refs[0].at == tree_find(t.tree, "/leds") && list->refs[1].at == tree_find(t.tree, "/leds/led-0"));
	CHECK_STR(list->refs[0].name, "enable");
	CHECK_STR(list->refs[1].name, "led-0:");
	CHECK_STR(list->refs[2].name, "group/led-1:a");
	CHECK(list->refs[2].row == 2 && list->refs[2].cells[0] == 4);
	check_missing(&t, "/leds", 0, "supply group/led-1:b names no node");
	CHECK_INT(list_of(&t, "/leds/led-0")->count, 0);
	CHECK_INT(list_of(&t, "/leds/inner")->count, 1);
	CHECK_INT(t.map.rows[tree_find(t.tree, "/pio")], 4);
	providers_free(&t.map);
	tree_free(t.tree);
	free(t.driven);
}

static void clock_user(const char *name, uint32_t phandle, uint32_t of)
{
	node(name, phandle);
	fdt_property_u32(made, "#clock-cells", 0);
	CELLS("clocks", of);
}

static void check_circle(const struct loaded *t, const char *path, const char *wanted)
{
	uint32_t at = tree_find(t->tree, path);
	char text[128];

	provider_circle(&t->map, at, text, sizeof(text));
	CHECK_STR(t->map.circle[at] == TREE_NONE ? NULL : text, wanted);
}

static void test_circles(void)
{
	struct loaded t;
	char text[16];

	begin();
	clock_user("a", 1, 3);
	end();
	clock_user("b", 2, 1);
	end();
	clock_user("c", 3, 2);
	CELLS("resets", 0);
	end();
	clock_user("behind", 4, 1); /* waits for one that is in it, and is in none itself */
	end();
	clock_user("self", 5, 5);
	end();
	/* Two ways round through one node: x <-> y, x <-> z */
	node("x", 6);
	fdt_property_u32(made, "#clock-cells", 0);
	CELLS("clocks", 7, 8);
	end();
	clock_user("y", 7, 6);
	end();
	clock_user("z", 8, 6);
	end();
	/* The pins of the clock's controller are of one that needs its clock: only the pins can wait. */
	clock_user("pins", 9, 10);
	part("group", 11);
	end();
	end();
	node("crg", 10);
	fdt_property_u32(made, "#clock-cells", 0);
	CELLS("pinctrl-0", 11);
	end();
	finish(&t, all_driven);
	check_circle(&t, "/a", "/a -> /c -> /b -> /a");
	check_circle(&t, "/b", "/b -> /a -> /c -> /b");
	check_circle(&t, "/behind", NULL);
	check_circle(&t, "/self", NULL);
	CHECK_INT(list_of(&t, "/self")->refs[0].state, DRIVER_REF_OWN);
	check_circle(&t, "/x", "/x -> /y -> /x");
	check_circle(&t, "/z", "/z -> /x -> /y -> /x");
	check_circle(&t, "/pins", NULL);
	check_circle(&t, "/crg", NULL);
	CHECK(list_of(&t, "/crg")->refs[0].loose && !list_of(&t, "/pins")->refs[0].loose);
	provider_circle(&t.map, tree_find(t.tree, "/a"), text, sizeof(text));
	CHECK_STR(text, "/a -> /c -> ...");
	providers_free(&t.map);
	tree_free(t.tree);
	free(t.driven);
	/* Without drivers nobody waits for anybody. */
	CHECK_INT(tree_parse(made, sizeof(made), &t.tree), OK);
	map_make(&t, none_driven);
	check_circle(&t, "/a", NULL);
	check_missing(&t, "/a", 0, "waits for clock 0 of /c, which has no driver");
	providers_free(&t.map);
	tree_free(t.tree);
	free(t.driven);
}

/* A driver for all but "nobody" */
static bool most_driven(const struct tree *tree, uint32_t at)
{
	return all_driven(tree, at) && !tree_compatible(tree, at, "nobody");
}

static void test_states(void)
{
	struct loaded t;
	uint32_t row[DRIVER_ROW_CELLS];

	begin();
	fdt_begin_node(made, "crystal");
	fdt_property_string(made, "compatible", "fixed-clock");
	fdt_property_u32(made, "#clock-cells", 0);
	fdt_property_u32(made, "clock-frequency", 24000000);
	fdt_property_u32(made, "phandle", 1);
	end();
	fdt_begin_node(made, "half");
	fdt_property_string(made, "compatible", "fixed-factor-clock");
	CELLS("clocks", 1);
	fdt_property_u32(made, "#clock-cells", 0);
	fdt_property_u32(made, "clock-mult", 3);
	fdt_property_u32(made, "clock-div", 2);
	fdt_property_u32(made, "phandle", 2);
	end();
	node("nobody", 3);
	fdt_property_u32(made, "#clock-cells", 1);
	part("always", 4);
	fdt_property(made, "regulator-always-on", "", 0);
	end();
	part("sometimes", 5);
	end();
	end();
	node("off", 6);
	fdt_property_string(made, "status", "disabled");
	fdt_property_u32(made, "#reset-cells", 0);
	end();
	node("crg", 7);
	fdt_property_u32(made, "#clock-cells", 1);
	CELLS("clocks", 1);
	CELLS("assigned-clocks", 7, 1);
	end();
	fdt_begin_node(made, "rail");
	fdt_property_string(made, "compatible", "regulator-fixed");
	fdt_property_u32(made, "regulator-min-microvolt", 3300000);
	fdt_property_u32(made, "regulator-max-microvolt", 3300000);
	CELLS("vin-supply", 4);
	fdt_property_u32(made, "phandle", 8);
	end();
	fdt_begin_node(made, "switched");
	fdt_property_string(made, "compatible", "regulator-fixed");
	CELLS("gpio", 10, 1);
	fdt_property_u32(made, "phandle", 9);
	end();
	node("pio", 10);
	fdt_property_u32(made, "#gpio-cells", 1);
	fdt_property_u32(made, "#interrupt-cells", 2);
	fdt_property(made, "interrupt-controller", "", 0);
	end();
	node("good", 0);
	CELLS("clocks", 1, 2, 7, 5);
	CELLS("assigned-clocks", 7, 2, 7, 3, 7, 4);
	CELLS("assigned-clock-parents", 7, 9, 0, 1);
	CELLS("assigned-clock-rates", 0, 100);
	CELLS("vcc-supply", 8);
	CELLS("vio-supply", 4);
	fdt_property_u32(made, "interrupt-parent", 10);
	CELLS("interrupts", 3, 1);
	end();
	node("poor", 0);
	CELLS("clocks", 3, 1);
	CELLS("resets", 6);
	CELLS("led-supply", 9);
	CELLS("ldo-supply", 5);
	CELLS("dmas", 0);
	end();
	node("resetless", 0);
	CELLS("resets", 6);
	end();
	finish(&t, most_driven);
	check_missing(&t, "/good", 0, NULL);
	check_missing(&t, "/crg", 0, NULL);
	check_missing(&t, "/poor", 0, "waits for clock 0 of /nobody, which has no driver");
	check_missing(&t, "/poor", 1u << DRIVER_REF_CLOCK, "waits for reset 0 of /off, which is disabled");
	check_missing(&t, "/poor", 1u << DRIVER_REF_CLOCK | 1u << DRIVER_REF_RESET,
		      "waits for supply led of /switched, which has no driver");
	check_missing(&t, "/poor", ~0u, NULL);
	check_missing(&t, "/resetless", 0, "waits for reset 0 of /off, which is disabled");
	const struct provider_list *list = list_of(&t, "/good");
	CHECK(list->refs[0].state == DRIVER_REF_FIXED && list->refs[0].value == 24000000);
	CHECK(list->refs[1].state == DRIVER_REF_FIXED && list->refs[1].value == 36000000);
	CHECK(list->refs[2].state == DRIVER_REF_DRIVEN && list->refs[2].row == 0);
	const struct provider_ref *rail = provider_find(list, DRIVER_REF_SUPPLY, 0);
	CHECK(rail->state == DRIVER_REF_FIXED && rail->value == 3300000);
	CHECK_INT(provider_find(list, DRIVER_REF_SUPPLY, 1)->state, DRIVER_REF_FIXED);
	const struct provider_ref *irq = provider_find(list, DRIVER_REF_IRQ, 0);
	CHECK(irq->state == DRIVER_REF_DRIVEN && irq->owner == tree_find(t.tree, "/pio") && irq->cells[0] == 3);
	CHECK_INT(list_of(&t, "/crg")->refs[1].state, DRIVER_REF_OWN);

	uint32_t good = tree_find(t.tree, "/good");
	provider_row_cells(&t.map, good, provider_find(list, DRIVER_REF_ASSIGNED, 0), row);
	CHECK(row[0] == DRIVER_REF_ASSIGNED && row[1] == good && row[3] == 0 && row[4] == 1 && row[5] == 2);
	CHECK(row[9] == 1 && row[10] == 9);
	provider_row_cells(&t.map, good, provider_find(list, DRIVER_REF_ASSIGNED, 1), row);
	CHECK(row[3] == 100 && row[5] == 3 && row[9] == 0); /* no new parent */
	provider_row_cells(&t.map, good, provider_find(list, DRIVER_REF_ASSIGNED, 2), row);
	CHECK(row[5] == 4 && row[9] == DRIVER_ROW_FOREIGN);
	/* Rows: one clock, three assigned ones and the parent that is here */
	CHECK_INT(t.map.rows[tree_find(t.tree, "/crg")], 5);
	providers_free(&t.map);
	tree_free(t.tree);
	free(t.driven);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	folder = argv[1];
	test_vf2();
	test_trees();
	test_consoles();
	test_malformed();
	test_names();
	test_parts();
	test_circles();
	test_states();
	return check_end();
}
