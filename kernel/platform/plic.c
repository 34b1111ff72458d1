/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC's node. Its contexts are numbered by position in interrupts-extended, where firmware may
 * have blanked entries (0xffffffff) but keeps their place. Pure.
 */
#include <libfdt.h>
#include <string.h>

#include "kernel/platform/parse.h"
#include "kernel/platform/tree.h"

#define INTERRUPT_S_EXTERNAL 9
#define PLIC_SOURCES_MAX     1023

static const char *const plic_names[] = {
	"sifive,plic-1.0.0", "starfive,jh7110-plic", "starfive,jh7100-plic", "riscv,plic0", NULL,
};

/* Index of the usable hart whose interrupt controller has this phandle, or hart_count. */
static size_t find_hart(const struct platform *p, const void *fdt, uint32_t phandle)
{
	int intc = fdt_node_offset_by_phandle(fdt, phandle), cpu, cpus;
	uint64_t id, size;
	size_t i;

	if (intc < 0)
		return p->hart_count;
	cpu = fdt_parent_offset(fdt, intc);
	cpus = cpu < 0 ? cpu : fdt_parent_offset(fdt, cpu);
	if (cpus < 0 || !tree_reg(fdt, cpus, cpu, 0, &id, &size))
		return p->hart_count;
	for (i = 0; i < p->hart_count; i++)
		if (p->harts[i].hart_id == id)
			break;
	return i;
}

/* Sets the harts' contexts; returns whether the boot hart got one. */
static bool parse_contexts(struct platform *p, const void *fdt, int node)
{
	int len;
	const fdt32_t *cells = fdt_getprop(fdt, node, "interrupts-extended", &len);

	for (size_t i = 0; i < p->hart_count; i++)
		p->harts[i].has_plic_context = false;
	for (int i = 0; cells && i < len / 8; i++) {
		size_t hart;

		if (fdt32_ld(&cells[2 * i + 1]) != INTERRUPT_S_EXTERNAL)
			continue;
		hart = find_hart(p, fdt, fdt32_ld(&cells[2 * i]));
		if (hart == p->hart_count || p->harts[hart].has_plic_context)
			continue;
		p->harts[hart].plic_context = (uint32_t)i;
		p->harts[hart].has_plic_context = true;
	}
	return p->harts[0].has_plic_context;
}

/* Where a machine has several (one per socket), the one that serves the boot hart is used. */
const char *platform_parse_plic(struct platform *p, const void *fdt)
{
	uint64_t base, size, sources;
	int node, bus;

	for (node = fdt_next_node(fdt, -1, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		if (!tree_is_compatible(fdt, node, plic_names) || !tree_is_okay(fdt, node))
			continue;
		if (!parse_contexts(p, fdt, node))
			continue;
		bus = fdt_parent_offset(fdt, node);
		if (bus < 0 || !tree_reg(fdt, bus, node, 0, &base, &size) || !size ||
		    !tree_translate(fdt, bus, &base, size))
			return "device tree: the PLIC's reg cannot be translated to an address";
		if (!tree_number(fdt, node, "riscv,ndev", &sources) || !sources || sources > PLIC_SOURCES_MAX)
			return "device tree: the PLIC's riscv,ndev is not within 1 to 1023";
		p->plic = (struct phys_range){.base = base, .size = size};
		p->plic_sources = (uint32_t)sources;
		return NULL;
	}
	for (size_t i = 0; i < p->hart_count; i++)
		p->harts[i].has_plic_context = false;
	return NULL;
}
