/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's reading of device trees: real trees of boards and QEMU (tests/data/dtb, each with
 * its expectation below), changed ones, and the lists of ranges behind it.
 */
#include <dirent.h>
#include <libfdt.h>
#include <stdlib.h>

#include "tests/unit/check.h"

#include "kernel/layout.h"
#include "kernel/platform.h"
#include "kernel/platform/isa.h"
#include "kernel/platform/ranges.h"
#include "kernel/platform/tree.h"

#define TREE_ROOM 0x20000

static const char *folder;
static struct platform p;

struct expected_hart {
	uint64_t id;
	int context; /* -1: none */
};

struct expected {
	const char *file;
	uint64_t boot_hart;
	struct phys_range ram[4], reserved[4], unmapped[4];
	struct expected_hart harts[MAX_HARTS];
	size_t hart_count;
	uint64_t timebase_hz;
	struct phys_range plic;
	uint32_t sources;
	bool sstc, svadu;
	uint32_t cbo_zero;
};

#define QEMU_RAM                .ram = {{0x80000000, 0x20000000}}
#define QEMU_VIRT               QEMU_RAM, .timebase_hz = 10000000, .hart_count = 4
#define QEMU_PLIC               .plic = {0xc000000, 0x600000}, .sources = 95
#define QEMU_RV64               .sstc = true, .svadu = true, .cbo_zero = 64
#define QEMU_HARTS              .harts = {{0, 1}, {1, 3}, {2, 5}, {3, 7}}
#define QEMU_HARTS_WITHOUT_PLIC .harts = {{0, -1}, {1, -1}, {2, -1}, {3, -1}}
#define JH7110                                                                                              \
	.boot_hart = 1, .harts = {{1, 2}, {2, 4}, {3, 6}, {4, 8}}, .hart_count = 4, .timebase_hz = 4000000, \
	.plic = {0xc000000, 0x4000000}, .sources = 136
#define FU540_HARTS .hart_count = 4, .timebase_hz = 1000000, .plic = {0xc000000, 0x4000000}

static const struct expected expectations[] = {
	{"qemu-virt.dtb", QEMU_VIRT, QEMU_PLIC, QEMU_RV64, QEMU_HARTS},
	{"qemu-virt-aclint.dtb", QEMU_VIRT, QEMU_PLIC, QEMU_RV64, QEMU_HARTS},
	{"qemu-virt-iommu.dtb", QEMU_VIRT, QEMU_PLIC, QEMU_RV64, QEMU_HARTS},
	{"qemu-virt-sifive-u54.dtb", QEMU_VIRT, QEMU_PLIC, QEMU_HARTS},
	{"qemu-virt-aia.dtb", QEMU_VIRT, QEMU_RV64, QEMU_HARTS_WITHOUT_PLIC},
	{"qemu-virt-aia-iommu.dtb", QEMU_VIRT, QEMU_RV64, QEMU_HARTS_WITHOUT_PLIC},
	{"qemu-virt-aplic.dtb", QEMU_VIRT, QEMU_RV64, QEMU_HARTS_WITHOUT_PLIC},
	/* Two memory nodes that touch; two PLICs, harts 2 and 3 are the second's. */
	{"qemu-virt-numa2.dtb", .ram = {{0x80000000, 0x40000000}}, .timebase_hz = 10000000,
	 .harts = {{0, 1}, {1, 3}, {2, -1}, {3, -1}}, .hart_count = 4, QEMU_PLIC, QEMU_RV64},
	/* Hart 0 has no MMU; U-Boot's tree says "okay" all the same. */
	{"qemu-sifive_u.dtb", .boot_hart = 3, .ram = {{0x80000000, 0x20000000}},
	 .harts = {{3, 6}, {1, 2}, {2, 4}, {4, 8}}, FU540_HARTS, .sources = 53},
	{"hifive-unleashed-a00.dtb", .boot_hart = 1, .ram = {{0x80000000, 0x200000000}},
	 .harts = {{1, 2}, {2, 4}, {3, 6}, {4, 8}}, FU540_HARTS, .sources = 53},
	{"hifive-unmatched-a00.dtb", .boot_hart = 4, .ram = {{0x80000000, 0x400000000}},
	 .harts = {{4, 8}, {1, 2}, {2, 4}, {3, 6}}, FU540_HARTS, .sources = 69},
	{"jh7110-u-boot-2025.01-internal.dtb", .ram = {{0x40000000, 0x200000000}}, JH7110},
	{"jh7110-milkv-mars.dtb", .ram = {{0x40000000, 0x100000000}}, JH7110},
	{"jh7110-pine64-star64.dtb", .ram = {{0x40000000, 0x100000000}}, JH7110},
	{"jh7110-starfive-visionfive-2-v1.2a.dtb", .ram = {{0x40000000, 0x100000000}}, JH7110},
	{"jh7110-starfive-visionfive-2-v1.3b.dtb", .ram = {{0x40000000, 0x100000000}}, JH7110},
	/*
	 * Its second reserved range lies in an uncached alias of RAM, outside of the memory node.
	 */
	{"jh7100-starfive-visionfive-v1.dtb", .ram = {{0x80000000, 0x200000000}}, .reserved = {{0xfa000000, 0x1000000}},
	 .unmapped = {{0xfa000000, 0x1000000}}, .harts = {{0, 1}, {1, 3}}, .hart_count = 2, .timebase_hz = 6250000,
	 .plic = {0xc000000, 0x4000000}, .sources = 133},
	{"mpfs-icicle-kit.dtb", .boot_hart = 1, .ram = {{0x80000000, 0x40000000}, {0x1040000000, 0x40000000}},
	 .reserved = {{0xbfc00000, 0x400000}}, .unmapped = {{0xbfc00000, 0x400000}},
	 .harts = {{1, 2}, {2, 4}, {3, 6}, {4, 8}}, FU540_HARTS, .sources = 186},
};

