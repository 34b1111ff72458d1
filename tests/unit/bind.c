/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver a node gets and with what: manifests out of ELF files, matching, plans, claims of pages, the
 * driver's own small tree, restart policy. Arguments: the folder of device trees, then drivers as built. */
#include <stdlib.h>

#include <libfdt.h>

#include "drivers/devmgr/bind/manifest.h"
#include "drivers/devmgr/bind/match.h"
#include "drivers/devmgr/blob.h"
#include "drivers/devmgr/policy.h"
#include "tests/unit/check.h"

static const char *folder;

static void *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");

	if (!CHECK(file != NULL)) {
		printf("%s\n", path);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	void *data = malloc(*size);
	CHECK(fread(data, 1, *size, file) == *size);
	fclose(file);
	return data;
}

static struct tree *tree_load(const char *name, void **data)
{
	char path[1024];
	struct tree *tree = NULL;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	*data = file_read(path, &size);
	if (!CHECK_INT(tree_parse(*data, size, &tree), OK))
		exit(1);
	return tree;
}

/* ---- manifests ------------------------------------------------------------------------------------ */

static struct driver_manifest built[64];
static size_t built_count;

static void test_built(int count, char **files)
{
	CHECK((size_t)count <= sizeof(built) / sizeof(built[0]));
	for (int i = 0; i < count && built_count < sizeof(built) / sizeof(built[0]); i++) {
		const char *problem, *slash = strrchr(files[i], '/');
		size_t size;
		void *data = file_read(files[i], &size);

		CHECK_INT(manifest_read(data, size, &built[built_count], &problem), OK);
		CHECK_STR(problem, NULL);
		CHECK_STR(built[built_count].name, slash ? slash + 1 : files[i]);
		CHECK(built[built_count].matches[0].kind == DRIVER_MATCH_COMPATIBLE);
		built_count++;
		free(data);
	}
}

struct made {
	uint8_t header[64];
	uint8_t sections[3][64];
	char strings[32];
	struct driver_manifest manifest;
};

static void put(uint8_t *at, unsigned offset, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[offset + i] = (uint8_t)(value >> (8 * i));
}

static void section(struct made *f, unsigned index, uint32_t name, uint32_t type, uint64_t offset, uint64_t size)
{
	put(f->sections[index], 0, name, 4);
	put(f->sections[index], 4, type, 4);
	put(f->sections[index], 24, offset, 8);
	put(f->sections[index], 32, size, 8);
}

static void make(struct made *f)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->header, "\177ELF\2\1\1", 7);
	put(f->header, 18, 243, 2);
	put(f->header, 40, offsetof(struct made, sections), 8);
	put(f->header, 58, 64, 2);
	put(f->header, 60, 3, 2);
	put(f->header, 62, 1, 2);
	section(f, 1, 0, 3, offsetof(struct made, strings), sizeof(f->strings));
	section(f, 2, 1, 1, offsetof(struct made, manifest), sizeof(f->manifest));
	memcpy(f->strings + 1, DRIVER_MANIFEST_SECTION, sizeof(DRIVER_MANIFEST_SECTION));
	f->manifest = (struct driver_manifest){
		DRIVER_MANIFEST_HEAD,
		.name = "made",
		.class = DRIVER_CLASS_SERIAL,
		.matches = {DRIVER_COMPATIBLE("a,b", 1), DRIVER_COMPATIBLE("c", 2)},
	};
}

