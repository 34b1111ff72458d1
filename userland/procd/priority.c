/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/priority.h"

#include "userland/procd/effect.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

static bool concerns(uint32_t caller, enum process_whom whom, uint64_t id, uint32_t place)
{
	const struct proc *p = proc_at(place), *c = proc_at(caller);

	if (!proc_is_alive(p))
		return false;
	switch (whom) {
	case PROCESS_WHOM_PROCESS: return id ? p->pid == id : place == caller;
	case PROCESS_WHOM_GROUP: return p->group == (id ? id : c->group);
	case PROCESS_WHOM_USER: return p->user == id;
	case PROCESS_WHOM_ALL: return false;
	}
	return false;
}

status_t priority_best(uint32_t caller, enum process_whom whom, uint64_t id, int32_t *nice)
{
	bool any = false;

	if (whom == PROCESS_WHOM_ALL)
		return ERR_INVALID;
	for (uint32_t i = 0; i < table.top; i++) {
		if (concerns(caller, whom, id, i) && (!any || proc_at(i)->nice < *nice)) {
			*nice = proc_at(i)->nice;
			any = true;
		}
	}
	return any ? OK : ERR_NOT_FOUND;
}

status_t priority_set(uint32_t caller, enum process_whom whom, uint64_t id, int32_t nice)
{
	uint32_t user = proc_at(caller)->user;
	bool any = false, own = false, refused = false;

	if (whom == PROCESS_WHOM_ALL)
		return ERR_INVALID;
	nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
	for (uint32_t i = 0; i < table.top; i++) {
		struct proc *p = proc_at(i);

		if (!concerns(caller, whom, id, i))
			continue;
		any = true;
		if (user != 0 && user != p->user)
			continue;
		own = true;
		if (user != 0 && nice < p->nice) {
			refused = true;
			continue;
		}
		effect_nice(i, p->nice, nice);
		p->nice = nice;
	}
	return !any ? ERR_NOT_FOUND : !own ? ERR_NOT_OWNER : refused ? ERR_ACCESS : OK;
}