static void *tree_load(const char *name)
{
	char path[512];
	void *fdt = calloc(1, TREE_ROOM);
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file || !fdt) {
		perror(path);
		exit(1);
	}
	size = fread(fdt, 1, TREE_ROOM, file);
	fclose(file);
	if (size < fdt_totalsize(fdt) || fdt_open_into(fdt, fdt, TREE_ROOM)) {
		printf("%s: not a device tree\n", path);
		exit(1);
	}
	return fdt;
}

static void check_ranges(const char *file, const char *what, const struct phys_range *got, size_t count,
			 const struct phys_range *want)
{
	size_t wanted = 0;

	while (wanted < 4 && want[wanted].size)
		wanted++;
	if (!CHECK_INT(count, wanted))
		printf("  %s, %s\n", file, what);
	for (size_t i = 0; i < count && i < wanted; i++)
		if (!CHECK_INT(got[i].base, want[i].base) || !CHECK_INT(got[i].size, want[i].size))
			printf("  %s, %s %zu\n", file, what, i);
}

static void test_real_tree(const struct expected *e)
{
	void *fdt = tree_load(e->file);

	printf("%s\n", e->file);
	CHECK_STR(platform_parse(&p, fdt, TREE_ROOM, e->boot_hart), NULL);
	check_ranges(e->file, "ram", p.ram, p.ram_count, e->ram);
	check_ranges(e->file, "reserved", p.reserved, p.reserved_count, e->reserved);
	check_ranges(e->file, "unmapped", p.unmapped, p.unmapped_count, e->unmapped);
	CHECK_INT(p.hart_count, e->hart_count);
	for (size_t i = 0; i < e->hart_count; i++) {
		CHECK_INT(p.harts[i].hart_id, e->harts[i].id);
		CHECK_INT(p.harts[i].has_plic_context, e->harts[i].context >= 0);
		if (e->harts[i].context >= 0)
			CHECK_INT(p.harts[i].plic_context, e->harts[i].context);
		CHECK(p.harts[i].has_fpu);
	}
	CHECK_INT(p.timebase_hz, e->timebase_hz);
	CHECK_INT(p.plic.base, e->plic.base);
	CHECK_INT(p.plic.size, e->plic.size);
	CHECK_INT(p.plic_sources, e->sources);
	CHECK_INT(p.has_sstc, e->sstc);
	CHECK_INT(p.has_svadu, e->svadu);
	CHECK_INT(p.cbo_zero_bytes, e->cbo_zero);
	CHECK_INT(p.initrd.size, 0);
	free(fdt);
}

