/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of entries. What is old is given up before it is overwritten, what is new counts when it is complete. */
#include "userland/logger/keep.h"

#include <string.h>

#define KEEP_MAGIC   0x31474f4c56455221ull /* changes with the layout */
#define POSITION_MAX (1ull << 60)

_Static_assert(sizeof(struct logger_entry) % 8 == 0, "entries stay aligned");
_Static_assert(KEEP_RING_BYTES % 8 == 0, "gaps hold at least the eight bytes that are looked at");

/* Stores before this are in memory before those behind it: for a successor there is no other order than that of the stores themselves. */
static void publish(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static struct logger_entry *entry_at(const struct keep *keep, uint64_t position)
{
	return (struct logger_entry *)(uintptr_t)(keep->ring + position % KEEP_RING_BYTES);
}

/* Bytes from the position to the end of the ring. */
static uint64_t tail_bytes(uint64_t position)
{
	return KEEP_RING_BYTES - position % KEEP_RING_BYTES;
}

/* Too little room for an entry at the end is a gap, whether or not it says so. */
static bool is_gap(const struct keep *keep, uint64_t position)
{
	return tail_bytes(position) < sizeof(struct logger_entry) || entry_at(keep, position)->text_len == KEEP_GAP;
}

static uint64_t behind(const struct keep *keep, uint64_t position)
{
	if (is_gap(keep, position))
		return position + tail_bytes(position);
	return position + keep_entry_bytes(entry_at(keep, position)->text_len);
}

static bool entry_is_good(const struct keep *keep, uint64_t position, uint64_t number)
{
	const struct logger_entry *e = entry_at(keep, position);

	return e->position == position && e->number == number && e->text_len <= LOGGER_LINE_MAX &&
	       e->level <= LOGGER_LEVEL_DEBUG && memchr(e->source, '\0', sizeof(e->source)) &&
	       keep_entry_bytes(e->text_len) <= tail_bytes(position);
}

/* Every entry from the oldest on, up to where the next one goes. */
static bool ring_is_good(const struct keep *keep)
{
	uint64_t at = keep->first, number = 0;
	bool known = false;

	if (keep->next > POSITION_MAX || keep_file_get(keep).number > keep->number || keep->first > keep->next ||
	    keep->next - keep->first > KEEP_RING_BYTES || keep->first % 8 || keep->next % 8)
		return false;
	while (at < keep->next) {
		if (!is_gap(keep, at)) {
			if (!known)
				number = entry_at(keep, at)->number;
			known = true;
			if (!entry_is_good(keep, at, number++))
				return false;
		}
		at = behind(keep, at);
	}
	/* The last store of an addition may be missing. */
	return at == keep->next && (!known || keep->number == number || keep->number == number - 1);
}

enum keep_found keep_open(struct keep *keep)
{
	bool known = keep->magic == KEEP_MAGIC;

	if (known && ring_is_good(keep)) {
		uint64_t at = keep->first, next;
		const char *text;
		const struct logger_entry *e;
		while ((e = keep_at(keep, at, &text, &next)) != NULL) {
			at = next;
			keep->number = e->number + 1;
			if (e->kernel_next > keep->kernel_next)
				keep->kernel_next = e->kernel_next;
		}
		keep->loggers++;
		return KEEP_AGAIN;
	}
	memset(keep, 0, KEEP_HEADER_BYTES);
	keep->loggers = 1;
	publish();
	keep->magic = KEEP_MAGIC;
	return known ? KEEP_DAMAGED : KEEP_NEW;
}

/* Everything before the position is given up. */
static void make_room(struct keep *keep, uint64_t end)
{
	while (end - keep->first > KEEP_RING_BYTES)
		keep->first = behind(keep, keep->first);
	publish();
}

void keep_add(struct keep *keep, struct logger_entry *entry, const char *text)
{
	size_t bytes = keep_entry_bytes(entry->text_len);
	uint64_t at = keep->next, tail = tail_bytes(at);

	if (tail < bytes) {
		make_room(keep, at + tail);
		if (tail >= sizeof(*entry))
			entry_at(keep, at)->text_len = KEEP_GAP;
		at += tail;
		publish();
		keep->next = at;
	}
	make_room(keep, at + bytes);
	entry->position = at;
	entry->number = keep->number;
	struct logger_entry *place = entry_at(keep, at);
	memcpy(place, entry, sizeof(*entry));
	memset((char *)place + bytes - 8, 0, 8); /* the filling */
	memcpy(place + 1, text, entry->text_len);
	publish();
	keep->next = at + bytes;
	publish();
	keep->number++;
	if (entry->kernel_next > keep->kernel_next)
		keep->kernel_next = entry->kernel_next;
}

const struct logger_entry *keep_at(const struct keep *keep, uint64_t position, const char **text, uint64_t *next)
{
	uint64_t at = position;

	if (at < keep->first || at > keep->next || at % 8 != 0)
		at = at > keep->next ? keep->next : keep->first;
	if (at < keep->next && is_gap(keep, at))
		at = behind(keep, at);
	*next = at;
	if (at >= keep->next)
		return NULL;
	const struct logger_entry *e = entry_at(keep, at);
	*text = (const char *)(e + 1);
	*next = behind(keep, at);
	return e;
}

struct keep_file keep_file_get(const struct keep *keep)
{
	return keep->file[keep->file_turn % 2];
}

void keep_file_set(struct keep *keep, struct keep_file file)
{
	keep->file[(keep->file_turn + 1) % 2] = file;
	publish();
	keep->file_turn++;
}
