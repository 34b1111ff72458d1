/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that read and that wait for a device. They have done nothing yet: each is kept as it came and is served from its beginning when what it
 * waits for is there. One that has begun anew that often that others seem to push out what it reads is waited for.
 */
#include "fs/lib/later.h"

#include <stdlib.h>

#include "fs/lib/clock.h"
#include "sys/lib/ipc_stub.h"

#define DEFERRED_MAX 1024u
#define TRIES_MAX    8u
/* Nobody signals that a device is gone for good. */
#define CHECK_NS     2000000000ull

struct fs_deferred {
	struct fs_deferred *next;
	struct ipc_msg msg;
	handle_t reply;
	uint64_t missing;
	unsigned tries;
};

bool fs_may_defer(const struct fs *fs)
{
	return fs->may_defer;
}

/* Whatever these find and load, nobody can tell from outside; opening makes its file last. */
static bool only_reads(const struct ipc_msg *m)
{
	switch (MSG_LABEL(m->info)) {
	case IPC_LABEL(FILE_NUMBER, FILE_READ_OP):
	case IPC_LABEL(FILE_NUMBER, FILE_ATTRIBUTES_OP):
	case IPC_LABEL(FILE_NUMBER, FILE_ACCESS_OP):
	case IPC_LABEL(FILE_NUMBER, FILE_READ_LINK_OP):
	case IPC_LABEL(FILE_NUMBER, FILE_WALK_OP):
	case IPC_LABEL(FILE_NUMBER, FILE_LIST_OP): return true;
	case IPC_LABEL(FILE_NUMBER, FILE_OPEN_OP):
		return !((uint32_t)m->w[0] & (FILE_MODE_CREATE | FILE_MODE_TRUNCATE));
	default: return false;
	}
}

/* False: it has to be served again, with `rq` as it came. */
static bool serve(struct fs *fs, struct ipc_request *rq, bool may_defer, status_t *status)
{
	const struct ipc_msg came = rq->msg;

	fs->may_defer = may_defer;
	*status = file_protocol.dispatch(&fs_file_ops, fs, rq);
	may_defer = fs->may_defer; /* a FIFO has said no: it means what it answers */
	fs->may_defer = false;
	if (!may_defer || *status != OK || MSG_LABEL(rq->msg.info) != ipc_status_label(ERR_WOULD_BLOCK))
		return true;
	rq->msg = came;
	return false;
}

static void check_later(struct fs *fs)
{
	if (fs->deferred && !fs->check_set)
		fs->check_set = server_timer_set(&fs->check, clock_monotonic() + CHECK_NS) == OK;
}

static bool defer(struct fs *fs, struct ipc_request *rq)
{
	struct fs_deferred *d = fs->deferred_count < DEFERRED_MAX ? malloc(sizeof(*d)) : NULL;

	if (!d)
		return false;
	*d = (struct fs_deferred){.msg = rq->msg, .missing = fs->ops->missing(fs), .tries = 1};
	if (ipc_request_save(rq, &d->reply) != OK) {
		free(d);
		return false;
	}
	*(fs->deferred ? &fs->deferred_last->next : &fs->deferred) = d;
	fs->deferred_last = d;
	fs->deferred_count++;
	check_later(fs);
	return true;
}

static status_t dispatch(const void *ops, void *ctx, struct ipc_request *rq)
{
	struct fs *fs = ctx;
	status_t status;

	(void)ops;
	if (serve(fs, rq, only_reads(&rq->msg), &status))
		return status;
	if (defer(fs, rq))
		return IPC_DEFERRED;
	(void)serve(fs, rq, false, &status);
	return status;
}

const struct ipc_protocol *later_protocol(void)
{
	static struct ipc_protocol protocol;

	protocol = file_protocol;
	protocol.dispatch = dispatch;
	return &protocol;
}

/* True: it is answered. */
static bool try_again(struct fs *fs, struct fs_deferred *d, bool may_defer)
{
	struct ipc_request rq = {.msg = d->msg, .reply = d->reply};
	status_t status;

	if (!serve(fs, &rq, may_defer, &status)) {
		d->missing = fs->ops->missing(fs);
		d->tries++;
		return false;
	}
	server_answer(&rq);
	free(d);
	return true;
}

static void all_again(struct fs *fs, bool wait)
{
	struct fs_deferred *d = fs->deferred, *next;

	fs->deferred = fs->deferred_last = NULL;
	for (; d; d = next) {
		next = d->next;
		d->next = NULL;
		if ((wait || fs->ops->arrived(fs, d->missing)) && try_again(fs, d, !wait && d->tries < TRIES_MAX)) {
			fs->deferred_count--;
			continue;
		}
		*(fs->deferred ? &fs->deferred_last->next : &fs->deferred) = d;
		fs->deferred_last = d;
	}
}

static void look(struct fs *fs, bool late)
{
	fs->ops->signalled(fs, late);
	if (fs->deferred)
		all_again(fs, false);
}

static void signalled(void *ctx)
{
	look(ctx, false);
}

static void check_due(void *ctx)
{
	struct fs *fs = ctx;

	if (!fs->check_set)
		return;
	fs->check_set = false;
	look(fs, true);
	check_later(fs);
}

status_t later_prepare(struct fs *fs, handle_t notification)
{
	status_t status = server_set_notification(&fs->server, notification);

	if (status == OK)
		status = server_add_signal_at(&fs->server, FS_SIGNAL_BIT, signalled, fs, &notification);
	if (status == OK)
		status = server_timer_init(&fs->check, &fs->server, check_due, fs);
	return status;
}

void later_finish(struct fs *fs)
{
	all_again(fs, true);
}

void later_forget(struct fs *fs)
{
	while (fs->deferred) {
		struct fs_deferred *d = fs->deferred;

		fs->deferred = d->next;
		free(d);
	}
}
