/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands in for userland/vsh/interrupt.c and ready.c, which need the system's console and init. */

#include "userland/vsh/interrupt.h"
#include "userland/vsh/ready.h"

void ready_tell(void) {}

bool interrupt_init(void)
{
	return false;
}

void interrupt_on(void) {}

void interrupt_off(void) {}

bool interrupt_seen(void)
{
	return false;
}

void interrupt_target(pid_t pid)
{
	(void)pid;
}

void interrupt_target_gone(pid_t pid)
{
	(void)pid;
}