static void test_manifest(void)
{
	struct driver_manifest out;
	struct made f, bad;
	const char *problem;

	make(&f);
	CHECK_INT(manifest_read(&f, sizeof(f), &out, &problem), OK);
	CHECK_STR(out.matches[1].compatible, "c");
	/* Version 1 was shorter, and had a reserved word where dma_bytes is. */
	f.manifest.dma_bytes = 4096;
	CHECK_INT(manifest_read(&f, sizeof(f), &out, &problem), OK);
	CHECK_INT(out.dma_bytes, 4096);
	f.manifest.version = 1;
	section(&f, 2, 1, 1, offsetof(struct made, manifest), DRIVER_MANIFEST_SIZE_1);
	f.manifest.heartbeat_ms = 99;
	CHECK_INT(manifest_read(&f, sizeof(f), &out, &problem), OK);
	CHECK_INT(out.dma_bytes, 0);
	CHECK_INT(out.heartbeat_ms, 0);
	f.strings[1] = 'x';
	CHECK_INT(manifest_read(&f, sizeof(f), &out, &problem), ERR_NOT_FOUND);
	make(&f);
#define BAD(change)                                                                          \
	do {                                                                                 \
		bad = f;                                                                     \
		change;                                                                      \
		CHECK_INT(manifest_read(&bad, sizeof(bad), &out, &problem), ERR_BAD_FORMAT); \
		CHECK(problem != NULL);                                                      \
	} while (0)
	BAD(bad.header[4] = 1);
	BAD(bad.header[18] = 62);
	BAD(put(bad.header, 40, UINT64_MAX - 10, 8));
	BAD(put(bad.header, 40, sizeof(bad) - 8, 8));
	BAD(put(bad.header, 58, 40, 2));
	BAD(put(bad.header, 60, 0, 2));
	BAD(put(bad.header, 62, 3, 2));
	BAD(section(&bad, 1, 0, 8, 0, 1000)); /* strings that are not in the file */
	BAD(section(&bad, 2, 1, 1, UINT64_MAX, sizeof(out)));
	BAD(section(&bad, 2, 1, 1, sizeof(bad) - 4, sizeof(out)));
	BAD(section(&bad, 2, 1, 1, 0, sizeof(out) - 1));
	BAD(section(&bad, 2, 1, 8, 0, sizeof(out)));
	BAD(bad.manifest.magic++);
	BAD(bad.manifest.version++);
	BAD(bad.manifest.match_size--);
	BAD(bad.manifest.version = 0);
	BAD(bad.manifest.reserved[2] = 1);
	BAD(section(&bad, 2, 1, 1, offsetof(struct made, manifest), DRIVER_MANIFEST_SIZE_1));
	BAD(bad.manifest.class = DRIVER_CLASS_COUNT);
	BAD(bad.manifest.name[0] = 0);
	BAD(bad.manifest.name[1] = '\n');
	BAD(memset(bad.manifest.name, 'x', sizeof(bad.manifest.name)));
	BAD(bad.manifest.matches[1].compatible[0] = 0);
	BAD(memset(bad.manifest.matches[0].compatible, 'x', DRIVER_COMPATIBLE_MAX));
#undef BAD
	for (size_t size = 0; size < sizeof(f); size += 7) {
		void *part = malloc(size ? size : 1);

		memcpy(part, &f, size);
		CHECK(manifest_read(part, size, &out, &problem) != OK);
		free(part);
	}
	srand(3);
	for (int round = 0; round < 50000; round++) {
		bad = f;
		for (int i = 0; i < 1 + round % 4; i++)
			((uint8_t *)&bad)[(unsigned)rand() % (64 + 3 * 64 + 32 + 100)] = (uint8_t)rand();
		if (manifest_read(&bad, sizeof(bad), &out, &problem) == OK)
			CHECK(memchr(out.name, 0, sizeof(out.name)) != NULL);
	}
}

/* ---- matching -------------------------------------------------------------------------------------- */

static const char *driver_of(const struct tree *tree, const char *path)
{
	uint32_t node = tree_find(tree, path);
	struct match match;

	if (!CHECK(node != TREE_NONE))
		return "no node";
	return match_find(tree, node, built, built_count, &match) ? built[match.driver].name : "";
}

