/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/waits.h"

#include "userland/procd/effect.h"
#include "userland/procd/life.h"

struct waiting {
	handle_t reply; /* HANDLE_NONE: free */
	uint32_t parent;
	struct wait_ask ask;
};

/* In the order in which they came. */
static struct waiting waiting[WAITS_ALL];
static uint32_t waiting_count;

static bool concerns(const struct wait_ask *ask, const struct proc *parent, const struct proc *child)
{
	switch (ask->whom) {
	case PROCESS_WHOM_PROCESS: return child->pid == ask->id;
	case PROCESS_WHOM_GROUP: return child->group == (ask->id ? ask->id : parent->group);
	case PROCESS_WHOM_ALL: return true;
	default: return false;
	}
}

static bool wanted(const struct wait_ask *ask, const struct proc *child)
{
	switch (child->event) {
	case PROCESS_EVENT_EXITED:
	case PROCESS_EVENT_KILLED:
	case PROCESS_EVENT_DUMPED: return ask->wait & PROCESS_WAIT_ENDED;
	case PROCESS_EVENT_STOPPED: return ask->wait & PROCESS_WAIT_STOPPED;
	case PROCESS_EVENT_CONTINUED: return ask->wait & PROCESS_WAIT_CONTINUED;
	default: return false;
	}
}

status_t wait_look(uint32_t parent, const struct wait_ask *ask, struct wait_answer *out)
{
	bool any = false;

	*out = (struct wait_answer){.child = NOBODY};
	for (uint32_t i = table.links[parent].first_child; i != NOBODY; i = table.links[i].next_sibling) {
		const struct proc *child = proc_at(i);

		if (!concerns(ask, proc_at(parent), child))
			continue;
		any = true;
		if (!wanted(ask, child))
			continue;
		*out = (struct wait_answer){i, child->pid, 0, child->event, child->value, child->user};
		if (child->state == PROCESS_STATE_ENDED)
			out->cpu_ns = child->cpu_ns + child->children_ns;
		return OK;
	}
	return any ? OK : ERR_NOT_FOUND;
}

static void waiting_remove(uint32_t index)
{
	waiting_count--;
	for (uint32_t i = index; i < waiting_count; i++)
		waiting[i] = waiting[i + 1];
}

/* Those whose caller has given up make room. */
static uint32_t waiting_of(uint32_t parent)
{
	uint32_t count = 0;

	for (uint32_t i = waiting_count; i-- > 0;) {
		if (waiting[i].parent != parent)
			continue;
		if (wait_is_open(waiting[i].reply))
			count++;
		else
			waiting_remove(i);
	}
	return count;
}

status_t wait_keep(uint32_t parent, const struct wait_ask *ask, handle_t reply)
{
	if (waiting_of(parent) >= PROCESS_WAITS_MAX || waiting_count == WAITS_ALL)
		return ERR_QUOTA;
	waiting[waiting_count++] = (struct waiting){reply, parent, *ask};
	return OK;
}

void wait_children_changed(uint32_t parent)
{
	for (uint32_t i = 0; i < waiting_count;) {
		struct waiting w = waiting[i];
		struct wait_answer answer;
		status_t status;

		if (w.parent != parent) {
			i++;
			continue;
		}
		status = wait_look(parent, &w.ask, &answer);
		if (status == OK && answer.child == NOBODY) {
			i++;
			continue;
		}
		waiting_remove(i);
		/* Only what was told is done with. */
		if (wait_reply(w.reply, status, &answer) && status == OK)
			life_told(answer.child, parent, w.ask.wait & PROCESS_WAIT_KEEP);
	}
}

void wait_forget(uint32_t parent)
{
	const struct wait_answer none = {.child = NOBODY};

	for (uint32_t i = waiting_count; i-- > 0;) {
		if (waiting[i].parent != parent)
			continue;
		(void)wait_reply(waiting[i].reply, ERR_NOT_FOUND, &none);
		waiting_remove(i);
	}
}
