/* SPDX-License-Identifier: BSD-2-Clause */
/* What the compiler calls beside accesses: red zones of globals, variables that leave their scope, functions that do not return. */
#include "boot/early.h"
#include "kernel/boot/stacks.h"
#include "kernel/check/check.h"
#include "kernel/check/shadow.h"
#include "kernel/panic.h"

/* Of each source file, in boot/kernel.ld; each calls __asan_register_globals. */
typedef void (*constructor)(void);
extern constructor __init_array_start[], __init_array_end[];

/* While set, globals are not registered but looked through. */
static struct {
	uint64_t addr;
	const struct global *found;
} * search;

void __asan_register_globals(const struct global *globals, uint64_t count);
void __asan_unregister_globals(const struct global *globals, uint64_t count);
void __asan_handle_no_return(void);
void __asan_poison_stack_memory(uint64_t addr, uint64_t size);
void __asan_unpoison_stack_memory(uint64_t addr, uint64_t size);

void __asan_register_globals(const struct global *globals, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const struct global *g = &globals[i];

		if (search) {
			if (search->addr - g->start < g->size_with_redzone)
				search->found = g;
			continue;
		}
		shadow_poison(g->start, g->size_with_redzone, SHADOW_GLOBAL);
		shadow_allow(g->start, g->size);
	}
}

/* Only from destructors, which a kernel does not run. */
void __asan_unregister_globals(const struct global *globals, uint64_t count)
{
	(void)globals, (void)count;
}

static void run_constructors(void)
{
	for (constructor *c = __init_array_start; c < __init_array_end; c++)
		(*c)();
}

void check_boot(void)
{
	ASSERT((uint64_t)image_shadow == IMAGE_SHADOW); /* boot/kernel.ld */
	run_constructors();
}

const struct global *global_find(uint64_t addr)
{
	__typeof__(*search) wanted = {.addr = addr};

	search = &wanted;
	run_constructors();
	search = NULL;
	return wanted.found;
}

/* The frames that are given up must not leave their red zones behind: the hart's stack is used from its top again. */
void __asan_handle_no_return(void)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0) & -8ull, start = (uint64_t)__stacks_start;
	uint64_t hart = (sp - start) / STACKS_STRIDE, offset = (sp - start) % STACKS_STRIDE;
	uint64_t top = offset > STACKS_EMERGENCY_OFFSET ? STACKS_STRIDE : STACKS_KERNEL_OFFSET + KSTACK_SIZE;

	shadow_allow(sp, start + hart * STACKS_STRIDE + top - sp);
}

void check_stack_leave(void)
{
	__asan_handle_no_return();
}

void __asan_poison_stack_memory(uint64_t addr, uint64_t size)
{
	shadow_poison(addr, size, SHADOW_STACK_SCOPE);
}

void __asan_unpoison_stack_memory(uint64_t addr, uint64_t size)
{
	shadow_allow(addr, size);
}
