/* SPDX-License-Identifier: BSD-2-Clause */
/* The depth of the stack, measured by the address of a local variable. */
#include "userland/vsh/stack.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define STACK_BYTES (4u << 20) /* its frames are many times as large */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STACK_BYTES (4u << 20)
#endif
#endif
#ifndef STACK_BYTES
#define STACK_BYTES (448u << 10) /* of the 512 KiB that a program has; the rest is for what is called then */
#endif

static uintptr_t base;

void stack_start(void)
{
	base = (uintptr_t)__builtin_frame_address(0);
}

bool stack_is_low(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	return base != 0 && base > here && base - here > STACK_BYTES;
}
