/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a message that do not travel in registers: handles and leases. */
#pragma once

#include <stdbool.h>

#include "kernel/sched/thread.h"
#include "sys/abi/ipc.h"

/* Is the msginfo well formed, and are t's handles there, distinct and movable? */
status_t message_check(struct thread *t, uint64_t info, bool is_call);
/* Moves the handles that t's registers name into `to`; all or none. They have just been checked. Values there in out[]. */
status_t message_move_handles(struct thread *t, struct process *to, uint64_t out[MSG_HANDLES_MAX]);
/* Closes them: the answer that carried them has no taker. */
void message_drop_handles(struct thread *t);
void message_put_handles(struct thread *t, const uint64_t h[MSG_HANDLES_MAX]);
