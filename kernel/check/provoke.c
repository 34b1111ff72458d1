/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One bug of each kind on request, so that tests can tell that the checks find them: boot option provoke=NAME. The
 * values are volatile, or the compiler would see through them.
 */
#include "kernel/check/check.h"
#include "kernel/layout.h"
#include "kernel/log/log.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/platform.h"
#include "sys/abi/syscall.h"
#include "sys/abi/system.h"
#include <string.h>

static int small_table[3] = {1, 2, 3};
static volatile int sink;

/* Out of the compiler's sight. */
static void *volatile hidden;

static volatile char *object_new(size_t size)
{
	hidden = kalloc(NULL, size);
	return hidden;
}

static void use_after_free(void)
{
	volatile char *p = object_new(40);

	kfree(NULL, hidden, 40);
	sink = p[16];
}

static void free_twice(void)
{
	void *p = (void *)(uintptr_t)object_new(40);

	kfree(NULL, p, 40);
	kfree(NULL, hidden, 40);
}

static void heap_overflow(void)
{
	volatile char *p = object_new(40);

	p[40] = 1;
}

static void big_overflow(void)
{
	volatile char *p = object_new(5000);

	p[5000] = 1;
}

static void copy_overflow(void)
{
	volatile size_t size = 41;
	volatile char *from = object_new(40);
	char *to = kalloc(NULL, 64);

	memcpy(to, (const void *)(uintptr_t)from, size);
}

/* Of a size that the compiler knows and likes to copy in place. */
static void fixed_copy_overflow(void)
{
	volatile char *from = object_new(40);
	char to[48];

	memcpy(to, (const void *)(uintptr_t)from, sizeof(to));
	hidden = to;
	sink = *(volatile char *)hidden;
}

static void page_use_after_free(void)
{
	uint64_t pa = page_alloc(0);
	volatile uint64_t *p = phys_to_virt(pa);

	page_free(pa, 0);
	p[100] = 1;
}

/* Written by something that is not checked, as a device or assembly would. */
static void page_written_free(void)
{
	uint64_t pa = page_alloc(0);

	page_free(pa, 0);
	__asm__ volatile("sd zero, 800(%0)" ::"r"(phys_to_virt(pa)) : "memory");
	while (page_alloc(0))
		;
}

static void cell_written_free(void)
{
	volatile char *p = object_new(40);

	kfree(NULL, hidden, 40);
	__asm__ volatile("sd zero, 8(%0)" ::"r"(p) : "memory");
	for (;;)
		kalloc(NULL, 40);
}

static void global_overflow(void)
{
	volatile int *p = small_table;

	hidden = (void *)(uintptr_t)&p[3];
	sink = *(volatile int *)hidden;
}

static void stack_overflow(void)
{
	volatile char text[8] = "1234567";

	hidden = (void *)(uintptr_t)text;
	sink = ((volatile char *)hidden)[8];
}

static void scope(void)
{
	{
		volatile char text[8] = "1234567";

		hidden = (void *)(uintptr_t)text;
	}
	sink = *(volatile char *)hidden;
}

static void wild_pointer(void)
{
	hidden = (void *)0x123456780;
	*(volatile char *)hidden = 1;
}

static void null_pointer(void)
{
	hidden = NULL;
	sink = *(volatile int *)hidden;
}

static void shift(void)
{
	volatile int by = 33;

	sink = 1 << by;
}

static void overflow(void)
{
	volatile int big = 0x7fffffff;

	sink = big + 1;
}

static void index(void)
{
	volatile int at = 3;

	sink = small_table[at];
}

static void alignment(void)
{
	hidden = (char *)small_table + 1;
	sink = *(int *)hidden;
}

static const struct {
	const char *name;
	void (*act)(void);
} bugs[] = {
	{"uaf", use_after_free},
	{"double-free", free_twice},
	{"oob", heap_overflow},
	{"oob-big", big_overflow},
	{"oob-copy", copy_overflow},
	{"oob-copy-fixed", fixed_copy_overflow},
	{"oob-global", global_overflow},
	{"oob-stack", stack_overflow},
	{"scope", scope},
	{"page-uaf", page_use_after_free},
	{"page-written", page_written_free},
	{"cell-written", cell_written_free},
	{"wild", wild_pointer},
	{"null", null_pointer},
	{"shift", shift},
	{"overflow", overflow},
	{"index", index},
	{"alignment", alignment},
};

void check_provoke(void)
{
	static const char option[] = "provoke=";
	const char *at = platform.bootargs;

	for (; strncmp(at, option, sizeof(option) - 1); at++)
		if (!*at)
			return;
	at += sizeof(option) - 1;
	for (size_t i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++) {
		size_t len = strlen(bugs[i].name);

		if (!strncmp(at, bugs[i].name, len) && (!at[len] || at[len] == ' ')) {
			klog(LOG_WARN, "provoking %s", bugs[i].name);
			bugs[i].act();
			klog(LOG_ERROR, "provoked %s, and nothing noticed it", bugs[i].name);
		}
	}
}