static void test_match(void)
{
	void *data;
	struct tree *tree = tree_load("qemu-virt.dtb", &data);
	struct match match;

	CHECK_STR(driver_of(tree, "/soc/serial"), "ns16550");
	CHECK_STR(driver_of(tree, "/soc/rtc"), "goldfish_rtc");
	CHECK_STR(driver_of(tree, "/soc/test"), "sifive_test");
	CHECK_STR(driver_of(tree, "/poweroff"), "syscon_power");
	CHECK_STR(driver_of(tree, "/reboot"), "syscon_power");
	CHECK_STR(driver_of(tree, "/soc/pci"), "pci_host_ecam");
	CHECK_STR(driver_of(tree, "/"), "");
	tree_free(tree);
	free(data);
	tree = tree_load("qemu-sifive_u.dtb", &data);
	CHECK_STR(driver_of(tree, "/soc/serial@10010000"), "sifive_uart");
	CHECK_STR(driver_of(tree, "/soc/clock-controller@10000000"), "fu540_prci");
	CHECK_STR(driver_of(tree, "/soc/gpio@10060000"), "sifive_gpio");
	CHECK_STR(driver_of(tree, "/gpio-restart"), "gpio_power");
	tree_free(tree);
	free(data);
	tree = tree_load("mpfs-icicle-kit.dtb", &data);
	CHECK_STR(driver_of(tree, "/soc/serial@20100000"), "ns16550");
	tree_free(tree);
	free(data);
	tree = tree_load("jh7110-starfive-visionfive-2-v1.3b.dtb", &data);
	CHECK_STR(driver_of(tree, "/soc/serial@10000000"), "ns16550");
	/* The node's first string wins over the order of drivers and entries; then the first driver. */
	static const struct driver_manifest order[] = {
		{.matches = {DRIVER_COMPATIBLE("snps,dw-apb-uart", 0), DRIVER_COMPATIBLE("snps,dw-apb-uart", 1)}},
		{.matches = {DRIVER_COMPATIBLE("other", 0),
			     {.kind = 77, .compatible = "x"},
			     DRIVER_COMPATIBLE("starfive,jh7110-uart", 0)}},
		{.matches = {DRIVER_COMPATIBLE("starfive,jh7110-uart", 0)}},
	};
	uint32_t uart = tree_find(tree, "/soc/serial@10000000");
	CHECK(match_find(tree, uart, order, 3, &match));
	CHECK(match.driver == 1 && match.entry == 2 && match.position == 0);
	CHECK(match_find(tree, uart, order, 1, &match));
	CHECK(match.driver == 0 && match.entry == 0 && match.position == 1);
	CHECK(!match_find(tree, uart, order, 0, &match));
	tree_free(tree);
	free(data);
}

/* ---- plans -------------------------------------------------------------------------------------------- */

static void test_plan_virt(void)
{
	void *data;
	struct tree *tree = tree_load("qemu-virt.dtb", &data);
	uint32_t controller = plan_controller(tree, 0);
	struct claims claims;
	struct plan plan, other;

	CHECK_INT(controller, tree_find(tree, "/soc/plic"));
	CHECK_INT(claims_init(&claims, tree), OK);
	uint32_t uart = tree_find(tree, "/soc/serial");
	plan_make(tree, uart, controller, &plan);
	CHECK(plan.reg_count == 1 && plan.regs[0].range.base == 0x10000000);
	CHECK(plan.irq_count == 1 && plan.irqs[0].source == 10 && !plan.irqs[0].edge);
	CHECK_STR(plan_problem(&plan), NULL);
	CHECK_INT(plan_claim(&claims, tree, uart, &plan), OK);
	uint32_t before = claims.count;
	CHECK_INT(plan_claim(&claims, tree, uart, &plan), OK); /* again, after a restart */
	CHECK_INT(claims.count, before);

	/* The system controller's registers go to three drivers. */
	static const char *const sharers[] = {"/soc/test", "/poweroff", "/reboot"};
	for (int i = 0; i < 3; i++) {
		uint32_t node = tree_find(tree, sharers[i]);

		plan_make(tree, node, controller, &other);
		CHECK_INT(plan_claim(&claims, tree, node, &other), OK);
		CHECK(i == 0 ? other.regs[0].shared : other.has_regmap && other.regmap.shared);
	}
	/* What is the kernel's is not granted. */
	uint32_t plic = tree_find(tree, "/soc/plic");
	plan_make(tree, plic, controller, &other);
	CHECK_INT(plan_claim(&claims, tree, plic, &other), ERR_BUSY);
	CHECK_STR(plan_problem(&other), "on a page of the kernel's plic@c000000");
	claims_free(&claims);

	/* Interrupts of a controller that the kernel does not drive */
	plan_make(tree, uart, tree_find(tree, "/soc/rtc"), &other);
	CHECK_STR(plan_problem(&other), "controller plic@c000000 has no driver");

	/* The driver's own tree */
	struct blob_facts facts = {.match = 2, .console = "115200n8", .plan = &plan};
	struct tree *small;
	uint32_t value;
	void *blob;
	size_t size;
	CHECK_INT(blob_make(data, tree, uart, &facts, &blob, &size), OK);
	CHECK_INT(tree_parse(blob, size, &small), OK);
	CHECK_STR(tree_string(small, 0, DRIVER_FACT_PATH, 0), "/soc/serial@10000000");
	CHECK_STR(tree_string(small, 0, DRIVER_FACT_STDOUT, 0), "115200n8");
	CHECK_STR(tree_string(small, 0, DRIVER_FACT_ALIASES, 0), "serial0");
	CHECK_INT(tree_u32(small, 0, DRIVER_FACT_MATCH, &value), OK);
	CHECK_INT(value, 2);
	CHECK_INT(tree_cell(small, 0, DRIVER_FACT_REG_SIZES, 0, &value), OK);
	CHECK_INT(value, 0x100);
	uint32_t node = tree_find(small, "/node");
	CHECK_INT(tree_prop_count(small, node), tree_prop_count(tree, uart));
	CHECK(tree_compatible(small, node, "ns16550a"));
	tree_free(small);
	free(blob);
	/* A whole subtree, and one that needs more room */
	CHECK_INT(blob_make(data, tree, tree_find(tree, "/cpus"), &facts, &blob, &size), OK);
	CHECK_INT(tree_parse(blob, size, &small), OK);
	CHECK(tree_find(small, "/node/cpu@0/interrupt-controller") != TREE_NONE);
	tree_free(small);
	free(blob);
	CHECK_INT(blob_make(data, tree, 0, &facts, &blob, &size), OK);
	CHECK(size > 4096);
	free(blob);
	tree_free(tree);
	free(data);
}

