/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of file systems: each gets what its type needs and nothing else. One that dies is started again with the same endpoint and state;
 * callers wait at the endpoint meanwhile. One that dies too often is given up.
 */
#include <stdio.h>
#include <string.h>

#include "fs/lib/fs.h"
#include "fs/vfs/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define HANDLES_MAX   12
/* One that was killed after this time was ended by somebody who meant to: no failure of its own. */
#define HEALTHY_NS    1000000000ull
/* Above programs, below drivers */
#define PRIO_FS       PRIO_USER_MAX
#define QUOTA_BYTES   (3 * 1024 * 1024ull)
#define PIPES_BYTES   (8 * 1024 * 1024ull)  /* for what is on its way in pipes (fs/lib/fifo.h) */
#define CACHE_PARTS   8                     /* of the RAM, for a file system on a disk, */
#define CACHE_MAX     (64 * 1024 * 1024ull) /* but no more than this */
#define QUOTA_HANDLES 32768
#define QUOTA_THREADS 16

struct handles {
	struct spawn_handle list[HANDLES_MAX];
	size_t count;
};

static void add(struct handles *h, const char *name, handle_t handle, uint32_t rights)
{
	if (handle != HANDLE_NONE)
		h->list[h->count++] = (struct spawn_handle){name, handle, rights};
}

/* To look at everything, and to change nothing. */
static void collect_procfs(struct vfs *v, struct handles *h)
{
	if (v->examiner == HANDLE_NONE)
		(void)endpoint_mint(v->endpoint, VFS_BADGE_EXAMINER,
				    RIGHT_INFO | RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE, &v->examiner);
	add(h, FS_HND_EXAMINER, v->examiner, RIGHT_INFO | RIGHT_EP_CALL);
	add(h, "res.inspect", startup_handle("res.inspect"), RIGHT_INFO | RIGHT_RES_MINT);
	add(h, "res.examine", startup_handle("res.examine"), RIGHT_INFO | RIGHT_RES_MINT);
	add(h, HND_FDT, startup_handle(HND_FDT), RIGHT_INFO | RIGHT_VMO_READ);
}

static void collect(struct vfs *v, const struct mount *m, struct handles *h)
{
	const uint32_t memory = RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_WRITE;

	h->count = 0;
	add(h, FS_HND_ENDPOINT, m->endpoint,
	    RIGHT_EP_RECV | RIGHT_EP_MINT | RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO);
	add(h, FS_HND_STATE, m->state_vmo, memory);
	/* It gives clients snapshots of it. */
	add(h, FS_HND_STORE, m->store, memory | RIGHT_VMO_EXEC | RIGHT_DUP | RIGHT_MOVE);
	if (strcmp(m->type, "bootfs") == 0)
		add(h, HND_BOOTFS, v->archive.vmo,
		    RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_EXEC | RIGHT_DUP | RIGHT_MOVE);
	if (strcmp(m->type, "devfs") == 0) {
		add(h, HND_DEVMGR, startup_handle(HND_DEVMGR), RIGHT_INFO | RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE);
		add(h, HND_TTY, startup_handle(HND_TTY), RIGHT_INFO | RIGHT_EP_CALL);
	}
	if (strcmp(m->type, "procfs") == 0)
		collect_procfs(v, h);
	if (m->disk != HANDLE_NONE) {
		add(h, FS_HND_DISK, m->disk, RIGHT_INFO | RIGHT_EP_CALL);
		add(h, FS_HND_DMA, startup_handle("res.dma"), RIGHT_INFO | RIGHT_RES_MINT);
	}
	add(h, HND_QUOTA, m->quota, RIGHT_INFO | RIGHT_QUOTA_USE);
}

static uint64_t cache_bytes(uint64_t ram)
{
	return ram / CACHE_PARTS < CACHE_MAX ? ram / CACHE_PARTS : CACHE_MAX;
}

/* What the library and the tables of a store of that size need. A machine with little memory has less for it, or none that is its own. */
static void quota_make(const struct vfs *v, struct mount *m)
{
	struct quota_limits limits = {.handles = QUOTA_HANDLES, .threads = QUOTA_THREADS, .processes = 1};
	struct quota_info own;
	struct vmo_info store = {0};

	if (m->quota != HANDLE_NONE || quota_info(HANDLE_NONE, &own) != OK)
		return;
	if (m->store != HANDLE_NONE)
		(void)vmo_info(m->store, &store);
	limits.mem_bytes = QUOTA_BYTES + store.size / 32;
	if (m->hidden)
		limits.mem_bytes += PIPES_BYTES;
	/* Of what is kept on a disk as much as possible is remembered. */
	if (m->disk != HANDLE_NONE)
		limits.mem_bytes += cache_bytes(v->ram_bytes);
	if (limits.mem_bytes > (own.limit.mem_bytes - own.used.mem_bytes) / 8)
		return;
	(void)quota_create(HANDLE_NONE, &limits, &m->quota); /* without it draws on ours */
}

static status_t image_find(struct vfs *v, const struct mount *m, struct bootfs_file *file)
{
	char path[VFS_TYPE_MAX + 8];

	snprintf(path, sizeof(path), "fs/%s", m->type);
	return bootfs_find(&v->archive, path, file);
}

