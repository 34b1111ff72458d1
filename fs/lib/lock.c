/* SPDX-License-Identifier: BSD-2-Clause */
/* A file's locks are a short list of slots. What a holder has never overlaps, and neighbours of the same kind are one lock. */
#include "fs/lib/lock.h"

#include <stddef.h>

enum { KIND_SHARED = 1, KIND_EXCLUSIVE = 2 }; /* FILE_LOCK_KIND_* */

static void slot_free(struct lock_table *table, uint32_t slot)
{
	table->slots[slot].badge = 0;
	table->next[slot] = table->free;
	table->free = slot;
	table->free_count++;
}

static void table_take(struct lock_table *table, struct state_lock *slots, uint32_t *top)
{
	table->slots = slots;
	table->top = top;
	table->free = LOCK_NONE;
	table->free_count = STATE_LOCKS_MAX - *top;
}

void lock_table_init(struct lock_table *table, struct state_lock *slots, uint32_t *top)
{
	*top = 0;
	table_take(table, slots, top);
}

static bool sensible(const struct state_lock *lock)
{
	return lock->badge != 0 && lock->start < lock->end &&
	       (lock->kind == KIND_SHARED || lock->kind == KIND_EXCLUSIVE);
}

void lock_table_restore(struct lock_table *table, struct state_lock *slots, uint32_t *top)
{
	if (*top > STATE_LOCKS_MAX)
		*top = STATE_LOCKS_MAX;
	table_take(table, slots, top);
	for (uint32_t i = *top; i-- > 0;) {
		if (sensible(&slots[i]))
			table->next[i] = LOCK_NONE;
		else
			slot_free(table, i);
	}
}

void lock_adopt(struct lock_table *table, uint32_t *list, uint32_t slot)
{
	table->next[slot] = *list;
	*list = slot;
}

void lock_drop(struct lock_table *table, uint32_t slot)
{
	slot_free(table, slot);
}

bool lock_same_holder(uint64_t badge_a, uint64_t owner_a, uint64_t badge_b, uint64_t owner_b)
{
	return owner_a == owner_b && (owner_a != 0 || badge_a == badge_b);
}

static bool holds(const struct state_lock *lock, const struct lock_wish *wish)
{
	return wish->owner != 0 ? lock->owner == wish->owner : lock->owner == 0 && lock->badge == wish->badge;
}

static bool overlap(const struct state_lock *lock, const struct lock_wish *wish)
{
	return lock->start < wish->end && wish->start < lock->end;
}

uint32_t lock_conflict(const struct lock_table *table, uint32_t list, const struct lock_wish *wish)
{
	uint32_t found = LOCK_NONE;

	for (uint32_t i = list; i != LOCK_NONE; i = table->next[i]) {
		const struct state_lock *lock = &table->slots[i];

		if (!overlap(lock, wish) || lock_same_holder(lock->badge, lock->owner, wish->badge, wish->owner))
			continue;
		if (lock->kind != KIND_EXCLUSIVE && wish->kind != KIND_EXCLUSIVE)
			continue;
		if (found == LOCK_NONE || lock->start < table->slots[found].start)
			found = i;
	}
	return found;
}

static void insert(struct lock_table *table, uint32_t *list, const struct state_lock *lock)
{
	uint32_t slot = table->free;

	if (slot != LOCK_NONE)
		table->free = table->next[slot];
	else
		slot = (*table->top)++;
	table->free_count--;
	/* The badge makes it valid for the next instance: last. */
	table->slots[slot] = (struct state_lock){
		.owner = lock->owner, .start = lock->start, .end = lock->end, .kind = lock->kind};
	__atomic_store_n(&table->slots[slot].badge, lock->badge, __ATOMIC_RELEASE);
	table->next[slot] = *list;
	*list = slot;
}

/* Takes a range out of what a holder has. At most one lock becomes two. */
static void carve(struct lock_table *table, uint32_t *list, const struct lock_wish *wish)
{
	for (uint32_t *at = list; *at != LOCK_NONE;) {
		uint32_t slot = *at;
		struct state_lock *lock = &table->slots[slot];

		if (!holds(lock, wish) || !overlap(lock, wish)) {
			at = &table->next[slot];
			continue;
		}
		if (lock->start < wish->start && lock->end > wish->end) {
			struct state_lock behind = *lock;

			behind.start = wish->end;
			lock->end = wish->start;
			insert(table, list, &behind);
			return; /* nothing else of the holder's is in there */
		}
		if (lock->start < wish->start) {
			lock->end = wish->start;
			at = &table->next[slot];
		} else if (lock->end > wish->end) {
			lock->start = wish->end;
			at = &table->next[slot];
		} else {
			*at = table->next[slot];
			slot_free(table, slot);
		}
	}
}

/* Neighbours of the same kind, and of the same open file or owner, join the wish and go. */
static void join(struct lock_table *table, uint32_t *list, struct lock_wish *wish)
{
	for (uint32_t *at = list; *at != LOCK_NONE;) {
		uint32_t slot = *at;
		struct state_lock *lock = &table->slots[slot];

		if (!holds(lock, wish) || lock->kind != wish->kind ||
		    (lock->end != wish->start && lock->start != wish->end)) {
			at = &table->next[slot];
			continue;
		}
		if (lock->end == wish->start)
			wish->start = lock->start;
		else
			wish->end = lock->end;
		*at = table->next[slot];
		slot_free(table, slot);
	}
}

status_t lock_set(struct lock_table *table, uint32_t *list, const struct lock_wish *wish)
{
	struct lock_wish whole = *wish;

	if (wish->kind == 0 && *list == LOCK_NONE)
		return OK;
	/* One for the wish, one for what it may cut in two. */
	if (table->free_count < 2)
		return ERR_NO_MEMORY;
	carve(table, list, wish);
	if (wish->kind == 0)
		return OK;
	join(table, list, &whole);
	const struct state_lock lock = {
		.badge = whole.badge, .owner = whole.owner, .start = whole.start, .end = whole.end, .kind = whole.kind};
	insert(table, list, &lock);
	return OK;
}

static bool release(struct lock_table *table, uint32_t *list, uint64_t badge, uint64_t owner)
{
	bool any = false;

	for (uint32_t *at = list; *at != LOCK_NONE;) {
		uint32_t slot = *at;
		const struct state_lock *lock = &table->slots[slot];

		if (owner ? lock->owner != owner : lock->badge != badge) {
			at = &table->next[slot];
			continue;
		}
		*at = table->next[slot];
		slot_free(table, slot);
		any = true;
	}
	return any;
}

bool lock_release_badge(struct lock_table *table, uint32_t *list, uint64_t badge)
{
	return release(table, list, badge, 0);
}

bool lock_release_owner(struct lock_table *table, uint32_t *list, uint64_t owner)
{
	return owner != 0 && release(table, list, 0, owner);
}