static void test_plan_boards(void)
{
	void *data;
	struct tree *tree = tree_load("jh7110-starfive-visionfive-2-v1.3b.dtb", &data);
	struct plan plan;

	/* Hart 0 has no supervisor context there; the controller serves the others. */
	CHECK_INT(plan_controller(tree, 3), tree_find(tree, "/soc/interrupt-controller@c000000"));
	plan_make(tree, tree_find(tree, "/soc/usb@10100000/usb@0"), plan_controller(tree, 1), &plan);
	CHECK(plan.reg_count == 3 && plan.irq_count == 3);
	CHECK_STR(plan.irqs[1].name, "peripheral");
	CHECK_INT(plan.irqs[2].source, 110);
	CHECK_STR(plan_problem(&plan), NULL);
	CHECK_INT(plan_clock_hz(tree, tree_find(tree, "/soc/clock-controller@13020000"), 0), 24000000);
	CHECK_INT(plan_clock_hz(tree, tree_find(tree, "/soc/serial@10000000"), 0), 0);
	CHECK_INT(plan_clock_hz(tree, tree_find(tree, "/soc/serial@10000000"), 9), 0);
	tree_free(tree);
	free(data);
	/* Two controllers: each hart's own */
	tree = tree_load("qemu-virt-numa2.dtb", &data);
	uint32_t first = plan_controller(tree, 0);
	CHECK(first != TREE_NONE);
	uint32_t last = TREE_NONE;
	for (uint64_t hart = 0; hart < 8; hart++)
		last = plan_controller(tree, hart) != first ? plan_controller(tree, hart) : last;
	CHECK(last != TREE_NONE && last != first);
	tree_free(tree);
	free(data);
}

static uint64_t made_storage[2048];

static void cells(void *fdt, const char *name, uint32_t a, uint32_t b)
{
	fdt32_t data[2] = {cpu_to_fdt32(a), cpu_to_fdt32(b)};

	CHECK_INT(fdt_property(fdt, name, data, 8), 0);
}

