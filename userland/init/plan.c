/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading services.toml: mistakes, order, roles. */
#include "userland/init/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userland/init/capability.h"
#include "userland/init/say.h"

#define SERVICES_FILE "etc/init/services.toml"

static const struct {
	enum capability capability;
	const char *text;
} roles[ROLE_COUNT] = {
	[ROLE_DEVICES] = {CAP_DEVICE_MANAGER, "device manager"},
	[ROLE_FILES] = {CAP_FILE_SYSTEMS, "vfs"},
	[ROLE_LOG] = {CAP_SYSTEM_LOG, "logger"},
	[ROLE_PROCESSES] = {CAP_PROCESS_SERVER, "process server"},
	[ROLE_TERMINALS] = {CAP_TERMINALS, "terminal server"},
};

const char *plan_file_name(const struct manager *m)
{
	return m->system->bootargs.services ? m->system->bootargs.services : SERVICES_FILE;
}

void plan_mistake(struct plan *plan, const char *format, ...)
{
	char line[INIT_MESSAGE_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	say(LOG_ERROR, "%s", line);
	if (plan->mistakes++ == 0)
		strlcpy(plan->first, line, sizeof(plan->first));
}

static void on_mistake(void *context, unsigned line, unsigned column, const char *message)
{
	struct plan *plan = context;
	plan_mistake(plan, "%s:%u:%u: %s", plan->file, line, column, message);
}

static void refuse(struct plan *plan, unsigned index, const char *message)
{
	const struct service_config *config = &plan->config.services[index];
	const char *copy = arena_copy(&plan->arena, message, strlen(message));

	plan->refusal[index] = copy ? copy : "it cannot start";
	plan_mistake(plan, "%s:%u: service '%s' cannot start: %s", plan->file, config->line, config->name, message);
}

static void on_problem(void *context, const struct service_config *config, const char *message)
{
	struct plan *plan = context;
	refuse(plan, (unsigned)(config - plan->config.services), message);
}

/* The index of the service that has the role, or config.count. */
static unsigned role_holder(const struct plan *plan, enum role role)
{
	unsigned i = 0;
	while (i < plan->config.count &&
	       (plan->refusal[i] || !(plan->config.services[i].capabilities & 1u << roles[role].capability)))
		i++;
	return i;
}

/* One service for each role: the first. */
static void check_single(struct plan *plan, enum role role)
{
	unsigned holder = role_holder(plan, role);
	char message[96];

	for (unsigned i = holder + 1; i < plan->config.count; i++) {
		if (plan->refusal[i] || !(plan->config.services[i].capabilities & 1u << roles[role].capability))
			continue;
		snprintf(message, sizeof(message), "only one can be the %s, '%s' is", roles[role].text,
			 plan->config.services[holder].name);
		refuse(plan, i, message);
	}
}

void plan_check_roles(struct plan *plan, const struct manager *m)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		unsigned holder = role_holder(plan, (enum role)role);
		const char *name = holder < plan->config.count ? plan->config.services[holder].name : NULL;
		const char *now = m->role[role] ? m->role[role]->config->name : NULL;

		if (now && (!name || strcmp(name, now) != 0))
			plan_mistake(plan, "%s: service '%s' is the %s and must stay that while the system runs",
				     plan->file, now, roles[role].text);
	}
}

struct plan *plan_new(const char *file, const char *text, size_t len)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	const struct config_report mistakes = {.mistake = on_mistake, .context = plan};
	const struct order_report problems = {.problem = on_problem, .context = plan};

	if (!plan)
		return NULL;
	plan->file = file;
	if (config_read(&plan->config, &plan->arena, text, len, &mistakes)) {
		order_services(&plan->order, &plan->config, &problems);
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			check_single(plan, (enum role)role);
	}
	return plan;
}

void plan_free(struct plan *plan)
{
	if (plan)
		arena_free(&plan->arena);
	free(plan);
}

bool plan_read(struct manager *m)
{
	struct init_changes changes;
	struct bootfs_file file;
	struct plan *plan;

	status_t status = bootfs_find(&m->system->bootfs, plan_file_name(m), &file);
	if (status != OK) {
		say(LOG_ERROR, "%s: %s", plan_file_name(m), status_text(status));
		return false;
	}
	plan = plan_new(plan_file_name(m), file.data, file.size);
	status = plan ? plan_adopt(m, plan, NULL, &changes) : ERR_NO_MEMORY;
	if (status != OK)
		say(LOG_ERROR, "%s: %s", plan_file_name(m), status_text(status));
	else
		status = plan->config.count != 0 ? OK : ERR_NOT_FOUND;
	plan_free(plan);
	return status == OK;
}
