/* SPDX-License-Identifier: BSD-2-Clause */
/* Paged memory objects of the kernel, for tests on the host: struct object holds what the real one does, and touching is a call. */
#include "tests/unit/fs_pages.h"

#include <stdlib.h>
#include <string.h>

#include "sys/abi/fault.h"
#include "sys/abi/object.h"
#include "sys/lib/syscall.h"
#include "tests/unit/fs_host.h"

#define OBJECTS_MAX 64u

struct object {
	uint64_t badge; /* 0: free */
	uint64_t pages;
	struct {
		bool there, granted, written;
		uint8_t bytes[4096];
	} page[PAGES_MAX];
};

unsigned pages_limit = 1u << 30, pages_requests;
static struct object *objects[OBJECTS_MAX];
static unsigned pages_there;

void pages_reset(void)
{
	for (unsigned i = 0; i < OBJECTS_MAX; i++) {
		free(objects[i]);
		objects[i] = NULL;
	}
	pages_there = pages_requests = 0;
}

unsigned pages_objects(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < OBJECTS_MAX; i++)
		n += objects[i] != NULL;
	return n;
}

static struct object *object_find(uint64_t badge)
{
	for (unsigned i = 0; i < OBJECTS_MAX; i++) {
		if (objects[i] && objects[i]->badge == badge)
			return objects[i];
	}
	return NULL;
}

status_t pager_vmo(handle_t ep, uint64_t badge, uint64_t size, uint32_t rights, handle_t *out)
{
	struct object *o = object_find(badge);
	uint64_t pages = (size + 4095) / 4096;

	(void)ep, (void)rights;
	if (pages > PAGES_MAX)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; !o && i < OBJECTS_MAX; i++) {
		if (objects[i])
			continue;
		o = objects[i] = calloc(1, sizeof(*o));
		if (!o)
			abort();
		o->badge = badge;
	}
	if (!o)
		return ERR_NO_MEMORY;
	if (pages > o->pages)
		o->pages = pages;
	*out = host_object_handle(badge);
	return *out ? OK : ERR_NO_HANDLES;
}

static status_t page_make(struct object *o, uint64_t index, const uint8_t *from, bool grant)
{
	if (!o->page[index].there) {
		if (pages_there >= pages_limit)
			return ERR_NO_MEMORY;
		memcpy(o->page[index].bytes, from, 4096);
		o->page[index].there = true;
		pages_there++;
	}
	o->page[index].granted |= grant;
	o->page[index].written |= grant;
	return OK;
}

static status_t bytes_copy(struct object *o, uint32_t op, uint64_t at, uint8_t *buffer, uint64_t len)
{
	while (len) {
		uint64_t index = at / 4096, skip = at % 4096, part = 4096 - skip < len ? 4096 - skip : len;

		if (!o->page[index].there && op == PAGER_READ)
			return ERR_NOT_FOUND;
		if (op == PAGER_READ)
			memcpy(buffer, o->page[index].bytes + skip, part);
		else if (o->page[index].there)
			memcpy(o->page[index].bytes + skip, buffer, part);
		at += part;
		buffer += part;
		len -= part;
	}
	return OK;
}

status_t pager_copy(handle_t ep, uint64_t badge, uint32_t op, uint64_t offset, const void *buffer, uint64_t len)
{
	struct object *o = object_find(badge);
	status_t status = OK;

	(void)ep;
	if (!o)
		return ERR_NOT_FOUND;
	if (offset > o->pages * 4096 || len > o->pages * 4096 - offset)
		return ERR_RANGE;
	if (op == PAGER_UPDATE)
		return bytes_copy(o, op, offset, (uint8_t *)(uintptr_t)buffer, len);
	if (offset % 4096 || len % 4096)
		return ERR_INVALID;
	for (uint64_t at = 0; status == OK && at < len; at += 4096)
		status = page_make(o, (offset + at) / 4096, (const uint8_t *)buffer + at, op == PAGER_GRANT);
	return status;
}

status_t pager_read(handle_t ep, uint64_t badge, uint64_t offset, void *buffer, uint64_t len)
{
	struct object *o = object_find(badge);

	(void)ep;
	if (!o)
		return ERR_NOT_FOUND;
	if (offset > o->pages * 4096 || len > o->pages * 4096 - offset)
		return ERR_RANGE;
	return bytes_copy(o, PAGER_READ, offset, buffer, len);
}

static status_t object_drop(struct object *o)
{
	if (host_object_used(o->badge))
		return ERR_BUSY;
	for (unsigned i = 0; i < OBJECTS_MAX; i++) {
		if (objects[i] == o)
			objects[i] = NULL;
	}
	for (unsigned i = 0; i < PAGES_MAX; i++)
		pages_there -= o->page[i].there;
	free(o);
	return OK;
}

status_t pager_op(handle_t ep, uint64_t badge, uint32_t op, uint64_t offset, uint64_t size, uint64_t *found)
{
	struct object *o = object_find(badge);

	(void)ep;
	if (!o)
		return ERR_NOT_FOUND;
	if (op == PAGER_DROP)
		return object_drop(o);
	if (offset % 4096 || size % 4096)
		return ERR_INVALID;
	for (uint64_t i = offset / 4096; i < o->pages && i - offset / 4096 < size / 4096; i++) {
		if (op == PAGER_WRITTEN && o->page[i].written) {
			*found = i * 4096;
			return OK;
		}
		if (op == PAGER_EVICT) {
			pages_there -= o->page[i].there;
			o->page[i].there = o->page[i].written = false;
		}
		if (op == PAGER_CLEAN && !o->page[i].granted)
			o->page[i].written = false;
		if (op == PAGER_EVICT || op == PAGER_PROTECT)
			o->page[i].granted = false;
	}
	return op == PAGER_WRITTEN ? ERR_NOT_FOUND : OK;
}

status_t quota_info(handle_t quota, struct quota_info *info)
{
	(void)quota;
	*info = (struct quota_info){.limit = {.mem_bytes = 4ull * 4096 * 100}};
	return OK;
}

uint8_t *pages_touch(uint64_t badge, uint64_t offset, bool write)
{
	struct object *o = object_find(badge);

	for (unsigned tries = 0; o && offset / 4096 < o->pages; tries++) {
		if (o->page[offset / 4096].there && (!write || o->page[offset / 4096].granted))
			return o->page[offset / 4096].bytes + offset % 4096;
		if (tries == 2)
			abort(); /* resumed without the page: a thread would go round for ever */
		struct ipc_request rq = {.msg = {.info = MSG_INFO(MSG_LABEL_PAGE, 0, 0),
						 .badge = badge,
						 .w = {offset & ~4095ull, write ? MAP_WRITE : MAP_READ}}};

		pages_requests++;
		host_closed();
		if (host_fs->server.other_fn(host_fs->server.other_ctx, &rq) != OK)
			abort();
		if (MSG_LABEL(rq.msg.info) != FAULT_RESUME)
			return NULL;
	}
	return NULL;
}
