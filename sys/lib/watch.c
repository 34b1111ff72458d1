/* SPDX-License-Identifier: BSD-2-Clause */
/* Watches of a server: each is in the list of its thing and in the set, and counts for its notification. */
#include "sys/lib/watch.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sys/lib/syscall.h"

struct watch_peer {
	struct watch_peer *next;
	uint64_t koid;
	handle_t notification;
	uint32_t watches;
};

struct watch {
	struct watch *next, **link;         /* of the thing */
	struct watch *set_next, **set_link; /* of the set */
	struct watch_peer *peer;
	uint64_t badge, bits;
	uint32_t user, wanted;
};

/* ---- notifications -------------------------------------------------------------------------------------- */

/* NULL: it is not known. The one found comes to the front: polls come in runs. */
static struct watch_peer *peer_find(struct watch_set *set, uint64_t koid)
{
	for (struct watch_peer **at = &set->peers; *at; at = &(*at)->next) {
		struct watch_peer *peer = *at;

		if (peer->koid != koid)
			continue;
		*at = peer->next;
		peer->next = set->peers;
		set->peers = peer;
		return peer;
	}
	return NULL;
}

/* NULL: no memory. */
static struct watch_peer *peer_new(struct watch_set *set, uint64_t koid, handle_t notification)
{
	struct watch_peer *peer = malloc(sizeof(*peer));

	if (!peer)
		return NULL;
	*peer = (struct watch_peer){.next = set->peers, .koid = koid, .notification = notification};
	set->peers = peer;
	return peer;
}

static void peer_free(struct watch_set *set, struct watch_peer *peer)
{
	struct watch_peer **at = &set->peers;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	(void)handle_close(peer->notification);
	free(peer);
}

/* ---- watches -------------------------------------------------------------------------------------------- */

/* Its notification stays. */
static struct watch_peer *watch_unlink(struct watch_set *set, struct watch *watch)
{
	struct watch_peer *peer = watch->peer;

	*watch->link = watch->next;
	if (watch->next)
		watch->next->link = watch->link;
	*watch->set_link = watch->set_next;
	if (watch->set_next)
		watch->set_next->set_link = watch->set_link;
	set->count--;
	peer->watches--;
	free(watch);
	return peer;
}

static void watch_free(struct watch_set *set, struct watch *watch)
{
	struct watch_peer *peer = watch_unlink(set, watch);

	if (peer->watches == 0)
		peer_free(set, peer);
}

/* Marks those whose notification has no handle but ours, then frees what they are to be told by. */
static void drop_dead(struct watch_set *set)
{
	for (struct watch_peer *peer = set->peers; peer; peer = peer->next) {
		struct handle_info info;

		if (handle_info(peer->notification, &info) != OK || info.refs <= 1)
			peer->koid = 0;
	}
	for (struct watch *watch = set->all, *next; watch; watch = next) {
		next = watch->set_next;
		if (watch->peer->koid == 0)
			watch_free(set, watch);
	}
}

/* While all together are no more than one may have, nobody has too many. */
static bool is_full(const struct watch_set *set, uint32_t user)
{
	uint32_t count = 0;

	if (set->count < WATCHES_USER)
		return false;
	if (set->count >= WATCHES_MAX)
		return true;
	for (const struct watch *watch = set->all; watch; watch = watch->set_next)
		count += watch->user == user;
	return count >= WATCHES_USER;
}

static struct watch *watch_find(const struct watch_list *list, uint64_t badge, const struct watch_peer *peer,
				uint64_t bits)
{
	struct watch *watch = list->first;

	while (watch && (watch->peer != peer || watch->bits != bits || watch->badge != badge))
		watch = watch->next;
	return watch;
}

/* The handle is taken over. */
static status_t watch_new(struct watch_set *set, struct watch_list *list, const struct watch_wish *wish, uint64_t koid)
{
	struct watch *watch;
	struct watch_peer *peer;

	if (is_full(set, wish->user)) {
		drop_dead(set);
		if (is_full(set, wish->user))
			return ERR_NO_MEMORY;
	}
	watch = malloc(sizeof(*watch));
	if (!watch)
		return ERR_NO_MEMORY;
	peer = peer_find(set, koid);
	if (peer) {
		(void)handle_close(wish->notification);
	} else {
		peer = peer_new(set, koid, wish->notification);
		if (!peer) {
			free(watch);
			return ERR_NO_MEMORY;
		}
	}
	*watch = (struct watch){.next = list->first,
				.link = &list->first,
				.set_next = set->all,
				.set_link = &set->all,
				.peer = peer,
				.badge = wish->badge,
				.bits = wish->bits,
				.user = wish->user,
				.wanted = wish->wanted};
	if (watch->next)
		watch->next->link = &watch->next;
	list->first = watch;
	if (watch->set_next)
		watch->set_next->set_link = &watch->set_next;
	set->all = watch;
	set->count++;
	peer->watches++;
	return OK;
}

status_t watch_add(struct watch_set *set, struct watch_list *list, const struct watch_wish *wish, uint32_t ready,
		   uint32_t *now)
{
	struct handle_info info;
	struct watch *old;
	status_t status = handle_info(wish->notification, &info);

	if (status != OK)
		return status;
	if (info.type != OBJ_NOTIFICATION)
		return ERR_TYPE;
	if (!(info.rights & RIGHT_NT_SIGNAL))
		return ERR_RIGHTS;
	if (wish->bits == 0)
		return ERR_INVALID;
	const struct watch_peer *peer = list->first ? peer_find(set, info.koid) : NULL;

	old = peer ? watch_find(list, wish->badge, peer, wish->bits) : NULL;
	*now = ready & wish->wanted;
	if (*now == 0 && !old)
		return watch_new(set, list, wish, info.koid);
	(void)handle_close(wish->notification);
	if (*now == 0)
		old->wanted = wish->wanted;
	else if (old)
		watch_free(set, old);
	return OK;
}

void watch_tell_some(struct watch_set *set, struct watch_list *list, uint32_t ready)
{
	for (struct watch *watch = list->first, *next; watch; watch = next) {
		next = watch->next;
		if (!(watch->wanted & ready))
			continue;
		/* Who is gone hears nothing, and nobody minds. */
		(void)notification_signal(watch->peer->notification, watch->bits);
		watch_free(set, watch);
	}
}

void watch_leave(struct watch_set *set, struct watch_list *list, uint64_t badge)
{
	for (struct watch *watch = list->first, *next; watch; watch = next) {
		next = watch->next;
		if (watch->badge == badge)
			watch_free(set, watch);
	}
}

void watch_drop(struct watch_set *set, struct watch_list *list)
{
	while (list->first)
		watch_free(set, list->first);
}