static void test_claims(void)
{
	static const struct {
		const char *name;
		uint32_t base, size;
		const char *wanted; /* problem, NULL: granted */
	} nodes[] = {
		{"first", 0x1000, 0x100, NULL},
		{"beside", 0x1100, 0x100, "on a page of first"},
		{"next", 0x2000, 0x100, NULL},
		{"across", 0x2f00, 0x200, "on a page of next"},
		{"over", 0x0, 0x10000, "on a page of first"},
		{"ram", 0x80001000, 0x1000, "on a page of the kernel's memory"},
		{"none", 0x7000, 0, "of no size"},
		{"last", 0xfffff000, 0x1000, NULL},
		{"wide", 0xfffff000, 0x2000, "on a page of last"},
	};
	void *fdt = made_storage;
	struct claims claims;
	struct tree *tree;
	struct plan plan;

	fdt_create(fdt, sizeof(made_storage));
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
	fdt_property_u32(fdt, "#address-cells", 1);
	fdt_property_u32(fdt, "#size-cells", 1);
	fdt_begin_node(fdt, "memory");
	fdt_property_string(fdt, "device_type", "memory");
	cells(fdt, "reg", 0x80000000, 0x1000000);
	fdt_end_node(fdt);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		fdt_begin_node(fdt, nodes[i].name);
		cells(fdt, "reg", nodes[i].base, nodes[i].size);
		fdt_end_node(fdt);
	}
	fdt_begin_node(fdt, "astray");
	fdt_property_u32(fdt, "regmap", 99);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
	CHECK_INT(fdt_finish(fdt), 0);
	if (!CHECK_INT(tree_parse(fdt, sizeof(made_storage), &tree), OK))
		return;
	CHECK_INT(claims_init(&claims, tree), OK);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/%s", nodes[i].name);
		uint32_t node = tree_find(tree, path);
		plan_make(tree, node, TREE_NONE, &plan);
		status_t status = plan_claim(&claims, tree, node, &plan);
		CHECK_STR(plan_problem(&plan), nodes[i].wanted);
		CHECK_INT(status, nodes[i].wanted && nodes[i].size ? ERR_BUSY : OK);
	}
	plan_make(tree, tree_find(tree, "/astray"), TREE_NONE, &plan);
	CHECK_STR(plan_problem(&plan), "regmap names no node");
	claims_free(&claims);
	tree_free(tree);
}

/* ---- restart policy ---------------------------------------------------------------------------------- */

static void test_policy(void)
{
	struct policy policy = {0};
	uint64_t now = 5, delay = 99, sum = 0;
	int deaths = 0;

	/* A driver that dies at every start: at once, then later and later, then not any more */
	while (policy_died(&policy, now, &delay)) {
		CHECK(deaths ? delay == (100000000ull << (deaths - 1) < POLICY_DELAY_LAST_NS
						 ? 100000000ull << (deaths - 1)
						 : POLICY_DELAY_LAST_NS)
			     : delay == 0);
		now += delay + 1000;
		sum += delay;
		deaths++;
	}
	CHECK_INT(deaths, POLICY_DEATHS_MAX);
	CHECK(sum < POLICY_WINDOW_NS);
	CHECK(!policy_died(&policy, now, &delay));
	/* Much later it is a rare death again. */
	now += 2 * POLICY_WINDOW_NS;
	CHECK(policy_died(&policy, now, &delay));
	CHECK_INT(delay, 0);
	policy_reset(&policy);
	/* One that dies now and then lives for ever. */
	for (int i = 0; i < 1000; i++) {
		now += POLICY_WINDOW_NS / 4;
		CHECK(policy_died(&policy, now, &delay));
		CHECK(delay <= 1600000000ull);
	}
}

static void test_heartbeat(void)
{
	struct heartbeat heart;
	uint64_t now = 12345, count = 7;

	/* One that answers, for ever */
	heartbeat_start(&heart, 0, now, count);
	CHECK_INT(heart.period, HEARTBEAT_DEFAULT_MS * 1000000ull);
	for (int i = 0; i < 1000; i++) {
		CHECK(heart.next > now && heart.next - now <= heart.period);
		now = heart.next + (uint64_t)i;
		CHECK(heartbeat_look(&heart, now, count));
		count++;
	}
	/* One that stops: it was asked three times then */
	count--;
	for (unsigned i = 0; i < HEARTBEAT_MISSES - 1; i++) {
		now = heart.next;
		CHECK(heartbeat_look(&heart, now, count));
	}
	CHECK(!heartbeat_look(&heart, heart.next, count));
	/* A late answer is one; any other count is, too (it is the driver's own page). */
	CHECK(heartbeat_look(&heart, heart.next, count - 1000));
	/* Strange manifests */
	heartbeat_start(&heart, 1, now, 0);
	CHECK_INT(heart.period, HEARTBEAT_MIN_MS * 1000000ull);
	heartbeat_start(&heart, UINT32_MAX, now, 0);
	CHECK_INT(heart.period, HEARTBEAT_MAX_MS * 1000000ull);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	folder = argv[1];
	test_built(argc - 2, argv + 2);
	test_manifest();
	test_match();
	test_plan_virt();
	test_plan_boards();
	test_claims();
	test_policy();
	test_heartbeat();
	return check_end();
}
