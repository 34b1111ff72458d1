/* SPDX-License-Identifier: BSD-2-Clause */
/* Stamped system calls and the loops of the other side. Instruction counts in measure.h belong to this code. */

#include "sys/abi/syscall.h"

#define A(n)  (8 * (n))
#define T(n)  (8 * (8 + (n)))
#define START (8 * 15)
#define END   (8 * 16)

	.macro function name
	.text
	.balign 4
	.globl \name
	.type \name, @function
\name:
	.endm

/* ---- a stamped call ---- */

function measure
	addi sp, sp, -48
	sd ra, 0(sp)
	sd s0, 8(sp)
	sd s1, 16(sp)
	sd s2, 24(sp)
	mv s0, a0
	ld t0, T(0)(s0)
	ld t1, T(1)(s0)
	ld t2, T(2)(s0)
	ld t3, T(3)(s0)
	ld t4, T(4)(s0)
	ld t5, T(5)(s0)
	ld t6, T(6)(s0)
	ld a0, A(0)(s0)
	ld a1, A(1)(s0)
	ld a2, A(2)(s0)
	ld a3, A(3)(s0)
	ld a4, A(4)(s0)
	ld a5, A(5)(s0)
	ld a6, A(6)(s0)
	ld a7, A(7)(s0)
	rdinstret s1
	ecall
	rdinstret s2
	sd t0, T(0)(s0)
	sd t1, T(1)(s0)
	sd t2, T(2)(s0)
	sd t3, T(3)(s0)
	sd t4, T(4)(s0)
	sd t5, T(5)(s0)
	sd t6, T(6)(s0)
	sd a0, A(0)(s0)
	sd a1, A(1)(s0)
	sd a2, A(2)(s0)
	sd a3, A(3)(s0)
	sd a4, A(4)(s0)
	sd a5, A(5)(s0)
	sd a6, A(6)(s0)
	sd a7, A(7)(s0)
	sd s1, START(s0)
	sd s2, END(s0)
	sub a0, s2, s1
	addi a0, a0, -1
	ld ra, 0(sp)
	ld s0, 8(sp)
	ld s1, 16(sp)
	ld s2, 24(sp)
	addi sp, sp, 48
	ret

/* ---- servers ---- */

	.macro server_enter
	addi sp, sp, -32
	sd ra, 0(sp)
	sd s0, 8(sp)
	sd s1, 16(sp)
	mv s0, a0
	mv s1, a1
	li t0, SYS_RECV
	li a1, 0
	li a2, -1
	ecall
	.endm
	.macro server_leave
	ld ra, 0(sp)
	ld s0, 8(sp)
	ld s1, 16(sp)
	addi sp, sp, 32
	ret
	.endm

function serve_echo
	server_enter
	bnez a0, 2f
1:	li t0, SYS_REPLY_RECV
	mv a0, s0
	ecall
	beqz a0, 1b
2:	server_leave

function serve_lease_1k
	server_enter
	bnez a0, 2f
1:	li t0, SYS_LEASE_READ
	li a0, 0
	li a1, 0
	li a2, 0
	mv a3, s1
	li a4, 1024
	ecall
	bnez a0, 2f
	li t0, SYS_LEASE_WRITE
	li a0, 0
	li a1, 1
	li a2, 0
	mv a3, s1
	li a4, 1024
	ecall
	bnez a0, 2f
	li t0, SYS_REPLY_RECV
	mv a0, s0
	li a1, 0
	ecall
	beqz a0, 1b
2:	server_leave

/* ---- interrupts and faults: every register survives them ---- */

function raise_wait
	rdinstret t0
	sw a1, 0(a0)
	.globl raised_here
raised_here:
1:	rdinstret t1
	lw t2, 0(a2)
	beqz t2, 1b
	sd t1, 0(a3)
	mv a0, t0
	ret

	.option push
	.option norvc
function touch_load
	rdinstret t0
	.globl touch_here
touch_here:
	ld t2, 0(a0)
	rdinstret t1
	sd t0, 0(a1)
	sd t1, 8(a1)
	ret
	.option pop

function touch_store
	rdinstret t0
	sd a0, 0(a0)
	rdinstret t1
	sd t0, 0(a1)
	sd t1, 8(a1)
	ret

function touch_range
	rdinstret t0
1:	sd a0, 0(a0)
	add a0, a0, a2
	bltu a0, a1, 1b
	rdinstret t1
	sub a0, t1, t0
	addi a0, a0, -1
	ret

/* ---- a process ---- */

	.section .rodata
	.balign 8
	.globl exit_page, exit_page_end
exit_page:
	li t0, SYS_PROCESS_EXIT
	li a0, 0
	ecall
exit_page_end:
