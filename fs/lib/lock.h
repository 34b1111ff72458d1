/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advisory locks of bytes, kept in the state memory. A lock belongs to an owner (a process, whichever of its open files set it) or, owner 0, to
 * the open file. Pure: waiting is serve_lock.c's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/lib/state.h"
#include "sys/abi/status.h"

#define LOCK_NONE UINT32_MAX

struct lock_table {
	struct state_lock *slots;       /* STATE_LOCKS_MAX */
	uint32_t *top;                  /* in the state memory, as state.h says; slots behind it are free, too */
	uint32_t next[STATE_LOCKS_MAX]; /* of the same file, or free */
	uint32_t free;
	uint32_t free_count;
};

/* A lock that somebody wants; kind 0 is none: to unlock. end is the last byte + 1, UINT64_MAX for ever. */
struct lock_wish {
	uint64_t badge, owner;
	uint64_t start, end;
	uint32_t kind;
};

/* All slots are free. */
void lock_table_init(struct lock_table *table, struct state_lock *slots, uint32_t *top);
/* Slots keep what is in them; those that do not make sense become free. The others are in no file's list: lock_adopt. */
void lock_table_restore(struct lock_table *table, struct state_lock *slots, uint32_t *top);
void lock_adopt(struct lock_table *table, uint32_t *list, uint32_t slot);
void lock_drop(struct lock_table *table, uint32_t slot); /* one that is in no list */

/* Are they the same holder's, so that they never conflict? What an open file has and what a process has may well, also through one handle. */
bool lock_same_holder(uint64_t badge_a, uint64_t owner_a, uint64_t badge_b, uint64_t owner_b);
/* The lock with the lowest start that keeps the wish from being granted, LOCK_NONE. */
uint32_t lock_conflict(const struct lock_table *table, uint32_t list, const struct lock_wish *wish);
/* Grants it (there is no conflict), or unlocks. ERR_NO_MEMORY: no slot is free, nothing has changed. */
status_t lock_set(struct lock_table *table, uint32_t *list, const struct lock_wish *wish);
/* What an open file set, whoever owns it, or (owner not 0) what the owner has in this list. True: there was something. */
bool lock_release_badge(struct lock_table *table, uint32_t *list, uint64_t badge);
bool lock_release_owner(struct lock_table *table, uint32_t *list, uint64_t owner);
