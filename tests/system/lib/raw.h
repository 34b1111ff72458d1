/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls with every argument register chosen and every register seen afterwards. */
#pragma once

#include <stdint.h>

struct raw_regs {
	uint64_t a[8];
	uint64_t t[7]; /* t[0] is the number of the call */
	uint64_t ra;
	uint64_t lost; /* out: bit n set: the call changed s(n); 12 sp, 13 gp, 14 tp */
};

void raw_syscall(struct raw_regs *regs);