status_t instance_start(struct vfs *v, struct mount *m)
{
	const char *const argv[] = {m->type, m->starts ? FS_ARG_RESTART : FS_ARG_FRESH, m->options, m->source, NULL};
	char name[NAME_MAX_BYTES];
	struct process_info info;
	struct bootfs_file file;
	struct handles h;
	status_t status = image_find(v, m, &file);

	if (status != OK)
		return status;
	quota_make(v, m);
	collect(v, m, &h);
	snprintf(name, sizeof(name), "%s.%u", m->type, (unsigned)m->number);
	const struct spawn_args args = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = file.offset % PAGE_SIZE == 0 ? v->archive.vmo : HANDLE_NONE,
		.image_offset = file.offset % PAGE_SIZE == 0 ? file.offset : 0,
		.name = name,
		.argv = argv,
		.quota = m->quota,
		.prio = PRIO_FS,
		.handles = h.list,
		.nhandles = h.count,
		.fault_ep = startup_handle(HND_FAULT),
	};
	status = spawn(&args, &m->process, NULL);
	if (status == OK)
		status = process_watch(m->process, v->ended, v->ended_bits);
	if (status == OK)
		status = process_info(m->process, &info);
	if (status != OK) {
		instance_kill(m);
		ipc_close(m->process);
		m->process = HANDLE_NONE;
		return status;
	}
	m->pid = info.koid;
	m->starts++;
	m->started_at = time_now();
	m->state = m->served ? VFS_STATE_RUNNING : VFS_STATE_STARTING;
	return OK;
}

void instance_kill(struct mount *m)
{
	if (m->process != HANDLE_NONE)
		(void)process_kill(m->process, 0);
}

static void schedule(struct vfs *v)
{
	uint64_t next = DEADLINE_NEVER;

	for (struct mount *m = v->mounts; m; m = m->next) {
		if (m->state == VFS_STATE_BACKOFF && m->restart_at < next)
			next = m->restart_at;
	}
	status_t status = server_timer_set(&v->timer, next);
	if (status != OK)
		vfs_log(LOG_ERROR, "cannot set its timer (status %d)", (int)status);
}

static void give_up(struct vfs *v, struct mount *m, status_t reason)
{
	m->state = VFS_STATE_FAILED;
	m->reason = reason;
	mount_close(v, m);
}

static void failed(struct vfs *v, struct mount *m)
{
	uint64_t now = time_now(), delay;

	if (!policy_died(&m->policy, now, &delay)) {
		give_up(v, m, ERR_IO);
		mount_log(m, LOG_ERROR, "failed too often and is not started again");
		return;
	}
	m->state = VFS_STATE_BACKOFF;
	m->restart_at = now + delay;
}

static void restart(struct vfs *v, struct mount *m)
{
	status_t status = instance_start(v, m);

	if (status == OK)
		return;
	mount_log(m, LOG_ERROR, "cannot be started again (status %d)", (int)status);
	failed(v, m);
}

/* Status of a mount that never came up: what its process said at its end. */
static status_t reason_of(const struct process_info *info)
{
	if (info->exit_status > 0 && info->exit_status <= -ERR_LAST)
		return -(status_t)info->exit_status;
	return ERR_IO;
}

static void died(struct vfs *v, struct mount *m, const struct process_info *info)
{
	bool killed = m->restart_asked ||
		      ((info->exit_status & EXIT_KILLED) && time_now() - m->started_at >= HEALTHY_NS);

	m->restart_asked = false;
	ipc_close(m->process);
	m->process = HANDLE_NONE;
	m->pid = 0;
	if (v->stopping || m->state == VFS_STATE_STOPPING || m->state == VFS_STATE_FAILED)
		return;
	if (!m->served) {
		give_up(v, m, reason_of(info));
		return;
	}
	mount_log(m, LOG_WARN, "process %llu ended (status %lld); it is started again", (unsigned long long)info->koid,
		  (long long)info->exit_status);
	if (killed)
		restart(v, m);
	else
		failed(v, m);
}

status_t instance_restart(struct vfs *v, struct mount *m)
{
	if (m->state != VFS_STATE_RUNNING && m->state != VFS_STATE_BACKOFF)
		return ERR_STATE;
	policy_reset(&m->policy);
	if (m->process == HANDLE_NONE) {
		restart(v, m);
		schedule(v);
		return OK;
	}
	m->restart_asked = true;
	instance_kill(m);
	return OK;
}

void instances_timer(void *vfs)
{
	struct vfs *v = vfs;
	uint64_t now = time_now();

	for (struct mount *m = v->mounts; m; m = m->next) {
		if (m->state == VFS_STATE_BACKOFF && m->restart_at <= now && !v->stopping)
			restart(v, m);
	}
	schedule(v);
}

void instances_ended(void *vfs)
{
	struct vfs *v = vfs;

	for (struct mount *m = v->mounts; m; m = m->next) {
		struct process_info info;

		if (m->process != HANDLE_NONE && process_info(m->process, &info) == OK && info.state == PROCESS_ENDED)
			died(v, m, &info);
	}
	instances_timer(v);
}
