/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of trap/entry.S. In the kernel tp and sscratch both hold the hart's struct; gp is never used, so the user's
 * stays in it. A system call preserves callee-saved registers only, hence the fast paths move just those; C functions preserve them by
 * themselves, so a call that does not switch threads saves nothing at all.
 */
#include "kernel/trap/offsets.h"
#include "sys/abi/syscall.h"

#ifndef ENTRY_MACROS
#define ENTRY_MACROS
.macro callee op, base
	\op	s0, T_X(8)(\base)
	\op	s1, T_X(9)(\base)
	\op	s2, T_X(18)(\base)
	\op	s3, T_X(19)(\base)
	\op	s4, T_X(20)(\base)
	\op	s5, T_X(21)(\base)
	\op	s6, T_X(22)(\base)
	\op	s7, T_X(23)(\base)
	\op	s8, T_X(24)(\base)
	\op	s9, T_X(25)(\base)
	\op	s10, T_X(26)(\base)
	\op	s11, T_X(27)(\base)
	\op	gp, T_X(3)(\base)
.endm

/* Test and set, not tickets: where harts are threads of an emulator, handing the lock on in order means to wait for whichever of them the host
 * has put aside. Clobbers its arguments. */
.macro lock_take a, b
	la	\a, klock_word
1:	lw	\b, (\a)
	beqz	\b, 2f
	.insn	0x0100000f		/* pause (Zihintpause), a hint everywhere else */
	j	1b
2:	li	\b, 1
	amoswap.w.aq	\b, \b, (\a)
	bnez	\b, 1b
.endm
.macro lock_drop a
	la	\a, klock_word
	amoswap.w.rl	x0, x0, (\a)
.endm
#endif

	.text
	.balign	64
	.globl	NAME(trap_entry)
NAME(trap_entry):
	csrrw	tp, sscratch, tp
	sd	t6, H_SCRATCH(tp)
	csrr	t6, scause
	addi	t6, t6, -8
	bnez	t6, NAME(not_syscall)
	ld	ra, H_CUR(tp)
	sd	sp, T_X(2)(ra)
	beqz	t0, NAME(fast_call)
	addi	t6, t0, -1
	beqz	t6, NAME(fast_reply_recv)

NAME(generic):			/* ra: running thread, its sp saved; t6, sp free */
#if LOCKED
	lock_take sp, t6
NAME(generic_locked):
	ld	ra, H_CUR(tp)
#else
NAME(generic_locked):
#endif
	csrrw	t6, sscratch, tp
	sd	t6, T_X(4)(ra)
	csrr	t6, sepc
	addi	t6, t6, 4
	csrw	sepc, t6
	ld	sp, H_KSTACK(tp)
	li	t6, SYS_COUNT
	bgeu	t0, t6, NAME(bad_syscall)
	la	t6, syscall_table
	slli	ra, t0, 3
	add	t6, t6, ra
	ld	t6, (t6)
	jalr	t6
NAME(syscall_done):
	lbu	t0, H_RESCHED(tp)
	bnez	t0, NAME(through_scheduler)
#if LOCKED
	lock_drop t0
#endif
	ld	t0, H_CUR(tp)
	ld	sp, T_X(2)(t0)
	ld	tp, T_X(4)(t0)
	li	a2, 0
	li	a3, 0
	li	a4, 0
	li	a5, 0
	li	a6, 0
	li	a7, 0
	li	t0, 0
	li	t1, 0
	li	t2, 0
	li	t3, 0
	li	t4, 0
	li	t5, 0
	li	t6, 0
	li	ra, 0
	sret

NAME(bad_syscall):
	call	sys_unknown
	j	NAME(syscall_done)

NAME(through_scheduler):	/* callee-saved registers still hold the user's */
	ld	t0, H_CUR(tp)
	callee	sd, t0
	csrr	t1, sepc
	sd	t1, T_PC(t0)
	li	t1, -1001		/* STATUS_DONE */
	beq	a0, t1, 1f
	call	sched_exit
	j	NAME(resume)
1:	call	sched_leave
	j	NAME(resume)

/*
 * call(endpoint): a server waits, nothing else comes with the message than words and leases.
 * In: a0 endpoint, a1 msginfo, a2-a7 words, t1 leases. The message stays in its registers all the way.
 */
NAME(fast_call):
#if LOCKED
	lock_take sp, t6
	ld	ra, H_CUR(tp)
