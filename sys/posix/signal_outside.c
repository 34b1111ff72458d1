/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals of others, of the server of processes. */
#include "sys/posix/signal_outside.h"

void signal_outside_start(void) {}

void signal_outside_came(void) {}

bool signal_outside_take(uint64_t set, siginfo_t *info)
{
	(void)set, (void)info;
	return false;
}

uint64_t signal_outside_pending(void)
{
	return 0;
}

void signal_outside_tell(void) {}
