/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel stacks, and starting the other harts. */
#include <stddef.h>

#include "boot/early.h"
#include "kernel/boot.h"
#include "kernel/boot/paging.h"
#include "kernel/boot/stacks.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "kernel/sbi.h"

_Static_assert(MAX_HARTS == 8, "boot/entry.S reserves the stacks of 8 harts");

void *kstack_top(unsigned hart)
{
	ASSERT(hart < MAX_HARTS);
	return __stacks_start + hart * STACKS_STRIDE + STACKS_KERNEL_OFFSET + KSTACK_SIZE;
}

void *kstack_emergency_top(unsigned hart)
{
	ASSERT(hart < MAX_HARTS);
	return __stacks_start + hart * STACKS_STRIDE + STACKS_EMERGENCY_OFFSET + EMERGENCY_STACK_SIZE;
}

static struct secondary_start starts[MAX_HARTS]; /* one for each attempt: a late hart reads its own */
static unsigned attempts;

long smp_start_hart(unsigned index, void *tp, void (*fn)(void))
{
	struct secondary_start *start = &starts[attempts++];

	ASSERT(index < platform.hart_count && attempts <= MAX_HARTS);
	*start = (struct secondary_start){
		.satp = SATP_SV39 | kernel_root_phys >> 12,
		.tp = (uint64_t)tp,
		.sp = (uint64_t)kstack_top(index),
		.fn = (uint64_t)fn,
		.claim = SMP_EXPECTED,
	};
	__asm__ volatile("fence rw, rw" ::: "memory");
	return sbi_hart_start(platform.harts[index].hart_id, image_phys(secondary_entry), image_phys(start)).error;
}

bool smp_abandon_hart(void)
{
	uint32_t *claim = &starts[attempts - 1].claim;

	return __atomic_exchange_n(claim, SMP_ABANDONED, __ATOMIC_ACQ_REL) == SMP_EXPECTED;
}

_Static_assert(offsetof(struct secondary_start, claim) == 32 && SMP_ARRIVED == 1, "boot/entry.S");
