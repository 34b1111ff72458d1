/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles in messages. They stay in the sender's table until a receiver is there, so none is ever under way. */
#include "kernel/ipc/message.h"

#include "kernel/hot.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/user.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/syscall.h"

static const uint8_t handle_reg[MSG_HANDLES_MAX] = {X_T2, X_T3, X_T4, X_T5};

status_t message_check(struct thread *t, uint64_t info, bool is_call)
{
	unsigned n = MSG_HANDLES(info);
	/* An answer may have come with the call's own. */
	uint64_t allowed = MSG_INFO(0x7fffffffu, 7, is_call ? 7 : 0) | (is_call ? MSG_DEADLINE : 0) | MSG_INTERRUPTIBLE;

	if (info & ~allowed || n > MSG_HANDLES_MAX || MSG_LEASES(info) > MSG_LEASES_MAX)
		return ERR_INVALID;
	for (unsigned i = 0; i < n; i++) {
		struct cap *c;
		status_t s = handle_find(t->proc, t->x[handle_reg[i]], OBJ_NONE, RIGHT_MOVE, &c);

		if (s != OK)
			return s;
		for (unsigned j = 0; j < i; j++)
			if (t->x[handle_reg[j]] == t->x[handle_reg[i]])
				return ERR_INVALID;
	}
	return OK;
}

NOINLINE status_t message_move_handles(struct thread *t, struct process *to, uint64_t out[MSG_HANDLES_MAX])
{
	unsigned n = MSG_HANDLES(t->x[X_A1]);
	struct cap *caps[MSG_HANDLES_MAX];
	status_t s;

	for (unsigned i = 0; i < n; i++)
		caps[i] = table_find(t->proc, t->x[handle_reg[i]]);
	s = table_reserve(to, n);
	if (s != OK)
		return s == ERR_STATE ? ERR_PEER_DIED : s; /* it is about to end */
	/* Whoever holds them pays for them. */
	for (unsigned i = 0; i < n; i++) {
		if (cap_recharge(caps[i], to->quota))
			continue;
		while (i--)
			(void)cap_recharge(caps[i], t->proc->quota); /* what was given back just now */
		return ERR_NO_MEMORY;
	}
	for (unsigned i = 0; i < n; i++) {
		table_remove(caps[i]);
		s = table_insert(to, caps[i], &out[i]);
		ASSERT(s == OK);
	}
	return OK;
}

void message_drop_handles(struct thread *t)
{
	for (unsigned i = 0; i < MSG_HANDLES(t->x[X_A1]) && i < MSG_HANDLES_MAX; i++) {
		struct cap *c = table_find(t->proc, t->x[handle_reg[i]]);

		if (c) {
			table_remove(c);
			cap_destroy(c);
		}
	}
}

void message_put_handles(struct thread *t, const uint64_t h[MSG_HANDLES_MAX])
{
	for (unsigned i = 0; i < MSG_HANDLES_MAX; i++)
		t->x[handle_reg[i]] = h[i];
}
