/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting and ending a service's process. */
#include "userland/init/service.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/lib/spawn.h"
#include "sys/lib/syscall.h"
#include "userland/init/grant.h"
#include "userland/init/say.h"

/* Of a service with its own quota; its memory is in services.toml. */
#define QUOTA_HANDLES   16384
#define QUOTA_THREADS   512
#define QUOTA_PROCESSES 256

void service_set_state(struct service *service, enum init_state state, const char *reason, ...)
{
	va_list args;
	service->state = state;
	clock_get(&service->since_ns);
	va_start(args, reason);
	vsnprintf(service->reason, sizeof(service->reason), reason, args);
	va_end(args);
}

static void argument_list(const struct service_config *config, const char **argv)
{
	size_t n = 0;
	argv[n++] = config->path;
	for (size_t i = 0; config->args[i]; i++)
		argv[n++] = config->args[i];
	argv[n] = NULL;
}

/* What every service finds, unless its own env says otherwise. */
static void environment_list(const struct service_config *config, const char **envp)
{
	static const char *const defaults[] = {"PATH=/bin:/sbin", "HOME=/", "TERM=vt100"};
	size_t n = 0;
	for (size_t d = 0; d < sizeof(defaults) / sizeof(defaults[0]); d++) {
		size_t name = strcspn(defaults[d], "=") + 1;
		bool own = false;
		for (size_t i = 0; config->env[i]; i++)
			own |= strncmp(config->env[i], defaults[d], name) == 0;
		if (!own)
			envp[n++] = defaults[d];
	}
	for (size_t i = 0; config->env[i]; i++)
		envp[n++] = config->env[i];
	envp[n] = NULL;
}

/* A machine with little memory has less for the service: what is asked for, but no more than half of what is left. */
static uint64_t quota_memory(const struct service *service)
{
	uint64_t asked = service->config->memory_bytes, left;
	struct quota_info own;

	if (quota_info(HANDLE_NONE, &own) != OK)
		return asked;
	left = (own.limit.mem_bytes - own.used.mem_bytes) / 2;
	return asked < left ? asked : left & ~(PAGE_SIZE - 1);
}

static status_t make_quota(struct service *service)
{
	struct quota_limits limits = {
		.mem_bytes = quota_memory(service),
		.handles = QUOTA_HANDLES,
		.threads = QUOTA_THREADS,
		.processes = QUOTA_PROCESSES,
	};
	if (service->config->memory_bytes == 0)
		return OK;
	return quota_create(HANDLE_NONE, &limits, &service->quota);
}

static void drop_quota(struct service *service)
{
	if (service->quota == HANDLE_NONE)
		return;
	/* What the service started and left behind ends with it. */
	quota_kill(service->quota);
	handle_close(service->quota);
	service->quota = HANDLE_NONE;
}

static status_t find_in_archive(const struct service *service, const struct system *system, struct program *out)
{
	const char *path = service->config->path;
	struct bootfs_file file;

	status_t status = bootfs_find(&system->bootfs, path + strspn(path, "/"), &file);
	if (status != OK)
		return status;
	*out = (struct program){.image = file.data, .size = file.size, .vmo = HANDLE_NONE};
	if (file.offset % PAGE_SIZE == 0) {
		out->vmo = system->bootfs_vmo;
		out->offset = file.offset;
	}
	return OK;
}

bool service_in_archive(const struct service *service, const struct system *system)
{
	struct program found;
	return find_in_archive(service, system, &found) == OK;
}

static status_t start_process(struct service *service, const struct system *system, const struct grant *grant,
			      const struct program *program)
{
	const struct service_config *config = service->config;
	const char *argv[SERVICE_ARGS_MAX + 2], *envp[SERVICE_ARGS_MAX + 4];
	struct spawn_handle handles[GRANT_MAX + 1];
	struct program found;
	status_t status;

	if (!program) {
		status = find_in_archive(service, system, &found);
		if (status != OK)
			return status;
		program = &found;
	}
	argument_list(config, argv);
	environment_list(config, envp);
	memcpy(handles, grant->handles, grant->count * sizeof(handles[0]));
	handles[grant->count] = (struct spawn_handle){HND_QUOTA,
						      service->quota != HANDLE_NONE ? service->quota : system->quota,
						      RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO | RIGHT_QUOTA_USE};
	struct spawn_args spawning = {
		.image = program->image,
		.image_size = program->size,
		.image_vmo = program->vmo,
		.image_offset = program->offset,
		.name = config->name,
		.argv = argv,
		.envp = envp,
		.quota = service->quota,
		.prio = config->priority,
		.handles = handles,
		.nhandles = grant->count + 1,
		.fault_ep = grant->fault,
	};
	return spawn(&spawning, &service->process, NULL);
}

bool service_launch(struct service *service, const struct system *system, const struct grant *grant,
		    const struct program *program, handle_t notification, uint64_t bits)
{
	struct process_info info;
	service->process = HANDLE_NONE;
	service->quota = HANDLE_NONE;
	status_t status = make_quota(service);
	if (status == OK)
		status = start_process(service, system, grant, program);
	if (status == OK)
		status = process_watch(service->process, notification, bits);
	if (status == OK)
		status = process_info(service->process, &info);
	if (status != OK) {
		if (service->process != HANDLE_NONE) {
			process_kill(service->process, SIGKILL);
			handle_close(service->process);
			service->process = HANDLE_NONE;
		}
		drop_quota(service);
		service_set_state(service, INIT_STATE_FAILED, "%s cannot be started: %s", service->config->path,
				  status_text(status));
		return false;
	}
	service->pid = info.koid;
	service->asked = service->forced = false;
	service->deadline = DEADLINE_NEVER;
	clock_get(&service->started_ns);
	if (service->config->notify) {
		service->deadline = service->started_ns + service->config->ready_timeout_ns;
		service_set_state(service, INIT_STATE_STARTING, "has not said that it is ready");
	} else {
		service_set_state(service, INIT_STATE_RUNNING, "%s", "");
	}
	return true;
}

bool service_reap(struct service *service)
{
	struct process_info info;
	if (service->process == HANDLE_NONE)
		return false;
	status_t status = process_info(service->process, &info);
	if (status == OK && info.state != PROCESS_ENDED)
		return false;
	service->ended = true;
	service->exit_status = status == OK ? info.exit_status : EXIT_KILLED;
	handle_close(service->process);
	service->process = HANDLE_NONE;
	service->last_pid = service->pid;
	service->pid = 0;
	service->deadline = DEADLINE_NEVER;
	if (service->stop_note != HANDLE_NONE)
		handle_close(service->stop_note);
	service->stop_note = HANDLE_NONE;
	drop_quota(service);
	return true;
}

bool service_ask_to_end(struct service *service)
{
	return service->stop_note != HANDLE_NONE && notification_signal(service->stop_note, service->stop_bits) == OK;
}

void service_kill(struct service *service)
{
	service->forced = true;
	status_t status = process_kill(service->process, SIGTERM);
	if (status != OK)
		say(LOG_ERROR, "%s cannot be ended: %s", service->config->name, status_text(status));
}

bool service_is_up(const struct service *service)
{
	if (service->state == INIT_STATE_RUNNING)
		return true;
	return service->state == INIT_STATE_STOPPED && service->ended && service->exit_status == 0 &&
	       !service->stop_wanted;
}
