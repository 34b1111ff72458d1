/* SPDX-License-Identifier: BSD-2-Clause */
/* Where threads are interrupted, and how a handler gets onto another stack. */
#include "sys/abi/syscall.h"

	.text
/* a0, sp: struct upcall_frame, 16-byte aligned. Every register may be used: they are in the frame. */
	.globl	__signal_upcall_entry
__signal_upcall_entry:
	mv	s0, a0
	call	__signal_upcall
	mv	a0, s0
	li	t0, SYS_UPCALL_RETURN
	ecall
	/* The frame is no more there to be read: nothing is left to go on with. */
	ebreak

/* void __signal_call_on(void *top, void (*handler)(int, siginfo_t *, void *), int sig, siginfo_t *info, void *context) */
	.globl	__signal_call_on
__signal_call_on:
	addi	sp, sp, -16
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	mv	s0, sp
	andi	sp, a0, -16
	mv	t0, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	jalr	t0
	mv	sp, s0
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	addi	sp, sp, 16
	ret
