/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/table.h"

#include <string.h>

#include "sys/lib/spawn.h"
#include "userland/procd/numbers.h"

struct table table;

static uint32_t *hash_of(uint64_t pid)
{
	return &table.hashes[pid % HASHES];
}

uint32_t table_find(uint64_t pid)
{
	uint32_t place = pid ? *hash_of(pid) : NOBODY;

	while (place != NOBODY && proc_at(place)->pid != pid)
		place = table.links[place].next_hash;
	return place;
}

/* ---- links --------------------------------------------------------------------------------------- */

static void hash_add(uint32_t place)
{
	uint32_t *hash = hash_of(proc_at(place)->pid);

	table.links[place].next_hash = *hash;
	*hash = place;
}

static void hash_remove(uint32_t place)
{
	uint32_t *at = hash_of(proc_at(place)->pid);

	while (*at != place)
		at = &table.links[*at].next_hash;
	*at = table.links[place].next_hash;
}

static void child_add(uint32_t parent, uint32_t place)
{
	struct links *p = &table.links[parent], *l = &table.links[place];

	l->previous_sibling = p->last_child;
	l->next_sibling = NOBODY;
	if (p->last_child == NOBODY)
		p->first_child = place;
	else
		table.links[p->last_child].next_sibling = place;
	p->last_child = place;
}

static void child_remove(uint32_t parent, uint32_t place)
{
	struct links *p = &table.links[parent], *l = &table.links[place];

	if (l->previous_sibling == NOBODY)
		p->first_child = l->next_sibling;
	else
		table.links[l->previous_sibling].next_sibling = l->next_sibling;
	if (l->next_sibling == NOBODY)
		p->last_child = l->previous_sibling;
	else
		table.links[l->next_sibling].previous_sibling = l->previous_sibling;
}

static void place_link(uint32_t place)
{
	uint32_t parent = table_find(proc_at(place)->parent);

	hash_add(place);
	if (parent != NOBODY)
		child_add(parent, place);
	table.used++;
}

static void place_free(uint32_t place)
{
	table.links[place].next_hash = table.free;
	table.free = place;
}

/* ---- places -------------------------------------------------------------------------------------- */

static void links_clear(uint32_t place)
{
	table.links[place] = (struct links){NOBODY, NOBODY, NOBODY, NOBODY, NOBODY};
}

/* Without parent. */
static void proc_init(struct proc *p)
{
	p->group = p->session = p->pid;
	for (unsigned i = 0; i < LIMITS; i++)
		p->limits[i] = (struct limit){PROCESS_UNLIMITED, PROCESS_UNLIMITED};
	p->limits[PROCESS_LIMIT_NOFILE] = (struct limit){256, 256};
	p->limits[PROCESS_LIMIT_STACK] = (struct limit){SPAWN_STACK_DEFAULT, SPAWN_STACK_MAX};
	p->limits[PROCESS_LIMIT_CORE] = (struct limit){4ull << 20, PROCESS_UNLIMITED};
	p->limits[PROCESS_LIMIT_NPROC] = (struct limit){PROCS / 2, PROCS / 2};
}

uint32_t table_add(uint64_t pid, uint32_t parent)
{
	uint32_t place = table.free;
	struct proc *p;

	if (place != NOBODY) {
		table.free = table.links[place].next_hash;
	} else if (table.top < PROCS) {
		place = table.top++;
		table.state->top = table.top;
	} else {
		return NOBODY;
	}
	p = proc_at(place);
	memset(p, 0, sizeof(*p));
	links_clear(place);
	if (parent == NOBODY) {
		p->pid = pid;
		proc_init(p);
	} else {
		const struct proc *from = proc_at(parent);

		p->parent = from->pid;
		p->group = from->group;
		p->session = from->session;
		p->user = from->user;
		p->nice = from->nice;
		memcpy(p->limits, from->limits, sizeof(p->limits));
	}
	p->pid = pid;
	place_link(place);
	return place;
}

