/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages. A call carries a label, up to six words in registers, up to four handles and up to four
 * leases; its answer carries a label, six words and up to four handles.
 *
 *   msginfo (a1):  bits 0-31 label, 32-34 number of handles, 35-37 number of leases, 38 MSG_DEADLINE, 39 MSG_INTERRUPTIBLE
 *   words:         a2..a7
 *   leases (t1):   address of `struct lease [n]` in the caller's memory, 16-byte aligned (the low four bits are ignored); the kernel
 *                  reads it when the server uses a lease, so it must stay until the call returns
 *   handles:       t2..t5, moved out of the sender's table (dup first to keep one); need RIGHT_MOVE
 *   deadline (t6): with MSG_DEADLINE only
 *   MSG_INTERRUPTIBLE: upcalls end the wait (sys/abi/syscall.h) once the server has put the call aside (SYS_SAVE_CALLER), until it answers
 *                      or moves bytes of a lease: what it works on is finished first, and nothing is lost. The server sees the bit
 *
 * SYS_CALL returns a0 status, a1 msginfo (label, handle count) and words of the answer, t2..t5 handles.
 * If a0 is not OK there was no answer: ERR_PEER_DIED (the server took the call and died),
 * ERR_CLOSED, ERR_TIMED_OUT, ERR_CANCELLED, ERR_INTERRUPTED, or the sender's own mistake (nothing was sent, its handles are kept).
 *
 * SYS_RECV and SYS_REPLY_RECV return a0 = RECV_CALL with a1 msginfo, a2..a7 words, t1 badge, t2..t5 handles,
 * or RECV_SIGNAL with the bound notification's bits in a2, or an error. Signals are returned first.
 * A received call must be answered (reply, reply_recv, reply_to), or its caller is let go with
 * ERR_PEER_DIED when the thread that holds it dies, receives again without answering, or its reply handle is closed.
 */
#pragma once

#include <stdint.h>

#define MSG_WORDS       6
#define MSG_HANDLES_MAX 4
#define MSG_LEASES_MAX  4

#define MSG_HANDLES_SHIFT 32
#define MSG_LEASES_SHIFT  35
#define MSG_DEADLINE      (1ull << 38)
#define MSG_INTERRUPTIBLE (1ull << 39)
#define MSG_LABEL(info)   ((uint32_t)(info))
#define MSG_HANDLES(info) ((unsigned)((info) >> MSG_HANDLES_SHIFT) & 7u)
#define MSG_LEASES(info)  ((unsigned)((info) >> MSG_LEASES_SHIFT) & 7u)
#define MSG_INFO(label, handles, leases)                                          \
	((uint64_t)(uint32_t)(label) | (uint64_t)(handles) << MSG_HANDLES_SHIFT | \
	 (uint64_t)(leases) << MSG_LEASES_SHIFT)

/* a0 of a successful receive */
#define RECV_CALL   0
#define RECV_SIGNAL 1

/* Access of the server to the lent bytes */
#define LEASE_READ  1u
#define LEASE_WRITE 2u

struct lease {
	_Alignas(16) uint64_t addr; /* any alignment */
	uint64_t info;              /* length in bytes (at most LEASE_LEN_MAX) | access << 62 */
};
#define LEASE_ACCESS_SHIFT 62
#define LEASE_LEN_MAX      ((1ull << 38) - 1)

/* Labels with this bit are the kernel's: no user call can carry one (ERR_INVALID). */
#define MSG_LABEL_KERNEL 0x80000000u
/* A thread waits for a page: words: offset in the object, MAP_READ or MAP_WRITE; the object's badge. Answered like a fault (sys/abi/fault.h): with
 * FAULT_RESUME it tries again; anything else is an access fault of its own (FAULT_*_ACCESS). */
#define MSG_LABEL_PAGE   0x80000002u
#define MSG_LABEL_FAULT  0x80000001u /* a thread's fault: words: cause, address, pc, thread koid, process koid, sp */
