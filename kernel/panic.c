/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panics. Trusts as little as possible: no lock, no log ring, no per-hart data; which hart this is
 * follows from the stack it is on. The other harts stop at the kernel lock, which is never
 * released.
 */
#include "kernel/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "boot/early.h"
#include "kernel/boot/stacks.h"
#include "kernel/check/check.h"
#include "kernel/lib/format.h"
#include "kernel/platform.h"
#include "kernel/sbi.h"
#include "sys/abi/object.h"

#define FRAMES_MAX 32

static int panic_depth;

static void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void print(const char *fmt, ...)
{
	char text[256];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_text_va(text, sizeof(text), fmt, args);
	va_end(args);
	sbi_console_write(text, len < sizeof(text) ? len : sizeof(text) - 1);
}

static const char *cause_name(uint64_t scause)
{
	static const char *const names[] = {
		"misaligned fetch",
		"fetch access fault",
		"illegal instruction",
		"breakpoint",
		"misaligned load",
		"load access fault",
		"misaligned store",
		"store access fault",
		"environment call from U",
		"environment call from S",
		NULL,
		NULL,
		"fetch page fault",
		"load page fault",
		NULL,
		"store page fault",
	};
	if (scause >> 63)
		return "interrupt";
	if (scause < sizeof(names) / sizeof(names[0]) && names[scause])
		return names[scause];
	return "unknown cause";
}

struct stack {
	uint64_t base, top;
	unsigned hart;
};

/*
 * The kernel or emergency stack that holds sp; an sp on neither (a guard page) gives an empty one.
 */
static struct stack stack_find(uint64_t sp)
{
	uint64_t start = (uint64_t)__stacks_start, offset;
	struct stack s = {.hart = MAX_HARTS};

	if (sp < start || sp > (uint64_t)__stacks_end)
		return s;
	s.hart = (unsigned)((sp - 1 - start) / STACKS_STRIDE);
	offset = sp - start - s.hart * STACKS_STRIDE;
	start += s.hart * STACKS_STRIDE;
	if (offset >= STACKS_EMERGENCY_OFFSET) {
		s.base = start + STACKS_EMERGENCY_OFFSET;
		s.top = s.base + EMERGENCY_STACK_SIZE;
	} else if (offset >= STACKS_KERNEL_OFFSET && offset <= STACKS_KERNEL_OFFSET + KSTACK_SIZE) {
		s.base = start + STACKS_KERNEL_OFFSET;
		s.top = s.base + KSTACK_SIZE;
	}
	return s;
}

/* After an overflow: the stack whose guard page sp has reached, else an empty one. */
static struct stack stack_above(uint64_t sp)
{
	return stack_find((sp & -(uint64_t)STACK_GUARD_SIZE) + STACK_GUARD_SIZE);
}

static bool is_text(uint64_t pc)
{
	return pc >= (uint64_t)__text_start && pc < (uint64_t)__text_end && pc % 2 == 0;
}

#ifdef CONFIG_FRAME_POINTER
/* RISC-V psABI: fp points above the frame record, {caller's fp, return address}. */
static unsigned walk_frames(struct stack s, uint64_t fp, unsigned n)
{
	while (n < FRAMES_MAX && fp % 8 == 0 && fp >= s.base + 16 && fp <= s.top) {
		uint64_t next = *(uint64_t *)(fp - 16), ra = *(uint64_t *)(fp - 8);

		if (!is_text(ra))
			break;
		print("  #%u 0x%016lx\n", n++, ra);
		if (next <= fp) /* frames only go up */
			break;
		fp = next;
	}
	return n;
}
#endif

/* Behind a call: jal ra / jalr ra (4 bytes), c.jalr (2 bytes). */
static bool is_return_address(uint64_t pc)
{
	const uint16_t *code = (const uint16_t *)pc;
	uint32_t call;

	if (!is_text(pc) || !is_text(pc - 4))
		return false;
	call = code[-2] | (uint32_t)code[-1] << 16;
	if ((call & 0xfff) == 0x0ef || (call & 0x7fff) == 0x00e7)
		return true;
	return (code[-1] & 0xf07f) == 0x9002 && (code[-1] & 0x0f80);
}

