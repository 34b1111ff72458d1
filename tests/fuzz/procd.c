/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: procd's rules: a state that an earlier instance may have left in any condition, and then processes that do anything in any order. */
// fuzz-sources: userland/procd/life.c userland/procd/priority.c userland/procd/signals.c userland/procd/table.c userland/procd/waits.c
// fuzz-runs: 7000
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/procd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIDS 12 /* few, so that they meet */

static const uint8_t *at, *end;

static uint64_t next(unsigned bytes)
{
	uint64_t value = 0;

	while (bytes-- && at < end)
		value = value << 8 | *at++;
	return value;
}

static void require_that(int good, int line)
{
	if (good)
		return;
	fprintf(stderr, "line %d does not hold\n", line);
	abort();
}
#define require(good) require_that((good), __LINE__)

/* What must always hold. */
static void look(void)
{
	uint32_t used = 0, children = 0, with_parent = 0;

	for (uint32_t i = 0; i < table.top; i++) {
		const struct proc *p = proc_at(i);
		uint64_t pending = 0;

		if (!p->pid)
			continue;
		used++;
		require(table_find(p->pid) == i);
		require(p->group != 0 && p->session != 0 && p->parent != p->pid);
		require(p->parent == 0 || table_find(p->parent) != NOBODY);
		with_parent += p->parent != 0;
		require(p->queued <= QUEUE_ROOM + FAULTS_MAX);
		for (uint32_t k = 0; k < p->queued; k++) {
			const struct signal_info *info = &queue_at(i)->infos[k];

			require(info->signal >= 1 && info->signal <= PROCESS_SIGNAL_MAX);
			if (!info->thread)
				pending |= 1ull << info->signal;
		}
		require(pending == p->pending);
		require(!((p->caught | p->ignored | p->blocked) & (1ull << NR_KILL | 1ull << NR_STOP | 1)));
		for (uint32_t c = table.links[i].first_child, before = NOBODY; c != NOBODY;
		     before = c, c = table.links[c].next_sibling) {
			require(proc_at(c)->parent == p->pid && table.links[c].previous_sibling == before);
			require(++children <= PROCS);
		}
	}
	require(used == table.used && children == with_parent);
}

static uint32_t some(void)
{
	uint32_t place = table_find(1 + next(1) % PIDS);

	return place != NOBODY && proc_is_alive(proc_at(place)) ? place : NOBODY;
}

static void wait_some(uint32_t place)
{
	const struct wait_ask ask = {(uint32_t)next(1) % 3, (uint32_t)next(1) & 31, 1 + next(1) % PIDS};
	struct wait_answer answer;

	if (wait_look(place, &ask, &answer) != OK)
		return;
	if (answer.child != NOBODY)
		life_told(answer.child, place, ask.wait & PROCESS_WAIT_KEEP);
	else
		(void)wait_keep(place, &ask, next(1) % 64);
}

static void step(void)
{
	uint8_t what = (uint8_t)next(1);
	uint32_t place = some(), other;
	struct signal_info info = {.signal = 1 + (uint32_t)next(1) % PROCESS_SIGNAL_MAX};

	if (place == NOBODY) {
		uint64_t pid = 100 + next(1);

		if (table_find(pid) == NOBODY)
			(void)table_add(pid, NOBODY);
		if (table_find(1) == NOBODY)
			(void)table_add(1, NOBODY);
		return;
	}
	switch (what % 12) {
	case 0:
	case 1:
		(void)life_enlist(place, 1 + next(1) % PIDS, (uint32_t)next(1) & 3, next(1) % PIDS, next(2), next(2),
				  &other);
		break;
	case 2:
		wait_forget(place);
		life_ended(place, (int64_t)next(2), next(1));
		break;
	case 3: (void)signal_send(place, &info); break;
	case 4: signal_send_group(proc_at(place)->group, &info); break;
	case 5: signal_disposition(place, next(8), next(8), next(8)); break;
	case 6: signal_take(place, next(8), next(1) % 4, &info); break;
	case 7: wait_some(place); break;
	case 8:
		other = some();
		if (other != NOBODY)
			(void)life_set_group(place, other, next(1) % PIDS, next(1) & 1);
		break;
	case 9: (void)life_set_session(place); break;
	case 10:
		info.thread = 1 + next(1) % 4;
		(void)signal_fault(place, &info);
		break;
	case 11: proc_at(place)->child = (uint32_t)next(1) & 3; break;
	}
	for (uint32_t i = 0; i < table.top; i++) {
		if (done[i].children) {
			done[i].children = 0;
			wait_children_changed(i);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!memory)
		memory = calloc(1, sizeof(*memory));
	require(memory != NULL);
	at = data;
	end = data + size;
	for (uint32_t i = 0; i < PROCS; i++)
		wait_forget(i);
	memset(done, 0, sizeof(done));
	memory->magic = STATE_MAGIC;
	memory->top = next(1) % 24;
	gone = next(8);
	for (uint64_t i = 0; i < memory->top; i++) {
		struct proc *p = &memory->procs[i];

		memset(p, 0, sizeof(*p));
		p->pid = next(1) % PIDS;
		p->parent = next(1) % PIDS;
		p->group = next(1) % PIDS;
		p->session = next(1) % PIDS;
		p->state = (uint32_t)next(1) % 5;
		p->event = (uint32_t)next(1) % 9;
		p->queued = (uint32_t)next(1);
		p->pending = next(1);
		p->caught = next(2);
		for (uint32_t k = 0; k < 4; k++)
			memory->queues[i].infos[k] = (struct signal_info){.signal = (uint32_t)next(1),
									  .thread = next(1) % 2};
	}
	table_init(memory);
	look();
	while (at < end) {
		step();
		look();
	}
	return 0;
}
