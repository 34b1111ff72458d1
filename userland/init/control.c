/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol init: what services say and what svc, shutdown and reboot ask for. */
#include <string.h>

#include "protocols/init.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"
#include "userland/init/manager.h"

static struct service *caller(struct manager *m, const struct ipc_request *rq)
{
	uint64_t number = (rq->msg.badge & BADGE_SERVICE_MASK) - 1;
	return number < m->number_count ? m->numbers[number] : NULL;
}

static status_t may_control(const struct manager *m, const struct ipc_request *rq)
{
	if (!(rq->msg.badge & BADGE_CONTROL))
		return ERR_ACCESS;
	return m->ending ? ERR_STATE : OK;
}

static void describe(const struct service *service, struct init_service *out)
{
	const struct service_config *config = service->config;
	memset(out, 0, sizeof(*out));
	out->pid = service->pid;
	out->since_ns = service->since_ns;
	out->exit_status = service->exit_status;
	out->restarts = service->restarts.total;
	out->state = service->state;
	out->policy = config->restart == RESTART_ALWAYS       ? INIT_POLICY_ALWAYS
		      : config->restart == RESTART_ON_FAILURE ? INIT_POLICY_ON_FAILURE
							      : INIT_POLICY_NEVER;
	out->ended = service->ended;
	/* The configuration's limits are the protocol's. */
	strlcpy(out->name, config->name, sizeof(out->name));
	strlcpy(out->path, config->path, sizeof(out->path));
	strlcpy(out->reason, service->reason, sizeof(out->reason));
}

static status_t on_ready(void *context, struct ipc_request *rq)
{
	struct service *service = caller(context, rq);
	if (!service)
		return ERR_ACCESS;
	manager_ready(service);
	manager_soon(context);
	return OK;
}

static status_t on_list(void *context, struct ipc_request *rq, uint32_t first, size_t room, uint32_t *count,
			uint32_t *total)
{
	struct manager *m = context;
	struct init_service entry;
	*total = m->count;
	for (uint32_t i = first; i < m->count && *count < room; i++) {
		describe(m->services[i], &entry);
		status_t status = ipc_lease_write(rq, INIT_LIST_LEASE_SERVICES, *count * sizeof(entry), &entry,
						  sizeof(entry));
		if (status != OK)
			return status;
		(*count)++;
	}
	return OK;
}

static status_t on_status(void *context, struct ipc_request *rq, const char *name, size_t room, uint32_t *count)
{
	const struct service *service = manager_find(context, name);
	struct init_service entry;
	if (!service)
		return ERR_NOT_FOUND;
	if (room == 0)
		return OK;
	describe(service, &entry);
	*count = 1;
	return ipc_lease_write(rq, INIT_STATUS_LEASE_SERVICE, 0, &entry, sizeof(entry));
}

static status_t find_controlled(struct manager *m, const struct ipc_request *rq, const char *name, struct service **out)
{
	status_t status = may_control(m, rq);
	if (status != OK)
		return status;
	*out = manager_find(m, name);
	return *out ? OK : ERR_NOT_FOUND;
}

static status_t on_start(void *context, struct ipc_request *rq, const char *name)
{
	struct manager *m = context;
	struct service *service;
	status_t status = find_controlled(m, rq, name, &service);
	if (status != OK)
		return status;
	if (service->refused)
		return ERR_STATE;
	manager_start(m, service);
	manager_soon(m);
	return OK;
}

/* Answered when the process has ended, or at once if there is none. */
static status_t stop(struct manager *m, struct ipc_request *rq, const char *name, bool again)
{
	struct service *service;
	handle_t reply;
	status_t status = find_controlled(m, rq, name, &service);
	if (status != OK)
		return status;
	if (service->refused && again)
		return ERR_STATE;
	/* Who stops the ground under his feet cannot start it again. */
	if (!again && manager_needs(m, caller(m, rq), service))
		return ERR_BUSY;
	if (service->waiter_count == SERVICE_WAITERS)
		return ERR_NO_MEMORY;
	bool runs = service->process != HANDLE_NONE;
	if (runs) {
		status = ipc_request_save(rq, &reply);
		if (status != OK)
			return status;
		manager_wait(service, reply);
	}
	manager_stop(m, service, again);
	manager_soon(m);
	return runs ? IPC_DEFERRED : OK;
}

static status_t on_stop(void *context, struct ipc_request *rq, const char *name)
{
	return stop(context, rq, name, false);
}

static status_t on_restart(void *context, struct ipc_request *rq, const char *name)
{
	return stop(context, rq, name, true);
}

static status_t on_shutdown(void *context, struct ipc_request *rq, enum init_end end)
{
	struct manager *m = context;
	struct ipc_msg answer = {0};
	handle_t reply;
	if (!(rq->msg.badge & BADGE_POWER))
		return ERR_ACCESS;
	if (m->ending)
		return ERR_STATE;
	status_t status = ipc_request_save(rq, &reply);
	if (status != OK)
		return status;
	/* Before its process may end. */
	ipc_answer(reply, &answer, OK, 0);
	manager_end(m, end == INIT_END_REBOOT);
	manager_soon(m);
	return IPC_DEFERRED;
}

static status_t on_tell_stop(void *context, struct ipc_request *rq, uint64_t bits, handle_t notification)
{
	struct service *service = caller(context, rq);
	uint64_t pid = 0;

	/* Programs that a service has started speak with its voice, but do not end for it. */
	if (!service || service->process == HANDLE_NONE || caller_process(HANDLE_NONE, &pid) != OK ||
	    pid != service->pid)
		return ERR_ACCESS;
	if (bits == 0)
		return ERR_INVALID;
	ipc_close(service->stop_note);
	service->stop_note = notification;
	service->stop_bits = bits;
	return OK;
}

static status_t on_reload(void *context, struct ipc_request *rq, size_t message_size, struct init_changes *changes)
{
	struct manager *m = context;
	status_t status = may_control(m, rq);
	(void)message_size, (void)changes;
	return status == OK ? reload_begin(m, caller(m, rq), rq) : status;
}

static status_t on_who(void *context, struct ipc_request *rq, uint32_t number, uint64_t pid, char *name)
{
	const struct manager *m = context;
	const struct service *found = number != 0 && number <= m->number_count ? m->numbers[number - 1] : NULL;

	(void)rq;
	for (unsigned i = 0; number == 0 && pid != 0 && i < m->number_count && !found; i++) {
		if (m->numbers[i]->pid == pid || m->numbers[i]->last_pid == pid)
			found = m->numbers[i];
	}
	if (!found)
		return ERR_NOT_FOUND;
	strcpy(name, found->config->name); /* as long as the protocol has it */
	return OK;
}

const struct init_ops control_ops = {
	.ready = on_ready,
	.list = on_list,
	.status = on_status,
	.start = on_start,
	.stop = on_stop,
	.restart = on_restart,
	.shutdown = on_shutdown,
	.tell_stop = on_tell_stop,
	.reload = on_reload,
	.who = on_who,
};
