/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings in words: what was done where, which object that is, who allocated and freed it. */
#include "boot/early.h"
#include "kernel/boot/stacks.h"
#include "kernel/check/check.h"
#include "kernel/check/shadow.h"
#include "kernel/mm/page.h"
#include "kernel/panic.h"
#include "sys/abi/syscall.h"

typedef void (*print_t)(const char *fmt, ...);

static uint64_t culprit; /* the byte that the report is about; 0: the panic has other reasons */

/* psABI: fp points above the frame record {caller's fp, return address}. At the end of the chain fp may be a program's. */
void trace_take(uint32_t *to, unsigned n)
{
	uint64_t *fp = __builtin_frame_address(0);
	uint64_t start = (uint64_t)__stacks_start, hart = ((uint64_t)fp - start) / STACKS_STRIDE;
	uint64_t top = start + hart * STACKS_STRIDE + STACKS_KERNEL_OFFSET + KSTACK_SIZE;
	unsigned skip = 2; /* into the check, into the allocator */

	__asm__ volatile("" ::: "ra"); /* or a function that calls nothing has no whole frame record */
	for (unsigned i = 0; i < n;) {
		uint64_t ra = fp[-1], next = fp[-2];

		if (ra - (uint64_t)__text_start >= (uint64_t)(__text_end - __text_start))
			break;
		if (skip) {
			skip--;
		} else {
			*to++ = (uint32_t)(ra - (uint64_t)__text_start);
			i++;
		}
		if (next <= (uint64_t)fp || next > top || next % 8)
			break;
		fp = (uint64_t *)next;
	}
}

void trace_print(print_t print, const uint32_t *trace, unsigned n)
{
	for (unsigned i = 0; i < n && trace[i]; i++)
		print("  #%u 0x%016lx\n", i + 1, (uint64_t)__text_start + trace[i]);
}

const char *source_name(const char *file)
{
	while (file[0] == '.' && file[1] == '.' && file[2] == '/')
		file += 3;
	return file;
}

static uint8_t reason_at(uint64_t addr)
{
	const uint8_t *shadow = shadow_find(addr);

	/* Behind a part of a granule, what follows says why. */
	return *shadow > 0 && *shadow < 8 ? shadow[1] : *shadow;
}

static bool byte_ok(uint64_t addr)
{
	uint8_t shadow = *shadow_find(addr);

	return !shadow || (shadow < 8 && addr % 8 < shadow);
}

static const char *reason_name(uint64_t addr)
{
	switch (reason_at(addr)) {
	case SHADOW_PAGE_FREE:
	case SHADOW_CELL_FREED: return "use after free";
	case SHADOW_CELL_UNUSED: return "use of memory that was never allocated";
	case SHADOW_STACK_SCOPE: return "use after scope";
	case SHADOW_NOWHERE: return addr < PAGE_SIZE ? "null pointer used" : "wild pointer used";
	default: return "out of bounds";
	}
}

void report_access(uint64_t addr, uint64_t size, bool write)
{
	check_stop();
	culprit = addr;
	while (culprit + 1 < addr + size && byte_ok(culprit))
		culprit++;
	panic("%s: %s of %lu byte%s at 0x%lx", reason_name(culprit), write ? "write" : "read", size,
	      size == 1 ? "" : "s", addr);
}

_Noreturn void report_cell(const char *what, const void *cell)
{
	check_stop();
	culprit = (uint64_t)cell;
	panic("%s: object at %p", what, cell);
}

static void explain_cell(print_t print, const struct cell_place *cell)
{
	const struct cell_trace *trace = (void *)(cell->start + cell->size - sizeof(struct cell_trace));
	uint64_t offset = culprit - cell->start;
	bool freed = reason_at(cell->start) == SHADOW_CELL_FREED;

	if (reason_at(cell->start) == SHADOW_CELL_UNUSED) {
		print("offset %lu in a cell of a slab of %lu byte cells\n", offset, cell->size);
		return;
	}
	if (offset < trace->size)
		print("offset %lu in ", offset);
	else
		print("%lu bytes behind ", offset - trace->size);
	print("%s object of %u bytes at 0x%lx (slab of %lu byte cells), allocated by\n", freed ? "a freed" : "an",
	      trace->size, cell->start, cell->size);
	trace_print(print, trace->allocated, 3);
	if (freed) {
		print("freed by\n");
		trace_print(print, trace->freed, 4);
	}
}

static void explain_page(print_t print)
{
	static const char *const states[] = {"reserved", "free", "used", "slab", "free"};
	uint64_t pa = virt_to_phys((void *)culprit), behind = 0;
	struct page *pg = page_of(pa);

	if (reason_at(culprit) == SHADOW_PAGE_TAIL) {
		while (!byte_ok(culprit - behind - 1))
			behind++;
		print("%lu bytes behind an object of whole pages\n", behind);
		return;
	}
	if (!pg)
		print("in no memory of the kernel's\n");
	else
		print("offset %lu in the %s page at physical 0x%lx\n", pa % PAGE_SIZE,
		      pg->state < sizeof(states) / sizeof(states[0]) ? states[pg->state] : "strange", pa & -PAGE_SIZE);
}

static void explain_image(print_t print)
{
	uint64_t stacks = (uint64_t)__stacks_start;
	const struct global *g;

	if (culprit >= stacks && culprit < (uint64_t)__stacks_end) {
		print("in the stack of hart %lu\n", (culprit - stacks) / STACKS_STRIDE);
		return;
	}
	g = global_find(culprit);
	if (!g)
		return;
	if (culprit < g->start + g->size)
		print("offset %lu in ", culprit - g->start);
	else
		print("%lu bytes behind ", culprit - g->start - g->size);
	print("the variable %s of %lu bytes (%s)\n", g->name, g->size, source_name(g->module));
}

void check_explain(print_t print)
{
	struct cell_place cell;

	if (!culprit)
		return;
	if (culprit >= KERNEL_BASE)
		explain_image(print);
	else if (culprit - DIRECT_BASE >= DIRECT_LIMIT)
		return;
	else if (slab_cell_of(culprit, &cell))
		explain_cell(print, &cell);
	else
		explain_page(print);
}
