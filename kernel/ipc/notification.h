/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: a word of sticky bits. */
#pragma once

#include "kernel/sched/hart.h"

struct notification {
	struct object obj;
	uint64_t bits;
	struct thread *bound; /* its recv returns the bits */
	struct list waiters;  /* threads in notification_wait, first come first served */
};

status_t notification_create(struct quota *q, struct notification **out);
void notification_signal(struct notification *n, uint64_t bits);
void notification_destroy(struct notification *n);
/* Threads that wait through capability c wake with ERR_CANCELLED. */
void notification_cap_gone(struct notification *n, const struct cap *c);
void notification_unbind(struct thread *t);
extern const uint64_t no_signals;
