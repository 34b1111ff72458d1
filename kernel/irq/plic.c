/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC (RISC-V Platform-Level Interrupt Controller Specification 1.0.0) as the kernel's
 * interrupt controller.
 */
#include <stddef.h>

#include "kernel/boot.h"
#include "kernel/irq_controller.h"
#include "kernel/panic.h"
#include "kernel/platform.h"

#define PLIC_PRIORITY(source)      (4ul * (source))
#define PLIC_ENABLE(context, word) (0x2000ul + 0x80ul * (context) + 4ul * (word))
#define PLIC_THRESHOLD(context)    (0x200000ul + 0x1000ul * (context))
#define PLIC_CLAIM(context)        (PLIC_THRESHOLD(context) + 4)
#define PLIC_CONTEXT_END(context)  (0x201000ul + 0x1000ul * (context))
#define PLIC_WORDS                 32 /* of 32 sources each */

static volatile uint8_t *plic;
static volatile uint32_t *claim_reg[MAX_HARTS]; /* NULL: no context, this hart takes no interrupts */
static uint32_t enabled[MAX_HARTS][PLIC_WORDS]; /* what the enable registers hold */

static volatile uint32_t *reg(uint64_t offset)
{
	return (volatile uint32_t *)(plic + offset);
}

void irqc_init(void)
{
	unsigned words = platform.plic_sources / 32 + 1;

	if (!platform.plic.size)
		return;
	plic = kmap_device(platform.plic.base, platform.plic.size);
	for (uint32_t source = 1; source <= platform.plic_sources; source++)
		*reg(PLIC_PRIORITY(source)) = 0;
	for (unsigned hart = 0; hart < platform.hart_count; hart++) {
		uint32_t context = platform.harts[hart].plic_context;

		if (!platform.harts[hart].has_plic_context)
			continue;
		if (PLIC_CONTEXT_END(context) > platform.plic.size)
			panic("plic: context %u of hart %lu lies outside of its registers", context,
			      platform.harts[hart].hart_id);
		for (unsigned word = 0; word < words; word++)
			*reg(PLIC_ENABLE(context, word)) = 0;
		claim_reg[hart] = reg(PLIC_CLAIM(context));
	}
}

void irqc_init_hart(unsigned hart)
{
	if (claim_reg[hart])
		*reg(PLIC_THRESHOLD(platform.harts[hart].plic_context)) = 0;
}

uint32_t irqc_source_count(void)
{
	return platform.plic_sources;
}

uint32_t irqc_claim(unsigned hart)
{
	return claim_reg[hart] ? *claim_reg[hart] : 0;
}

static void enable_write(uint32_t source, unsigned hart, bool on)
{
	uint32_t *word = &enabled[hart][source / 32], bit = 1u << source % 32;

	ASSERT(source >= 1 && source <= platform.plic_sources && claim_reg[hart]);
	*word = on ? *word | bit : *word & ~bit;
	*reg(PLIC_ENABLE(platform.harts[hart].plic_context, source / 32)) = *word;
}

void irqc_enable(uint32_t source, unsigned hart)
{
	enable_write(source, hart, true);
	*reg(PLIC_PRIORITY(source)) = 1;
}

void irqc_disable(uint32_t source, unsigned hart)
{
	enable_write(source, hart, false);
}

void irqc_complete(unsigned hart, uint32_t source)
{
	*claim_reg[hart] = source;
}

/* The PLIC ignores a completion of a source that its context does not have enabled (section 9), which would
 * leave the source claimed for ever: it is enabled for the moment. */
void irqc_complete_disabled(unsigned hart, uint32_t source)
{
	enable_write(source, hart, true);
	*claim_reg[hart] = source;
	enable_write(source, hart, false);
}