#endif
	lw	t0, T_SLOW(ra)
	bnez	t0, NAME(slow_call)
	srli	t6, a1, 31		/* kernel label, handles, deadline or junk */
	andi	t6, t6, ~(7 << 4)
	bnez	t6, NAME(slow_call)
	ld	t2, T_PROC(ra)
	slli	t3, a0, 4
	ld	t4, P_MASK(t2)
	ld	t2, P_SLOTS(t2)
	and	t3, t3, t4
	add	t2, t2, t3
	ld	t4, 8(t2)		/* the slot's own handle */
	bne	t4, a0, NAME(slow_call)
	ld	t2, (t2)		/* t2: capability */
	lw	t3, C_RIGHTS(t2)
	andi	t3, t3, 1 << 8		/* RIGHT_EP_CALL */
	beqz	t3, NAME(slow_call)
	ld	t3, C_OBJ(t2)		/* t3: endpoint */
	ld	t4, EP_RECV(t3)		/* t4: server */
	beqz	t4, NAME(slow_call)
	lw	t0, T_SLOW(t4)
	bnez	t0, NAME(slow_call)
	ld	t5, T_HART(t4)		/* ran here last: its address space is known to this hart */
	bne	t5, tp, NAME(slow_call)
	lbu	t5, T_PRIO(t4)
	lbu	t6, T_PRIO(ra)
	bltu	t5, t6, NAME(slow_call)	/* priority inheritance */
	/* Committed. The caller waits for its answer. */
	callee	sd, ra
	csrr	t5, sepc
	addi	t5, t5, 4
	csrrw	t6, sscratch, tp
	sd	t5, T_PC(ra)
	sd	t6, T_X(4)(ra)
	li	t5, STATE_AWAIT_REPLY
	sb	t5, T_STATE(ra)
	sd	t4, T_SERVER(ra)
	sd	t1, T_LEASES(ra)
	sd	a1, T_MSGINFO(ra)
	ld	t5, T_PAYER(ra)
	ld	t6, T_WAIT_NEXT(t4)
	sd	t5, T_PAYER(t4)
	sd	t6, EP_RECV(t3)
	sd	ra, T_CALLER(t4)
	sb	x0, T_STATE(t4)
	sd	t4, H_CUR(tp)
	/* The server runs. */
	ld	t5, T_SATP(t4)
	csrw	satp, t5
#if FLUSH
	sfence.vma
#endif
	ld	t1, C_BADGE(t2)
#if LOCKED
	lock_drop t5
#endif
	ld	t5, T_PC(t4)
	csrw	sepc, t5
	ld	sp, T_X(2)(t4)
	callee	ld, t4
	ld	tp, T_X(4)(t4)
	li	a0, 0			/* RECV_CALL */
	li	t2, 0
	li	t3, 0
	li	t4, 0
	li	t5, 0
	li	t6, 0
	li	t0, 0
	li	ra, 0
	sret

NAME(slow_call):
	li	t0, 0
	j	NAME(generic_locked)

/*
 * reply_recv(endpoint): words only, the caller is as urgent as anything ready, nobody is queued, no signal is pending.
 * In: a0 endpoint, a1 msginfo, a2-a7 words.
 */
NAME(fast_reply_recv):
#if LOCKED
	lock_take sp, t6
	ld	ra, H_CUR(tp)
#endif
	lw	t0, T_SLOW(ra)
	bnez	t0, NAME(slow_reply_recv)
	srli	t6, a1, 31
	bnez	t6, NAME(slow_reply_recv)
	ld	t6, T_CALLER(ra)	/* t6: caller */
	beqz	t6, NAME(slow_reply_recv)
	lw	t0, T_SLOW(t6)
	bnez	t0, NAME(slow_reply_recv)
	ld	t1, T_SIGNALS(ra)
	ld	t1, (t1)
	bnez	t1, NAME(slow_reply_recv)
	ld	t1, T_PROC(ra)
	slli	t0, a0, 4
	ld	sp, P_MASK(t1)
	ld	t1, P_SLOTS(t1)
	and	t0, t0, sp
	add	t1, t1, t0
	ld	t0, 8(t1)
	bne	t0, a0, NAME(slow_reply_recv)
	ld	t1, (t1)
	lw	t0, C_RIGHTS(t1)
	andi	t0, t0, 1 << 9		/* RIGHT_EP_RECV */
	beqz	t0, NAME(slow_reply_recv)
	ld	t1, C_OBJ(t1)		/* t1: endpoint */
	ld	t0, T_EP(ra)		/* it is this endpoint's server already */
	bne	t0, t1, NAME(slow_reply_recv)
	ld	t0, EP_CALLERS(t1)
	ld	sp, EP_RECV(t1)
	or	t0, t0, sp
	bnez	t0, NAME(slow_reply_recv)
	ld	t0, T_HART(t6)
	bne	t0, tp, NAME(slow_reply_recv)
	lbu	t0, T_PRIO(t6)
	ld	sp, H_TOP_PRIO(tp)
	blt	t0, sp, NAME(slow_reply_recv)
	/* Committed. The server waits for its next call. */
	callee	sd, ra
	csrr	t0, sepc
	addi	t0, t0, 4
	csrrw	sp, sscratch, tp
	sd	t0, T_PC(ra)
	sd	sp, T_X(4)(ra)
	li	t0, STATE_RECEIVING
	sb	t0, T_STATE(ra)
	sd	x0, T_CALLER(ra)
	sd	x0, T_WAIT_NEXT(ra)
	sd	ra, EP_RECV(t1)
	sb	x0, T_STATE(t6)
	sd	t6, H_CUR(tp)
	/* The caller runs. */
	ld	t0, T_SATP(t6)
	csrw	satp, t0
