/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first page tables, built with paging off at whatever physical address the firmware chose.
 * This file runs before its link address is valid: no pointer tables, no switch jump tables.
 */
#include "boot/early.h"

#include "kernel/boot.h"
#include "kernel/boot/stacks.h"
#include "kernel/platform.h"
#include "kernel/sbi/ecall.h"

#define IMAGE_TABLES 2

page_table root_table, window_tables[WINDOW_TABLES];
unsigned window_used;
uint64_t kernel_phys_base, kernel_phys_size;
static page_table image_l1, image_l0[IMAGE_TABLES];

static void early_puts(const char *s)
{
	for (; *s; s++)
		if (sbi_ecall(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (uint8_t)*s, 0, 0, 0, 0).error)
			sbi_ecall(SBI_EXT_LEGACY_PUTCHAR, 0, (uint8_t)*s, 0, 0, 0, 0);
}

static _Noreturn void early_fail(const char *why)
{
	early_puts("PANIC: ");
	early_puts(why);
	early_puts("\n");
	sbi_ecall(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0, 0, 0);
	sbi_ecall(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

static uint32_t big_endian32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Length of the blob; the checks that must hold before any of it is mapped. */
static uint64_t device_tree_size(uint64_t phys)
{
	const uint8_t *header = (const uint8_t *)phys;
	uint32_t size;

	if (!phys || phys % 8)
		early_fail("the firmware passed no 8-byte aligned device tree in a1");
	if (phys >= DIRECT_LIMIT - DTB_SIZE_MAX)
		early_fail("the device tree in a1 lies above the first 128 GiB");
	if (big_endian32(header) != 0xd00dfeed)
		early_fail("a1 does not point to a device tree (its magic number is wrong)");
	size = big_endian32(header + 4);
	if (size < 64 || size > DTB_SIZE_MAX)
		early_fail("the size in the device tree's header is not within 64 bytes to 2 MiB");
	return size;
}

/*
 * va in the image's mapping, as a physical address. Symbols are PC-relative, hence physical here.
 */
static void map_image_page(uint64_t phys, uint64_t flags)
{
	uint64_t offset = phys - (uint64_t)__image_start;

	image_l0[offset / SIZE_2M][offset / SIZE_4K % PT_ENTRIES] = pte_make(phys, flags);
}

static void map_image(const char *from, const char *to, uint64_t flags)
{
	for (uint64_t phys = (uint64_t)from; phys < (uint64_t)to; phys += SIZE_4K)
		map_image_page(phys, flags);
}

/* 2 MiB leaves at direct map addresses. */
static void map_window(uint64_t phys, uint64_t size)
{
	uint64_t end = phys + size;

	for (phys &= ~(SIZE_2M - 1); phys < end; phys += SIZE_2M) {
		uint64_t va = phys + DIRECT_BASE, *root = &root_table[pt_index(va, 2)];

		if (!*root)
			*root = pte_make((uint64_t)window_tables[window_used++], PTE_V);
		((uint64_t *)(*root >> 10 << 12))[pt_index(va, 1)] = pte_make(phys, PTE_KERNEL_RW);
	}
}

uint64_t early_paging(uint64_t dtb_phys)
{
	uint64_t dtb_size = device_tree_size(dtb_phys);

	kernel_phys_base = (uint64_t)__image_start;
	kernel_phys_size = (uint64_t)__image_end - (uint64_t)__image_start;
	if (kernel_phys_base % SIZE_4K)
		early_fail("the kernel was not loaded at a multiple of 4 KiB");
	if (kernel_phys_base + kernel_phys_size > DIRECT_LIMIT)
		early_fail("the kernel was loaded above the first 128 GiB");

	map_image(__text_start, __text_end, PTE_KERNEL_RX);
	map_image(__text_end, __rodata_end, PTE_KERNEL_R);
	map_image(__rodata_end, __stacks_start, PTE_KERNEL_RW);
	for (char *s = __stacks_start; s < __stacks_end; s += STACKS_STRIDE) {
		char *stack = s + STACKS_KERNEL_OFFSET, *emergency = s + STACKS_EMERGENCY_OFFSET;

		map_image(stack, stack + KSTACK_SIZE, PTE_KERNEL_RW);
		map_image(emergency, emergency + EMERGENCY_STACK_SIZE, PTE_KERNEL_RW);
	}

	for (unsigned i = 0; i < IMAGE_TABLES; i++)
		image_l1[i] = pte_make((uint64_t)image_l0[i], PTE_V);
	root_table[pt_index(KERNEL_BASE, 2)] = pte_make((uint64_t)image_l1, PTE_V);
	map_window(dtb_phys, dtb_size);
	return SATP_SV39 | (uint64_t)root_table >> 12;
}
