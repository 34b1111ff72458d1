/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of the kernel tells the memory checks of a checked kernel: which memory is in use. In other kernels all
 * of it is nothing. Callers hold the kernel lock or are alone (boot).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct page;

#ifdef CHECKED
/* Lies behind each object in its slab cell, inside of the red zone. Places in the kernel's text, as offsets. */
struct cell_trace {
	uint32_t size;
	uint32_t allocated[3];
	uint32_t freed[4];
};
#define CELL_REDZONE sizeof(struct cell_trace)
#define FREED_WORD   0x5a5a5a5a5a5a5a5aull /* what freed memory is filled with */

/* First thing with paging on: red zones around global variables. */
void check_boot(void);
/* The caller's frame and those above it end here, without returning. */
void check_stack_leave(void);
/* Sets memory aside for the shadow of all RAM, once that is mapped. NULL, or a sentence. */
const char *check_ram(void);
/* Acts out the bug that the boot option provoke=NAME names. */
void check_provoke(void);
/* Lines about the finding that the panic is about, if it is about one. */
void check_explain(void (*print)(const char *fmt, ...));
/* No findings from here on: panics look at whatever is there. */
void check_stop(void);

void check_pages_alloc(uint64_t pa, struct page *pg, unsigned order);
void check_pages_free(uint64_t pa, struct page *pg, unsigned order);
/* Free since boot. */
void check_pages_unused(uint64_t pa, uint64_t size);
/* Of the whole pages at p only `size` bytes belong to the object. */
void check_pages_tail(const void *p, size_t size, size_t whole);

/* The bytes from p to the end of a slab's page have not been given out yet. */
void check_slab(const void *p, size_t size);
/* About to be given out again: nobody may have written to it meanwhile. */
void check_cell_reuse(const void *p, size_t cell);
void check_cell_alloc(void *p, size_t cell, size_t size);
void check_cell_free(void *p, size_t cell, size_t size);
#else
#define CELL_REDZONE 0
static inline void check_boot(void) {}
static inline void check_stack_leave(void) {}
static inline const char *check_ram(void)
{
	return NULL;
}
static inline void check_provoke(void) {}
static inline void check_explain(void (*print)(const char *fmt, ...))
{
	(void)print;
}
static inline void check_stop(void) {}
static inline void check_pages_alloc(uint64_t pa, struct page *pg, unsigned order)
{
	(void)pa, (void)pg, (void)order;
}
static inline void check_pages_free(uint64_t pa, struct page *pg, unsigned order)
{
	(void)pa, (void)pg, (void)order;
}
static inline void check_pages_unused(uint64_t pa, uint64_t size)
{
	(void)pa, (void)size;
}
static inline void check_pages_tail(const void *p, size_t size, size_t whole)
{
	(void)p, (void)size, (void)whole;
}
static inline void check_slab(const void *p, size_t size)
{
	(void)p, (void)size;
}
static inline void check_cell_reuse(const void *p, size_t cell)
{
	(void)p, (void)cell;
}
static inline void check_cell_alloc(void *p, size_t cell, size_t size)
{
	(void)p, (void)cell, (void)size;
}
static inline void check_cell_free(void *p, size_t cell, size_t size)
{
	(void)p, (void)cell, (void)size;
}
#endif
