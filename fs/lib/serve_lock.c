/* SPDX-License-Identifier: BSD-2-Clause */
/* Advisory locks: who waits, and who would wait for ever. Those that wait are this instance's: their callers ask the next one again. */
#include <stdlib.h>

#include "fs/lib/serve.h"
#include "sys/lib/ipc_stub.h"

#define WAITERS_MAX 1024u
#define CHAIN_MAX   64u /* of holders that wait for others: longer ones are not looked through */

struct lock_waiter {
	struct lock_waiter *next;
	handle_t reply;
	struct node *node;
	struct lock_wish wish;
};

static bool same_holder(const struct lock_wish *a, const struct lock_wish *b)
{
	return lock_same_holder(a->badge, a->owner, b->badge, b->owner);
}

/* Does one of those that keep `wish` from being granted wait, through others perhaps, for `seeker`? */
static bool waits_for(struct fs *fs, const struct node *node, const struct lock_wish *wish,
		      const struct lock_wish *seeker, unsigned depth)
{
	if (depth == CHAIN_MAX)
		return false;
	for (uint32_t i = node->lock; i != LOCK_NONE; i = fs->locks.next[i]) {
		const struct state_lock *lock = &fs->locks.slots[i];
		const struct lock_wish holder = {.badge = lock->badge, .owner = lock->owner};
		bool conflict = lock->start < wish->end && wish->start < lock->end && !same_holder(&holder, wish) &&
				(lock->kind == FILE_LOCK_KIND_EXCLUSIVE || wish->kind == FILE_LOCK_KIND_EXCLUSIVE);

		if (!conflict)
			continue;
		if (same_holder(&holder, seeker))
			return true;
		for (const struct lock_waiter *w = fs->waiters; w; w = w->next) {
			if (same_holder(&w->wish, &holder) && waits_for(fs, w->node, &w->wish, seeker, depth + 1))
				return true;
		}
	}
	return false;
}

static status_t wait_for(struct fs *fs, struct ipc_request *rq, struct node *node, const struct lock_wish *wish)
{
	struct lock_waiter **last = &fs->waiters, *waiter;
	unsigned count = 0;

	for (; *last; last = &(*last)->next)
		count++;
	/* Who waits on its own chain never comes to an end. A seeker of its own locks is no deadlock: they do not conflict. Of open files
	 * nobody can tell: any of the processes that share one may unlock. */
	if (wish->owner != 0 && waits_for(fs, node, wish, wish, 0))
		return ERR_DEADLOCK;
	waiter = count < WAITERS_MAX ? calloc(1, sizeof(*waiter)) : NULL;
	if (!waiter)
		return ERR_NO_MEMORY;
	status_t status = ipc_request_save(rq, &waiter->reply);
	if (status != OK) {
		free(waiter);
		return status;
	}
	waiter->node = node;
	waiter->wish = *wish;
	*last = waiter;
	return IPC_DEFERRED;
}

/* Something was unlocked: first come, first served, of those that can be now. */
static void waiters_retry(struct fs *fs, struct node *node)
{
	for (struct lock_waiter **at = &fs->waiters; *at;) {
		struct lock_waiter *waiter = *at;

		if (waiter->node != node || lock_conflict(&fs->locks, node->lock, &waiter->wish) != LOCK_NONE) {
			at = &waiter->next;
			continue;
		}
		status_t status = lock_set(&fs->locks, &node->lock, &waiter->wish);

		*at = waiter->next;
		(void)file_lock_reply(waiter->reply,
				      status); /* a caller that is gone: its files close, and the lock with them */
		free(waiter);
	}
}

static void waiters_drop(struct fs *fs, uint64_t badge)
{
	for (struct lock_waiter **at = &fs->waiters; *at;) {
		struct lock_waiter *waiter = *at;

		if (waiter->wish.badge != badge) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		ipc_close(waiter->reply);
		free(waiter);
	}
}

void fs_waiters_free(struct fs *fs)
{
	fifo_set_end(&fs->fifos);
	while (fs->waiters) {
		struct lock_waiter *waiter = fs->waiters;

		fs->waiters = waiter->next;
		free(waiter);
	}
}

status_t serve_lock(void *ctx, struct ipc_request *rq, uint64_t owner, uint64_t start, uint64_t end,
		    enum file_lock_kind kind, bool wait)
{
	struct fs *fs = ctx;
	const struct lock_wish wish = {
		.badge = rq->msg.badge, .owner = owner, .start = start, .end = end, .kind = kind};
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (start >= end || (file.state->mode & FILE_MODE_PATH))
		return ERR_INVALID;
	/* As fcntl wants it of bytes that files can have; flock, which locks others, does not care. */
	if (start <= INT64_MAX && ((kind == FILE_LOCK_KIND_SHARED && !(file.state->mode & FILE_MODE_READ)) ||
				   (kind == FILE_LOCK_KIND_EXCLUSIVE && !(file.state->mode & FILE_MODE_WRITE))))
		return ERR_ACCESS;
	if (kind != FILE_LOCK_KIND_NONE && lock_conflict(&fs->locks, file.node->lock, &wish) != LOCK_NONE)
		return wait ? wait_for(fs, rq, file.node, &wish) : ERR_WOULD_BLOCK;
	status = lock_set(&fs->locks, &file.node->lock, &wish);
	/* Also a lock that became a shared one lets others in. */
	if (status == OK)
		waiters_retry(fs, file.node);
	return status;
}

status_t serve_lock_find(void *ctx, struct ipc_request *rq, uint64_t owner, uint64_t start, uint64_t end,
			 enum file_lock_kind kind, uint64_t *holder, uint64_t *lock_start, uint64_t *lock_end,
			 enum file_lock_kind *lock_kind)
{
	struct fs *fs = ctx;
	const struct lock_wish wish = {
		.badge = rq->msg.badge, .owner = owner, .start = start, .end = end, .kind = kind};
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (start >= end || kind == FILE_LOCK_KIND_NONE)
		return ERR_INVALID;
	uint32_t found = lock_conflict(&fs->locks, file.node->lock, &wish);

	*lock_kind = FILE_LOCK_KIND_NONE;
	if (found == LOCK_NONE)
		return OK;
	const struct state_lock *lock = &fs->locks.slots[found];

	*holder = lock->owner;
	*lock_start = lock->start;
	*lock_end = lock->end;
	*lock_kind = (enum file_lock_kind)lock->kind;
	return OK;
}

status_t serve_unlock_owner(void *ctx, struct ipc_request *rq, uint64_t owner)
{
	struct fs *fs = ctx;
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status == OK && lock_release_owner(&fs->locks, &file.node->lock, owner))
		waiters_retry(fs, file.node);
	return status;
}

void locks_forget(struct fs *fs, const struct state_file *file, struct node *node)
{
	if (fs->waiters)
		waiters_drop(fs, file->badge);
	if (node->lock != LOCK_NONE && lock_release_badge(&fs->locks, &node->lock, file->badge))
		waiters_retry(fs, node);
}

void locks_restore(struct fs *fs)
{
	lock_table_restore(&fs->locks, fs->state->locks, &fs->state->locks_top);
	for (uint32_t i = 0; i < fs->state->locks_top; i++) {
		struct open_file file;

		if (fs->state->locks[i].badge == 0)
			continue;
		if (open_file_of(fs, fs->state->locks[i].badge, &file) == OK)
			lock_adopt(&fs->locks, &file.node->lock, i);
		else
			lock_drop(&fs->locks, i);
	}
}
