/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to file systems, one after the other, by a thread that may wait. A file system that does not answer in time is hung: its process is ended, and the next one starts.
 */
#include <stdlib.h>

#include "fs/vfs/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/mutex.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"

#define SECOND     1000000000ull
#define READY_NS   (60 * SECOND) /* a disk may have to be looked through */
#define COVER_NS   (30 * SECOND)
#define SYNC_NS    (120 * SECOND) /* much may be unwritten */
#define STACK_SIZE (32 * 1024)

struct asker {
	struct mutex lock;
	struct ask *first, **last; /* under lock: to be asked */
	struct ask *answered;      /* under lock: for the main thread, in reverse */
	handle_t wake;             /* notification of the thread */
	handle_t main;             /* and of the main thread */
	uint64_t main_bits;
	struct thread *thread;
};

static void question(struct ask *ask)
{
	uint64_t now = time_now();

	switch (ask->kind) {
	case ASK_READY:
		ask->status = fs_control_ready_until(ask->endpoint, now + READY_NS, &ask->root, &ask->read_only);
		break;
	case ASK_COVER:
		ask->status = fs_control_cover_until(ask->endpoint, now + COVER_NS, ask->inode, ask->number, ask->above,
						     FS_CONTROL_DEPTH_MAX, &ask->above_count);
		break;
	case ASK_UNCOVER: ask->status = fs_control_uncover_until(ask->endpoint, now + COVER_NS, ask->number); break;
	case ASK_SYNC: ask->status = fs_control_sync_until(ask->endpoint, now + SYNC_NS); break;
	case ASK_STOP: ask->status = fs_control_stop_until(ask->endpoint, now + SYNC_NS, ask->force); break;
	}
}

/* One that died under the question knows nothing of it: the next instance is asked again, where that is the same. */
static bool again(const struct ask *ask)
{
	return ask->status == ERR_PEER_DIED && ask->kind != ASK_STOP;
}

static void asker_run(void *context)
{
	struct asker *a = context;

	for (;;) {
		mutex_lock(&a->lock);
		struct ask *ask = a->first;

		if (ask) {
			a->first = ask->next;
			if (!a->first)
				a->last = &a->first;
		}
		mutex_unlock(&a->lock);
		if (!ask) {
			(void)notification_wait(a->wake, DEADLINE_NEVER, NULL);
			continue;
		}
		do {
			question(ask);
		} while (again(ask));
		mutex_lock(&a->lock);
		ask->next = a->answered;
		a->answered = ask;
		mutex_unlock(&a->lock);
		(void)notification_signal(a->main, a->main_bits);
	}
}

static void answers_take(void *vfs)
{
	struct vfs *v = vfs;
	struct asker *a = v->asker;
	struct ask *list, *forward = NULL;

	mutex_lock(&a->lock);
	list = a->answered;
	a->answered = NULL;
	mutex_unlock(&a->lock);
	while (list) {
		struct ask *next = list->next;

		list->next = forward;
		forward = list;
		list = next;
	}
	while (forward) {
		struct ask *ask = forward;

		forward = ask->next;
		if (ask->status == ERR_TIMED_OUT) {
			mount_log(ask->mount, LOG_ERROR, "does not answer; process %llu is ended",
				  (unsigned long long)ask->mount->pid);
			instance_kill(ask->mount);
		}
		ask->done(v, ask);
	}
}

status_t ask_start(struct vfs *v)
{
	struct asker *a = calloc(1, sizeof(*a));
	status_t status = a ? notification_create(&a->wake) : ERR_NO_MEMORY;

	if (status != OK)
		return status;
	a->last = &a->first;
	v->asker = a;
	status = server_add_signal(&v->server, answers_take, v, &a->main, &a->main_bits);
	if (status == OK)
		status = thread_run(asker_run, a, STACK_SIZE, 0, &a->thread);
	return status;
}

struct ask *ask_new(struct vfs *v, enum ask_kind kind, struct mount *m, void (*done)(struct vfs *v, struct ask *ask))
{
	struct ask *ask = calloc(1, sizeof(*ask));

	(void)v;
	if (!ask)
		return NULL;
	if (kind == ASK_COVER)
		ask->above = calloc(FS_CONTROL_DEPTH_MAX, sizeof(*ask->above));
	ask->kind = kind;
	ask->mount = m;
	ask->done = done;
	if ((kind == ASK_COVER && !ask->above) || m->endpoint == HANDLE_NONE ||
	    handle_dup(m->endpoint, RIGHT_EP_CALL, &ask->endpoint) != OK) {
		free(ask->above);
		free(ask);
		return NULL;
	}
	mount_get(m);
	return ask;
}

void ask_submit(struct vfs *v, struct ask *ask)
{
	struct asker *a = v->asker;

	ask->next = NULL;
	mutex_lock(&a->lock);
	*a->last = ask;
	a->last = &ask->next;
	mutex_unlock(&a->lock);
	(void)notification_signal(a->wake, 1);
}

void ask_free(struct vfs *v, struct ask *ask)
{
	ipc_close(ask->endpoint);
	free(ask->above);
	mount_put(v, ask->mount);
	free(ask);
}
