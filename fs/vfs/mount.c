/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of mounts. Numbers only grow. */
#include <stdlib.h>
#include <string.h>

#include "fs/lib/fs.h"
#include "fs/lib/options.h"
#include "fs/vfs/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

/* Of a tmpfs without a size: a part of the RAM, as fs/tmpfs/main.c takes it too */
#define STORE_PARTS 4
#define STORE_MORE  (1024 * 1024ull)

struct mount *mount_find(struct vfs *v, uint32_t number)
{
	struct mount *m = v->mounts;

	while (m && m->number != number)
		m = m->next;
	return m;
}

struct mount *mount_by_endpoint(struct vfs *v, uint64_t koid)
{
	struct mount *m = v->mounts;

	while (m && (m->endpoint_koid != koid || m->endpoint == HANDLE_NONE))
		m = m->next;
	return m;
}

static void close_one(handle_t *handle)
{
	ipc_close(*handle);
	*handle = HANDLE_NONE;
}

/* Memory that a file system keeps everything in: its size, and a quarter more for what it has to remember of each file. It costs
 * nothing before it is used. */
static status_t store_make(struct vfs *v, struct mount *m)
{
	uint64_t size = v->ram_bytes / STORE_PARTS;
	const char *at = m->options;
	struct option option;
	status_t status = OK;

	if (strcmp(m->type, "pipefs") == 0)
		return vmo_create(FS_PIPES_STORE_BYTES, 0, HANDLE_NONE, &m->store);
	if (strcmp(m->type, "tmpfs") != 0)
		return OK;
	while (status == OK && option_next(&at, &option)) {
		if (option_is(&option, "size"))
			status = option_number(&option, 10, v->ram_bytes, &size);
	}
	if (status != OK || size > v->ram_bytes)
		return ERR_INVALID;
	size = (size + size / 4 + STORE_MORE + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	return vmo_create(size, 0, HANDLE_NONE, &m->store);
}

static status_t state_make(struct vfs *v, struct mount *m)
{
	void *at;
	status_t status = vmo_create(STATE_BYTES, 0, HANDLE_NONE, &m->state_vmo);

	if (status == OK)
		status = vmo_map(HANDLE_NONE, m->state_vmo, 0, NULL, STATE_BYTES, MAP_READ | MAP_WRITE, &at);
	if (status != OK)
		return status;
	m->shared = at;
	m->shared->magic = STATE_MAGIC;
	m->shared->version = STATE_VERSION;
	m->shared->mount = m->number;
	m->shared->read_only = m->flags & VFS_MOUNT_FLAGS_READ_ONLY ? 1 : 0;
	m->shared->clock_offset = v->clock_offset;
	return OK;
}

/* Watched from the start: whatever is minted from it, by whomever, is heard of when it is gone. */
static status_t endpoint_make(struct mount *m)
{
	struct handle_info info;
	status_t status = endpoint_create(&m->endpoint);

	if (status == OK)
		status = notification_create(&m->watch);
	if (status == OK)
		status = endpoint_watch(m->endpoint, m->watch, 1);
	if (status == OK)
		status = endpoint_mint(m->endpoint, STATE_BADGE_LEASH, RIGHT_EP_CALL, &m->leash);
	if (status == OK)
		status = handle_info(m->endpoint, &info);
	if (status == OK)
		m->endpoint_koid = info.koid;
	return status;
}

static void mount_free(struct mount *m)
{
	if (m->shared)
		(void)vmo_unmap(HANDLE_NONE, m->shared, STATE_BYTES);
	close_one(&m->endpoint);
	close_one(&m->leash);
	close_one(&m->watch);
	close_one(&m->state_vmo);
	close_one(&m->store);
	close_one(&m->process);
	close_one(&m->job_point);
	close_one(&m->disk);
	if (m->quota != HANDLE_NONE)
		(void)quota_kill(m->quota); /* what its process may have started */
	close_one(&m->quota);
	free(m->above);
	free(m);
}

static void options_read(struct mount *m)
{
	const char *at = m->options;
	struct option option;

	while (option_next(&at, &option)) {
		if (option_is(&option, "ro"))
			m->flags |= VFS_MOUNT_FLAGS_READ_ONLY;
	}
}

status_t mount_make(struct vfs *v, const struct mount_wish *wish, struct mount **out)
{
	struct mount *m, **last = &v->mounts;
	status_t status;

	if (v->stopping)
		return ERR_CLOSED;
	if (v->mount_count == MOUNTS_MAX)
		return ERR_NO_MEMORY;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ERR_NO_MEMORY;
	m->number = ++v->mount_serial;
	m->parent = wish->parent;
	m->cover_inode = wish->inode;
	m->flags = wish->flags;
	m->hidden = wish->hidden;
	strlcpy(m->type, wish->type, sizeof(m->type));
	strlcpy(m->source, wish->source, sizeof(m->source));
	strlcpy(m->options, wish->options, sizeof(m->options));
	strlcpy(m->point, wish->point, sizeof(m->point));
	m->disk = wish->disk;
	options_read(m);
	status = endpoint_make(m);
	if (status == OK)
		status = state_make(v, m);
	if (status == OK)
		status = store_make(v, m);
	if (status == OK)
		status = instance_start(v, m);
	if (status != OK) {
		m->disk = HANDLE_NONE; /* the caller's, still */
		mount_free(m);
		return status;
	}
	while (*last)
		last = &(*last)->next;
	*last = m;
	v->mount_count++;
	if (m->parent)
		m->parent->children++;
	m->job_point = wish->point_handle;
	*out = m;
	return OK;
}

void mount_close(struct vfs *v, struct mount *m)
{
	views_forget(v, m);
	close_one(&m->endpoint);
	/* With the process its own handle to receive by goes, too. */
	instance_kill(m);
}

void mount_get(struct mount *m)
{
	m->asked++;
}

void mount_put(struct vfs *v, struct mount *m)
{
	(void)v;
	if (--m->asked == 0 && m->gone)
		mount_free(m);
}

void mount_drop(struct vfs *v, struct mount *m)
{
	struct mount **at = &v->mounts;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	v->mount_count--;
	if (m->parent)
		m->parent->children--;
	mount_close(v, m);
	m->gone = true;
	if (m->asked == 0)
		mount_free(m);
}
