/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticks of the time CSR to nanoseconds without a division. */
#pragma once

#include <stdint.h>

/* Nanoseconds of a tick as a number with 32 binary places. hz is 1 .. 4294967295 */
static inline uint64_t clock_scale(uint64_t hz)
{
	return (1000000000ull << 32) / hz;
}

static inline uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t scale)
{
	return (uint64_t)((unsigned __int128)ticks * scale >> 32);
}
