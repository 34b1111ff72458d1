/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of Sv39 page tables, and the short way to the bytes of a page that is mapped. */
#pragma once

#include "kernel/hot.h"
#include "kernel/layout.h"
#include "kernel/mm/aspace.h"
#include "sys/abi/syscall.h"

/* PTE_MEMORY is ours (the hardware leaves two bits to software): memory, which the kernel may copy from and to, not the registers of a device. */
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128, PTE_MEMORY = 256 };

#define PTE_USER_BITS 38 /* of an address: above are the kernel's entries, which are no tables */
_Static_assert(USER_TOP <= 1ull << PTE_USER_BITS, "no user address has more bits");

/* Entries of ours have no bits above the frame number. */
static inline uint64_t pte_pa(uint64_t pte)
{
	return pte >> 10 << PAGE_SHIFT;
}

/* The entry of a page, 0 if there is no table for it. */
static inline uint64_t pte_peek(const struct aspace *as, uint64_t addr)
{
	const uint64_t *table = as->root;

	if (unlikely(addr >> PTE_USER_BITS || !table))
		return 0;
	uint64_t e = table[addr >> 30];
	if (unlikely(!(e & PTE_V)))
		return 0;
	table = phys_to_virt(pte_pa(e));
	e = table[(addr >> 21) & 511];
	if (unlikely(!(e & PTE_V)))
		return 0;
	table = phys_to_virt(pte_pa(e));
	return table[(addr >> PAGE_SHIFT) & 511];
}

/* aspace_touch as long as nothing has to be faulted in; false: then it has. `known`: where it is remembered. */
static inline bool touch_known(struct aspace *as, struct soft_tlb *known, uint64_t addr, bool write, void **out)
{
	uint64_t need = PTE_V | PTE_U | PTE_MEMORY | (write ? PTE_W : PTE_R), page = addr >> PAGE_SHIFT;

	*out = (void *)(addr + known->delta);
	if (likely((write ? known->write_page : known->page) == page))
		return true;
	uint64_t e = pte_peek(as, addr);
	if (unlikely((e & need) != need))
		return false;
	known->delta = (uint64_t)phys_to_virt(pte_pa(e)) - (page << PAGE_SHIFT);
	known->page = page;
	known->write_page = write || e & PTE_W ? page : SOFT_TLB_NONE;
	*out = (void *)(addr + known->delta);
	return true;
}

static inline bool touch_quick(struct aspace *as, uint64_t addr, bool write, void **out)
{
	return touch_known(as, soft_tlb_of(as, addr), addr, write, out);
}

/* To read the descriptors that a caller lends by. */
static inline bool touch_lend(struct aspace *as, uint64_t addr, void **out)
{
	return touch_known(as, &as->tlb[SOFT_TLB_LEND], addr, false, out);
}
