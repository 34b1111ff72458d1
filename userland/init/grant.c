/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of capabilities: authority in the system is decided here. */
#include "userland/init/grant.h"

#include <string.h>

#include "protocols/devmgr.h"
#include "protocols/logger.h"
#include "protocols/process.h"
#include "protocols/tty.h"
#include "protocols/vfs.h"
#include "sys/lib/syscall.h"
#include "userland/init/capability.h"

/* A handle that may be used, handed on and looked at, but not revoked. */
#define HANDED (RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO)

static void add(struct grant *grant, const char *name, handle_t handle, uint32_t rights)
{
	if (handle == HANDLE_NONE || grant->count == GRANT_MAX) {
		grant->status = handle == HANDLE_NONE ? ERR_NOT_FOUND : ERR_RANGE;
		return;
	}
	grant->handles[grant->count++] = (struct spawn_handle){name, handle, rights};
}

/* A caller's handle with a badge, which belongs to the grant. */
static handle_t mint(struct grant *grant, handle_t endpoint, uint64_t badge)
{
	handle_t handle = HANDLE_NONE;
	status_t status = grant->made_count < GRANT_MAX
				  ? endpoint_mint(endpoint, badge, HANDED | RIGHT_EP_CALL, &handle)
				  : ERR_RANGE;
	if (status == OK)
		grant->made[grant->made_count++] = handle;
	else
		grant->status = status;
	return handle;
}

static void add_init(struct grant *grant, const struct grant_source *source, const struct service *service)
{
	uint64_t badge = service->number + 1;
	if (service->config->capabilities & 1u << CAP_SERVICE_CONTROL)
		badge |= BADGE_CONTROL;
	if (service->config->capabilities & 1u << CAP_POWER)
		badge |= BADGE_POWER;
	add(grant, HND_INIT, mint(grant, source->endpoint, badge), HANDED | RIGHT_EP_CALL);
	grant->fault = mint(grant, source->endpoint, (service->number + 1) | BADGE_FAULT);
}

/* Where it says what is for the log; who may look at everything may read what others said. */
static void add_log(struct grant *grant, const struct grant_source *source, const struct service *service)
{
	uint64_t badge = service->number + 1;
	if (source->log == HANDLE_NONE || service->config->capabilities & 1u << CAP_SYSTEM_LOG)
		return;
	if (service->config->capabilities & 1u << CAP_SYSTEM_INSPECT)
		badge |= LOGGER_BADGE_READ;
	add(grant, HND_LOG, mint(grant, source->log, badge), HANDED | RIGHT_EP_CALL);
}

/* Each device's registers and interrupt, memory for DMA, the tree that says which there are, and the programs to drive them. */
static void add_device_manager(struct grant *grant, const struct system *system, const struct service *service)
{
	const uint32_t resource = HANDED | RIGHT_REVOKE | RIGHT_RES_MINT;
	add(grant, HND_RES_MMIO, system->res_mmio, resource);
	add(grant, HND_RES_IRQ, system->res_irq, resource);
	add(grant, "res.dma", system->res_dma, resource);
	add(grant, "res.priority", system->res_priority, resource);
	add(grant, HND_DEVMGR, service->endpoint,
	    HANDED | RIGHT_EP_CALL | RIGHT_EP_RECV | RIGHT_EP_MINT | RIGHT_REVOKE);
}

/* The view of user 0; who may mount has another. */
static void add_files(struct grant *grant, const struct grant_source *source, uint64_t badge)
{
	add(grant, HND_VFS, source->vfs == HANDLE_NONE ? HANDLE_NONE : mint(grant, source->vfs, badge),
	    HANDED | RIGHT_EP_CALL);
}

/* Its endpoint, its memory of before, any process, and who the views are that processes hold. Without files there is nobody to ask. */
static void add_process_server(struct grant *grant, const struct grant_source *source, const struct service *service)
{
	add(grant, "procd", service->endpoint, HANDED | RIGHT_EP_CALL | RIGHT_EP_RECV | RIGHT_EP_MINT);
	add(grant, "state", source->procd_keep, HANDED | RIGHT_VMO_READ | RIGHT_VMO_WRITE);
	add(grant, "res.process", source->system->res_process, HANDED | RIGHT_RES_MINT);
	if (source->vfs != HANDLE_NONE)
		add(grant, "examiner", mint(grant, source->vfs, VFS_BADGE_EXAMINER), HANDED | RIGHT_EP_CALL);
}

/* Faults of who can be signalled go there too. */
static void add_processes(struct grant *grant, const struct grant_source *source, uint64_t badge)
{
	handle_t handle = source->procd == HANDLE_NONE ? HANDLE_NONE : mint(grant, source->procd, badge);

	add(grant, HND_PROC, handle, HANDED | RIGHT_EP_CALL);
	if (handle != HANDLE_NONE)
		grant->fault = handle;
}

