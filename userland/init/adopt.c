/* SPDX-License-Identifier: BSD-2-Clause */
/* From what was read to what is done. All memory is taken before the first change, so that there is no half of one. */
#include <stdlib.h>
#include <string.h>

#include "protocols/logger.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"
#include "userland/init/capability.h"
#include "userland/init/plan.h"
#include "userland/init/say.h"

enum action { LEAVE, STOP, RESTART };

/* One for each service of the plan, in its order. */
struct change {
	struct service *service;
	struct service_config *config; /* to be the service's; NULL: taken */
	struct service **needs;
	unsigned need_count;
	bool is_new; /* the service is of this adoption */
	enum action action;
};

#define PROCD_KEEP_BYTES (8ull << 20) /* more than it needs: its next version may */

struct adoption {
	struct manager *manager;
	const struct plan *plan;
	struct service *caller;
	struct init_changes *counts;
	struct change *changes; /* plan->config.count */
	struct service **services, **sequence;
	handle_t endpoints[ROLE_COUNT]; /* made for roles that nobody had */
	handle_t keeps[ROLE_COUNT];     /* their memory that outlives them */
};

static struct service *find_name(const struct manager *m, const char *name)
{
	for (unsigned i = 0; i < m->number_count; i++) {
		if (strcmp(m->numbers[i]->config->name, name) == 0)
			return m->numbers[i];
	}
	return NULL;
}

static status_t prepare_one(struct adoption *a, unsigned index)
{
	const struct service_config *config = &a->plan->config.services[index];
	struct change *c = &a->changes[index];
	unsigned count = 0;

	while (config->depends_on[count])
		count++;
	c->service = find_name(a->manager, config->name);
	c->is_new = !c->service;
	if (c->is_new)
		c->service = calloc(1, sizeof(*c->service));
	c->config = config_copy(config);
	c->needs = calloc(count + 1, sizeof(*c->needs));
	a->services[index] = c->service;
	return c->service && c->config && c->needs ? OK : ERR_NO_MEMORY;
}

/* What a service that is refused depends on may not be there. */
static void prepare_needs(struct adoption *a, unsigned index)
{
	const struct config *config = &a->plan->config;
	struct change *c = &a->changes[index];

	for (unsigned i = 0; config->services[index].depends_on[i]; i++) {
		unsigned need = config_find(config, config->services[index].depends_on[i]);
		if (need < config->count)
			c->needs[c->need_count++] = a->services[need];
	}
}

/* Pages come when they are touched. */
static uint64_t keep_bytes(enum role role)
{
	return role == ROLE_LOG ? LOGGER_KEEP_BYTES : role == ROLE_PROCESSES ? PROCD_KEEP_BYTES : 0;
}

static status_t prepare_role(struct adoption *a, enum role role, enum capability capability)
{
	const struct config *config = &a->plan->config;
	status_t status;

	for (unsigned i = 0; i < config->count; i++) {
		if (a->plan->refusal[i] || !(config->services[i].capabilities & 1u << capability) ||
		    a->manager->role_endpoint[role] != HANDLE_NONE)
			continue;
		status = endpoint_create(&a->endpoints[role]);
		if (status == OK && keep_bytes(role))
			status = vmo_create(keep_bytes(role), 0, HANDLE_NONE, &a->keeps[role]);
		return status;
	}
	return OK;
}

static status_t prepare(struct adoption *a)
{
	unsigned count = a->plan->config.count, fresh = 0;

	a->changes = calloc(count + 1, sizeof(*a->changes));
	a->services = calloc(count + 1, sizeof(struct service *));
	a->sequence = calloc(count + 1, sizeof(struct service *));
	if (!a->changes || !a->services || !a->sequence)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; i < count; i++) {
		status_t status = prepare_one(a, i);
		if (status != OK)
			return status;
		fresh += a->changes[i].is_new;
	}
	if (fresh > MANAGER_NAMES_MAX - a->manager->number_count)
		return ERR_RANGE;
	for (unsigned i = 0; i < count; i++)
		prepare_needs(a, i);
	for (unsigned i = 0; i < a->plan->order.count; i++)
		a->sequence[i] = a->services[a->plan->order.sequence[i]];
	status_t status = prepare_role(a, ROLE_DEVICES, CAP_DEVICE_MANAGER);
	if (status == OK)
		status = prepare_role(a, ROLE_FILES, CAP_FILE_SYSTEMS);
	if (status == OK)
		status = prepare_role(a, ROLE_LOG, CAP_SYSTEM_LOG);
	if (status == OK)
		status = prepare_role(a, ROLE_PROCESSES, CAP_PROCESS_SERVER);
	if (status == OK)
		status = prepare_role(a, ROLE_TERMINALS, CAP_TERMINALS);
	return status;
}

