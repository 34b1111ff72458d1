/* SPDX-License-Identifier: BSD-2-Clause */
/* Futexes: threads waiting on a 32-bit word of a memory object, hashed by object and offset. */
#pragma once

#include <stdint.h>

struct thread;
struct process;

void futex_init(void);
uint64_t futex_wake(struct process *p, uint64_t addr, uint64_t count);
