/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of the log in memory that outlives the logger: a ring of entries (protocols/logger.h) with their text. A logger may die between any two
 * instructions; what its successor finds is checked before it is believed. Entries are placed whole: one that does not fit before the ring's
 * end is placed at its start, behind a gap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/logger.h"

#define KEEP_HEADER_BYTES 4096u
#define KEEP_RING_BYTES   (LOGGER_KEEP_BYTES - KEEP_HEADER_BYTES)
#define KEEP_GAP          0xffffu /* text_len of what fills the rest of the ring */

/* How far the log's file goes: with this size it holds everything before the entry with this number. */
struct keep_file {
	uint64_t number;
	uint64_t size;
	uint64_t inode; /* of the file, to know it again; 0: none yet */
};

struct keep {
	uint64_t magic;
	uint64_t first, next;     /* positions: of the oldest entry, and behind the newest; counted on, not around */
	uint64_t number;          /* of the next entry */
	uint64_t kernel_next;     /* where to go on reading the kernel's log; entries may know better */
	struct keep_file file[2]; /* that with number file_turn % 2 counts */
	uint64_t file_turn;
	uint64_t loggers; /* that worked with this memory */
	_Alignas(KEEP_HEADER_BYTES) unsigned char ring[KEEP_RING_BYTES];
};
_Static_assert(sizeof(struct keep) == LOGGER_KEEP_BYTES, "what init gives");

enum keep_found { KEEP_NEW, KEEP_AGAIN, KEEP_DAMAGED };

/* Looks at what is there; what is not right is emptied. */
enum keep_found keep_open(struct keep *keep);
/* `entry` with all but position and number set; the oldest ones make room. */
void keep_add(struct keep *keep, struct logger_entry *entry, const char *text);
/* The first entry at or behind the position (positions before the oldest and beyond the newest count as those), and its text; NULL: none.
 * *next: the position behind it. */
const struct logger_entry *keep_at(const struct keep *keep, uint64_t position, const char **text, uint64_t *next);
struct keep_file keep_file_get(const struct keep *keep);
void keep_file_set(struct keep *keep, struct keep_file file);
/* Bytes of an entry with that text. */
static inline size_t keep_entry_bytes(size_t text_len)
{
	return sizeof(struct logger_entry) + ((text_len + 7) & ~(size_t)7);
}