/* A tree without its expectation would be tested by nothing. */
static void test_real_trees(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
		test_real_tree(&expectations[i]);
	while (CHECK(dir) && (entry = readdir(dir))) {
		size_t known = 0;

		if (!strstr(entry->d_name, ".dtb"))
			continue;
		for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
			known += !strcmp(expectations[i].file, entry->d_name);
		if (!CHECK_INT(known, 1))
			printf("  %s\n", entry->d_name);
	}
	closedir(dir);
}

/* ---- changed trees ---- */

static void *virt(void)
{
	return tree_load("qemu-virt.dtb");
}

static int node_at(void *fdt, const char *path)
{
	int node = fdt_path_offset(fdt, path);

	if (!CHECK(node >= 0))
		printf("  %s\n", path);
	return node;
}

static const char *parse(void *fdt, uint64_t boot_hart)
{
	const char *why = platform_parse(&p, fdt, TREE_ROOM, boot_hart);

	free(fdt);
	return why;
}

static int node_add(void *fdt, int parent, const char *name)
{
	int node = fdt_add_subnode(fdt, parent, name);

	CHECK(node >= 0);
	return node;
}

/* A reserved-memory child with 64-bit cells. */
static void reserved_add(void *fdt, const char *name, uint64_t base, uint64_t size, bool no_map)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node;

	if (parent < 0) {
		parent = node_add(fdt, 0, "reserved-memory");
		CHECK_INT(fdt_setprop_u32(fdt, parent, "#address-cells", 2), 0);
		CHECK_INT(fdt_setprop_u32(fdt, parent, "#size-cells", 2), 0);
	}
	node = node_add(fdt, parent, name);
	CHECK_INT(fdt_appendprop_u64(fdt, node, "reg", base), 0);
	CHECK_INT(fdt_appendprop_u64(fdt, node, "reg", size), 0);
	if (no_map)
		CHECK_INT(fdt_setprop_empty(fdt, node, "no-map"), 0);
}

