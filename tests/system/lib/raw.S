/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_syscall: a system call with every register chosen by the caller and every register seen afterwards. */

#define A(n) (8 * (n))        /* a0..a7 */
#define T(n) (8 * (8 + (n)))  /* t0..t6 */
#define RA   (8 * 15)
#define LOST (8 * 16)         /* bit n: s(n) changed; 12 sp, 13 gp, 14 tp */

	.text
	.globl raw_syscall
	.type raw_syscall, @function
raw_syscall: /* a0: struct raw_regs, in and out */
	addi sp, sp, -144
	sd ra, 0(sp)
	sd s0, 8(sp)
	sd s1, 16(sp)
	sd s2, 24(sp)
	sd s3, 32(sp)
	sd s4, 40(sp)
	sd s5, 48(sp)
	sd s6, 56(sp)
	sd s7, 64(sp)
	sd s8, 72(sp)
	sd s9, 80(sp)
	sd s10, 88(sp)
	sd s11, 96(sp)
	sd gp, 104(sp)
	sd tp, 112(sp)
	sd a0, 120(sp)

	/* marks in the callee-saved registers: 0x5a5a0000 + number */
	li s1, 0x5a5a0001
	addi s2, s1, 1
	addi s3, s1, 2
	addi s4, s1, 3
	addi s5, s1, 4
	addi s6, s1, 5
	addi s7, s1, 6
	addi s8, s1, 7
	addi s9, s1, 8
	addi s10, s1, 9
	addi s11, s1, 10
	mv s0, sp

	mv t0, a0
	ld t1, T(1)(t0)
	ld t2, T(2)(t0)
	ld t3, T(3)(t0)
	ld t4, T(4)(t0)
	ld t5, T(5)(t0)
	ld t6, T(6)(t0)
	ld ra, RA(t0)
	ld a0, A(0)(t0)
	ld a1, A(1)(t0)
	ld a2, A(2)(t0)
	ld a3, A(3)(t0)
	ld a4, A(4)(t0)
	ld a5, A(5)(t0)
	ld a6, A(6)(t0)
	ld a7, A(7)(t0)
	ld t0, T(0)(t0)
	.globl raw_syscall_ecall
raw_syscall_ecall:
	ecall

	/* sp must be right here: everything below hangs on it. It is also compared with the copy in s0. */
	sd ra, 128(sp)
	ld ra, 120(sp)
	sd t0, T(0)(ra)
	sd t1, T(1)(ra)
	sd t2, T(2)(ra)
	sd t3, T(3)(ra)
	sd t4, T(4)(ra)
	sd t5, T(5)(ra)
	sd t6, T(6)(ra)
	sd a0, A(0)(ra)
	sd a1, A(1)(ra)
	sd a2, A(2)(ra)
	sd a3, A(3)(ra)
	sd a4, A(4)(ra)
	sd a5, A(5)(ra)
	sd a6, A(6)(ra)
	sd a7, A(7)(ra)
	ld t1, 128(sp)
	sd t1, RA(ra)

	li t0, 0
	.macro check reg, want, bit
	xor t2, \reg, \want
	snez t2, t2
	slli t2, t2, \bit
	or t0, t0, t2
	.endm
	check s0, sp, 0
	li t1, 0x5a5a0001
	check s1, t1, 1
	addi t1, t1, 1
	check s2, t1, 2
	addi t1, t1, 1
	check s3, t1, 3
	addi t1, t1, 1
	check s4, t1, 4
	addi t1, t1, 1
	check s5, t1, 5
	addi t1, t1, 1
	check s6, t1, 6
	addi t1, t1, 1
	check s7, t1, 7
	addi t1, t1, 1
	check s8, t1, 8
	addi t1, t1, 1
	check s9, t1, 9
	addi t1, t1, 1
	check s10, t1, 10
	addi t1, t1, 1
	check s11, t1, 11
	ld t1, 104(sp)
	check gp, t1, 13
	ld t1, 112(sp)
	check tp, t1, 14
	sd t0, LOST(ra)

	ld ra, 0(sp)
	ld s0, 8(sp)
	ld s1, 16(sp)
	ld s2, 24(sp)
	ld s3, 32(sp)
	ld s4, 40(sp)
	ld s5, 48(sp)
	ld s6, 56(sp)
	ld s7, 64(sp)
	ld s8, 72(sp)
	ld s9, 80(sp)
	ld s10, 88(sp)
	ld s11, 96(sp)
	ld gp, 104(sp)
	ld tp, 112(sp)
	addi sp, sp, 144
	ret
	.size raw_syscall, . - raw_syscall
