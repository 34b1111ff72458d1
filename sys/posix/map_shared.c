/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of shared mappings that can be written. Each has a handle of its own: a mapping outlives the descriptor it was made with. */
#include "sys/posix/map_shared.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"

struct shared {
	struct shared *next;
	uintptr_t start, end;
	handle_t file;
};

static struct mutex list_lock;
static struct shared *list; /* list_lock */

/* With the lock held. */
static status_t shared_new(uintptr_t start, uintptr_t end, handle_t file)
{
	struct shared *s = malloc(sizeof(*s));
	status_t status;

	if (!s)
		return ERR_NO_MEMORY;
	*s = (struct shared){list, start, end, HANDLE_NONE};
	status = handle_dup(file, (uint32_t)RIGHTS_SAME, &s->file);
	if (status != OK) {
		free(s);
		return status;
	}
	list = s;
	return OK;
}

status_t map_shared_add(void *at, size_t size, handle_t file)
{
	status_t status;

	mutex_lock(&list_lock);
	status = shared_new((uintptr_t)at, (uintptr_t)at + size, file);
	mutex_unlock(&list_lock);
	return status;
}

int map_shared_remove(const void *at, size_t size)
{
	uintptr_t start = (uintptr_t)at, end = start + size;
	status_t status = OK;

	mutex_lock(&list_lock);
	for (struct shared **link = &list; *link && status == OK;) {
		struct shared *s = *link;

		if (s->start >= end || s->end <= start) {
			link = &s->next;
			continue;
		}
		/* What is left behind the range, and before it. */
		if (s->end > end && s->start < start)
			status = shared_new(end, s->end, s->file);
		if (status != OK)
			break;
		if (s->start < start) {
			s->end = start;
			link = &s->next;
		} else if (s->end > end) {
			s->start = end;
			link = &s->next;
		} else {
			*link = s->next;
			(void)handle_close(s->file);
			free(s);
		}
	}
	mutex_unlock(&list_lock);
	return neg_errno(status);
}

int map_shared_sync(const void *at, size_t size)
{
	uintptr_t start = (uintptr_t)at, end = start + size;
	status_t status = OK;

	mutex_lock(&list_lock);
	for (struct shared *s = list; s && status == OK; s = s->next) {
		if (s->start < end && s->end > start)
			CALL_AGAIN(status, file_sync(s->file, true));
	}
	mutex_unlock(&list_lock);
	return neg_errno(status);
}