static void test_reserved(void)
{
	void *fdt = virt();
	struct phys_range want[4] = {{0x80000000, 0x60000}, {0x84000000, 0x3000}};

	/*
	 * As OpenSBI leaves it: two that touch. One without no-map, not page aligned. One outside
	 * of RAM.
	 */
	reserved_add(fdt, "mmode_resv1@80000000", 0x80000000, 0x40000, true);
	reserved_add(fdt, "mmode_resv0@80040000", 0x80040000, 0x20000, true);
	reserved_add(fdt, "buffer@84000800", 0x84000800, 0x2000, false);
	reserved_add(fdt, "far@4000000000", 0x4000000000, 0x1000, true);
	CHECK_STR(parse(fdt, 0), NULL);
	check_ranges("virt", "reserved", p.reserved, p.reserved_count, want);
	check_ranges("virt", "unmapped", p.unmapped, p.unmapped_count, (struct phys_range[4]){{0x80000000, 0x60000}});

	fdt = virt();
	CHECK_INT(fdt_add_mem_rsv(fdt, 0x9fe00123, 0x1000), 0);
	CHECK_INT(fdt_add_mem_rsv(fdt, 0x90000000, 0), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	check_ranges("virt", "reserved", p.reserved, p.reserved_count, (struct phys_range[4]){{0x9fe00000, 0x2000}});
	CHECK_INT(p.unmapped_count, 0);

	/* A disabled node, and one that only asks for a size. */
	fdt = virt();
	reserved_add(fdt, "off@84000000", 0x84000000, 0x1000, true);
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/reserved-memory/off@84000000"), "status", "disabled"), 0);
	CHECK_INT(fdt_setprop_u64(fdt, node_add(fdt, node_at(fdt, "/reserved-memory"), "cma"), "size", 0x1000000), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.reserved_count, 0);

	/* More than the list holds. */
	fdt = virt();
	for (int i = 0; i < MAX_RANGES + 1; i++) {
		char name[32];

		snprintf(name, sizeof(name), "r@%x", i);
		reserved_add(fdt, name, 0x81000000 + (uint64_t)i * 0x2000, 0x1000, false);
	}
	CHECK_STR(parse(fdt, 0), "device tree: more than 32 separate ranges of reserved memory");
}

static void test_memory(void)
{
	void *fdt = virt();
	int node = node_at(fdt, "/memory@80000000");

	/*
	 * Ragged ends shrink; several entries; beyond the direct map's reach is left out; empty
	 * entries.
	 */
	CHECK_INT(fdt_delprop(fdt, node, "reg"), 0);
	for (const uint64_t *r = (const uint64_t[]){0x80000800, 0x100000, 0x100000000, 0x40000000, 0, 0, 0x1fc0000000,
						    0x100000000, 0x4000000000, 0x1000, 0x90000000, 0x800, ~0ull};
	     *r != ~0ull; r++)
		CHECK_INT(fdt_appendprop_u64(fdt, node, "reg", *r), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	check_ranges(
		"virt", "ram", p.ram, p.ram_count,
		(struct phys_range[4]){{0x80001000, 0xff000}, {0x100000000, 0x40000000}, {0x1fc0000000, 0x40000000}});

	fdt = virt();
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/memory@80000000"), "status", "disabled"), 0);
	CHECK_STR(parse(fdt, 0), "device tree: no memory node with a usable reg");

	/* A range that runs over the end of the address space */
	fdt = virt();
	node = node_at(fdt, "/memory@80000000");
	CHECK_INT(fdt_setprop_u64(fdt, node, "reg", 0x80000000), 0);
	CHECK_INT(fdt_appendprop_u64(fdt, node, "reg", ~0ull), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	check_ranges("virt", "ram", p.ram, p.ram_count,
		     (struct phys_range[4]){{0x80000000, DIRECT_LIMIT - 0x80000000}});
}

static void test_firmware(void)
{
	void *fdt = virt();

	/* Nothing reserved, loaded right behind the firmware's place */
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_STR(platform_reserve_firmware(&p, 0x80200000), NULL);
	check_ranges("virt", "reserved", p.reserved, p.reserved_count, (struct phys_range[4]){{0x80000000, 0x200000}});
	check_ranges("virt", "unmapped", p.unmapped, p.unmapped_count, (struct phys_range[4]){{0x80000000, 0x200000}});

	/* Further up, or at the very start: no guess */
	CHECK_STR(parse(virt(), 0), NULL);
	CHECK_STR(platform_reserve_firmware(&p, 0x80400000), NULL);
	CHECK_STR(platform_reserve_firmware(&p, 0x80000000), NULL);
	CHECK_INT(p.reserved_count, 0);
	CHECK_STR(platform_reserve_firmware(&p, 0x7fe00000),
		  "the kernel was loaded outside of the memory that the device tree names");
	CHECK(platform_reserve_firmware(&p, 0xa0000000));

	/* The firmware told where it is */
	fdt = virt();
	reserved_add(fdt, "mmode_resv0@80000000", 0x80000000, 0x40000, true);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_STR(platform_reserve_firmware(&p, 0x80200000), NULL);
	check_ranges("virt", "reserved", p.reserved, p.reserved_count, (struct phys_range[4]){{0x80000000, 0x40000}});
}

static void test_chosen(void)
{
	void *fdt = virt();
	int chosen = node_at(fdt, "/chosen");

	CHECK_INT(fdt_setprop_u32(fdt, chosen, "linux,initrd-start", 0x8c300000), 0);
	CHECK_INT(fdt_setprop_u64(fdt, node_at(fdt, "/chosen"), "linux,initrd-end", 0x8c310123), 0);
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/chosen"), "bootargs",
				     "  init=test/ipc,noasid quiet\tmaxharts=2 panic=reboot noasidx "),
		  0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.initrd.base, 0x8c300000);
	CHECK_INT(p.initrd.size, 0x10123);
	check_ranges("virt", "reserved", p.reserved, p.reserved_count, (struct phys_range[4]){{0x8c300000, 0x11000}});
	CHECK_STR(p.bootargs, "  init=test/ipc,noasid quiet\tmaxharts=2 panic=reboot noasidx ");
	CHECK(!p.opt_no_asid && p.opt_quiet);
	CHECK_INT(p.opt_max_harts, 2);
	CHECK_INT(p.hart_count, 2);
	CHECK_INT(p.opt_panic, PANIC_REBOOT);

	static const struct {
		const char *args;
		bool no_asid, quiet;
		uint32_t max_harts;
		int panic;
	} options[] = {
		{"", false, false, MAX_HARTS, PANIC_POWER_OFF},
		{"noasid", true, false, MAX_HARTS, PANIC_POWER_OFF},
		{"maxharts=0", false, false, 1, PANIC_POWER_OFF},
		{"maxharts=99999999999999999999", false, false, MAX_HARTS, PANIC_POWER_OFF},
		{"maxharts= maxharts=-1 maxharts=2x", false, false, MAX_HARTS, PANIC_POWER_OFF},
		{"panic=halt quiet=1 panic=nonsense", false, false, MAX_HARTS, PANIC_HALT},
		{"panic=halt panic=poweroff quiet", false, true, MAX_HARTS, PANIC_POWER_OFF},
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		fdt = virt();
		CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/chosen"), "bootargs", options[i].args), 0);
		CHECK_STR(parse(fdt, 0), NULL);
		CHECK_INT(p.opt_no_asid, options[i].no_asid);
		CHECK_INT(p.opt_quiet, options[i].quiet);
		CHECK_INT(p.opt_max_harts, options[i].max_harts);
		CHECK_INT(p.opt_panic, options[i].panic);
	}

	/* Options count however long the line is; the copy is cut. */
	char args[3000];

	memset(args, 'x', sizeof(args));
	strcpy(args + sizeof(args) - 8, " noasid");
	fdt = virt();
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/chosen"), "bootargs", args), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK(p.opt_no_asid);
	CHECK_INT(strlen(p.bootargs), sizeof(p.bootargs) - 1);

	/* No NUL at the end: not a string */
	fdt = virt();
	CHECK_INT(fdt_setprop(fdt, node_at(fdt, "/chosen"), "bootargs", "quiet", 5), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK(!p.opt_quiet);

	static const uint64_t bad[][2] = {
		{0x8c310000, 0x8c300000}, {0x7ff00000, 0x80100000}, {0x9ff00000, 0xa0000001},
		{0x80300000, ~0ull},      {~0ull - 5, ~0ull},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fdt = virt();
		chosen = node_at(fdt, "/chosen");
		CHECK_INT(fdt_setprop_u64(fdt, chosen, "linux,initrd-start", bad[i][0]), 0);
		CHECK_INT(fdt_setprop_u64(fdt, chosen, "linux,initrd-end", bad[i][1]), 0);
		CHECK(parse(fdt, 0));
	}
	fdt = virt();
	reserved_add(fdt, "fw@8c300000", 0x8c300000, 0x1000, true);
	chosen = node_at(fdt, "/chosen");
	CHECK_INT(fdt_setprop_u64(fdt, chosen, "linux,initrd-start", 0x8c200000), 0);
	CHECK_INT(fdt_setprop_u64(fdt, chosen, "linux,initrd-end", 0x8c300001), 0);
	CHECK_STR(parse(fdt, 0), "device tree: /chosen: the boot archive at 0x8c200000..0x8c300001 is not in RAM");
}

static void test_harts(void)
{
	void *fdt = virt();

	CHECK_STR(parse(fdt, 9), "device tree: no cpu node for hart 9, which is running this");

	fdt = tree_load("jh7110-u-boot-2025.01-internal.dtb");
	CHECK_STR(parse(fdt, 0), "device tree: hart 0 is running this, yet its cpu node is disabled or "
				 "has no mmu-type");

	fdt = virt();
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/cpus/cpu@2"), "status", "disabled"), 0);
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/cpus/cpu@1"), "mmu-type", "riscv,none"), 0);
	CHECK_STR(parse(fdt, 3), NULL);
	CHECK_INT(p.hart_count, 2);
	CHECK_INT(p.harts[0].hart_id, 3);
	CHECK_INT(p.harts[0].plic_context, 7);
	CHECK_INT(p.harts[1].hart_id, 0);
	CHECK_INT(p.harts[1].plic_context, 1);

	/* One hart without an extension: none has it. */
	fdt = virt();
	CHECK_INT(fdt_setprop(fdt, node_at(fdt, "/cpus/cpu@2"), "riscv,isa-extensions", "i\0m\0a\0sstc\0zicboz", 18),
		  0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK(p.has_sstc && !p.has_svadu);
	CHECK_INT(p.cbo_zero_bytes, 64);
	CHECK(p.harts[1].has_fpu && !p.harts[2].has_fpu);

	/* Different or odd block sizes */
	fdt = virt();
	CHECK_INT(fdt_setprop_u32(fdt, node_at(fdt, "/cpus/cpu@2"), "riscv,cboz-block-size", 32), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.cbo_zero_bytes, 0);
	fdt = virt();
	for (int i = 0; i < 4; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/cpus/cpu@%d", i);
		CHECK_INT(fdt_setprop_u32(fdt, node_at(fdt, path), "riscv,cboz-block-size", 48), 0);
	}
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.cbo_zero_bytes, 0);

	/* The timebase in the cpu nodes, 64 bits; nowhere; nonsense. */
	fdt = virt();
	CHECK_INT(fdt_delprop(fdt, node_at(fdt, "/cpus"), "timebase-frequency"), 0);
	CHECK_INT(fdt_setprop_u64(fdt, node_at(fdt, "/cpus/cpu@1"), "timebase-frequency", 24000000), 0);
	CHECK_STR(parse(fdt, 1), NULL);
	CHECK_INT(p.timebase_hz, 24000000);
	fdt = virt();
	CHECK_INT(fdt_delprop(fdt, node_at(fdt, "/cpus"), "timebase-frequency"), 0);
	CHECK(parse(fdt, 0));
	fdt = virt();
	CHECK_INT(fdt_setprop_u32(fdt, node_at(fdt, "/cpus"), "timebase-frequency", 0), 0);
	CHECK_STR(parse(fdt, 0), "device tree: a timebase-frequency of 0 Hz cannot be");
}

/* More harts than the kernel takes; wide, sparse ids. */
static void test_many_harts(void)
{
	void *fdt = virt();
	int cpus;

	for (int i = 3; i >= 0; i--) {
		char path[32];

		snprintf(path, sizeof(path), "/cpus/cpu@%d", i);
		CHECK_INT(fdt_del_node(fdt, node_at(fdt, path)), 0);
	}
	CHECK_INT(fdt_setprop_u32(fdt, node_at(fdt, "/cpus"), "#address-cells", 2), 0);
	for (uint64_t i = 0; i < 20; i++) {
		char name[32];
		int node;

		snprintf(name, sizeof(name), "cpu@%lx", (unsigned long)(i << 32));
		cpus = node_at(fdt, "/cpus");
		node = node_add(fdt, cpus, name);
		CHECK_INT(fdt_setprop_string(fdt, node, "device_type", "cpu"), 0);
		CHECK_INT(fdt_setprop_string(fdt, node, "mmu-type", "riscv,sv39"), 0);
		CHECK_INT(fdt_setprop_string(fdt, node, "riscv,isa", "rv64imafdc_sstc"), 0);
		CHECK_INT(fdt_setprop_u64(fdt, node, "reg", i << 32), 0);
	}
	CHECK_STR(parse(fdt, 5ull << 32), NULL);
	CHECK_INT(p.hart_count, MAX_HARTS);
	CHECK_INT(p.harts[0].hart_id, 5ull << 32);
	CHECK(p.has_sstc);
	for (size_t i = 0; i < p.hart_count; i++)
		for (size_t j = 0; j < i; j++)
			CHECK(p.harts[i].hart_id != p.harts[j].hart_id);
}

static void test_plic(void)
{
	void *fdt = virt();
	int soc = node_at(fdt, "/soc"), plic;

	/* Seen through a bus that moves addresses */
	CHECK_INT(fdt_delprop(fdt, soc, "ranges"), 0);
	for (const uint64_t *r = (const uint64_t[]){0, 0x5000000000, 0x10000000, ~0ull}; *r != ~0ull; r++)
		CHECK_INT(fdt_appendprop_u64(fdt, soc, "ranges", *r), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.plic.base, 0x500c000000);

	fdt = virt();
	CHECK_INT(fdt_delprop(fdt, node_at(fdt, "/soc"), "ranges"), 0);
	CHECK_STR(parse(fdt, 0), "device tree: the PLIC's reg cannot be translated to an address");

	/* Firmware blanks the M-mode entries, and their place counts. */
	fdt = virt();
	plic = node_at(fdt, "/soc/plic@c000000");
	for (int i = 0; i < 8; i += 2) {
		int len;
		fdt32_t *cells = fdt_getprop_w(fdt, plic, "interrupts-extended", &len);

		CHECK_INT(len, 64);
		cells[2 * i + 1] = cpu_to_fdt32(0xffffffff);
	}
	CHECK_STR(parse(fdt, 0), NULL);
	for (unsigned i = 0; i < 4; i++)
		CHECK_INT(p.harts[i].plic_context, 2 * i + 1);

	/* Entries to nowhere, a truncated list */
	fdt = virt();
	plic = node_at(fdt, "/soc/plic@c000000");
	CHECK_INT(fdt_setprop_u32(fdt, plic, "interrupts-extended", 0x7777), 0);
	CHECK_INT(fdt_appendprop_u32(fdt, plic, "interrupts-extended", 9), 0);
	CHECK_INT(fdt_appendprop_u32(fdt, plic, "interrupts-extended", 8), 0);
	CHECK_INT(fdt_appendprop_u32(fdt, plic, "interrupts-extended", 9), 0);
	CHECK_INT(fdt_appendprop_u32(fdt, plic, "interrupts-extended", 8), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.harts[0].plic_context, 1);
	CHECK(!p.harts[1].has_plic_context);

	fdt = virt();
	CHECK_INT(fdt_setprop_u32(fdt, node_at(fdt, "/soc/plic@c000000"), "riscv,ndev", 1024), 0);
	CHECK_STR(parse(fdt, 0), "device tree: the PLIC's riscv,ndev is not within 1 to 1023");
	fdt = virt();
	CHECK_INT(fdt_setprop_string(fdt, node_at(fdt, "/soc/plic@c000000"), "status", "disabled"), 0);
	CHECK_STR(parse(fdt, 0), NULL);
	CHECK_INT(p.plic.size, 0);
	CHECK(!p.harts[0].has_plic_context);
}

static void test_malformed(void)
{
	unsigned char *fdt = virt();
	size_t size = fdt_totalsize(fdt);

	CHECK(platform_parse(&p, fdt, size - 1, 0));
	CHECK(platform_parse(&p, fdt, 40, 0));
	fdt[0] = 0;
	CHECK(platform_parse(&p, fdt, size, 0));
	free(fdt);
}

/* ---- parts ---- */

static void test_isa(void)
{
	static const struct {
		const char *text;
		bool fpu, sstc, svadu, zicboz;
	} cases[] = {
		{"rv64imafdc", true, false, false, false},
		{"rv64imac_zba_zbb", false, false, false, false},
		{"rv64imafdch_zicbom_zicboz_sstc_svadu", true, true, true, true},
		{"RV64GC_SSTC", true, true, false, false},
		{"rv64i2p1m2p0a2p1f2p2d2p2c2p0_zicboz1p0_sstc1p0", true, true, false, true},
		{"rv64imafdczicboz_sstc", true, true, false, true},
		{"rv64imafdcsu", true, false, false, false},
		{"rv64imafdcsuh_sstc", true, true, false, false},
		{"rv64imac_sstcx_svaduu_xsstc_zicbozf", false, false, false, false},
		{"rv64ima_xvendorfd_zfd", false, false, false, false},
		{"rv64imaf_d", true, false, false, false},
		{"rv64imaf", false, false, false, false},
		{"rv64imac_svadu1_", false, false, true, false},
		{"rv64", false, false, false, false},
		{"rv", false, false, false, false},
		{"", false, false, false, false},
		{"rv64____sstc", false, true, false, false},
		{"rv64imafdc_sstc1p", true, false, false, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct isa isa = {0};

		isa_parse_string(&isa, cases[i].text, strlen(cases[i].text) + 1);
		if (!CHECK_INT(isa.f && isa.d, cases[i].fpu) || !CHECK_INT(isa.sstc, cases[i].sstc) ||
		    !CHECK_INT(isa.svadu, cases[i].svadu) || !CHECK_INT(isa.zicboz, cases[i].zicboz))
			printf("  %s\n", cases[i].text);
	}
	struct isa isa = {0};

	isa_parse_list(&isa, "i\0f\0d\0\0sstc", 11); /* the last one without its NUL */
	CHECK(isa.f && isa.d && isa.sstc && !isa.zicboz);
	isa = (struct isa){0};
	isa_parse_list(&isa, "", 0);
	isa_parse_list(&isa, "sst", 3);
	CHECK(!isa.sstc);
}

static void test_ranges(void)
{
	struct phys_range array[4];
	size_t count = 0;
	struct range_list list = RANGE_LIST(array, count);

	CHECK(ranges_add(list, (struct phys_range){0x5000, 0x1000}));
	CHECK(ranges_add(list, (struct phys_range){0x1000, 0x1000}));
	CHECK(ranges_add(list, (struct phys_range){0x9000, 0x1000}));
	CHECK(ranges_add(list, (struct phys_range){0x3000, 0}));
	check_ranges("", "add", array, count,
		     (struct phys_range[4]){{0x1000, 0x1000}, {0x5000, 0x1000}, {0x9000, 0x1000}});
	CHECK(ranges_add(list, (struct phys_range){0x2000, 0x3000})); /* closes a gap */
	check_ranges("", "join", array, count, (struct phys_range[4]){{0x1000, 0x5000}, {0x9000, 0x1000}});
	CHECK(ranges_remove(list, (struct phys_range){0x3000, 0x1000})); /* out of the middle */
	CHECK(ranges_remove(list, (struct phys_range){0x9000, 0x1000})); /* all of one */
	CHECK(ranges_remove(list, (struct phys_range){0x0, 0x2000}));    /* the front */
	CHECK(ranges_remove(list, (struct phys_range){0x5000, 0x9000})); /* the end */
	check_ranges("", "remove", array, count, (struct phys_range[4]){{0x2000, 0x1000}, {0x4000, 0x1000}});
	CHECK(ranges_overlap(list, (struct phys_range){0x2fff, 1}));
	CHECK(!ranges_overlap(list, (struct phys_range){0x3000, 0x1000}));
	CHECK(!ranges_overlap(list, (struct phys_range){0x2000, 0}));
	CHECK(ranges_contain(list, (struct phys_range){0x4000, 0x1000}));
	CHECK(!ranges_contain(list, (struct phys_range){0x2000, 0x2001}));
	CHECK(ranges_add(list, (struct phys_range){0, 0xffff000})); /* swallows all */
	check_ranges("", "swallow", array, count, (struct phys_range[4]){{0, 0xffff000}});

	/* Full: refused and unchanged */
	count = 0;
	for (uint64_t i = 0; i < 4; i++)
		CHECK(ranges_add(list, (struct phys_range){i * 0x4000, 0x3000}));
	CHECK(!ranges_add(list, (struct phys_range){0x100000, 0x1000}));
	CHECK(!ranges_remove(list, (struct phys_range){0x1000, 0x1000}));
	check_ranges("", "full", array, count,
		     (struct phys_range[4]){{0, 0x3000}, {0x4000, 0x3000}, {0x8000, 0x3000}, {0xc000, 0x3000}});

	struct phys_range r = range_round_out(0x1fff, 2);

	CHECK(r.base == 0x1000 && r.size == 0x2000);
	CHECK(range_round_out(0x1000, 0).size == 0);
	r = range_round_out(0xfffffffffffff800, 0x1000);
	CHECK(r.size == 0);
	r = range_round_in(0x1001, 0x2fff);
	CHECK(r.base == 0x2000 && r.size == 0x2000);
	CHECK(range_round_in(0x1001, 0xffe).size == 0);
	r = range_round_in(1, ~0ull);
	CHECK(r.base == 0x1000 && r.base + r.size == 0xfffffffffffff000);

	struct phys_range hole[3] = {{0x0, 0x5000}, {0x6000, 0x1000}, {0xd000, 0x1000}};
	size_t holes = 3;
	struct range_list avoid = RANGE_LIST(hole, holes);

	count = 0;
	ranges_add(list, (struct phys_range){0x1000, 0x7000});
	ranges_add(list, (struct phys_range){0xc000, 0x4000});
	CHECK_INT(ranges_find(list, avoid, 0x1000, 0), 0x5000);
	CHECK_INT(ranges_find(list, avoid, 0x1000, 0x6000), 0x7000);
	CHECK_INT(ranges_find(list, avoid, 0x2000, 0), 0xe000);
	CHECK_INT(ranges_find(list, avoid, 0x1000, 0x8000), 0xc000);
	CHECK(ranges_find(list, avoid, 0x3000, 0) == PHYS_NONE);
	CHECK(ranges_find(list, avoid, 0x1000, 0x10000) == PHYS_NONE);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	test_real_trees();
	test_reserved();
	test_memory();
	test_firmware();
	test_chosen();
	test_harts();
	test_many_harts();
	test_plic();
	test_malformed();
	test_isa();
	test_ranges();
	return check_end();
}
