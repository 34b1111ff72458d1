/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel stacks, and starting the other harts. */
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

long smp_start_hart(unsigned index, void *tp, void (*fn)(void))
{
	static struct secondary_start starts[MAX_HARTS]; /* one each: a late hart reads its own */
	struct secondary_start *start = &starts[index];

	ASSERT(index < platform.hart_count);
	*start = (struct secondary_start){
		.satp = SATP_SV39 | kernel_root_phys >> 12,
		.tp = (uint64_t)tp,
		.sp = (uint64_t)kstack_top(index),
		.fn = (uint64_t)fn,
	};
	__asm__ volatile("fence rw, rw" ::: "memory");
	return sbi_hart_start(platform.harts[index].hart_id, image_phys(secondary_entry), image_phys(start)).error;
}
