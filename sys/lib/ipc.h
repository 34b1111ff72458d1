/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages as C values: the system calls of IPC, and requests as servers see them. sys/abi/ipc.h says
 * what a message is made of. On other machines than RISC-V the system calls are plain declarations,
 * so that a host test can play the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/ipc.h"
#include "sys/abi/status.h"
#include "sys/abi/syscall.h"

#ifdef __riscv
#define IPC_API static inline __attribute__((always_inline))
#else
#define IPC_API
#endif

struct ipc_msg {
	uint64_t info; /* MSG_INFO() */
	uint64_t w[MSG_WORDS];
	uint64_t badge; /* received calls: of the handle that the client called through */
	handle_t handles[MSG_HANDLES_MAX];
};

/* ---- system calls -------------------------------------------------------------------------- */

/* For ipc_call and what is made of it (NAME_until): no deadline, but MSG_INTERRUPTIBLE. */
#define DEADLINE_INTERRUPTIBLE (~1ull)

/* Sends m and waits for the answer, which replaces it (not the badge). After an error m is as it
 * was. leases: as many as m->info says, NULL for none. */
IPC_API status_t ipc_call(handle_t ep, struct ipc_msg *m, const struct lease *leases, uint64_t deadline);

/* Waits for the next event: RECV_CALL, RECV_SIGNAL (bits in m->w[0]) or an error (m->w is then
 * undefined). ack_irq: an interrupt to let fire again, or HANDLE_NONE. */
IPC_API status_t ipc_recv(handle_t ep, handle_t ack_irq, uint64_t deadline, struct ipc_msg *m);

/* ipc_reply and ipc_recv in one system call. */
IPC_API status_t ipc_reply_recv(handle_t ep, struct ipc_msg *m);

IPC_API status_t ipc_reply(const struct ipc_msg *m);

/* Makes the present caller a handle, to be answered once with ipc_reply_to. */
IPC_API status_t ipc_save_caller(handle_t *reply);
/* ERR_PEER_DIED: the caller had given up (deadline, signal), and what was done for him must be undone. */
IPC_API status_t ipc_reply_to(handle_t reply, const struct ipc_msg *m);

/* ---- requests as servers see them ----------------------------------------------------------- */

/* A handler's answer when it will answer later, through the reply handle that it saved. */
#define IPC_DEFERRED ((status_t)1)

struct ipc_request {
	struct ipc_msg msg; /* the call; the dispatch puts the answer in its place */
	handle_t reply;     /* set by ipc_request_save; HANDLE_NONE: the kernel's current caller */
};

/* How a server finds and calls the code of a protocol: see sys/lib/server.h. dispatch returns OK
 * when rq->msg holds an answer to be sent, or IPC_DEFERRED. */
struct ipc_op_info {
	uint16_t number;
	bool idempotent;
	const char *name;
};
struct ipc_protocol {
	const char *name;
	uint16_t number;
	uint16_t op_count;
	const struct ipc_op_info *ops;
	status_t (*dispatch)(const void *ops, void *ctx, struct ipc_request *rq);
};

#define IPC_LABEL(protocol, op)   ((uint32_t)(protocol) << 16 | (uint32_t)(op))
#define IPC_LABEL_PROTOCOL(label) ((uint32_t)(label) >> 16)
#define IPC_LABEL_OP(label)       ((uint32_t)(label)&0xffffu)

/* Answer this request later: the handler then returns IPC_DEFERRED. */
status_t ipc_request_save(struct ipc_request *rq, handle_t *reply);

/* Memory that the caller lent, by its number (PROTOCOL_OP_LEASE_NAME). An error of these is the
 * client's doing and makes a fine answer. */
status_t ipc_lease_read(const struct ipc_request *rq, unsigned lease, uint64_t offset, void *buf, size_t len);
status_t ipc_lease_write(const struct ipc_request *rq, unsigned lease, uint64_t offset, const void *buf, size_t len);
/* With its NUL; ERR_RANGE if that does not fit. */
status_t ipc_lease_write_string(const struct ipc_request *rq, unsigned lease, const char *text);

#ifdef __riscv
#include "sys/lib/ipc_riscv.h"
#endif
