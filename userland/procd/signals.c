/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/signals.h"

#include <string.h>

#include "userland/procd/effect.h"
#include "userland/procd/numbers.h"

#define BIT(signal) (1ull << (signal))
#define STOPS       (BIT(NR_STOP) | BIT(NR_TSTP) | BIT(NR_TTIN) | BIT(NR_TTOU))
#define QUIET       (BIT(NR_CHLD) | BIT(NR_URG) | BIT(NR_WINCH) | BIT(NR_CONT))
#define CORES                                                                                                 \
	(BIT(NR_QUIT) | BIT(NR_ILL) | BIT(NR_TRAP) | BIT(NR_ABRT) | BIT(NR_EMT) | BIT(NR_FPE) | BIT(NR_BUS) | \
	 BIT(NR_SEGV) | BIT(NR_SYS) | BIT(NR_XCPU) | BIT(NR_XFSZ))

bool signal_is_allowed(const struct proc *from, const struct proc *to, uint32_t signal)
{
	return from->user == 0 || from->user == to->user || (signal == NR_CONT && from->session == to->session);
}

/* ---- the queue ----------------------------------------------------------------------------------- */

static bool queue_add(uint32_t place, const struct signal_info *info)
{
	struct proc *p = proc_at(place);

	if (p->queued >= (info->thread ? QUEUE_ROOM + FAULTS_MAX : QUEUE_ROOM))
		return false;
	queue_at(place)->infos[p->queued++] = *info;
	if (info->thread == 0)
		p->pending |= BIT(info->signal);
	return true;
}

/* The entry goes; the bit of its signal with the last of them. */
static void queue_remove(uint32_t place, uint32_t index)
{
	struct proc *p = proc_at(place);
	struct signal_info *infos = queue_at(place)->infos;
	uint32_t signal = infos[index].signal;
	bool more = false;

	p->queued--;
	for (uint32_t i = index; i < p->queued; i++)
		infos[i] = infos[i + 1];
	for (uint32_t i = 0; i < p->queued; i++)
		more |= infos[i].signal == signal && infos[i].thread == 0;
	if (!more)
		p->pending &= ~BIT(signal);
}

static void queue_drop(uint32_t place, uint64_t set)
{
	struct proc *p = proc_at(place);
	const struct signal_info *infos = queue_at(place)->infos;

	if (!(p->pending & set))
		return;
	for (uint32_t i = p->queued; i-- > 0;) {
		if ((BIT(infos[i].signal) & set) && infos[i].thread == 0)
			queue_remove(place, i);
	}
}

/* The oldest of the lowest number in that set; NOBODY: none. */
static uint32_t queue_find(uint32_t place, uint64_t set)
{
	const struct proc *p = proc_at(place);
	const struct signal_info *infos = queue_at(place)->infos;
	uint32_t signal;

	if (!(p->pending & set))
		return NOBODY;
	signal = (uint32_t)__builtin_ctzll(p->pending & set);
	for (uint32_t i = 0; i < p->queued; i++) {
		if (infos[i].signal == signal && infos[i].thread == 0)
			return i;
	}
	return NOBODY;
}

/* ---- stopping and going on ----------------------------------------------------------------------- */

static void event_set(uint32_t place, uint32_t event, uint32_t value)
{
	struct proc *p = proc_at(place);

	p->event = event;
	p->value = value;
	signal_child(place);
}

static void proc_stop(uint32_t place, uint32_t signal)
{
	struct proc *p = proc_at(place);

	if (p->state != PROCESS_STATE_RUNNING)
		return;
	p->state = PROCESS_STATE_STOPPED;
	effect_stop(place);
	event_set(place, PROCESS_EVENT_STOPPED, signal);
}

/* ---- default actions ----------------------------------------------------------------------------- */

/* True: the signal is done with. False: it stays pending, of a process that stands still. */
static bool default_action(uint32_t place, uint32_t signal)
{
	struct proc *p = proc_at(place);

	if (signal == NR_KILL) {
		effect_kill(place, signal);
		return true;
	}
	if (BIT(signal) & QUIET)
		return true;
	if (BIT(signal) & STOPS) {
		/* POSIX, 2.4.3: nobody is there to make an orphaned group go on. */
		if (signal == NR_STOP || !group_is_orphaned(p->group, NOBODY))
			proc_stop(place, signal);
		return true;
	}
	if (p->state == PROCESS_STATE_STOPPED)
		return false;
	if (BIT(signal) & CORES)
		effect_dump(place, signal);
	else
		effect_kill(place, signal);
	return true;
}

