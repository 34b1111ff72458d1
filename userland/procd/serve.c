/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of the protocol process. Each finds out who calls, and leaves the rest to the rules. */
#include "protocols/process.h"

#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"
#include "userland/procd/effect.h"
#include "userland/procd/life.h"
#include "userland/procd/numbers.h"
#include "userland/procd/priority.h"
#include "userland/procd/procd.h"
#include "userland/procd/signals.h"
#include "userland/procd/waits.h"

static status_t caller_find(const struct ipc_request *rq, uint32_t *place)
{
	uint64_t pid;
	status_t status = caller_process(rq->reply, &pid);

	if (status != OK)
		return status;
	*place = table_find(pid);
	return *place != NOBODY ? OK : adopt(pid, place);
}

/* The process with that pid, 0: the caller. */
static status_t subject_find(const struct ipc_request *rq, uint64_t pid, uint32_t *caller, uint32_t *place)
{
	status_t status = caller_find(rq, caller);

	if (status != OK)
		return status;
	*place = pid ? table_find(pid) : *caller;
	return *place != NOBODY ? OK : ERR_NOT_FOUND;
}

/* The caller's own, or its child that has not been started. */
static status_t own_find(const struct ipc_request *rq, uint64_t pid, uint32_t *place)
{
	uint32_t caller;
	status_t status = subject_find(rq, pid, &caller, place);

	if (status != OK || *place == caller)
		return status;
	if (proc_at(*place)->parent != proc_at(caller)->pid)
		return ERR_NOT_FOUND;
	return effect_is_started(*place) ? ERR_ACCESS : OK;
}

static bool may_control(uint32_t caller, uint32_t place)
{
	return proc_at(caller)->user == 0 || proc_at(caller)->user == proc_at(place)->user;
}

static status_t finish(status_t status)
{
	effects_finish();
	return status;
}

/* ---- children ------------------------------------------------------------------------------------ */

static status_t on_enlist(void *ctx, struct ipc_request *rq, handle_t process, uint32_t start, uint64_t group,
			  uint64_t blocked, uint64_t ignored, uint64_t *pid)
{
	struct process_info info;
	uint32_t caller, place;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	if (status == OK)
		status = process_info(process, &info);
	if (status == OK && info.parent_koid != proc_at(caller)->pid)
		status = ERR_ACCESS;
	if (status == OK)
		status = life_enlist(caller, info.koid, start, group, blocked, ignored, &place);
	if (status != OK)
		return status;
	status = effect_watch(place, process);
	if (status != OK) {
		procd.handles[place] = HANDLE_NONE; /* the dispatch closes it */
		table_remove(place);
		return status;
	}
	if (proc_at(place)->nice)
		effect_nice(place, 0, proc_at(place)->nice);
	if (proc_at(place)->limits[PROCESS_LIMIT_CPU].soft != PROCESS_UNLIMITED)
		cpu_schedule();
	*pid = info.koid;
	return OK;
}

static status_t on_wait(void *ctx, struct ipc_request *rq, enum process_whom whom, uint32_t wait, uint64_t id,
			uint64_t *pid, uint64_t *cpu_ns, enum process_event *event, uint32_t *value, uint32_t *user)
{
	const struct wait_ask ask = {whom, wait, id};
	struct wait_answer answer;
	uint32_t caller;
	handle_t reply;
	status_t status = caller_find(rq, &caller);

	(void)ctx, (void)pid, (void)cpu_ns, (void)event, (void)value, (void)user;
	if (status != OK)
		return status;
	if (whom == PROCESS_WHOM_USER || !(wait & (PROCESS_WAIT_ENDED | PROCESS_WAIT_STOPPED | PROCESS_WAIT_CONTINUED)))
		return ERR_INVALID;
	status = wait_look(caller, &ask, &answer);
	if (status != OK || (answer.child == NOBODY && (wait & PROCESS_WAIT_NO_HANG)))
		return status;
	/* Told by itself: only then it is known whether the caller has heard it. */
	status = ipc_request_save(rq, &reply);
	if (status != OK)
		return status;
	if (answer.child != NOBODY) {
		if (wait_reply(reply, OK, &answer))
			life_told(answer.child, caller, wait & PROCESS_WAIT_KEEP);
		return IPC_DEFERRED;
	}
	status = wait_keep(caller, &ask, reply);
	/* An error goes by the saved caller: the loop sees to that. */
	return status == OK ? IPC_DEFERRED : status;
}

