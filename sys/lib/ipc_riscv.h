/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of sys/lib/ipc.h for RISC-V, in as few instructions as they can be: inlined, so that a
 * message which the caller builds in local variables never reaches memory, and with the handle registers
 * touched only where a message carries handles.
 */
#pragma once

#include "sys/lib/ipc.h"

/* Handles beyond a message's count may be undefined; see IPC_LOAD_HANDLES. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"

/* Like a C function call, an IPC system call may change every caller-saved register. */
#ifdef __riscv_flen
#define IPC_CLOBBERS_FP                                                                                              \
	, "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11", "fa0", "fa1", "fa2", \
		"fa3", "fa4", "fa5", "fa6", "fa7"
#else
#define IPC_CLOBBERS_FP
#endif

#define IPC_REGS_MSG(m)                                 \
	register uint64_t a1 __asm__("a1") = (m)->info; \
	register uint64_t a2 __asm__("a2") = (m)->w[0]; \
	register uint64_t a3 __asm__("a3") = (m)->w[1]; \
	register uint64_t a4 __asm__("a4") = (m)->w[2]; \
	register uint64_t a5 __asm__("a5") = (m)->w[3]; \
	register uint64_t a6 __asm__("a6") = (m)->w[4]; \
	register uint64_t a7 __asm__("a7") = (m)->w[5]
#define IPC_REGS_HANDLES                    \
	register uint64_t t2 __asm__("t2"); \
	register uint64_t t3 __asm__("t3"); \
	register uint64_t t4 __asm__("t4"); \
	register uint64_t t5 __asm__("t5")
#define IPC_WORDS_INOUT "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
/* All four whatever the count: the kernel ignores the rest. */
#define IPC_LOAD_HANDLES(m)           \
	do {                          \
		t2 = (m)->handles[0]; \
		t3 = (m)->handles[1]; \
		t4 = (m)->handles[2]; \
		t5 = (m)->handles[3]; \
	} while (0)
#define IPC_HANDLES_INOUT "+r"(t2), "+r"(t3), "+r"(t4), "+r"(t5)

#define IPC_STORE_MSG(m)                      \
	do {                                  \
		(m)->info = a1;               \
		(m)->w[0] = a2;               \
		(m)->w[1] = a3;               \
		(m)->w[2] = a4;               \
		(m)->w[3] = a5;               \
		(m)->w[4] = a6;               \
		(m)->w[5] = a7;               \
		if (MSG_HANDLES(a1) != 0) {   \
			(m)->handles[0] = t2; \
			(m)->handles[1] = t3; \
			(m)->handles[2] = t4; \
			(m)->handles[3] = t5; \
		}                             \
	} while (0)

IPC_API status_t ipc_call(handle_t ep, struct ipc_msg *m, const struct lease *leases, uint64_t deadline)
{
	IPC_REGS_MSG(m);
	IPC_REGS_HANDLES;
	register uint64_t a0 __asm__("a0") = ep;
	register uint64_t t0 __asm__("t0") = SYS_CALL;
	register uint64_t t1 __asm__("t1") = (uint64_t)leases;
	register uint64_t t6 __asm__("t6") = deadline;

	if (deadline < DEADLINE_INTERRUPTIBLE)
		a1 |= MSG_DEADLINE;
	else if (deadline == DEADLINE_INTERRUPTIBLE)
		a1 |= MSG_INTERRUPTIBLE;
	if (MSG_HANDLES(m->info) == 0) {
		__asm__ volatile("ecall"
				 : "+r"(a0), IPC_WORDS_INOUT, "+r"(t0), "+r"(t1), "=r"(t2), "=r"(t3), "=r"(t4),
				   "=r"(t5), "+r"(t6)
				 :
				 : "ra", "memory" IPC_CLOBBERS_FP);
	} else {
		IPC_LOAD_HANDLES(m);
		__asm__ volatile("ecall"
				 : "+r"(a0), IPC_WORDS_INOUT, "+r"(t0), "+r"(t1), IPC_HANDLES_INOUT, "+r"(t6)
				 :
				 : "ra", "memory" IPC_CLOBBERS_FP);
	}
	if (__builtin_expect((status_t)a0 != OK, 0))
		return (status_t)a0;
	IPC_STORE_MSG(m);
	return OK;
}

/* What a receive brought, into *m. A signal leaves the handles and the badge alone. */
#define IPC_STORE_RECEIVED(m)     \
	do {                      \
		IPC_STORE_MSG(m); \
		(m)->badge = t1;  \
	} while (0)

