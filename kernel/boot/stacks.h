/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where each hart's kernel and emergency stacks lie in the image's .stacks section. C and
 * assembly.
 */
#pragma once

#include "kernel/layout.h"

#define EMERGENCY_STACK_SIZE 8192
#define STACK_GUARD_SIZE     4096

/* Per hart, upwards: guard, kernel stack, guard, emergency stack. */
#define STACKS_KERNEL_OFFSET    STACK_GUARD_SIZE
#define STACKS_EMERGENCY_OFFSET (STACKS_KERNEL_OFFSET + KSTACK_SIZE + STACK_GUARD_SIZE)
#define STACKS_STRIDE           (STACKS_EMERGENCY_OFFSET + EMERGENCY_STACK_SIZE)

#ifndef __ASSEMBLER__
extern char __stacks_start[], __stacks_end[];
#endif
