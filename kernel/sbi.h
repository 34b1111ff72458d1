/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to the SBI firmware (RISC-V SBI specification 2.0; works down to 0.3: no DBCN, legacy console). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sbi_ret {
	long error;
	long value;
};

void sbi_init(void); /* probes extensions */
void sbi_console_write(const char *s,
		       unsigned long len); /* DBCN (s in the direct map or kernel image) else legacy putchar */
void sbi_set_timer(uint64_t time);         /* TIME, in timebase ticks; used where Sstc is absent */
/* harts: bit per logical hart */
void sbi_send_ipi(uint64_t harts);
void sbi_remote_fence_i(uint64_t harts);
void sbi_remote_sfence_vma(uint64_t harts, uint64_t start, uint64_t size); /* size ~0: everything */
void sbi_remote_sfence_vma_asid(uint64_t harts, uint64_t start, uint64_t size, uint64_t asid);
struct sbi_ret sbi_hart_start(uint64_t hart_id, uint64_t entry_phys, uint64_t opaque);
void sbi_system_reset(bool reboot); /* SRST; returns if the firmware cannot */