IPC_API status_t ipc_recv(handle_t ep, handle_t ack_irq, uint64_t deadline, struct ipc_msg *m)
{
	IPC_REGS_HANDLES;
	register uint64_t a0 __asm__("a0") = ep;
	register uint64_t a1 __asm__("a1") = ack_irq;
	register uint64_t a2 __asm__("a2") = deadline;
	register uint64_t a3 __asm__("a3");
	register uint64_t a4 __asm__("a4");
	register uint64_t a5 __asm__("a5");
	register uint64_t a6 __asm__("a6");
	register uint64_t a7 __asm__("a7");
	register uint64_t t0 __asm__("t0") = SYS_RECV;
	register uint64_t t1 __asm__("t1");

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1), "+r"(a2), "=r"(a3), "=r"(a4), "=r"(a5), "=r"(a6), "=r"(a7), "+r"(t0),
			   "=r"(t1), "=r"(t2), "=r"(t3), "=r"(t4), "=r"(t5)
			 :
			 : "t6", "ra", "memory" IPC_CLOBBERS_FP);
	IPC_STORE_RECEIVED(m);
	return (status_t)a0;
}

IPC_API status_t ipc_reply_recv(handle_t ep, struct ipc_msg *m)
{
	IPC_REGS_MSG(m);
	IPC_REGS_HANDLES;
	register uint64_t a0 __asm__("a0") = ep;
	register uint64_t t0 __asm__("t0") = SYS_REPLY_RECV;
	register uint64_t t1 __asm__("t1");

	if (MSG_HANDLES(a1) == 0) {
		__asm__ volatile("ecall"
				 : "+r"(a0), IPC_WORDS_INOUT, "+r"(t0), "=r"(t1), "=r"(t2), "=r"(t3), "=r"(t4), "=r"(t5)
				 :
				 : "t6", "ra", "memory" IPC_CLOBBERS_FP);
	} else {
		IPC_LOAD_HANDLES(m);
		__asm__ volatile("ecall"
				 : "+r"(a0), IPC_WORDS_INOUT, "+r"(t0), "=r"(t1), IPC_HANDLES_INOUT
				 :
				 : "t6", "ra", "memory" IPC_CLOBBERS_FP);
	}
	IPC_STORE_RECEIVED(m);
	return (status_t)a0;
}

/* SYS_REPLY and SYS_REPLY_TO take the same registers but a0. */
static inline __attribute__((always_inline)) status_t ipc_reply_ecall(uint64_t number, handle_t reply,
								      const struct ipc_msg *m)
{
	IPC_REGS_MSG(m);
	IPC_REGS_HANDLES;
	register uint64_t a0 __asm__("a0") = reply;
	register uint64_t t0 __asm__("t0") = number;

	if (MSG_HANDLES(a1) == 0) {
		__asm__ volatile("ecall"
				 : "+r"(a0), IPC_WORDS_INOUT, "+r"(t0)
				 :
				 : "t1", "t2", "t3", "t4", "t5", "t6", "ra", "memory" IPC_CLOBBERS_FP);
	} else {
		IPC_LOAD_HANDLES(m);
		__asm__ volatile("ecall"
				 : "+r"(a0), IPC_WORDS_INOUT, "+r"(t0), IPC_HANDLES_INOUT
				 :
				 : "t1", "t6", "ra", "memory" IPC_CLOBBERS_FP);
	}
	return (status_t)a0;
}

IPC_API status_t ipc_reply(const struct ipc_msg *m)
{
	return ipc_reply_ecall(SYS_REPLY, HANDLE_NONE, m);
}

IPC_API status_t ipc_reply_to(handle_t reply, const struct ipc_msg *m)
{
	return ipc_reply_ecall(SYS_REPLY_TO, reply, m);
}

IPC_API status_t ipc_save_caller(handle_t *reply)
{
	register uint64_t a0 __asm__("a0");
	register uint64_t a1 __asm__("a1");
	register uint64_t t0 __asm__("t0") = SYS_SAVE_CALLER;

	__asm__ volatile("ecall"
			 : "=r"(a0), "=r"(a1), "+r"(t0)
			 :
			 : "a2", "a3", "a4", "a5", "a6", "a7", "t1", "t2", "t3", "t4", "t5", "t6", "ra",
			   "memory" IPC_CLOBBERS_FP);
	if ((status_t)a0 != OK)
		return (status_t)a0;
	*reply = a1;
	return OK;
}

#pragma GCC diagnostic pop