/* What was kept and is neither blocked nor caught any more. */
static void defaults_apply(uint32_t place)
{
	for (;;) {
		const struct proc *p = proc_at(place);
		uint32_t index = queue_find(place, ~(p->blocked | p->caught));
		uint32_t signal;

		if (index == NOBODY || p->state != PROCESS_STATE_RUNNING)
			return;
		signal = queue_at(place)->infos[index].signal;
		queue_remove(place, index);
		(void)default_action(place, signal);
	}
}

static void proc_continue(uint32_t place)
{
	struct proc *p = proc_at(place);

	queue_drop(place, STOPS);
	if (p->state != PROCESS_STATE_STOPPED)
		return;
	p->state = PROCESS_STATE_RUNNING;
	effect_continue(place);
	event_set(place, PROCESS_EVENT_CONTINUED, NR_CONT);
	defaults_apply(place);
}

/* ---- sending ------------------------------------------------------------------------------------- */

status_t signal_send(uint32_t place, const struct signal_info *info)
{
	struct proc *p = proc_at(place);
	uint64_t bit = BIT(info->signal);

	if (p->state == PROCESS_STATE_ENDED)
		return OK;
	if (info->signal == NR_CONT)
		proc_continue(place);
	else if (bit & STOPS)
		queue_drop(place, BIT(NR_CONT));
	if (!((p->blocked | p->caught) & bit)) {
		if ((p->ignored & bit) || default_action(place, info->signal))
			return OK;
	}
	if (p->ignored & bit & ~p->blocked)
		return OK;
	/* Numbers below have room for one each, beside the others' QUEUE_MAX. */
	if (info->signal < PROCESS_SIGNAL_QUEUED) {
		if (p->pending & bit)
			return OK;
	} else if (p->queued - (uint32_t)__builtin_popcountll(p->pending & (BIT(PROCESS_SIGNAL_QUEUED) - 1)) >=
		   PROCESS_QUEUE_MAX) {
		return ERR_QUOTA;
	}
	if (!queue_add(place, info))
		return ERR_QUOTA;
	effect_interrupt(place);
	return OK;
}

void signal_send_group(uint64_t group, const struct signal_info *info)
{
	for (uint32_t i = 0; i < table.top; i++) {
		const struct proc *p = proc_at(i);

		if (proc_is_alive(p) && p->group == group)
			(void)signal_send(i, info); /* one that has too many of them goes without */
	}
}

void signal_child(uint32_t place)
{
	const struct proc *p = proc_at(place);
	uint32_t parent = table_find(p->parent);
	struct signal_info info = {.signal = NR_CHLD,
				   .code = (int32_t)p->event,
				   .pid = p->pid,
				   .user = p->user,
				   .result = (int32_t)p->value};

	if (parent == NOBODY)
		return;
	if (p->state == PROCESS_STATE_ENDED || !(proc_at(parent)->child & PROCESS_CHILD_NO_STOP))
		(void)signal_send(parent, &info); /* number below SIGNAL_QUEUED: there is room */
	effect_children(parent);
}

bool signal_fault(uint32_t place, const struct signal_info *info)
{
	struct proc *p = proc_at(place);
	uint64_t bit = BIT(info->signal);

	/* Of a fault of before that was not taken, another is the end: its handler faults. */
	for (uint32_t i = 0; i < p->queued; i++) {
		if (queue_at(place)->infos[i].thread == info->thread)
			return false;
	}
	return proc_is_alive(p) && (p->caught & bit) && !(p->blocked & bit) && queue_add(place, info);
}

/* ---- taking -------------------------------------------------------------------------------------- */

void signal_take(uint32_t place, uint64_t blocked, uint64_t thread, struct signal_info *out)
{
	struct proc *p = proc_at(place);
	uint32_t index = NOBODY;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < p->queued && thread && index == NOBODY; i++) {
		if (queue_at(place)->infos[i].thread == thread)
			index = i;
	}
	if (index == NOBODY)
		index = queue_find(place, ~blocked);
	if (index == NOBODY)
		return;
	*out = queue_at(place)->infos[index];
	queue_remove(place, index);
}

void signal_disposition(uint32_t place, uint64_t caught, uint64_t ignored, uint64_t blocked)
{
	struct proc *p = proc_at(place);

	p->caught = caught & SIGNALS_SETTABLE & ~ignored;
	p->ignored = ignored & SIGNALS_SETTABLE;
	p->blocked = blocked & SIGNALS_SETTABLE;
	queue_drop(place, p->ignored);
	defaults_apply(place);
}