static status_t on_usage(void *ctx, struct ipc_request *rq, uint64_t *children_ns)
{
	uint32_t caller;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	if (status == OK)
		*children_ns = proc_at(caller)->children_ns;
	return status;
}

/* ---- signals ------------------------------------------------------------------------------------- */

struct sending {
	const struct proc *from;
	uint32_t signal;
	struct signal_info info;
	bool any, sent;
	status_t failed;
};

static void send_to(struct sending *s, uint32_t place)
{
	status_t status;

	s->any = true;
	if (!signal_is_allowed(s->from, proc_at(place), s->signal))
		return;
	status = s->signal ? signal_send(place, &s->info) : OK;
	s->sent |= status == OK;
	if (status != OK)
		s->failed = status;
}

static status_t on_send(void *ctx, struct ipc_request *rq, enum process_whom whom, uint32_t signal, uint64_t id,
			int32_t code, uint64_t value)
{
	struct sending s = {.signal = signal};
	uint32_t caller, own;
	uint64_t group;
	handle_t other;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	if (status != OK)
		return status;
	if (signal > PROCESS_SIGNAL_MAX || whom == PROCESS_WHOM_USER)
		return ERR_INVALID;
	s.from = proc_at(caller);
	s.info = (struct signal_info){
		.signal = signal, .code = code, .pid = s.from->pid, .user = s.from->user, .value = value};
	group = id ? id : s.from->group;
	if (whom == PROCESS_WHOM_PROCESS) {
		own = id ? table_find(id) : caller;
		if (own != NOBODY)
			send_to(&s, own);
		else if (process_open(procd.resource, id, &other) == OK) {
			/* There is one, but it is none of those that signals are for. */
			(void)handle_close(other);
			s.any = true;
		}
	} else {
		own = NOBODY;
		for (uint32_t i = 0; i < table.top; i++) {
			const struct proc *p = proc_at(i);

			if (!p->pid || (whom == PROCESS_WHOM_GROUP && p->group != group))
				continue;
			if (i != caller)
				send_to(&s, i);
			else if (whom == PROCESS_WHOM_GROUP)
				own = i; /* last: it may be the end of the caller */
		}
		if (own != NOBODY)
			send_to(&s, own);
	}
	if (s.sent)
		return finish(OK);
	return finish(s.failed != OK ? s.failed : s.any ? ERR_NOT_OWNER : ERR_NOT_FOUND);
}

static status_t on_take(void *ctx, struct ipc_request *rq, uint64_t blocked, uint64_t thread, uint32_t *signal,
			int32_t *code, uint64_t *pid, uint32_t *user, int32_t *result, uint64_t *value,
			uint64_t *pending)
{
	struct signal_info info;
	uint32_t caller;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	if (status != OK)
		return status;
	signal_take(caller, blocked, thread, &info);
	*signal = info.signal;
	*code = info.code;
	*pid = info.pid;
	*user = info.user;
	*result = info.result;
	*value = info.value;
	*pending = proc_at(caller)->pending;
	return OK;
}

static status_t on_disposition(void *ctx, struct ipc_request *rq, uint64_t caught, uint64_t ignored, uint64_t blocked,
			       uint32_t child, uint64_t *pending)
{
	uint32_t caller;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	if (status != OK)
		return status;
	proc_at(caller)->child = child;
	signal_disposition(caller, caught, ignored, blocked);
	*pending = proc_at(caller)->pending;
	return finish(OK);
}

static status_t on_signals(void *ctx, struct ipc_request *rq, uint64_t pid, uint64_t *pending, uint64_t *caught,
			   uint64_t *ignored, uint64_t *blocked)
{
	uint32_t caller, place;
	status_t status = subject_find(rq, pid, &caller, &place);

	(void)ctx;
	if (status != OK)
		return status;
	*pending = proc_at(place)->pending;
	*caught = proc_at(place)->caught;
	*ignored = proc_at(place)->ignored;
	*blocked = proc_at(place)->blocked;
	return OK;
}

