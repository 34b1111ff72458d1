/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place that knows whether devices see the harts' caches. On all machines supported so far they do, so nothing is to be done.
 * A board whose devices do not gets its cache maintenance here (Zicbom's cbo.clean and cbo.inval, or the block that the SoC has).
 */
#pragma once

#include <stddef.h>

/* Written lines go to memory. */
static inline void cache_clean(const void *start, size_t size)
{
	(void)start, (void)size;
}

/* Lines are read from memory when they are needed next. */
static inline void cache_invalidate(const void *start, size_t size)
{
	(void)start, (void)size;
}
