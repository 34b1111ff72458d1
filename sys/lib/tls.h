/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread-local data and the thread control block. tp points at the first thread-local byte (the
 * RISC-V ABI's variant I without a header above tp), so the control block lies just below it:
 *
 *   area: [ struct tcb, TCB_SIZE bytes ][ thread-local data, tls_data_size() bytes ]
 *                                        ^ tp
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"

#define TCB_SIZE  192 /* sys/lib/user.ld reserves as much for the first thread */
#define TLS_ALIGN 64  /* of the area and of tp */

struct thread;

struct tcb {
	struct thread *thread; /* NULL in the first thread */
	handle_t handle;       /* of the thread, HANDLE_NONE if it was never given one */
	void *posix;           /* the POSIX layer's part of the thread */
	/* sys/lib/hold.h; the thread's own */
	volatile uint32_t hold;      /* sections that no handler may come into */
	volatile uint32_t held_back; /* one came */
	void (*released)(void);      /* called when it may run; set by whoever sets held_back */
	uint64_t reserved[19];
};
_Static_assert(sizeof(struct tcb) == TCB_SIZE, "user.ld reserves TCB_SIZE bytes");
_Static_assert(TCB_SIZE % TLS_ALIGN == 0, "tp is aligned when the area is");

/* Has thread_run ever been called? As long as it has not, code of this process is alone with its data and needs no locks for them. */
extern bool threads_started;

/* Bytes of an area, a multiple of TLS_ALIGN. */
size_t tls_area_size(void);

/* Fills a zeroed area aligned to TLS_ALIGN; returns the thread pointer to start the thread with. */
void *tls_area_init(void *area);

#ifdef __riscv
static inline struct tcb *tcb_self(void)
{
	char *tp;

	__asm__("mv %0, tp" : "=r"(tp));
	return (struct tcb *)(void *)(tp - TCB_SIZE);
}
#else
struct tcb *tcb_self(void);
#endif
