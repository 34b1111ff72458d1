/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the system: services in the reverse order of their dependencies, files and drivers at the moments that they need. */
#include "protocols/devmgr.h"
#include "protocols/vfs.h"
#include "sys/lib/syscall.h"
#include "userland/init/manager.h"
#include "userland/init/say.h"

#define MS               UINT64_C(1000000)
#define DRIVERS_GRACE_MS 1000u /* for drivers to send what is queued */
#define DRIVERS_WAIT_NS  (5000 * MS)
#define FILES_WAIT_NS    (60000 * MS) /* for everything to be on its medium */
#define FORCE_WAIT_NS    (10000 * MS) /* from the end by force until a service counts as one that does not end */

void manager_end(struct manager *m, bool reboot)
{
	m->ending = true;
	m->reboot = reboot;
	say(LOG_INFO, "the system is going %s", reboot ? "to start again" : "down");
}

/* Drivers finish what they do, the console among them; from then on the kernel writes it. */
static void stop_drivers(struct manager *m)
{
	m->drivers_stopped = true;
	if (m->role[ROLE_DEVICES]->state == INIT_STATE_RUNNING) {
		status_t status = devmgr_stop_all_until(m->role_endpoint[ROLE_DEVICES], manager_now() + DRIVERS_WAIT_NS,
							DRIVERS_GRACE_MS);
		if (status != OK)
			say(LOG_ERROR, "the drivers did not stop: %s", status_text(status));
	}
	manager_echo(m, true);
}

/* What was written gets to its medium; the file systems end. */
static void stop_files(struct manager *m)
{
	m->files_stopped = true;
	if (m->role[ROLE_FILES]->state != INIT_STATE_RUNNING)
		return;
	status_t status = vfs_stop_until(m->role_endpoint[ROLE_FILES], manager_now() + FILES_WAIT_NS);
	if (status != OK)
		say(LOG_ERROR, "not everything is on its medium: %s", status_text(status));
}

static bool runs(const struct service *service)
{
	return service->process != HANDLE_NONE && !service->left_behind;
}

/* Polite words have had their time; then force has. */
static void check_time(struct service *service, uint64_t time)
{
	if (!service->asked || service->deadline > time)
		return;
	if (service->forced) {
		say(LOG_ERROR, "%s does not end and is left behind", service->config->name);
		service->left_behind = true;
		service->deadline = DEADLINE_NEVER;
		return;
	}
	say(LOG_WARN, "%s did not end in time and is ended by force", service->config->name);
	service_kill(service);
	service->deadline = time + FORCE_WAIT_NS;
}

static void stop_one(struct manager *m, struct service *service)
{
	if (service == m->role[ROLE_DEVICES] && !m->drivers_stopped)
		stop_drivers(m);
	if (service == m->role[ROLE_FILES] && !m->files_stopped)
		stop_files(m);
	manager_stop_process(service);
}

/* Stops services that nothing running depends on. True when all have ended. */
static bool end_services(struct manager *m)
{
	bool all_ended = true;

	for (unsigned i = 0; i < m->number_count; i++) {
		m->numbers[i]->marked = false;
		m->numbers[i]->start_wanted = false;
		if (!m->numbers[i]->listed && runs(m->numbers[i])) { /* the file has forgotten it: nobody needs it */
			all_ended = false;
			stop_one(m, m->numbers[i]);
		}
	}
	for (unsigned i = m->sequence_count; i-- > 0;) {
		struct service *service = m->sequence[i];
		if (!runs(service)) {
			if (service->process == HANDLE_NONE)
				manager_stop_process(service);
			continue;
		}
		all_ended = false;
		if (!service->marked)
			stop_one(m, service);
		for (unsigned k = 0; k < service->need_count; k++)
			service->needs[k]->marked = true;
	}
	return all_ended;
}

void ending_progress(struct manager *m)
{
	uint64_t next = DEADLINE_NEVER;
	bool all_ended, left_behind = false;

	for (unsigned i = 0; i < m->number_count; i++) {
		if (runs(m->numbers[i]))
			check_time(m->numbers[i], manager_now());
	}
	all_ended = end_services(m);
	for (unsigned i = 0; i < m->number_count; i++) {
		struct service *service = m->numbers[i];
		if (runs(service) && service->asked && service->forced && service->deadline == DEADLINE_NEVER)
			service->deadline = manager_now() + FORCE_WAIT_NS;
		if (runs(service) && service->deadline < next)
			next = service->deadline;
		left_behind |= service->left_behind;
	}
	if (!all_ended) {
		server_timer_set(&m->timer, next);
		return;
	}
	manager_echo(m, true);
	if (left_behind)
		say(LOG_ERROR, "some services did not end in time");
	say(LOG_INFO, m->reboot ? "starting again" : "power off");
	system_end(m->system, m->reboot);
	/* Still here: the machine cannot. Nothing is left that could be asked. */
	server_timer_set(&m->timer, DEADLINE_NEVER);
}
