/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions and process groups: who of them a terminal is whose, who may read and write, and signals. What is known of processes is procd's word about
 * whom the kernel says the caller is. Without procd there are no sessions: nobody is in the background.
 */
#include <signal.h>

#include "protocols/process.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tty/tty.h"

#define HND_PROCD "proc"
#define ASK_NS    2000000000ull /* procd may be starting again */
#define NO_GROUP  0x7fffffffu   /* told of a terminal without a foreground group: no pid is that great */

static handle_t procd; /* HANDLE_NONE: there is none */

struct who {
	uint64_t pid, group, session;
	uint32_t flags; /* PROCESS_IDENTITY_* */
};

void groups_begin(void)
{
	procd = startup_handle(HND_PROCD);
}

static status_t identify(uint64_t pid, struct who *who)
{
	uint64_t parent;
	uint32_t user;

	if (procd == HANDLE_NONE)
		return ERR_UNSUPPORTED;
	return process_identity_until(procd, time_now() + ASK_NS, pid, &who->pid, &parent, &who->group, &who->session,
				      &user, &who->flags);
}

static status_t identify_caller(const struct ipc_request *rq, struct who *who)
{
	uint64_t koid;
	status_t status = procd == HANDLE_NONE ? ERR_UNSUPPORTED : caller_process(rq->reply, &koid);

	return status == OK ? identify(koid, who) : status;
}

static void signal_group(uint64_t group, unsigned number)
{
	if (group && procd != HANDLE_NONE)
		(void)process_signal_group_until(procd, time_now() + ASK_NS, group, number); /* it may be gone */
}

/* ---- foreground and background --------------------------------------------------------------------------------- */

static status_t background(struct terminal *t, struct ipc_request *rq, unsigned number, bool forced)
{
	uint64_t pending, caught, ignored, blocked;
	struct who who;
	bool deaf;

	if (!t->session || identify_caller(rq, &who) != OK || who.session != t->session || who.group == t->group)
		return OK;
	if (process_signals_until(procd, time_now() + ASK_NS, who.pid, &pending, &caught, &ignored, &blocked) != OK)
		return OK;
	deaf = (ignored | blocked) >> number & 1;
	if (deaf)
		return forced ? OK : ERR_IO;
	if (who.flags & PROCESS_IDENTITY_ORPHANED)
		return ERR_IO;
	signal_group(who.group, number);
	return ERR_CANCELLED;
}

status_t group_may_read(struct terminal *t, struct ipc_request *rq)
{
	return background(t, rq, SIGTTIN, false);
}

status_t group_may_write(struct terminal *t, struct ipc_request *rq)
{
	return t->d.t.local & TTY_LOCAL_TOSTOP ? background(t, rq, SIGTTOU, true) : OK;
}

status_t group_may_change(struct terminal *t, struct ipc_request *rq)
{
	return background(t, rq, SIGTTOU, true);
}

void group_signal(struct terminal *t, unsigned number)
{
	signal_group(t->group, number);
}

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

static struct terminal *of_session(uint64_t session)
{
	for (unsigned i = 0; i < SERIALS_MAX; i++) {
		if (tty.serials[i] && tty.serials[i]->session == session)
			return tty.serials[i];
	}
	for (unsigned i = 0; i < PTYS_MAX; i++) {
		if (tty.ptys[i] && tty.ptys[i]->session == session)
			return tty.ptys[i];
	}
	return NULL;
}

static void give_up(struct terminal *t)
{
	uint64_t session = t->session;

	t->session = t->group = 0;
	if (session && procd != HANDLE_NONE)
		(void)process_set_terminal_until(procd, time_now() + ASK_NS, session, 0);
}

void group_hang_up(struct terminal *t)
{
	struct who who;

	if (!t->session)
		return;
	/* The leader leads a group of his own as a rule; the foreground may be another. */
	if (identify(t->session, &who) == OK) {
		signal_group(who.group, SIGHUP);
		signal_group(who.group, SIGCONT);
		if (who.group == t->group)
			t->group = 0;
	}
	signal_group(t->group, SIGHUP);
	signal_group(t->group, SIGCONT);
	give_up(t);
}