void table_orphan(uint32_t place)
{
	struct proc *p = proc_at(place);
	uint32_t parent = table_find(p->parent);

	if (parent != NOBODY)
		child_remove(parent, place);
	p->parent = 0;
	table.links[place].next_sibling = table.links[place].previous_sibling = NOBODY;
}

void table_remove(uint32_t place)
{
	struct proc *p = proc_at(place);

	table_orphan(place);
	hash_remove(place);
	p->pid = 0;
	table.used--;
	place_free(place);
}

/* ---- taking over --------------------------------------------------------------------------------- */

static void proc_repair(uint32_t place)
{
	struct proc *p = proc_at(place);
	struct queue *q = queue_at(place);
	uint64_t pending = 0;
	uint32_t kept = 0;

	if (p->state > PROCESS_STATE_ENDED)
		p->state = PROCESS_STATE_RUNNING;
	if (p->parent == p->pid)
		p->parent = 0;
	if (p->group == 0)
		p->group = p->pid;
	if (p->session == 0)
		p->session = p->pid;
	if (p->event > PROCESS_EVENT_CONTINUED)
		p->event = PROCESS_EVENT_NONE;
	p->caught &= SIGNALS_SETTABLE;
	p->ignored &= SIGNALS_SETTABLE;
	p->blocked &= SIGNALS_SETTABLE;
	p->nice = p->nice < -20 ? -20 : p->nice > 19 ? 19 : p->nice;
	for (uint32_t i = 0; i < p->queued && i < QUEUE_ROOM + FAULTS_MAX; i++) {
		if (q->infos[i].signal < 1 || q->infos[i].signal > PROCESS_SIGNAL_MAX)
			continue;
		q->infos[kept] = q->infos[i];
		if (q->infos[kept].thread == 0)
			pending |= 1ull << q->infos[kept].signal;
		kept++;
	}
	p->queued = kept;
	p->pending = pending;
}

void table_init(struct state *state)
{
	table.state = state;
	table.used = 0;
	table.free = NOBODY;
	for (unsigned i = 0; i < HASHES; i++)
		table.hashes[i] = NOBODY;
	if (state->magic != STATE_MAGIC || state->top > PROCS)
		state->top = 0;
	state->magic = STATE_MAGIC;
	table.top = (uint32_t)state->top;
	for (uint32_t i = 0; i < table.top; i++) {
		struct proc *p = proc_at(i);

		links_clear(i);
		/* The same pid twice is a change that was not finished. */
		if (p->pid && table_find(p->pid) == NOBODY) {
			hash_add(i);
			table.used++;
			proc_repair(i);
		} else {
			p->pid = 0;
		}
	}
	for (uint32_t i = table.top; i-- > 0;) {
		if (!proc_at(i)->pid)
			place_free(i);
	}
	for (uint32_t i = 0; i < table.top; i++) {
		struct proc *p = proc_at(i);
		uint32_t parent = table_find(p->parent);

		if (!p->pid)
			continue;
		if (parent == NOBODY || !proc_is_alive(proc_at(parent)))
			p->parent = 0;
		else
			child_add(parent, i);
	}
}

/* ---- groups -------------------------------------------------------------------------------------- */

bool group_exists(uint64_t group, uint64_t session)
{
	for (uint32_t i = 0; i < table.top; i++) {
		const struct proc *p = proc_at(i);

		if (p->pid && p->group == group && (session == 0 || p->session == session))
			return true;
	}
	return false;
}

bool group_has_stopped(uint64_t group)
{
	for (uint32_t i = 0; i < table.top; i++) {
		const struct proc *p = proc_at(i);

		if (p->pid && p->group == group && p->state == PROCESS_STATE_STOPPED)
			return true;
	}
	return false;
}

bool group_is_orphaned(uint64_t group, uint32_t without)
{
	for (uint32_t i = 0; i < table.top; i++) {
		const struct proc *p = proc_at(i), *parent;
		uint32_t at;

		if (!proc_is_alive(p) || p->group != group || i == without)
			continue;
		at = table_find(p->parent);
		if (at == NOBODY || at == without)
			continue;
		parent = proc_at(at);
		if (parent->group != group && parent->session == p->session)
			return false;
	}
	return true;
}
