/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What code compiled with -fsanitize=kernel-address calls before each access. Short, and built without frame pointers: all
 * that is added to an access is added to every one.
 */
#include "kernel/check/check.h"
#include "kernel/check/shadow.h"

static bool stopped;

void check_stop(void)
{
	__atomic_store_n(&stopped, true, __ATOMIC_RELAXED);
}

static NOINLINE void refuse(uint64_t addr, uint64_t size, bool write)
{
	if (!__atomic_load_n(&stopped, __ATOMIC_RELAXED))
		report_access(addr, size, write);
}

/* Within eight bytes that share a shadow byte. */
static inline bool granule_ok(uint8_t shadow, uint64_t addr, uint64_t size)
{
	return likely(!shadow) || (shadow < 8 && addr % 8 + size <= shadow);
}

static bool range_ok(uint64_t addr, uint64_t size)
{
	uint64_t end = addr + size;
	const uint8_t *s, *last;

	if (!size)
		return true;
	if (end < addr)
		return false;
	s = shadow_find(addr);
	last = shadow_find(end - 1);
	if (s == &shadow_open && last == s)
		return true;
	if ((uint64_t)(last - s) != (end - 1) / 8 - addr / 8) /* from one region into another */
		return false;
	if (s == last)
		return granule_ok(*s, addr, size);
	if (*s || !granule_ok(*last, 0, (end - 1) % 8 + 1))
		return false;
	for (s++; s < last;) {
		bool whole = (uint64_t)s % 8 == 0 && last - s >= 8;

		if (whole ? *(const uint64_t *)(const void *)s : *s)
			return false;
		s += whole ? 8 : 1;
	}
	return true;
}

NOINLINE void access_check(uint64_t addr, uint64_t size, bool write)
{
	if (unlikely(!range_ok(addr, size)))
		refuse(addr, size, write);
}

static inline __attribute__((always_inline)) void access_small(uint64_t addr, uint64_t size, bool write)
{
	const uint8_t *shadow = shadow_quick(addr);

	/* Calls only at the very end: no stack frame. */
	if (unlikely(addr % size || !shadow))
		access_check(addr, size, write);
	else if (unlikely(!granule_ok(*shadow, addr, size)))
		refuse(addr, size, write);
}

#define ACCESS(size)                                      \
	void __asan_load##size##_noabort(uint64_t addr);  \
	void __asan_store##size##_noabort(uint64_t addr); \
	void __asan_load##size##_noabort(uint64_t addr)   \
	{                                                 \
		access_small(addr, size, false);          \
	}                                                 \
	void __asan_store##size##_noabort(uint64_t addr)  \
	{                                                 \
		access_small(addr, size, true);           \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)

void __asan_load16_noabort(uint64_t addr);
void __asan_store16_noabort(uint64_t addr);
void __asan_loadN_noabort(uint64_t addr, uint64_t size);
void __asan_storeN_noabort(uint64_t addr, uint64_t size);

void __asan_load16_noabort(uint64_t addr)
{
	access_check(addr, 16, false);
}

void __asan_store16_noabort(uint64_t addr)
{
	access_check(addr, 16, true);
}

void __asan_loadN_noabort(uint64_t addr, uint64_t size)
{
	access_check(addr, size, false);
}

void __asan_storeN_noabort(uint64_t addr, uint64_t size)
{
	access_check(addr, size, true);
}
