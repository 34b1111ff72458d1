/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches that a server keeps for its clients (`watch` of the protocol file): who is to be signalled when a thing becomes ready. One thread.
 *
 * A notification is kept once, however many watches it has. Watches whose notification nobody else has a handle to any more are dropped when there are too
 * many; others end when they are signalled or when the client's handle to the thing closes (watch_leave).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

#define WATCHES_USER 1024u /* of one user */
#define WATCHES_MAX  4096u

struct watch;
struct watch_peer;

/* All of a server, zeroed at first. The fields are watch.c's. */
struct watch_set {
	struct watch *all;
	struct watch_peer *peers;
	uint32_t count;
};

/* Of one thing, zeroed at first; it must stay where it is. */
struct watch_list {
	struct watch *first;
};

/* Who asks. */
struct watch_wish {
	uint64_t badge;        /* of the handle to the thing: one's watches are apart from another's */
	uint32_t user;         /* charged for it */
	uint32_t wanted;       /* FILE_READY_* */
	handle_t notification; /* taken over, unless there is an error */
	uint64_t bits;
};

/*
 * What `watch` answers, for a thing that is ready for `ready` now: in *now what of that is wanted, or 0 and the watch is kept. ERR_INVALID (bits 0), ERR_NO_MEMORY, ERR_TYPE,
 * ERR_RIGHTS and others of the handle.
 */
status_t watch_add(struct watch_set *set, struct watch_list *list, const struct watch_wish *wish, uint32_t ready,
		   uint32_t *now);

/* The thing is ready for that: whoever wants something of it is signalled, once. */
void watch_tell_some(struct watch_set *set, struct watch_list *list, uint32_t ready);
static inline void watch_tell(struct watch_set *set, struct watch_list *list, uint32_t ready)
{
	if (__builtin_expect(list->first != NULL, 0))
		watch_tell_some(set, list, ready);
}

/* The handle with that badge is closed. */
void watch_leave(struct watch_set *set, struct watch_list *list, uint64_t badge);
/* The thing is no more: nobody is signalled. */
void watch_drop(struct watch_set *set, struct watch_list *list);
