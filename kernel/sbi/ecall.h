/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI calling convention and the numbers of the extensions in use (RISC-V SBI specification
 * 2.0).
 */
#pragma once

#include <stdint.h>

#include "kernel/sbi.h"

#define SBI_EXT_LEGACY_SET_TIMER       0x00
#define SBI_EXT_LEGACY_PUTCHAR         0x01
#define SBI_EXT_LEGACY_SEND_IPI        0x04
#define SBI_EXT_LEGACY_FENCE_I         0x05
#define SBI_EXT_LEGACY_SFENCE_VMA      0x06
#define SBI_EXT_LEGACY_SFENCE_VMA_ASID 0x07
#define SBI_EXT_LEGACY_SHUTDOWN        0x08

#define SBI_EXT_BASE   0x10
#define SBI_EXT_TIME   0x54494d45
#define SBI_EXT_IPI    0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM    0x48534d
#define SBI_EXT_SRST   0x53525354
#define SBI_EXT_DBCN   0x4442434e

enum { SBI_BASE_SPEC_VERSION = 0, SBI_BASE_IMPL_ID = 1, SBI_BASE_IMPL_VERSION = 2, SBI_BASE_PROBE = 3 };
enum { SBI_RFENCE_FENCE_I = 0, SBI_RFENCE_SFENCE_VMA = 1, SBI_RFENCE_SFENCE_VMA_ASID = 2 };
enum { SBI_DBCN_WRITE = 0, SBI_DBCN_READ = 1, SBI_DBCN_WRITE_BYTE = 2 };
enum { SBI_SRST_SHUTDOWN = 0, SBI_SRST_COLD_REBOOT = 1, SBI_SRST_WARM_REBOOT = 2 };
enum { SBI_OK = 0, SBI_ERR_FAILED = -1, SBI_ERR_NOT_SUPPORTED = -2 };

static inline struct sbi_ret sbi_ecall(unsigned long ext, unsigned long func, unsigned long arg0, unsigned long arg1,
				       unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a3 __asm__("a3") = arg3;
	register unsigned long a4 __asm__("a4") = arg4;
	register unsigned long a6 __asm__("a6") = func;
	register unsigned long a7 __asm__("a7") = ext;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_ret){.error = (long)a0, .value = (long)a1};
}