/* Without frame pointers, or with a broken chain: every word that could be one. */
static void scan_stack(struct stack s, uint64_t sp, unsigned n)
{
	for (sp = (sp + 7) & ~7ull; sp < s.top && n < FRAMES_MAX; sp += 8)
		if (is_return_address(*(uint64_t *)sp))
			print("  #%u 0x%016lx ?\n", n++, *(uint64_t *)sp);
}

static void backtrace(uint64_t pc, uint64_t sp, uint64_t fp)
{
	struct stack s = stack_find(sp);
	unsigned n = 0, found = 0;

	if (is_text(pc))
		print("  #%u 0x%016lx\n", n++, pc);
	if (s.base == s.top) {
		print("  (sp 0x%lx is on no stack of the kernel)\n", sp);
		s = stack_above(sp);
		sp = s.base;
	}
#ifdef CONFIG_FRAME_POINTER
	found = walk_frames(s, fp, n) - n;
#endif
	(void)fp;
	if (!found)
		scan_stack(s, sp, n);
}

static void print_regs(const struct thread_regs *r)
{
	static const char names[32][4] = {
		"",   "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
		"a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};

	for (unsigned i = 1; i < 32; i++)
		print("%4s 0x%016lx%s", names[i], r->x[i], i % 4 == 0 || i == 31 ? "\n" : "");
}

static _Noreturn void panic_end(void)
{
	if (platform.opt_panic == PANIC_HALT)
		print("halted\n");
	else
		sbi_system_reset(platform.opt_panic == PANIC_REBOOT);
	for (;;)
		__asm__ volatile("wfi");
}

/*
 * False: this hart is already in a panic that went wrong. Another hart's panic waits here for
 * ever.
 */
static void panic_begin(void)
{
	static unsigned panic_hart = ~0u;
	unsigned hart = stack_find((uint64_t)__builtin_frame_address(0)).hart;
	int depth;

	__asm__ volatile("csrci sstatus, 2"); /* SIE */
	check_stop();
	depth = __atomic_fetch_add(&panic_depth, 1, __ATOMIC_ACQ_REL);
	if (depth == 0) {
		__atomic_store_n(&panic_hart, hart, __ATOMIC_RELEASE);
		return;
	}
	if (hart != __atomic_load_n(&panic_hart, __ATOMIC_ACQUIRE))
		for (;;)
			__asm__ volatile("wfi");
	if (depth == 1) {
		print("PANIC: and again, in the panic itself\n");
		return;
	}
	panic_end();
}

static void print_hart(uint64_t sp)
{
	unsigned hart = stack_find(sp).hart;

	if (hart < platform.hart_count)
		print("hart %u (id %lu)\n", hart, platform.harts[hart].hart_id);
}

_Noreturn void panic(const char *fmt, ...)
{
	char text[256];
	va_list args;
	/* The caller's sp, below which lies its fp: psABI's frame record. */
	uint64_t *sp = __builtin_frame_address(0);
	uint64_t pc = (uint64_t)__builtin_return_address(0);

	panic_begin();
	va_start(args, fmt);
	format_text_va(text, sizeof(text), fmt, args);
	va_end(args);
	print("\nPANIC: %s\n", text);
	check_explain(print);
	print_hart((uint64_t)sp);
	/* Inside the call: it is the caller's last instruction, what follows is another function. */
	backtrace(pc - 2, (uint64_t)sp, sp[-2]);
	panic_end();
}

_Noreturn void panic_trap(const struct thread_regs *regs, uint64_t scause, uint64_t stval)
{
	panic_begin();
	print("\nPANIC: %s in the kernel\n", cause_name(scause));
	print_hart(regs->x[2]);
	print("scause 0x%lx stval 0x%016lx sepc 0x%016lx\n", scause, stval, regs->pc);
	print_regs(regs);
	backtrace(regs->pc, regs->x[2], regs->x[8]);
	panic_end();
}