static void add_capability(struct grant *grant, const struct grant_source *source, const struct service *service,
			   enum capability capability)
{
	const struct system *system = source->system;
	switch (capability) {
	case CAP_DEVICE_MANAGER: add_device_manager(grant, system, service); break;
	case CAP_DEVICES:
		add(grant, HND_DEVMGR,
		    source->devmgr == HANDLE_NONE
			    ? HANDLE_NONE
			    : mint(grant, source->devmgr, DEVMGR_CLIENT_OPEN | DEVMGR_CLIENT_MANAGE),
		    HANDED | RIGHT_EP_CALL);
		break;
	case CAP_BOOTFS: add(grant, HND_BOOTFS, system->bootfs_vmo, HANDED | RIGHT_VMO_READ | RIGHT_VMO_EXEC); break;
	case CAP_DEVICE_TREE: add(grant, HND_FDT, system->fdt, HANDED | RIGHT_VMO_READ); break;
	case CAP_SYSTEM_INSPECT: add(grant, "res.inspect", system->res_inspect, HANDED | RIGHT_RES_MINT); break;
	case CAP_PROCESS_CONTROL: add(grant, "res.process", system->res_process, HANDED | RIGHT_RES_MINT); break;
	case CAP_FILE_SYSTEMS:
		add(grant, HND_VFS, service->endpoint, HANDED | RIGHT_EP_CALL | RIGHT_EP_RECV | RIGHT_EP_MINT);
		/* For requests of file systems to disks */
		add(grant, "res.dma", system->res_dma, HANDED | RIGHT_RES_MINT);
		break;
	case CAP_FILES:
		/* One handle, and that of the greater right. */
		if (source->view != HANDLE_NONE)
			add(grant, HND_VFS, source->view, HANDED | RIGHT_EP_CALL);
		else if (!(service->config->capabilities & 1u << CAP_MOUNTS))
			add_files(grant, source, VFS_BADGE_SYSTEM);
		break;
	case CAP_MOUNTS: add_files(grant, source, VFS_BADGE_MANAGER); break;
	case CAP_PROCESS_EXAMINE: add(grant, "res.examine", system->res_examine, HANDED | RIGHT_RES_MINT); break;
	case CAP_SYSTEM_LOG:
		add(grant, HND_LOG, service->endpoint, HANDED | RIGHT_EP_CALL | RIGHT_EP_RECV);
		add(grant, "log.keep", source->log_keep, RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_WRITE);
		break;
	case CAP_PROCESS_SERVER: add_process_server(grant, source, service); break;
	case CAP_PROCESSES:
		/* One handle, and that of the greater right. */
		if (!(service->config->capabilities & 1u << CAP_PROCESS_TERMINALS))
			add_processes(grant, source, PROCESS_BADGE_CLIENT);
		break;
	case CAP_PROCESS_TERMINALS: add_processes(grant, source, PROCESS_BADGE_TERMINAL); break;
	case CAP_TERMINALS:
		add(grant, HND_TTY, service->endpoint, HANDED | RIGHT_EP_CALL | RIGHT_EP_RECV | RIGHT_EP_MINT);
		break;
	case CAP_TERMINAL_DEVICES:
		/* A system without terminals has no devices of theirs. */
		if (source->terminals != HANDLE_NONE)
			add(grant, HND_TTY, mint(grant, source->terminals, TTY_BADGE_OPENER), HANDED | RIGHT_EP_CALL);
		break;
	case CAP_SERVICE_CONTROL:
	case CAP_POWER: /* in the badge of init's endpoint */
	case CAP_COUNT: break;
	}
}

bool grant_make(struct grant *grant, const struct grant_source *source, const struct service *service)
{
	memset(grant, 0, sizeof(*grant));
	add_init(grant, source, service);
	add_log(grant, source, service);
	for (unsigned c = 0; c < CAP_COUNT; c++) {
		if (service->config->capabilities & 1u << c)
			add_capability(grant, source, service, (enum capability)c);
	}
	if (service->config->console && source->terminals != HANDLE_NONE) {
		handle_t console = mint(grant, source->terminals, TTY_BADGE_CONSOLE | service->number);

		add(grant, HND_FD "0:2:" FD_TERMINAL, console, HANDED | RIGHT_EP_CALL);
		add(grant, HND_FD "1:2:" FD_TERMINAL, console, HANDED | RIGHT_EP_CALL);
		add(grant, HND_FD "2:2:" FD_TERMINAL, console, HANDED | RIGHT_EP_CALL);
	} else if (service->config->console) {
		add(grant, HND_STDIN, source->console, HANDED | RIGHT_EP_CALL);
		add(grant, HND_STDOUT, source->console, HANDED | RIGHT_EP_CALL);
		add(grant, HND_STDERR, source->console, HANDED | RIGHT_EP_CALL);
	}
	return grant->status == OK;
}

void grant_free(struct grant *grant)
{
	while (grant->made_count != 0)
		handle_close(grant->made[--grant->made_count]);
}
