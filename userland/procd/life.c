/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/life.h"

#include "sys/abi/fault.h"
#include "sys/abi/object.h"
#include "userland/procd/effect.h"
#include "userland/procd/numbers.h"
#include "userland/procd/signals.h"

/* si_code (POSIX, <signal.h>; the numbers are the usual ones) */
enum { CODE_ILL_OPCODE = 1, CODE_TRAP_BREAKPOINT = 1, CODE_BUS_ALIGN = 1, CODE_BUS_ADDRESS = 2, CODE_SEGV_MAPPING = 1 };

static uint32_t user_count(uint32_t user)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table.top; i++)
		count += proc_at(i)->pid && proc_at(i)->user == user;
	return count;
}

status_t life_enlist(uint32_t parent, uint64_t pid, uint32_t start, uint64_t group, uint64_t blocked, uint64_t ignored,
		     uint32_t *out)
{
	const struct proc *from = proc_at(parent);
	uint32_t place;
	struct proc *p;

	if (table_find(pid) != NOBODY)
		return ERR_EXISTS;
	if (start & PROCESS_START_SET_GROUP) {
		if (group == 0)
			group = pid;
		/* A leader of a session has its own group. */
		if (group != pid && ((start & PROCESS_START_SET_SESSION) || !group_exists(group, from->session)))
			return ERR_NOT_FOUND;
	} else {
		group = start & PROCESS_START_SET_SESSION ? pid : from->group;
	}
	if (from->user != 0 && user_count(from->user) >= from->limits[PROCESS_LIMIT_NPROC].soft)
		return ERR_QUOTA;
	place = table_add(pid, parent);
	if (place == NOBODY)
		return ERR_NO_MEMORY;
	p = proc_at(place);
	p->group = group;
	if (start & PROCESS_START_SET_SESSION)
		p->session = pid;
	signal_disposition(place, 0, ignored, blocked);
	*out = place;
	return OK;
}

/* ---- ends ---------------------------------------------------------------------------------------- */

uint32_t fault_signal(uint64_t cause, int32_t *code)
{
	switch (cause) {
	case FAULT_ILLEGAL: *code = CODE_ILL_OPCODE; return NR_ILL;
	case FAULT_BREAKPOINT: *code = CODE_TRAP_BREAKPOINT; return NR_TRAP;
	case FAULT_FETCH_MISALIGNED:
	case FAULT_LOAD_MISALIGNED:
	case FAULT_STORE_MISALIGNED: *code = CODE_BUS_ALIGN; return NR_BUS;
	case FAULT_FETCH_ACCESS:
	case FAULT_LOAD_ACCESS:
	case FAULT_STORE_ACCESS: *code = CODE_BUS_ADDRESS; return NR_BUS;
	default: *code = CODE_SEGV_MAPPING; return NR_SEGV;
	}
}

static void end_describe(struct proc *p, int64_t exit_status)
{
	int32_t code;

	p->event = PROCESS_EVENT_KILLED;
	if (exit_status >= 0 && exit_status <= 0xff) {
		p->event = PROCESS_EVENT_EXITED;
		p->value = (uint32_t)exit_status;
	} else if (exit_status > 0 && (exit_status & EXIT_FAULT)) {
		p->value = fault_signal((uint64_t)exit_status & 0xff, &code);
	} else {
		p->value = (uint32_t)exit_status & 0x7f;
		if (p->value < 1 || p->value > PROCESS_SIGNAL_MAX)
			p->value = NR_KILL; /* nobody's signal: a process was ended by its number */
		if (p->dumped)
			p->event = PROCESS_EVENT_DUMPED;
	}
}

static void forget(uint32_t place)
{
	effect_forget(place);
	table_remove(place);
}

/* POSIX, _exit(): a stopped group that is orphaned from now on would stand still for ever. */
static void group_orphaned(uint64_t group)
{
	const struct signal_info hangup = {.signal = NR_HUP, .code = 0}, go_on = {.signal = NR_CONT, .code = 0};

	if (!group_is_orphaned(group, NOBODY) || !group_has_stopped(group))
		return;
	signal_send_group(group, &hangup);
	signal_send_group(group, &go_on);
}

/* Its children get another parent. */
static void children_leave(uint32_t place)
{
	uint64_t session = proc_at(place)->session, own = proc_at(place)->group;
	uint32_t next;

	for (uint32_t child = table.links[place].first_child; child != NOBODY; child = next) {
		struct proc *c = proc_at(child);
		bool orphaned = c->session == session && c->group != own && group_is_orphaned(c->group, NOBODY);

		next = table.links[child].next_sibling;
		table_orphan(child);
		if (c->state == PROCESS_STATE_ENDED)
			forget(child);
		else if (c->session == session && c->group != own && !orphaned)
			group_orphaned(c->group);
	}
}

void life_ended(uint32_t place, int64_t exit_status, uint64_t cpu_ns)
{
	struct proc *p = proc_at(place);
	bool orphaned = group_is_orphaned(p->group, NOBODY);
	uint32_t parent;

	if (!proc_is_alive(p))
		return;
	/* What it has pending is of no use to anybody; its children see it alive as yet. */
	p->pending = 0;
	p->queued = 0;
	p->cpu_ns = cpu_ns;
	children_leave(place);
	p->state = PROCESS_STATE_ENDED;
	end_describe(p, exit_status);
	if (!orphaned)
		group_orphaned(p->group);
	parent = table_find(p->parent);
	if (parent == NOBODY) {
		forget(place);
		return;
	}
	/* POSIX, sigaction(): who ignores SIGCHLD, or says SA_NOCLDWAIT, has no children that have ended. */
	if ((proc_at(parent)->child & PROCESS_CHILD_NO_WAIT) || (proc_at(parent)->ignored & (1ull << NR_CHLD))) {
		signal_child(place);
		forget(place);
		effect_children(parent);
		return;
	}
	signal_child(place);
}

void life_told(uint32_t place, uint32_t parent, bool keep)
{
	struct proc *p = proc_at(place);

	if (keep)
		return;
	p->event = PROCESS_EVENT_NONE;
	if (p->state != PROCESS_STATE_ENDED)
		return;
	proc_at(parent)->children_ns += p->cpu_ns + p->children_ns;
	forget(place);
}

/* ---- groups and sessions ------------------------------------------------------------------------- */

status_t life_set_group(uint32_t caller, uint32_t place, uint64_t group, bool started)
{
	struct proc *p = proc_at(place);
	uint64_t before = p->group;
	bool orphaned;

	if (place != caller && p->parent != proc_at(caller)->pid)
		return ERR_NOT_FOUND;
	if (group == 0)
		group = p->pid;
	if (p->session == p->pid || p->session != proc_at(caller)->session)
		return ERR_STATE;
	if (place != caller && started)
		return ERR_ACCESS;
	if (group != p->pid && !group_exists(group, p->session))
		return ERR_STATE;
	if (group == before)
		return OK;
	orphaned = group_is_orphaned(before, NOBODY);
	p->group = group;
	if (!orphaned)
		group_orphaned(before);
	return OK;
}

status_t life_set_session(uint32_t place)
{
	struct proc *p = proc_at(place);

	/* Also when the group that it once led has others left in it. */
	if (group_exists(p->pid, 0))
		return ERR_STATE;
	p->group = p->session = p->pid;
	return OK;
}
