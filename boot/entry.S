/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image header and entry of every hart. The firmware arrives at physical addresses with paging off;
 * paging is switched on by the fetch fault that follows the write of satp: its handler's address,
 * stvec, is the next instruction's virtual address. So no identity mapping ever exists.
 */
#include "kernel/boot/stacks.h"

#define SSTATUS_CLEAR 0xc6662 /* SIE SPIE UBE VS FS SUM MXR: nothing is inherited */
#define SBI_EXT_DBCN  0x4442434e
#define SBI_DBCN_BYTE 2
#define SBI_EXT_SRST  0x53525354
#define SBI_EXT_HSM   0x48534d
#define SBI_HSM_STOP  1
#define SMP_ARRIVED   1 /* boot/early.h */

	.option norelax

	.section .head.text, "ax"
	.globl _start
	.type _start, @function
_start:
	/* Linux' Documentation/arch/riscv/boot-image-header.rst */
	.option push
	.option norvc
	j boot_entry
	nop
	.option pop
	.dword 0x200000         /* text_offset */
	.dword __image_size
	.dword 0                /* flags: little endian */
	.word 2                 /* header version 0.2 */
	.word 0
	.dword 0
	.dword 0x5643534952     /* "RISCV" */
	.word 0x05435352        /* "RSC\5" */
	.word 0

/* The hart state that everything after relies on. Clobbers t0. */
.macro hart_reset
	csrw sie, zero
	li t0, SSTATUS_CLEAR
	csrc sstatus, t0
	la t0, early_trap
	csrw stvec, t0
	csrw sscratch, zero
	csrw satp, zero
	li t0, 7                /* user mode may read cycle, time, instret */
	csrw scounteren, t0
	li gp, 0
	li fp, 0
.endm

/* Continues behind itself at virtual addresses in address space \satp. Clobbers t0, t1, stvec. */
.macro paging_on satp
	li t0, KERNEL_BASE
	la t1, _start
	sub t0, t0, t1
	la t1, 9f
	add t1, t1, t0
	csrw stvec, t1
	sfence.vma
	csrw satp, \satp
	.balign 4
9:	la t0, early_trap
	csrw stvec, t0
	sfence.vma
.endm

/* a0 hart id, a1 device tree (physical) */
boot_entry:
	hart_reset
	li tp, 0
	mv s0, a0
	mv s1, a1
	la t0, __bss_start
	la t1, __bss_end
1:	sd zero, (t0)
	addi t0, t0, 8
	bltu t0, t1, 1b
	la sp, __stacks_start + STACKS_KERNEL_OFFSET + KSTACK_SIZE
	mv a0, s1
	call early_paging
	paging_on a0
	la sp, __stacks_start + STACKS_KERNEL_OFFSET + KSTACK_SIZE
	mv a0, s0
	mv a1, s1
	call boot_main
	la sp, __stacks_start + STACKS_KERNEL_OFFSET + KSTACK_SIZE
	li fp, 0
	call kernel_start
	unimp
	.size _start, . - _start

/* a0 hart id, a1 struct secondary_start (physical) */
	.globl secondary_entry
	.type secondary_entry, @function
	.balign 4
secondary_entry:
	hart_reset
	addi t0, a1, 32
	li t1, SMP_ARRIVED
	amoswap.w.aqrl t1, t1, (t0)
	bnez t1, 6f             /* too late: stack and place in the kernel may be another hart's by now */
	ld a2, 0(a1)
	ld tp, 8(a1)
	ld sp, 16(a1)
	ld a3, 24(a1)
	fence.i
	paging_on a2
	jalr a3
	unimp
6:	li a6, SBI_HSM_STOP
	li a7, SBI_EXT_HSM
	ecall
7:	wfi
	j 7b
	.size secondary_entry, . - secondary_entry

/* A trap that nothing expects yet: says so, character by character, and ends. Needs no stack. */
	.globl early_trap
	.type early_trap, @function
	.balign 4
early_trap:
	la t0, 1f
	csrw stvec, t0          /* a trap in here: just stop */
	la s2, early_trap_text
	jal s10, put_text
	csrr s4, scause
	jal s10, put_hex
	la s2, early_trap_sepc
	jal s10, put_text
	csrr s4, sepc
	jal s10, put_hex
	la s2, early_trap_stval
	jal s10, put_text
	csrr s4, stval
	jal s10, put_hex
	li a0, '\n'
	jal s11, put_char
	li a0, 0
	li a1, 0
	li a6, 0
	li a7, SBI_EXT_SRST
	ecall
	li a7, 8                /* legacy shutdown */
	ecall
	.balign 4
1:	wfi
	j 1b

put_text:                       /* s2 text; returns to s10 */
	lbu a0, (s2)
	beqz a0, 2f
	jal s11, put_char
	addi s2, s2, 1
	j put_text
2:	jr s10

put_hex:                        /* s4 value; returns to s10 */
	li s3, 60
3:	srl a0, s4, s3
	andi a0, a0, 15
	addi a0, a0, '0'
	li t0, '9'
	ble a0, t0, 4f
	addi a0, a0, 'a' - '9' - 1
4:	jal s11, put_char
	addi s3, s3, -4
	bgez s3, 3b
	jr s10

put_char:                       /* a0 character; returns to s11 */
	mv s5, a0
	li a1, 0
	li a2, 0
	li a6, SBI_DBCN_BYTE
	li a7, SBI_EXT_DBCN
	ecall
	beqz a0, 5f
	mv a0, s5
	li a7, 1                /* legacy putchar */
	ecall
5:	jr s11
	.size early_trap, . - early_trap

	.section .rodata.early_trap, "a"
early_trap_text:
	.asciz "PANIC: trap during boot, scause 0x"
early_trap_sepc:
	.asciz " sepc 0x"
early_trap_stval:
	.asciz " stval 0x"

	.section .stacks, "aw", @nobits
	.balign 4096
	.zero STACKS_STRIDE * 8 /* MAX_HARTS */
