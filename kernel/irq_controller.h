/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform's interrupt controller (PLIC now; AIA fits the same interface later). Hart numbers are logical. Callers hold the kernel lock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void irqc_init(void);               /* once, boot hart, before kernel_start's other work; all sources off */
void irqc_init_hart(unsigned hart); /* on each hart: threshold 0 */
uint32_t irqc_source_count(void);   /* sources are 1..count */
uint32_t irqc_claim(unsigned hart); /* 0: none. A claimed source stays quiet until irqc_complete */
void irqc_complete(unsigned hart, uint32_t source);          /* hart: that claimed it; the source is enabled there */
void irqc_complete_disabled(unsigned hart, uint32_t source); /* the same for one that was disabled meanwhile */
void irqc_enable(uint32_t source, unsigned hart);            /* route to that hart */
void irqc_disable(uint32_t source, unsigned hart);
