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
#include "userland/init/capability.h"
#include "userland/init/fault.h"
#include "userland/init/say.h"

#define SERVICES_FILE    "etc/init/services.toml"
#define MS               UINT64_C(1000000)
#define CONSOLE_WAIT_NS  (5000 * MS) /* for devmgr's answer */
#define DRIVERS_GRACE_MS 1000u       /* for drivers to send what is queued */
#define DRIVERS_WAIT_NS  (5000 * MS)
#define FILES_WAIT_NS    (60000 * MS) /* for everything to be on its medium */
#define END_WAIT_NS      (10000 * MS) /* for all services to end */

static uint64_t now(void)
{
	uint64_t ns = 0;
	clock_get(&ns);
	return ns;
}

struct service *manager_find(struct manager *m, const char *name)
{
	unsigned i = config_find(&m->config, name);
	return i < m->config.count ? &m->services[i] : NULL;
}

/* ---- reading services.toml ------------------------------------------------------------------ */

static const char *file_name(const struct manager *m)
{
	return m->system->bootargs.services ? m->system->bootargs.services : SERVICES_FILE;
}

static void on_mistake(void *context, unsigned line, unsigned column, const char *message)
{
	say(LOG_ERROR, "%s:%u:%u: %s", file_name(context), line, column, message);
}

static void on_problem(void *context, const struct service_config *config, const char *message)
{
	struct manager *m = context;
	struct service *service = manager_find(m, config->name);
	say(LOG_ERROR, "%s:%u: service '%s' cannot start: %s", file_name(m), config->line, config->name, message);
	service->refused = true;
	service_set_state(service, INIT_STATE_FAILED, "%s", message);
}

/* Two services are known to init itself, each by a capability that only one can have. */
static void take_role(struct service *service, enum capability capability, const char *role, struct service **holder)
{
	if (!(service->config->capabilities & 1u << capability))
		return;
	if (!*holder) {
		*holder = service;
		return;
	}
	say(LOG_ERROR, "service '%s': only one can be the %s, '%s' is", service->config->name, role,
	    (*holder)->config->name);
	service->refused = true;
	service_set_state(service, INIT_STATE_FAILED, "a second %s", role);
}

static bool read_config(struct manager *m)
{
	const struct config_report mistakes = {.mistake = on_mistake, .context = m};
	const struct order_report problems = {.problem = on_problem, .context = m};
	struct bootfs_file file;

	status_t status = bootfs_find(&m->system->bootfs, file_name(m), &file);
	if (status != OK) {
		say(LOG_ERROR, "%s: %s", file_name(m), status_text(status));
		return false;
	}
	if (!config_read(&m->config, &m->arena, file.data, file.size, &mistakes))
		return false;
	m->services = calloc(m->config.count + 1, sizeof(*m->services));
	if (!m->services) {
		say(LOG_ERROR, "no memory for %u services", m->config.count);
		return false;
	}
	for (unsigned i = 0; i < m->config.count; i++) {
		struct service *service = &m->services[i];
		service->config = &m->config.services[i];
		service->number = i;
		service->deadline = DEADLINE_NEVER;
		service_set_state(service, INIT_STATE_WAITING, "%s", "");
		take_role(service, CAP_DEVICE_MANAGER, "device manager", &m->devmgr_service);
		take_role(service, CAP_FILE_SYSTEMS, "vfs", &m->vfs_service);
	}
	order_services(&m->order, &m->config, &problems);
	return true;
}

/* ---- the console ---------------------------------------------------------------------------- */

static void set_echo(struct manager *m, bool on)
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

	if (!m->devmgr_service || m->devmgr_service->state != INIT_STATE_RUNNING)
		return ERR_STATE;
	status_t status = devmgr_open_until(m->devmgr, now() + CONSOLE_WAIT_NS, "stdout", &device, &class, &index);
	if (status != OK)
		return status;
	if (class != DEVMGR_CLASS_SERIAL) {
		handle_close(device);
		return ERR_UNSUPPORTED;
	}
	if (m->console != HANDLE_NONE)
		handle_close(m->console);
	m->console = device;
	set_echo(m, false);
	return OK;
}

/* ---- starting ------------------------------------------------------------------------------- */

