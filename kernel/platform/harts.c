/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /cpus: which harts can run the kernel, and what all of them can do. A hart counts only if it is
 * enabled and has an MMU: firmware accepts starting JH7110's hart 0, which then never arrives.
 * Pure.
 */
#include <libfdt.h>
#include <string.h>

#include "kernel/platform/isa.h"
#include "kernel/platform/parse.h"
#include "kernel/platform/tree.h"

#define CBO_SIZE_MAX 4096

static bool is_cpu(const void *fdt, int node)
{
	const char *type = tree_string(fdt, node, "device_type");

	return type && !strcmp(type, "cpu");
}

static bool has_mmu(const void *fdt, int node)
{
	const char *mmu = tree_string(fdt, node, "mmu-type");

	return mmu && strcmp(mmu, "riscv,none");
}

static struct isa parse_isa(const void *fdt, int node)
{
	struct isa isa = {0};
	int len;
	const char *text = fdt_getprop(fdt, node, "riscv,isa-extensions", &len);

	if (text) {
		isa_parse_list(&isa, text, (size_t)len);
	} else {
		text = fdt_getprop(fdt, node, "riscv,isa", &len);
		if (text)
			isa_parse_string(&isa, text, (size_t)len);
	}
	return isa;
}

/* 0: no usable block size */
static uint32_t cbo_zero_bytes(const void *fdt, int node, const struct isa *isa)
{
	uint64_t size;

	if (!isa->zicboz || !tree_number(fdt, node, "riscv,cboz-block-size", &size))
		return 0;
	return size <= CBO_SIZE_MAX && !(size & (size - 1)) ? (uint32_t)size : 0;
}

/* Takes the hart in, and narrows what is common to all. */
static void add_hart(struct platform *p, const void *fdt, int node, uint64_t id)
{
	struct isa isa = parse_isa(fdt, node);
	uint32_t zero_bytes = cbo_zero_bytes(fdt, node, &isa);
	struct platform_hart *hart = &p->harts[p->hart_count];

	hart->hart_id = id;
	hart->has_fpu = isa.f && isa.d;
	if (!p->hart_count) {
		p->has_sstc = isa.sstc;
		p->has_svadu = isa.svadu;
		p->cbo_zero_bytes = zero_bytes;
	} else {
		p->has_sstc &= isa.sstc;
		p->has_svadu &= isa.svadu;
		if (p->cbo_zero_bytes != zero_bytes)
			p->cbo_zero_bytes = 0;
	}
	p->hart_count++;
}

static bool hart_is_known(const struct platform *p, uint64_t id)
{
	for (size_t i = 0; i < p->hart_count; i++)
		if (p->harts[i].hart_id == id)
			return true;
	return false;
}

const char *platform_parse_harts(struct platform *p, const void *fdt, uint64_t boot_hart_id)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), node, boot = -1;
	uint64_t id, size;

	if (cpus < 0)
		return "device tree: no /cpus node";
	fdt_for_each_subnode(node, fdt, cpus)
		if (is_cpu(fdt, node) && tree_reg(fdt, cpus, node, 0, &id, &size) && id == boot_hart_id)
			boot = node;
	if (boot < 0)
		return platform_fail("device tree: no cpu node for hart %lu, which is running this",
				     (unsigned long)boot_hart_id);
	if (!tree_is_okay(fdt, boot) || !has_mmu(fdt, boot))
		return platform_fail("device tree: hart %lu is running this, yet its cpu node is "
				     "disabled or has no mmu-type",
				     (unsigned long)boot_hart_id);
	add_hart(p, fdt, boot, boot_hart_id);

	fdt_for_each_subnode(node, fdt, cpus) {
		if (!is_cpu(fdt, node) || !tree_is_okay(fdt, node) || !has_mmu(fdt, node) ||
		    !tree_reg(fdt, cpus, node, 0, &id, &size) || hart_is_known(p, id))
			continue;
		if (p->hart_count >= p->opt_max_harts)
			break;
		add_hart(p, fdt, node, id);
	}

	if (!tree_number(fdt, cpus, "timebase-frequency", &p->timebase_hz) &&
	    !tree_number(fdt, boot, "timebase-frequency", &p->timebase_hz))
		return "device tree: no timebase-frequency in /cpus or the boot hart's cpu node";
	if (!p->timebase_hz || p->timebase_hz > 1000000000000ull)
		return platform_fail("device tree: a timebase-frequency of %lu Hz cannot be",
				     (unsigned long)p->timebase_hz);
	return NULL;
}
