/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways into the kernel and out of it. The body is assembled in four variants; kernel_start picks one:
 * with and without the kernel lock (one hart needs none), with and without a TLB flush at each address space switch (harts
 * without ASIDs).
 */
#define LOCKED 0
#define FLUSH  0
#define NAME(x) x##_up_asid
#include "kernel/trap/entry_body.inc"
#undef FLUSH
#undef NAME
#define FLUSH  1
#define NAME(x) x##_up_flush
#include "kernel/trap/entry_body.inc"
#undef LOCKED
#undef FLUSH
#undef NAME
#define LOCKED 1
#define FLUSH  0
#define NAME(x) x##_smp_asid
#include "kernel/trap/entry_body.inc"
#undef FLUSH
#undef NAME
#define FLUSH  1
#define NAME(x) x##_smp_flush
#include "kernel/trap/entry_body.inc"

/* Calls that move messages find all their argument registers in the thread as well. In: t0 number; out: the C function's arguments as they came. */
	.globl	syscall_stash
syscall_stash:
	ld	t6, H_CUR(tp)
	sd	a0, T_X(10)(t6)
	sd	a1, T_X(11)(t6)
	sd	a2, T_X(12)(t6)
	sd	a3, T_X(13)(t6)
	sd	a4, T_X(14)(t6)
	sd	a5, T_X(15)(t6)
	sd	a6, T_X(16)(t6)
	sd	a7, T_X(17)(t6)
	sd	t0, T_X(5)(t6)
	sd	t1, T_X(6)(t6)
	sd	t2, T_X(7)(t6)
	sd	t3, T_X(28)(t6)
	sd	t4, T_X(29)(t6)
	sd	t5, T_X(30)(t6)
	ld	t1, H_SCRATCH(tp)
	sd	t1, T_X(31)(t6)
	la	t1, syscall_stash_table
	slli	t0, t0, 3
	add	t1, t1, t0
	ld	t1, (t1)
	jr	t1

/* A trap taken in the kernel: registers onto the emergency stack, then the end. t6 is in H_SCRATCH. */
	.globl	kernel_trap
kernel_trap:
	ld	t6, H_EMERGENCY(tp)
	addi	t6, t6, -272
	sd	x1, 16(t6)
	sd	x2, 24(t6)
	sd	x3, 32(t6)
	sd	x4, 40(t6)
	sd	x5, 48(t6)
	sd	x6, 56(t6)
	sd	x7, 64(t6)
	sd	x8, 72(t6)
	sd	x9, 80(t6)
	sd	x10, 88(t6)
	sd	x11, 96(t6)
	sd	x12, 104(t6)
	sd	x13, 112(t6)
	sd	x14, 120(t6)
	sd	x15, 128(t6)
	sd	x16, 136(t6)
	sd	x17, 144(t6)
	sd	x18, 152(t6)
	sd	x19, 160(t6)
	sd	x20, 168(t6)
	sd	x21, 176(t6)
	sd	x22, 184(t6)
	sd	x23, 192(t6)
	sd	x24, 200(t6)
	sd	x25, 208(t6)
	sd	x26, 216(t6)
	sd	x27, 224(t6)
	sd	x28, 232(t6)
	sd	x29, 240(t6)
	sd	x30, 248(t6)
	ld	t0, H_SCRATCH(tp)
	sd	t0, 256(t6)
	csrr	t0, sepc
	sd	t0, 0(t6)
	mv	sp, t6
	mv	a0, t6
	csrr	a1, scause
	csrr	a2, stval
	call	panic_trap

	.section .bss
	.balign	64
	.globl	klock_word
klock_word:
	.space	64