/* The first dependency that is not up, NULL if all are. */
static struct service *missing_dependency(struct manager *m, const struct service *service)
{
	for (unsigned i = 0; service->config->depends_on[i]; i++) {
		struct service *dependency = manager_find(m, service->config->depends_on[i]);
		if (!dependency || !service_is_up(dependency))
			return dependency;
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
		service->deadline = now() + delay;
		if (delay != 0)
			say(LOG_WARN, "%s starts again in %" PRIu64 " ms", name, delay / MS);
		break;
	case RESTART_GIVE_UP:
		service_set_state(service, INIT_STATE_FAILED, "%s", why);
		say(LOG_ERROR, "%s has failed%s", name,
		    service->config->restart == RESTART_NEVER ? "" : " too often and is given up");
		if (service == m->devmgr_service)
			set_echo(m, true); /* nobody else can use the console now */
		break;
	case RESTART_STAY_ENDED: service_set_state(service, INIT_STATE_STOPPED, "%s", why); break;
	}
}

static void launch(struct manager *m, struct service *service)
{
	struct grant grant;
	struct grant_source source = {.system = m->system, .endpoint = m->endpoint, .devmgr = m->devmgr, .vfs = m->vfs};
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
		started = service_launch(service, m->system, &grant, m->ended, m->ended_bits);
	if (status == OK)
		grant_free(&grant);
	if (started) {
		say(LOG_INFO, "%s is started (process %" PRIu64 ")", service->config->name, service->pid);
		return;
	}
	say(LOG_ERROR, "%s: %s", service->config->name, service->reason);
	decide(m, service, true, 0);
}

static void try_start(struct manager *m, struct service *service)
{
	const struct service *missing = missing_dependency(m, service);
	if (!missing) {
		launch(m, service);
		return;
	}
	service->deadline = DEADLINE_NEVER;
	if (service->state != INIT_STATE_WAITING || strstr(service->reason, missing->config->name) == NULL)
		service_set_state(service, INIT_STATE_WAITING, "waits for %s", missing->config->name);
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
	server_timer_set(&m->timer, now());
}

void manager_start(struct manager *m, struct service *service)
{
	/* Dependencies first. The order is free of cycles, so this ends. */
	for (unsigned i = 0; service->config->depends_on[i]; i++) {
		struct service *dependency = manager_find(m, service->config->depends_on[i]);
		if (dependency && !dependency->refused && !service_is_up(dependency))
			manager_start(m, dependency);
	}
	if (service->state == INIT_STATE_STOPPING) {
		service->start_wanted = true;
	} else if (service->process == HANDLE_NONE && !service->refused) {
		service->restarts.in_row = 0;
		service->stop_wanted = false;
		service_set_state(service, INIT_STATE_WAITING, "%s", "");
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
	uint64_t ran = now() - service->started_ns;
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
	decide(m, service, service->exit_status != 0, ran);
	/* Whoever asked for a stop just now gets what he wanted. */
	answer_waiters(service);
}

static void stop_process(struct service *service)
{
	service->stop_wanted = true;
	service->deadline = DEADLINE_NEVER;
	if (service->process == HANDLE_NONE) {
		if (!service->refused)
			service_set_state(service, INIT_STATE_STOPPED, "%s", "");
	} else if (service->state != INIT_STATE_STOPPING) {
		service_set_state(service, INIT_STATE_STOPPING, "%s", "");
		service_kill(service);
	}
}

static bool depends_on(struct manager *m, const struct service *service, const struct service *other)
{
	for (unsigned i = 0; service->config->depends_on[i]; i++) {
		if (manager_find(m, service->config->depends_on[i]) == other)
			return true;
	}
	return false;
}

bool manager_needs(struct manager *m, const struct service *service, const struct service *other)
{
	if (!service || service == other)
		return service == other;
	if (service->refused)
		return false; /* only those may be in a ring */
	for (unsigned i = 0; service->config->depends_on[i]; i++) {
		if (manager_needs(m, manager_find(m, service->config->depends_on[i]), other))
			return true;
	}
	return false;
}

void manager_stop(struct manager *m, struct service *service, bool again)
{
	/* From the last of the order: what depends on a service stands after it. */
	for (unsigned i = m->order.count; i-- > 0 && !again;) {
		struct service *other = &m->services[m->order.sequence[i]];
		if (other->process != HANDLE_NONE && other->state != INIT_STATE_STOPPING &&
		    depends_on(m, other, service))
			manager_stop(m, other, false);
	}
	service->start_wanted = again;
	bool ran = service->process != HANDLE_NONE;
	stop_process(service);
	if (!ran && again) {
		service->start_wanted = false;
		manager_start(m, service);
	}
}

/* ---- the end of the system ------------------------------------------------------------------ */

void manager_end(struct manager *m, bool reboot)
{
	m->ending = true;
	m->reboot = reboot;
	m->end_deadline = now() + END_WAIT_NS;
	say(LOG_INFO, "the system is going %s", reboot ? "to start again" : "down");
}

/* Drivers finish what they do, the console among them; from then on the kernel writes it. */
static void stop_drivers(struct manager *m)
{
	m->drivers_stopped = true;
	if (m->devmgr_service->state == INIT_STATE_RUNNING) {
		status_t status = devmgr_stop_all_until(m->devmgr, now() + DRIVERS_WAIT_NS, DRIVERS_GRACE_MS);
		if (status != OK)
			say(LOG_ERROR, "the drivers did not stop: %s", status_text(status));
	}
	set_echo(m, true);
}

/* What was written gets to its medium; the file systems end. */
static void stop_files(struct manager *m)
{
	m->files_stopped = true;
	if (m->vfs_service->state != INIT_STATE_RUNNING)
		return;
	status_t status = vfs_stop_until(m->vfs, now() + FILES_WAIT_NS);
	if (status != OK)
		say(LOG_ERROR, "not everything is on its medium: %s", status_text(status));
	/* That took the time that it took: the others still have theirs. */
	m->end_deadline = now() + END_WAIT_NS;
}

/* Stops services that nothing running depends on. True when all have ended. */
static bool end_services(struct manager *m)
{
	bool all_ended = true;
	for (unsigned i = m->order.count; i-- > 0;) {
		struct service *service = &m->services[m->order.sequence[i]];
		bool needed = false;
		if (service->process == HANDLE_NONE) {
			stop_process(service);
			continue;
		}
		all_ended = false;
		for (unsigned k = i + 1; k < m->order.count; k++) {
			const struct service *other = &m->services[m->order.sequence[k]];
			needed |= other->process != HANDLE_NONE && depends_on(m, other, service);
		}
		if (needed || service->state == INIT_STATE_STOPPING)
			continue;
		if (service == m->devmgr_service && !m->drivers_stopped)
			stop_drivers(m);
		if (service == m->vfs_service && !m->files_stopped)
			stop_files(m);
		stop_process(service);
	}
	return all_ended;
}

static void progress_end(struct manager *m)
{
	bool all_ended = end_services(m);
	if (!all_ended && now() < m->end_deadline) {
		server_timer_set(&m->timer, m->end_deadline);
		return;
	}
	set_echo(m, true);
	if (!all_ended)
		say(LOG_ERROR, "some services did not end in time");
	say(LOG_INFO, m->reboot ? "starting again" : "power off");
	system_end(m->system, m->reboot);
	/* Still here: the machine cannot. Nothing is left that could be asked. */
	m->end_deadline = DEADLINE_NEVER;
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
	}
}

