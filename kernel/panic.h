/* SPDX-License-Identifier: BSD-2-Clause */
/* End of the line: prints the reason and a backtrace on the firmware console, stops the other harts, then halts or reboots by policy. */
#pragma once

#include <stdint.h>

struct thread_regs;

_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A trap taken in the kernel itself (called on the emergency stack). */
_Noreturn void panic_trap(const struct thread_regs *regs, uint64_t scause, uint64_t stval);

#define ASSERT(cond)                                                                      \
	do {                                                                              \
		if (__builtin_expect(!(cond), 0))                                         \
			panic("assertion failed: %s (%s:%d)", #cond, __FILE__, __LINE__); \
	} while (0)
/* Checked kernels only: too dear for hot paths. */
#ifdef CHECKED
#define CHECK(cond) ASSERT(cond)
#else
#define CHECK(cond) ((void)0)
#endif