/* ---- groups and sessions ------------------------------------------------------------------------- */

static uint64_t parent_shown(const struct proc *p)
{
	return p->parent ? p->parent : procd.init_pid;
}

static status_t on_identity(void *ctx, struct ipc_request *rq, uint64_t pid, uint64_t *pid_is, uint64_t *parent,
			    uint64_t *group, uint64_t *session, uint32_t *user, uint32_t *identity)
{
	uint32_t caller, place;
	const struct proc *p;
	status_t status = subject_find(rq, pid, &caller, &place);

	(void)ctx;
	if (status != OK)
		return status;
	p = proc_at(place);
	*pid_is = p->pid;
	*parent = parent_shown(p);
	*group = p->group;
	*session = p->session;
	*user = p->user;
	*identity = (p->session == p->pid ? PROCESS_IDENTITY_SESSION_LEADER : 0u) |
		    (p->group == p->pid ? PROCESS_IDENTITY_GROUP_LEADER : 0u) |
		    (group_is_orphaned(p->group, NOBODY) ? PROCESS_IDENTITY_ORPHANED : 0u) |
		    (p->state == PROCESS_STATE_STOPPED ? PROCESS_IDENTITY_STOPPED : 0u) |
		    (p->state == PROCESS_STATE_ENDED ? PROCESS_IDENTITY_ENDED : 0u);
	return OK;
}

static status_t on_set_group(void *ctx, struct ipc_request *rq, uint64_t pid, uint64_t group)
{
	uint32_t caller, place;
	status_t status = subject_find(rq, pid, &caller, &place);

	(void)ctx;
	if (status != OK)
		return status;
	return finish(life_set_group(caller, place, group, place != caller && effect_is_started(place)));
}

static status_t on_set_session(void *ctx, struct ipc_request *rq, uint64_t *session)
{
	uint32_t caller;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	if (status == OK)
		status = life_set_session(caller);
	if (status == OK)
		*session = proc_at(caller)->session;
	return finish(status);
}

/* ---- limits, priorities, users ------------------------------------------------------------------- */

static status_t on_limit(void *ctx, struct ipc_request *rq, uint64_t pid, enum process_limit limit, uint64_t *soft,
			 uint64_t *hard)
{
	uint32_t caller, place;
	status_t status = subject_find(rq, pid, &caller, &place);

	(void)ctx;
	if (status == OK && !may_control(caller, place))
		status = ERR_NOT_OWNER;
	if (status != OK)
		return status;
	*soft = proc_at(place)->limits[limit].soft;
	*hard = proc_at(place)->limits[limit].hard;
	return OK;
}

static status_t on_set_limit(void *ctx, struct ipc_request *rq, uint64_t pid, enum process_limit limit, uint64_t soft,
			     uint64_t hard)
{
	uint32_t caller, place;
	struct limit *l;
	status_t status = subject_find(rq, pid, &caller, &place);

	(void)ctx;
	if (status != OK)
		return status;
	if (soft > hard)
		return ERR_INVALID;
	l = &proc_at(place)->limits[limit];
	if (!may_control(caller, place) || (hard > l->hard && proc_at(caller)->user != 0))
		return ERR_NOT_OWNER;
	*l = (struct limit){soft, hard};
	if (limit == PROCESS_LIMIT_CPU) {
		proc_at(place)->cpu_shots = 0;
		cpu_schedule();
	}
	return finish(OK);
}

static status_t on_priority(void *ctx, struct ipc_request *rq, enum process_whom whom, uint64_t id, int32_t *nice)
{
	uint32_t caller;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	return status == OK ? priority_best(caller, whom, id, nice) : status;
}

static status_t on_set_priority(void *ctx, struct ipc_request *rq, enum process_whom whom, int32_t nice, uint64_t id)
{
	uint32_t caller;
	status_t status = caller_find(rq, &caller);

	(void)ctx;
	return status == OK ? priority_set(caller, whom, id, nice) : status;
}

