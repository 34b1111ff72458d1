/* SPDX-License-Identifier: BSD-2-Clause */
/* procd's rules with a list of effects instead of a kernel. */
#pragma once

#include <string.h>

#include "userland/procd/effect.h"
#include "userland/procd/life.h"
#include "userland/procd/numbers.h"
#include "userland/procd/priority.h"
#include "userland/procd/signals.h"
#include "userland/procd/table.h"
#include "userland/procd/waits.h"

/* What was done to each place since it was last cleared. */
struct done {
	uint32_t killed, dumped; /* signal */
	unsigned stops, continues, interrupts, forgets, children;
};
static struct done done[PROCS];
static struct state *memory;

/* Calls of wait that were answered: by reply handle. */
static struct {
	status_t status;
	struct wait_answer answer;
	unsigned times;
} replies[64];
static uint64_t gone; /* bit per reply handle whose caller has given up */

void effect_kill(uint32_t place, uint32_t signal)
{
	done[place].killed = signal;
}
void effect_dump(uint32_t place, uint32_t signal)
{
	done[place].dumped = signal;
}
void effect_stop(uint32_t place)
{
	done[place].stops++;
}
void effect_continue(uint32_t place)
{
	done[place].continues++;
}
void effect_interrupt(uint32_t place)
{
	done[place].interrupts++;
}
void effect_nice(uint32_t place, int32_t from, int32_t to)
{
	(void)place, (void)from, (void)to;
}
void effect_forget(uint32_t place)
{
	done[place].forgets++;
}
void effect_children(uint32_t place)
{
	done[place].children++;
}
bool wait_reply(handle_t reply, status_t status, const struct wait_answer *answer)
{
	replies[reply].status = status;
	replies[reply].answer = *answer;
	replies[reply].times++;
	return !(gone >> reply & 1);
}
bool wait_is_open(handle_t reply)
{
	return !(gone >> reply & 1);
}
