/* SPDX-License-Identifier: BSD-2-Clause */
/* Hints that keep short paths short: what is rarely taken must not be inlined, or its registers are saved on every pass. */
#pragma once

#define NOINLINE    __attribute__((noinline))
#define COLD        __attribute__((noinline, cold))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