static status_t on_set_user(void *ctx, struct ipc_request *rq, uint64_t pid, handle_t view)
{
	uint32_t place;
	status_t status = own_find(rq, pid, &place);

	(void)ctx;
	if (status == OK && !view_user(view, &proc_at(place)->user))
		status = ERR_INVALID;
	if (status == OK)
		(void)handle_close(view);
	return status;
}

/* ---- all ----------------------------------------------------------------------------------------- */

/* The one with the lowest pid from that one on. */
static const struct proc *proc_from(uint64_t first)
{
	const struct proc *found = NULL;

	for (uint32_t i = 0; i < table.top; i++) {
		const struct proc *p = proc_at(i);

		if (p->pid && p->pid >= first && (!found || p->pid < found->pid))
			found = p;
	}
	return found;
}

static status_t on_list(void *ctx, struct ipc_request *rq, uint64_t first, size_t room, uint32_t *count)
{
	uint32_t caller;
	status_t status = caller_find(rq, &caller);
	const struct proc *p = status == OK ? proc_from(first) : NULL;

	(void)ctx;
	for (; p && *count < room && status == OK; p = proc_from(p->pid + 1)) {
		uint32_t leader = table_find(p->session);
		struct process_entry entry = {
			.pid = p->pid,
			.parent = parent_shown(p),
			.group = p->group,
			.session = p->session,
			.user = p->user,
			.terminal = leader != NOBODY ? proc_at(leader)->terminal : 0,
			.state = p->state,
			.nice = p->nice,
		};

		status = ipc_lease_write(rq, PROCESS_LIST_LEASE_ENTRIES, *count * sizeof(entry), &entry, sizeof(entry));
		if (status == OK)
			(*count)++;
	}
	return status;
}

/* ---- for terminals ------------------------------------------------------------------------------- */

static status_t on_signal_group(void *ctx, struct ipc_request *rq, uint64_t group, uint32_t signal)
{
	const struct signal_info info = {.signal = signal};

	(void)ctx;
	if (rq->msg.badge != PROCESS_BADGE_TERMINAL)
		return ERR_ACCESS;
	if (signal < 1 || signal > PROCESS_SIGNAL_MAX)
		return ERR_INVALID;
	if (group == 0 || !group_exists(group, 0))
		return ERR_NOT_FOUND;
	signal_send_group(group, &info);
	return finish(OK);
}

static status_t on_set_terminal(void *ctx, struct ipc_request *rq, uint64_t session, uint32_t device)
{
	uint32_t place = table_find(session);

	(void)ctx;
	if (rq->msg.badge != PROCESS_BADGE_TERMINAL)
		return ERR_ACCESS;
	if (place == NOBODY || proc_at(place)->session != session)
		return ERR_NOT_FOUND;
	proc_at(place)->terminal = device;
	return OK;
}

static status_t on_watch_end(void *ctx, struct ipc_request *rq, uint64_t pid, handle_t notification, uint64_t bits)
{
	uint32_t place = table_find(pid);

	(void)ctx;
	if (rq->msg.badge != PROCESS_BADGE_TERMINAL)
		return ERR_ACCESS;
	if (bits == 0)
		return ERR_INVALID;
	if (place == NOBODY || !proc_is_alive(proc_at(place)))
		return ERR_NOT_FOUND;
	if (procd.end_watches[place] != HANDLE_NONE)
		(void)handle_close(procd.end_watches[place]);
	procd.end_watches[place] = notification;
	procd.end_watch_bits[place] = bits;
	return OK;
}

const struct process_ops process_server_ops = {
	.enlist = on_enlist,
	.wait = on_wait,
	.send = on_send,
	.take = on_take,
	.disposition = on_disposition,
	.signals = on_signals,
	.identity = on_identity,
	.set_group = on_set_group,
	.set_session = on_set_session,
	.limit = on_limit,
	.set_limit = on_set_limit,
	.priority = on_priority,
	.set_priority = on_set_priority,
	.usage = on_usage,
	.set_user = on_set_user,
	.list = on_list,
	.signal_group = on_signal_group,
	.set_terminal = on_set_terminal,
	.watch_end = on_watch_end,
};