static void give_up(struct adoption *a)
{
	for (unsigned i = 0; a->changes && i < a->plan->config.count; i++) {
		if (a->changes[i].is_new)
			free(a->changes[i].service);
		free(a->changes[i].config);
		free(a->changes[i].needs);
	}
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		ipc_close(a->endpoints[role]);
		ipc_close(a->keeps[role]);
	}
	free(a->services);
	free(a->sequence);
}

/* ---- from here on nothing fails ---------------------------------------------------------------- */

static void set_config(struct service *service, struct change *c)
{
	free(service->config);
	free(service->next);
	service->next = NULL;
	service->config = c->config;
	c->config = NULL;
}

static void postpone(struct service *service, struct change *c)
{
	free(service->next);
	service->next = c->config;
	c->config = NULL;
}

static bool has_role(const struct manager *m, const struct service *service)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (m->role[role] == service)
			return true;
	}
	return false;
}

/* It has no process, and is to have one if the file says so. */
static void begin(struct service *service, struct change *c)
{
	service->loading = NULL;
	service->deadline = DEADLINE_NEVER;
	service->restarts.in_row = 0;
	service->stop_wanted = false;
	set_config(service, c);
	if (service->config->enabled)
		service_set_state(service, INIT_STATE_WAITING, "%s", "");
	else
		service_set_state(service, INIT_STATE_STOPPED, "not enabled");
}

/* `stays`: the caller stands on it, or the system does. */
static void change_running(struct adoption *a, struct service *service, struct change *c, bool was_enabled, bool stays)
{
	bool enabled = c->config->enabled;

	if (config_same_process(service->config, c->config)) {
		a->counts->adapted++;
		set_config(service, c);
	} else {
		postpone(service, c);
		if (stays || service->state == INIT_STATE_STOPPING) {
			a->counts->postponed++;
			say(LOG_INFO, "%s has changed: that counts from its next start", service->config->name);
		} else if (enabled) {
			a->counts->restarted++;
			c->action = RESTART;
		}
	}
	if (was_enabled && !enabled && !stays)
		c->action = STOP;
}

static bool same_config(const struct service_config *a, const struct service_config *b)
{
	return config_same_process(a, b) && a->restart == b->restart && a->restart_limit == b->restart_limit &&
	       a->restart_delay_ns == b->restart_delay_ns && a->ready_timeout_ns == b->ready_timeout_ns &&
	       a->stop_timeout_ns == b->stop_timeout_ns && a->enabled == b->enabled;
}

static void change_one(struct adoption *a, struct change *c, bool stays)
{
	struct service *service = c->service;
	bool was_listed = service->listed;

	free(service->needs);
	service->needs = c->needs;
	service->need_count = c->need_count;
	service->listed = true;
	c->needs = NULL;
	if (!was_listed) {
		a->counts->added++;
		if (service->process == HANDLE_NONE) {
			begin(service, c);
		} else if (config_same_process(service->config, c->config) && service->state != INIT_STATE_STOPPING) {
			set_config(service, c);
		} else {
			service->start_wanted = c->config->enabled;
			postpone(service, c);
		}
		return;
	}
	const struct service_config *before = service->next ? service->next : service->config;
	bool was_enabled = before->enabled;
	if (same_config(before, c->config)) {
		a->counts->unchanged++;
		/* Lines may have moved, and dependencies may be others. */
		if (service->next)
			postpone(service, c);
		else
			set_config(service, c);
	} else if (service->process != HANDLE_NONE) {
		change_running(a, service, c, was_enabled, stays);
	} else {
		a->counts->adapted++;
		/* Who stopped it by hand wants it stopped. */
		if (service->state == INIT_STATE_STOPPED && was_enabled == c->config->enabled)
			set_config(service, c);
		else
			begin(service, c);
	}
}

