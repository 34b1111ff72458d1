/* SPDX-License-Identifier: BSD-2-Clause */
/* From the firmware's hand-over to the kernel's own address space. */
#pragma once

#include <stdint.h>

#include "kernel/layout.h"
#include "sys/abi/syscall.h"

/*
 * Sv39 page table entries (RISC-V privileged specification, 12.4.1). The U74 sets neither A nor D.
 */
#define PTE_V 0x01ull
#define PTE_R 0x02ull
#define PTE_W 0x04ull
#define PTE_X 0x08ull
#define PTE_G 0x20ull
#define PTE_A 0x40ull
#define PTE_D 0x80ull

#define PTE_KERNEL_RX (PTE_V | PTE_R | PTE_X | PTE_G | PTE_A | PTE_D)
#define PTE_KERNEL_R  (PTE_V | PTE_R | PTE_G | PTE_A | PTE_D)
#define PTE_KERNEL_RW (PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D)

#define PT_ENTRIES 512
#define SIZE_4K    0x1000ull
#define SIZE_2M    0x200000ull
#define SIZE_1G    0x40000000ull
#define SATP_SV39  (8ull << 60)

typedef uint64_t page_table[PT_ENTRIES] __attribute__((aligned(4096)));

static inline uint64_t pte_make(uint64_t phys, uint64_t flags)
{
	return phys >> 12 << 10 | flags;
}
static inline unsigned pt_index(uint64_t va, int level)
{
	return va >> (12 + 9 * level) & (PT_ENTRIES - 1);
}

/* A device tree larger than this is taken for garbage. */
#define DTB_SIZE_MAX SIZE_2M

extern char __image_start[], __text_start[], __text_end[], __rodata_end[], __bss_start[], __image_end[];
extern char _start[], secondary_entry[];

/* Tables in the image: the root, and window[] for what must be read before all RAM is mapped. */
#define WINDOW_TABLES 4
extern page_table root_table, window_tables[WINDOW_TABLES];
extern unsigned window_used;

/*
 * Physical addresses, paging off: builds the image's mapping and one of the device tree. Returns
 * satp.
 */
uint64_t early_paging(uint64_t dtb_phys);

/* Fills `platform`, builds the final address space. */
void boot_main(uint64_t hart_id, uint64_t dtb_phys);

/* What a secondary hart is started with; read by entry.S at its physical address. */
struct secondary_start {
	uint64_t satp;
	uint64_t tp;
	uint64_t sp;
	uint64_t fn;
	uint32_t claim; /* SMP_*: whoever is second to set it goes by what the first one did */
};
enum { SMP_EXPECTED, SMP_ARRIVED, SMP_ABANDONED };