/* Looks at all services and does what is due. */
static void manager_progress(struct manager *m)
{
	uint64_t time = now(), next = DEADLINE_NEVER;

	if (m->ending) {
		progress_end(m);
		return;
	}
	/* In order: what starts here can be what a later one waits for. */
	for (unsigned i = 0; i < m->order.count; i++) {
		struct service *service = &m->services[m->order.sequence[i]];
		check_deadline(m, service, time);
		if (service->state == INIT_STATE_WAITING && !service->refused)
			try_start(m, service);
	}
	for (unsigned i = 0; i < m->config.count; i++) {
		if (m->services[i].deadline < next)
			next = m->services[i].deadline;
	}
	server_timer_set(&m->timer, next);
}

static void on_ended(void *context)
{
	struct manager *m = context;
	for (unsigned i = 0; i < m->config.count; i++) {
		if (service_reap(&m->services[i]))
			handle_end(m, &m->services[i]);
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
	fault_answer(m->system, number < m->config.count ? m->services[number].config->name : "nobody", &rq->msg);
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

/* Their endpoints are made here, so that clients keep them when the service is started again. */
static status_t make_endpoint(struct service *service, handle_t *out)
{
	if (!service)
		return OK;
	status_t status = endpoint_create(&service->endpoint);
	/* Without a badge: the owner's. */
	*out = service->endpoint;
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
	if (status == OK && !read_config(m))
		say(LOG_ERROR, "no services are started");
	if (status == OK)
		status = make_endpoint(m->devmgr_service, &m->devmgr);
	if (status == OK)
		status = make_endpoint(m->vfs_service, &m->vfs);
	if (status == OK) {
		manager_progress(m);
		status = server_run(&m->server);
	}
	say(LOG_ERROR, "init cannot go on: %s", status_text(status));
}
