/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread that never waits for a service: calls, ends of processes and deadlines are events of one loop, and after each
 * event manager_progress looks at every service. The exception are calls to devmgr (for the console's endpoint, and to stop the drivers) and
 * the last one to vfs: init makes them only while those say that they are ready, and with a deadline.
 */
#include "userland/init/manager.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/devmgr.h"
#include "protocols/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/base/fault_text.h"
#include "userland/init/capability.h"
#include "userland/init/fault.h"
#include "userland/init/say.h"

#define MS              UINT64_C(1000000)
#define CONSOLE_WAIT_NS (5000 * MS) /* for devmgr's answer */

uint64_t manager_now(void)
{
	uint64_t ns = 0;
	clock_get(&ns);
	return ns;
}

struct service *manager_find(struct manager *m, const char *name)
{
	for (unsigned i = 0; i < m->count; i++) {
		if (strcmp(m->services[i]->config->name, name) == 0)
			return m->services[i];
	}
	return NULL;
}

/* ---- the console ---------------------------------------------------------------------------- */

void manager_echo(struct manager *m, bool on)
{
	status_t status;
	if (m->echo_off == !on)
		return;
	status = console_control(m->system->res_console, on ? CONSOLE_ECHO_ON : CONSOLE_ECHO_OFF);
	if (status == OK)
		m->echo_off = !on;
	else
		say(LOG_ERROR, "the kernel's log on the console cannot be switched %s: %s", on ? "on" : "off",
		    status_text(status));
}

/* The endpoint may be another one since devmgr was started again. */
static status_t open_console(struct manager *m)
{
	handle_t device;
	enum devmgr_class class;
	uint32_t index;

	/* The terminal server opens it. */
	if (m->role_endpoint[ROLE_TERMINALS] != HANDLE_NONE) {
		manager_echo(m, false);
		return OK;
	}
	if (!m->role[ROLE_DEVICES] || m->role[ROLE_DEVICES]->state != INIT_STATE_RUNNING)
		return ERR_STATE;
	status_t status = devmgr_open_until(m->role_endpoint[ROLE_DEVICES], manager_now() + CONSOLE_WAIT_NS, "stdout",
					    &device, &class, &index);
	if (status != OK)
		return status;
	if (class != DEVMGR_CLASS_SERIAL) {
		handle_close(device);
		return ERR_UNSUPPORTED;
	}
	if (m->console != HANDLE_NONE)
		handle_close(m->console);
	m->console = device;
	manager_echo(m, false);
	return OK;
}

/* ---- starting ------------------------------------------------------------------------------- */

/* The first dependency that is not up, NULL if all are. */
static struct service *missing_dependency(const struct service *service)
{
	for (unsigned i = 0; i < service->need_count; i++) {
		if (!service_is_up(service->needs[i]))
			return service->needs[i];
	}
	return NULL;
}

/* The end of a service, or a start that failed: what comes next. */
static void decide(struct manager *m, struct service *service, bool failed, uint64_t ran_ns)
{
	uint64_t delay;
	char why[SERVICE_REASON_MAX];
	const char *name = service->config->name;

	strcpy(why, service->reason);
	switch (restart_decide(&service->restarts, service->config, failed, ran_ns, &delay)) {
	case RESTART_AT:
		service_set_state(service, INIT_STATE_BACKOFF, "%s", why);
		service->deadline = manager_now() + delay;
		if (delay != 0)
			say(LOG_WARN, "%s starts again in %" PRIu64 " ms", name, delay / MS);
		break;
	case RESTART_GIVE_UP:
		service_set_state(service, INIT_STATE_FAILED, "%s", why);
		say(LOG_ERROR, "%s has failed%s", name,
		    service->config->restart == RESTART_NEVER ? "" : " too often and is given up");
		if (service == m->role[ROLE_DEVICES])
			manager_echo(m, true); /* nobody else can use the console now */
		break;
	case RESTART_STAY_ENDED: service_set_state(service, INIT_STATE_STOPPED, "%s", why); break;
	}
}

/* From a reload: counts from this start on. */
static void take_next_config(struct service *service)
{
	if (!service->next)
		return;
	free(service->config);
	service->config = service->next;
	service->next = NULL;
}

/* `load`: what was fetched for it; NULL: nothing had to be. */
static void launch(struct manager *m, struct service *service, const struct load *load)
{
	struct grant grant = {0};
	struct grant_source source = {
		.system = m->system,
		.endpoint = m->endpoint,
		.devmgr = m->role_endpoint[ROLE_DEVICES],
		.vfs = m->role_endpoint[ROLE_FILES],
		.log = m->role_endpoint[ROLE_LOG],
		.log_keep = m->role_keep[ROLE_LOG],
		.procd = m->role_endpoint[ROLE_PROCESSES],
		.procd_keep = m->role_keep[ROLE_PROCESSES],
		.terminals = m->role_endpoint[ROLE_TERMINALS],
		.view = load ? load->view : HANDLE_NONE,
	};
	status_t status = OK;
	bool started = false;

	service->stop_wanted = false;
	if (service->config->console) {
		status = open_console(m);
		source.console = m->console;
	}
	if (status != OK)
		service_set_state(service, INIT_STATE_FAILED, "no console: %s", status_text(status));
	else if (!grant_make(&grant, &source, service))
		service_set_state(service, INIT_STATE_FAILED, "its capabilities cannot be granted: %s",
				  status_text(grant.status));
	else
		started = service_launch(service, m->system, &grant, load && load->program_path ? &load->program : NULL,
					 m->ended, m->ended_bits);
	grant_free(&grant);
	if (started) {
		say(LOG_INFO, "%s is started (process %" PRIu64 ")", service->config->name, service->pid);
		return;
	}
	say(LOG_ERROR, "%s: %s", service->config->name, service->reason);
	decide(m, service, true, 0);
}

status_t manager_files(struct manager *m)
{
	if (m->files != HANDLE_NONE)
		return OK;
	if (m->role_endpoint[ROLE_FILES] == HANDLE_NONE)
		return ERR_NOT_FOUND;
	return endpoint_mint(m->role_endpoint[ROLE_FILES], VFS_BADGE_SYSTEM, RIGHT_DUP | RIGHT_MOVE | RIGHT_EP_CALL,
			     &m->files);
}

static void on_loaded(void *context, struct load *load)
{
	struct manager *m = context;
	struct service *service = NULL;

	for (unsigned i = 0; i < m->number_count && !service; i++) {
		if (m->numbers[i]->loading == load)
			service = m->numbers[i];
	}
	if (service) {
		service->loading = NULL;
		if (load->error == 0) {
			launch(m, service, load);
		} else {
			service_set_state(service, INIT_STATE_FAILED, "%s: %s", load->culprit, strerror(load->error));
			say(LOG_ERROR, "%s cannot be started: %s", service->config->name, service->reason);
			decide(m, service, true, 0);
		}
	}
	load_free(load);
	manager_progress(m);
}

/* Fetches what the start needs from files. True: launch is called when it is there. */
static bool fetch(struct manager *m, struct service *service)
{
	const struct service_config *config = service->config;
	const struct service *vfs = m->role[ROLE_FILES];
	bool program = !service_in_archive(service, m->system);
	struct load *load;

	if (!program && !config->root && config->user < 0)
		return false;
	if (!vfs) {
		/* No files, so what is missing is missing from the archive: the start itself says so. */
		return false;
	}
	if (vfs->state != INIT_STATE_RUNNING) {
		if (strcmp(service->reason, "waits for files") != 0)
			service_set_state(service, INIT_STATE_WAITING, "waits for files");
		return true;
	}
	load = load_new();
	status_t status = load ? manager_files(m) : ERR_NO_MEMORY;
	if (status == OK) {
		load->program_path = program ? strdup(config->path) : NULL;
		load->root = config->root ? strdup(config->root) : NULL;
		load->user = config->user;
		load->group = config->group;
		load->done = on_loaded;
		load->context = m;
		if ((program && !load->program_path) || (config->root && !load->root))
			status = ERR_NO_MEMORY;
	}
	if (status == OK)
		status = loader_submit(&m->loader, m->files, load);
	if (status == OK) {
		service->loading = load;
		service_set_state(service, INIT_STATE_WAITING, "its program is being read");
		return true;
	}
	load_free(load);
	service_set_state(service, INIT_STATE_FAILED, "its program cannot be read: %s", status_text(status));
	say(LOG_ERROR, "%s: %s", config->name, service->reason);
	decide(m, service, true, 0);
	return true;
}

static void try_start(struct manager *m, struct service *service)
{
	const struct service *missing = missing_dependency(service);
	if (!missing) {
		take_next_config(service);
		if (!service->loading && !fetch(m, service))
			launch(m, service, NULL);
		return;
	}
	service->deadline = DEADLINE_NEVER;
	if (service->state != INIT_STATE_WAITING || strstr(service->reason, missing->config->name) == NULL)
		service_set_state(
			service, INIT_STATE_WAITING, "waits for %s%s", missing->config->name,
			missing->config->enabled || missing->process != HANDLE_NONE ? "" : ", which is not enabled");
}

void manager_ready(struct service *service)
{
	if (service->state != INIT_STATE_STARTING)
		return;
	service->deadline = DEADLINE_NEVER;
	service_set_state(service, INIT_STATE_RUNNING, "%s", "");
	say(LOG_INFO, "%s is ready", service->config->name);
}

void manager_soon(struct manager *m)
{
	server_timer_set(&m->timer, manager_now());
}

void manager_mark_needs(struct manager *m, struct service *service)
{
	for (unsigned i = 0; i < m->number_count; i++)
		m->numbers[i]->marked = m->numbers[i] == service;
	for (unsigned i = m->sequence_count; i-- > 0;) {
		const struct service *s = m->sequence[i];
		for (unsigned k = 0; s->marked && k < s->need_count; k++)
			s->needs[k]->marked = true;
	}
}

/* Marks the service and all that depend on it, directly or through others. */
static void mark_dependents(struct manager *m, struct service *service)
{
	for (unsigned i = 0; i < m->number_count; i++)
		m->numbers[i]->marked = m->numbers[i] == service;
	for (unsigned i = 0; i < m->sequence_count; i++) {
		struct service *s = m->sequence[i];
		for (unsigned k = 0; !s->marked && k < s->need_count; k++)
			s->marked = s->needs[k]->marked;
	}
}

bool manager_needs(struct manager *m, struct service *service, const struct service *other)
{
	if (!service)
		return false;
	manager_mark_needs(m, service);
	return other->marked;
}

static void start_one(struct service *service)
{
	if (service->state == INIT_STATE_STOPPING) {
		service->start_wanted = true;
	} else if (service->process == HANDLE_NONE && !service->refused && !service->loading) {
		service->restarts.in_row = 0;
		service->stop_wanted = false;
		service_set_state(service, INIT_STATE_WAITING, "%s", "");
	}
}

void manager_start(struct manager *m, struct service *service)
{
	manager_mark_needs(m, service);
	for (unsigned i = 0; i < m->sequence_count; i++) {
		struct service *needed = m->sequence[i];
		if (needed->marked && (needed == service || !service_is_up(needed)))
			start_one(needed);
	}
}

/* ---- ending --------------------------------------------------------------------------------- */

static void answer_waiters(struct service *service)
{
	while (service->waiter_count != 0) {
		struct ipc_msg msg = {0};
		ipc_answer(service->waiters[--service->waiter_count], &msg, OK, 0);
	}
}

bool manager_wait(struct service *service, handle_t reply)
{
	if (service->waiter_count == SERVICE_WAITERS)
		return false;
	service->waiters[service->waiter_count++] = reply;
	return true;
}

static void describe_end(struct service *service)
{
	int64_t status = service->exit_status;
	if (status & EXIT_FAULT)
		service_set_state(service, service->state, "fault: %s", fault_text((uint64_t)status & 0xff));
	else if (status & EXIT_KILLED)
		service_set_state(service, service->state, "killed (%" PRId64 ")", status & 0xff);
	else
		service_set_state(service, service->state, "ended with status %" PRId64, status);
}

static void handle_end(struct manager *m, struct service *service)
{
	uint64_t ran = manager_now() - service->started_ns;
	bool late = service->state == INIT_STATE_STARTING && service->stop_wanted == false &&
		    (service->exit_status & EXIT_KILLED) && service->config->notify;
	describe_end(service);
	say(service->exit_status != 0 && !service->stop_wanted ? LOG_WARN : LOG_INFO, "%s: %s%s", service->config->name,
	    service->reason, late ? " before it was ready" : "");
	if (service->stop_wanted) {
		service_set_state(service, INIT_STATE_STOPPED, "%s", "");
		answer_waiters(service);
		if (service->start_wanted && !m->ending) {
			service->start_wanted = false;
			service->restarts.total++;
			manager_start(m, service);
		}
		return;
	}
	if (!service->listed)
		service_set_state(service, INIT_STATE_STOPPED, "%s", ""); /* nothing says any more that it is to run */
	else
		decide(m, service, service->exit_status != 0, ran);
	/* Whoever asked for a stop just now gets what he wanted. */
	answer_waiters(service);
}

static void begin_stop(struct service *service)
{
	service->stop_wanted = true;
	service->loading = NULL; /* what is fetched for it is dropped when it comes */
	if (service->process != HANDLE_NONE) {
		if (service->state != INIT_STATE_STOPPING)
			service_set_state(service, INIT_STATE_STOPPING, "%s", "");
	} else if (!service->refused) {
		service_set_state(service, INIT_STATE_STOPPED, "%s", "");
	}
	if (!service->asked)
		service->deadline = DEADLINE_NEVER;
}

void manager_stop_process(struct service *service)
{
	uint64_t timeout = service->config->stop_timeout_ns;

	begin_stop(service);
	if (service->process == HANDLE_NONE || service->asked)
		return;
	service->asked = true;
	if (timeout != 0 && service_ask_to_end(service))
		service->deadline = manager_now() + timeout;
	else
		service_kill(service);
}

/* Those that are to end and that nobody who is to end before them is left of. */
static void stop_due(struct manager *m)
{
	for (unsigned i = 0; i < m->number_count; i++)
		m->numbers[i]->marked = false;
	for (unsigned i = m->sequence_count; i-- > 0;) {
		struct service *service = m->sequence[i];
		if (service->state != INIT_STATE_STOPPING)
			continue;
		if (!service->marked && !service->asked)
			manager_stop_process(service);
		for (unsigned k = 0; k < service->need_count; k++)
			service->needs[k]->marked = true;
	}
}

void manager_stop(struct manager *m, struct service *service, bool again)
{
	bool ran = service->process != HANDLE_NONE;

	if (again) {
		begin_stop(service);
	} else {
		mark_dependents(m, service);
		for (unsigned i = 0; i < m->sequence_count; i++) {
			struct service *other = m->sequence[i];
			if (!other->marked || (other->process == HANDLE_NONE && other != service))
				continue;
			other->start_wanted = false;
			begin_stop(other);
		}
	}
	service->start_wanted = again && ran;
	if (!ran && again)
		manager_start(m, service);
	stop_due(m);
}

/* ---- events --------------------------------------------------------------------------------- */

static void check_deadline(struct manager *m, struct service *service, uint64_t time)
{
	if (service->deadline > time)
		return;
	service->deadline = DEADLINE_NEVER;
	if (service->state == INIT_STATE_BACKOFF) {
		try_start(m, service);
	} else if (service->state == INIT_STATE_STARTING) {
		say(LOG_ERROR, "%s was not ready within %" PRIu64 " ms", service->config->name,
		    service->config->ready_timeout_ns / MS);
		service_kill(service);
	} else if (service->state == INIT_STATE_STOPPING && !service->forced) {
		say(LOG_WARN, "%s did not end within %" PRIu64 " ms and is ended by force", service->config->name,
		    service->config->stop_timeout_ns / MS);
		service_kill(service);
	}
}

void manager_progress(struct manager *m)
{
	uint64_t time = manager_now(), next = DEADLINE_NEVER;

	if (m->ending) {
		ending_progress(m);
		return;
	}
	stop_due(m);
	if (!m->disk_read && m->role[ROLE_FILES] && m->role[ROLE_FILES]->state == INIT_STATE_RUNNING)
		reload_first(m);
	if (time < m->hold_until)
		next = m->hold_until;
	/* In order: what starts here can be what a later one waits for. */
	for (unsigned i = 0; i < m->sequence_count; i++) {
		struct service *service = m->sequence[i];
		check_deadline(m, service, time);
		if (service->state == INIT_STATE_WAITING && !service->refused && time >= m->hold_until)
			try_start(m, service);
	}
	for (unsigned i = 0; i < m->number_count; i++) {
		struct service *service = m->numbers[i];
		if (!service->listed)
			check_deadline(m, service, time);
		if (service->deadline < next)
			next = service->deadline;
	}
	server_timer_set(&m->timer, next);
}

static void on_ended(void *context)
{
	struct manager *m = context;
	for (unsigned i = 0; i < m->number_count; i++) {
		if (service_reap(m->numbers[i]))
			handle_end(m, m->numbers[i]);
	}
	manager_progress(m);
}

static void on_timer(void *context)
{
	manager_progress(context);
}

/* Calls of no protocol: the kernel's fault messages. */
static status_t on_other(void *context, struct ipc_request *rq)
{
	struct manager *m = context;
	uint64_t number = (rq->msg.badge & BADGE_SERVICE_MASK) - 1;
	if (MSG_LABEL(rq->msg.info) != MSG_LABEL_FAULT)
		return ipc_request_finish(rq, ERR_NO_SYSCALL, 0);
	fault_answer(m->system, number < m->number_count ? m->numbers[number]->config->name : "nobody", &rq->msg);
	return OK;
}

/* ---- start ---------------------------------------------------------------------------------- */

static status_t make_server(struct manager *m)
{
	status_t status = endpoint_create(&m->endpoint);
	if (status != OK)
		return status;
	server_init(&m->server, m->endpoint, startup_handle(HND_THREAD));
	server_set_other(&m->server, on_other, m);
	status = server_add_protocol(&m->server, &init_protocol, &control_ops, m);
	if (status == OK)
		status = server_add_signal(&m->server, on_ended, m, &m->ended, &m->ended_bits);
	if (status == OK)
		status = server_timer_init(&m->timer, &m->server, on_timer, m);
	return status;
}

void manager_run(const struct system *system)
{
	static struct manager manager;
	struct manager *m = &manager;
	/* With the drivers: what init does is short, and no service is to wait for it long. */
	const struct thread_sched sched = {.prio = PRIO_DRIVER};

	m->system = system;
	status_t status = thread_set_sched(HANDLE_NONE, &sched, HANDLE_NONE);
	if (status != OK)
		say(LOG_WARN, "init keeps its first priority: %s", status_text(status));
	status = make_server(m);
	if (status == OK)
		status = loader_init(&m->loader, &m->server);
	if (status == OK && !plan_read(m))
		say(LOG_ERROR, "no services are started");
	if (status == OK) {
		manager_progress(m);
		status = server_run(&m->server);
	}
	say(LOG_ERROR, "init cannot go on: %s", status_text(status));
}