/* Some leader has ended: his terminal is free again, and whoever is in the foreground hears of it. */
static void on_leader_end(void *context)
{
	struct terminal **const lists[] = {tty.serials, tty.ptys};
	const unsigned counts[] = {SERIALS_MAX, PTYS_MAX};

	(void)context;
	for (unsigned l = 0; l < 2; l++) {
		for (unsigned i = 0; i < counts[l]; i++) {
			struct terminal *t = lists[l][i];
			struct who who;
			status_t status;

			if (!t || !t->session)
				continue;
			status = identify(t->session, &who);
			if (status != ERR_NOT_FOUND && !(status == OK && who.flags & PROCESS_IDENTITY_ENDED))
				continue;
			signal_group(t->group, SIGHUP);
			signal_group(t->group, SIGCONT);
			give_up(t);
		}
	}
}

static status_t watch_leader(uint64_t session)
{
	handle_t copy;
	status_t status = OK;

	if (!tty.leader_bits)
		status = server_add_signal(&tty.server, on_leader_end, NULL, &tty.leaders, &tty.leader_bits);
	if (status == OK)
		status = handle_dup(tty.leaders, RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO, &copy);
	if (status == OK)
		status = process_watch_end_until(procd, time_now() + ASK_NS, session, copy, tty.leader_bits);
	return status;
}

status_t session_acquire(struct terminal *t, struct ipc_request *rq)
{
	struct who who;
	status_t status = identify_caller(rq, &who);

	if (status != OK)
		return status;
	if (t->session && t->session == who.session)
		return OK;
	if (!(who.flags & PROCESS_IDENTITY_SESSION_LEADER) || t->session || of_session(who.session))
		return ERR_NOT_OWNER;
	status = watch_leader(who.session);
	if (status != OK)
		return status;
	t->session = who.session;
	t->group = who.group;
	(void)process_set_terminal_until(procd, time_now() + ASK_NS, who.session, (uint32_t)terminal_device(t, false));
	return OK;
}

status_t session_release(struct terminal *t, struct ipc_request *rq)
{
	struct who who;
	status_t status = identify_caller(rq, &who);

	if (status != OK)
		return status;
	if (!t->session || who.session != t->session)
		return ERR_NOT_FOUND;
	if (!(who.flags & PROCESS_IDENTITY_SESSION_LEADER))
		return ERR_NOT_OWNER;
	signal_group(t->group, SIGHUP);
	signal_group(t->group, SIGCONT);
	give_up(t);
	return OK;
}

/* Only for who is of the session; a master plays the terminal, and may know. */
static status_t of_caller(struct terminal *t, struct ipc_request *rq, bool master, struct who *who)
{
	status_t status = identify_caller(rq, who);

	if (status != OK)
		return status;
	return master || (t->session && who->session == t->session) ? OK : ERR_NOT_FOUND;
}

status_t group_get(struct terminal *t, struct ipc_request *rq, bool master, uint64_t *group)
{
	struct who who;
	status_t status = of_caller(t, rq, master, &who);

	*group = t->group ? t->group : NO_GROUP;
	return status;
}

status_t session_get(struct terminal *t, struct ipc_request *rq, bool master, uint64_t *session)
{
	struct who who;
	status_t status = of_caller(t, rq, master, &who);

	if (status == OK && !t->session)
		return ERR_NOT_FOUND;
	*session = t->session;
	return status;
}

status_t group_set(struct terminal *t, struct ipc_request *rq, uint64_t group)
{
	static struct process_entry entries[16];
	struct who who;
	uint64_t first = 0;
	uint32_t count = 1;
	status_t status = of_caller(t, rq, false, &who);

	if (status == OK)
		status = group_may_change(t, rq);
	if (status != OK)
		return status;
	if (!group || group >= NO_GROUP)
		return ERR_INVALID;
	/* A group of the session: somebody is in it. */
	while (group != who.group && count) {
		status = process_list_until(procd, time_now() + ASK_NS, first, entries,
					    sizeof(entries) / sizeof(entries[0]), &count);
		if (status != OK)
			return status;
		for (uint32_t i = 0; i < count; i++) {
			if (entries[i].group == group && entries[i].session == t->session) {
				t->group = group;
				return OK;
			}
		}
		if (count)
			first = entries[count - 1].pid + 1;
	}
	if (group != who.group)
		return ERR_NOT_OWNER;
	t->group = group;
	return OK;
}

status_t session_terminal(uint64_t process, struct terminal **out)
{
	struct who who;
	status_t status = identify(process, &who);

	/* Started past procd: it is to find its terminal itself. */
	if (status != OK)
		return ERR_UNSUPPORTED;
	*out = of_session(who.session);
	return *out ? OK : ERR_NOT_FOUND;
}
