/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults: the kernel's messages become signals, or the end of their process. */
#include "sys/abi/fault.h"
#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"
#include "userland/procd/crash.h"
#include "userland/procd/effect.h"
#include "userland/procd/life.h"
#include "userland/procd/procd.h"
#include "userland/procd/signals.h"

static status_t answer(struct ipc_request *rq, uint32_t label)
{
	rq->msg = (struct ipc_msg){.info = MSG_INFO(label, 0, 0)};
	return OK;
}

/* The thread goes on where it was, and is interrupted there before its first instruction. */
static bool upcall(uint32_t place, uint64_t koid)
{
	struct thread_info info;
	handle_t thread;
	bool done;

	if (process_thread(procd.handles[place], koid - 1, &thread) != OK)
		return false;
	done = thread_info(thread, &info) == OK && info.koid == koid && thread_interrupt(thread, NULL) == OK;
	(void)handle_close(thread);
	return done;
}

status_t fault_message(void *ctx, struct ipc_request *rq)
{
	const struct fault fault = {.cause = rq->msg.w[0],
				    .address = rq->msg.w[1],
				    .pc = rq->msg.w[2],
				    .sp = rq->msg.w[5],
				    .thread = rq->msg.w[3]};
	uint64_t pid = rq->msg.w[4];
	struct signal_info info = {.value = fault.address, .thread = fault.thread};
	uint32_t place = table_find(pid);
	handle_t reply;

	(void)ctx;
	if (MSG_LABEL(rq->msg.info) != MSG_LABEL_FAULT)
		return ipc_request_finish(rq, ERR_NO_SYSCALL, 0);
	if (place == NOBODY && adopt(pid, &place) != OK)
		return answer(rq, 0);
	info.signal = fault_signal(fault.cause, &info.code);
	if (signal_fault(place, &info)) {
		if (upcall(place, fault.thread))
			return answer(rq, FAULT_RESUME);
		signal_take(place, ~0ull, fault.thread, &info);
	}
	proc_at(place)->ending = info.signal;
	if (ipc_request_save(rq, &reply) != OK)
		return answer(rq, 0);
	if (crash_start(place, info.signal, &fault, reply))
		return IPC_DEFERRED;
	/* Too many at a time: at least it is said that there was one. */
	procd_log(LOG_ERROR, "process %llu ends by a fault at pc 0x%llx; too many others do", (unsigned long long)pid,
		  (unsigned long long)fault.pc);
	return answer(rq, 0);
}
