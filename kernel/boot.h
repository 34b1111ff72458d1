/* SPDX-License-Identifier: BSD-2-Clause */
/* Interface between boot (entry, paging, firmware) and the rest of the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Root of the kernel's own address space: entries 256..511 are final after boot and copied into every process's root. */
extern uint64_t *kernel_root;
extern uint64_t kernel_root_phys;

/* Boot only: maps device registers into the KMMIO window (RW), returns their address. */
volatile void *kmap_device(uint64_t phys, size_t size);

/* Top of the kernel stack / of the emergency stack (for panics, e.g. when the former overflowed) of a logical hart. */
void *kstack_top(unsigned hart);
void *kstack_emergency_top(unsigned hart);

/* Starts logical hart `index` by SBI HSM: it arrives in fn() in the kernel's address space with sp = kstack_top(index), tp = tp,
 * interrupts off, FP off. Returns 0 or the SBI error. */
long smp_start_hart(unsigned index, void *tp, void (*fn)(void));
/* Of the hart started last, which has not come: it will stop itself should it ever come. False: it has come meanwhile. */
bool smp_abandon_hart(void);

/* The time when boot_main began. */
extern uint64_t kernel_entry_ticks;

/* Called by boot on the boot hart with sp = kstack_top(0), after `platform` is filled and kernel_root is live. */
_Noreturn void kernel_start(void);

/* Loads address of the kernel's own image: physical range, bss and stacks included. */
extern uint64_t kernel_phys_base, kernel_phys_size;