#if FLUSH
	sfence.vma
#endif
#if LOCKED
	lock_drop t0
#endif
	ld	t0, T_PC(t6)
	csrw	sepc, t0
	ld	sp, T_X(2)(t6)
	callee	ld, t6
	ld	tp, T_X(4)(t6)
	li	a0, 0			/* OK */
	li	t0, 0
	li	t1, 0
	li	t2, 0
	li	t3, 0
	li	t4, 0
	li	t5, 0
	li	t6, 0
	li	ra, 0
	sret

NAME(slow_reply_recv):
	li	t0, 1
	j	NAME(generic_locked)

/* Interrupts and faults. From user mode everything is saved; from the kernel itself it is a bug. */
NAME(not_syscall):
	csrr	t6, sstatus
	andi	t6, t6, 0x100		/* SPP */
	bnez	t6, kernel_trap
	ld	t6, H_CUR(tp)
	callee	sd, t6
	sd	ra, T_X(1)(t6)
	sd	sp, T_X(2)(t6)
	sd	t0, T_X(5)(t6)
	sd	t1, T_X(6)(t6)
	sd	t2, T_X(7)(t6)
	sd	a0, T_X(10)(t6)
	sd	a1, T_X(11)(t6)
	sd	a2, T_X(12)(t6)
	sd	a3, T_X(13)(t6)
	sd	a4, T_X(14)(t6)
	sd	a5, T_X(15)(t6)
	sd	a6, T_X(16)(t6)
	sd	a7, T_X(17)(t6)
	sd	t3, T_X(28)(t6)
	sd	t4, T_X(29)(t6)
	sd	t5, T_X(30)(t6)
	ld	t0, H_SCRATCH(tp)
	csrrw	t1, sscratch, tp
	csrr	t2, sepc
	sd	t0, T_X(31)(t6)
	sd	t1, T_X(4)(t6)
	sd	t2, T_PC(t6)
#if LOCKED
	lock_take t0, t1
#endif
	csrr	a0, scause
	csrr	a1, stval
	ld	sp, H_KSTACK(tp)
	call	trap_user
NAME(resume):			/* a0: thread to run, its address space is in satp */
#if LOCKED
	lock_drop t0
#endif
	lbu	t0, T_BRIEF(a0)
	bnez	t0, NAME(resume_brief)
	ld	t0, T_PC(a0)
	csrw	sepc, t0
	callee	ld, a0
	ld	ra, T_X(1)(a0)
	ld	sp, T_X(2)(a0)
	ld	tp, T_X(4)(a0)
	ld	t0, T_X(5)(a0)
	ld	t1, T_X(6)(a0)
	ld	t2, T_X(7)(a0)
	ld	a1, T_X(11)(a0)
	ld	a2, T_X(12)(a0)
	ld	a3, T_X(13)(a0)
	ld	a4, T_X(14)(a0)
	ld	a5, T_X(15)(a0)
	ld	a6, T_X(16)(a0)
	ld	a7, T_X(17)(a0)
	ld	t3, T_X(28)(a0)
	ld	t4, T_X(29)(a0)
	ld	t5, T_X(30)(a0)
	ld	t6, T_X(31)(a0)
	ld	a0, T_X(10)(a0)
	sret

NAME(resume_brief):
	sb	x0, T_BRIEF(a0)
	ld	t0, T_PC(a0)
	csrw	sepc, t0
	callee	ld, a0
	ld	sp, T_X(2)(a0)
	ld	tp, T_X(4)(a0)
	ld	a1, T_X(11)(a0)
	ld	a2, T_X(12)(a0)
	ld	a0, T_X(10)(a0)
	li	a3, 0
	li	a4, 0
	li	a5, 0
	li	a6, 0
	li	a7, 0
	li	t0, 0
	li	t1, 0
	li	t2, 0
	li	t3, 0
	li	t4, 0
	li	t5, 0
	li	t6, 0
	li	ra, 0
	sret

	/* First thread of a hart: never returns. */
	.globl	NAME(hart_enter)
NAME(hart_enter):
	call	sched_first
	j	NAME(resume)
