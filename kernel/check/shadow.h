/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shadow memory: one byte says for eight bytes of the kernel image or of RAM whether they may be touched. 0: all, 1 to 7:
 * the first so many, else a reason why none. Private to kernel/check. C and assembly.
 */
#pragma once

/*
 * The image's shadow is at a fixed place in it (boot/kernel.ld), because the compiler writes there by itself when a
 * function has variables on the stack (-fasan-shadow-offset in kernel/meson.build).
 */
#define IMAGE_MAX         0x400000
#define IMAGE_SHADOW      0xffffffff80300000
#define IMAGE_SHADOW_SIZE (IMAGE_MAX / 8)

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/hot.h"
#include "kernel/layout.h"
#include "kernel/platform.h"

enum {
	/* The compiler's own. */
	SHADOW_STACK_LEFT = 0xf1,
	SHADOW_STACK_MIDDLE = 0xf2,
	SHADOW_STACK_RIGHT = 0xf3,
	SHADOW_STACK_SCOPE = 0xf8,
	/* Ours. */
	SHADOW_GLOBAL = 0xf9,
	SHADOW_CELL_UNUSED = 0xfa,
	SHADOW_CELL_FREED = 0xfb,
	SHADOW_CELL_REDZONE = 0xfc,
	SHADOW_NOWHERE = 0xfd,
	SHADOW_PAGE_TAIL = 0xfe,
	SHADOW_PAGE_FREE = 0xff,
};

extern uint8_t image_shadow[IMAGE_SHADOW_SIZE];

/* RAM, by its addresses in the direct map. */
struct shadow_range {
	uint64_t start, size;
	uint8_t *shadow;
};
extern struct shadow_range shadow_ranges[MAX_RANGES];

/* Shared by all addresses that have no byte of their own: device registers, RAM while it is being set up; or nothing. */
extern const uint8_t shadow_open, shadow_nowhere;
const uint8_t *shadow_find_slow(uint64_t addr);

/* Where nearly all accesses go; NULL: ask the slow one. */
static inline const uint8_t *shadow_quick(uint64_t addr)
{
	uint64_t offset = addr - shadow_ranges[0].start;

	if (likely(offset < shadow_ranges[0].size))
		return &shadow_ranges[0].shadow[offset / 8];
	offset = addr - KERNEL_BASE;
	if (likely(offset < IMAGE_MAX))
		return &image_shadow[offset / 8];
	return NULL;
}

static inline const uint8_t *shadow_find(uint64_t addr)
{
	const uint8_t *shadow = shadow_quick(addr);

	return likely(shadow != NULL) ? shadow : shadow_find_slow(addr);
}

/* addr is a multiple of 8; size is rounded up. */
void shadow_poison(uint64_t addr, uint64_t size, uint8_t why);
/* Makes exactly size bytes at addr (a multiple of 8) usable. */
void shadow_allow(uint64_t addr, uint64_t size);

/* Panics with a report if any of the bytes must not be touched. Says nothing once check_stop was called. */
void access_check(uint64_t addr, uint64_t size, bool write);

/* The global variable at or before addr, for reports. */
struct global {
	uint64_t start, size, size_with_redzone;
	const char *name, *module;
	uint64_t unused[3];
};
const struct global *global_find(uint64_t addr);

/* Return addresses from the allocator's caller on, as offsets into the text; to[] is zeroed before. */
void trace_take(uint32_t *to, unsigned n);
void trace_print(void (*print)(const char *fmt, ...), const uint32_t *trace, unsigned n);

/* The finding, then a panic. The first is not declared _Noreturn: so it is jumped to, and its return address is the access's. */
void report_access(uint64_t addr, uint64_t size, bool write);
_Noreturn void report_cell(const char *what, const void *cell);

/* A file's name as the compiler knows it, from the build folder, as seen from the sources' folder. */
const char *source_name(const char *file);

/* The slab cell that addr lies in; false: addr lies in no slab's cells. */
struct cell_place {
	uint64_t start, size;
};
bool slab_cell_of(uint64_t addr, struct cell_place *out);

/* lib/memory.c under other names (kernel/meson.build). */
void *raw_memcpy(void *restrict to, const void *restrict from, size_t size);
void *raw_memmove(void *to, const void *from, size_t size);
void *raw_memset(void *to, int byte, size_t size);
int raw_memcmp(const void *a, const void *b, size_t size);
void *raw_memchr(const void *s, int byte, size_t size);
#endif