static void add_number(struct manager *m, struct service *service)
{
	service->process = service->quota = service->stop_note = HANDLE_NONE;
	service->endpoint = HANDLE_NONE;
	service->number = m->number_count;
	service->deadline = DEADLINE_NEVER;
	m->numbers[m->number_count++] = service;
}

static void take_role(struct adoption *a, enum role role, enum capability capability)
{
	struct manager *m = a->manager;

	if (a->endpoints[role] == HANDLE_NONE)
		return;
	m->role_endpoint[role] = a->endpoints[role];
	m->role_keep[role] = a->keeps[role];
	for (unsigned i = 0; i < a->plan->config.count; i++) {
		if (a->plan->refusal[i] || !(a->services[i]->config->capabilities & 1u << capability))
			continue;
		m->role[role] = a->services[i];
		m->role[role]->endpoint = m->role_endpoint[role];
		return;
	}
}

static void remove_one(struct adoption *a, struct service *service)
{
	service->listed = false;
	service->start_wanted = false;
	a->counts->removed++;
	free(service->next);
	service->next = NULL;
	free(service->needs);
	service->needs = NULL;
	service->need_count = 0;
	if (!service->kept)
		manager_stop_process(service);
	else
		say(LOG_INFO, "%s is not in %s any more: it is not started again", service->config->name,
		    a->plan->file);
}

static void refuse(struct service *service, const char *message)
{
	service->refused = message != NULL;
	if (message)
		service_set_state(service, INIT_STATE_FAILED, "%s", message);
}

/* Services are kept if the system stands on them, or the caller does: seen before anything changes. */
static void find_kept(struct adoption *a)
{
	struct manager *m = a->manager;

	for (unsigned i = 0; i < m->number_count; i++)
		m->numbers[i]->marked = false;
	if (a->caller)
		manager_mark_needs(m, a->caller);
	for (unsigned i = 0; i < m->number_count; i++)
		m->numbers[i]->kept = m->numbers[i]->marked || has_role(m, m->numbers[i]);
}

static void commit(struct adoption *a)
{
	struct manager *m = a->manager;
	unsigned count = a->plan->config.count, old_count = m->count;
	struct service **old = m->services;

	find_kept(a);
	for (unsigned i = 0; i < count; i++) {
		if (a->changes[i].is_new)
			add_number(m, a->changes[i].service);
		change_one(a, &a->changes[i], a->changes[i].service->kept);
		refuse(a->services[i], a->plan->refusal[i]);
	}
	free(m->sequence);
	m->services = a->services;
	m->count = count;
	m->sequence = a->sequence;
	m->sequence_count = a->plan->order.count;
	take_role(a, ROLE_DEVICES, CAP_DEVICE_MANAGER);
	take_role(a, ROLE_FILES, CAP_FILE_SYSTEMS);
	take_role(a, ROLE_LOG, CAP_SYSTEM_LOG);
	take_role(a, ROLE_PROCESSES, CAP_PROCESS_SERVER);
	take_role(a, ROLE_TERMINALS, CAP_TERMINALS);
	for (unsigned i = 0; i < m->number_count; i++)
		m->numbers[i]->marked = false;
	for (unsigned i = 0; i < count; i++)
		m->services[i]->marked = true;
	for (unsigned i = 0; i < old_count; i++) {
		if (!old[i]->marked)
			remove_one(a, old[i]);
	}
	free(old);
	for (unsigned i = 0; i < count; i++) {
		if (a->changes[i].action != LEAVE)
			manager_stop(m, a->changes[i].service, a->changes[i].action == RESTART);
	}
}

status_t plan_adopt(struct manager *m, const struct plan *plan, struct service *caller, struct init_changes *counts)
{
	struct adoption a = {.manager = m, .plan = plan, .caller = caller, .counts = counts};

	*counts = (struct init_changes){0};
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		a.endpoints[role] = a.keeps[role] = HANDLE_NONE;
	status_t status = prepare(&a);
	if (status == OK)
		commit(&a);
	else
		give_up(&a);
	free(a.changes);
	return status;
}
