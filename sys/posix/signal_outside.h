/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals of others: what the server of processes (protocol `process`) keeps for this one. Without it all of this does nothing. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

void signal_outside_start(void);
/* An upcall was theirs: there may be something to take. */
void signal_outside_came(void);
/* The next signal of the set, if there may be one: a call. */
bool signal_outside_take(uint64_t set, siginfo_t *info);
/* As far as it is known here. */
uint64_t signal_outside_pending(void);
/* What is caught, ignored or blocked has changed. */
void signal_outside_tell(void);

/* signal.c, for it */
uint64_t signal_caught(void);
uint64_t signal_ignored(void);
uint64_t signal_blocked_by_all(void);
int signal_child_flags(void); /* SA_NOCLDSTOP, SA_NOCLDWAIT */
void signal_inherit(uint64_t ignored, uint64_t blocked);
/* Has another thread take what this one does not; false: none does. */
bool signal_forward(uint64_t pending);
