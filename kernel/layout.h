/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's virtual memory (Sv39, upper half). C and assembly. */
#pragma once

/* All RAM, at physical address + DIRECT_BASE (128 GiB window: physical addresses below DIRECT_LIMIT). RW, never X. */
#define DIRECT_BASE  0xffffffc000000000
#define DIRECT_LIMIT 0x2000000000
/* Kernel MMIO (interrupt controller), mapped at boot by kmap_device. 1 GiB. */
#define KMMIO_BASE   0xfffffff000000000
/* The kernel image is linked here and runs at any 4 KiB aligned physical address. */
#define KERNEL_BASE  0xffffffff80000000

#ifdef CHECKED
#define KSTACK_SIZE 32768 /* red zones around variables */
#else
#define KSTACK_SIZE 16384 /* per hart, guard page below */
#endif

#ifndef __ASSEMBLER__
#include <stdint.h>
static inline void *phys_to_virt(uint64_t pa)
{
	return (void *)(pa + DIRECT_BASE);
}
static inline uint64_t virt_to_phys(const void *va) /* of the direct map only */
{
	return (uint64_t)va - DIRECT_BASE;
}
#endif
