/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open descriptions, by the badges of their handles: place in the table, below the number of the opening, so that none comes twice, and the number of this
 * process: handles that an earlier one gave out stand for nothing. The console's are made by init and known by their badge alone.
 */
#include <stdlib.h>

#include "sys/lib/syscall.h"
#include "userland/tty/tty.h"

#define DESCRIPTIONS_MAX 4096u
#define PLACE_BITS       12u
#define COUNT_BITS       20u
#define RIGHTS           (RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO)

/* Bits 32 to 55 tell processes of the server apart; above them are the badges that init makes. */
#define EPOCH_MASK 0xffffffull

static void opened(const struct description *d)
{
	if (d->terminal->kind == TTY_KIND_SLAVE)
		pty_opened(d->terminal, d->master);
	else
		d->terminal->opened++;
}

/* A free place, which stays so: NULL if there is none. */
static struct description *place_find(void)
{
	for (uint32_t i = 0; i < tty.description_count; i++) {
		if (!tty.descriptions[i].badge)
			return &tty.descriptions[i];
	}
	if (tty.description_count == tty.description_room) {
		uint32_t room = tty.description_room ? tty.description_room * 2 : 16;
		struct description *more;

		if (room > DESCRIPTIONS_MAX)
			return NULL;
		more = realloc(tty.descriptions, room * sizeof(*more));
		if (!more)
			return NULL;
		tty.descriptions = more;
		tty.description_room = room;
	}
	tty.descriptions[tty.description_count] = (struct description){0};
	return &tty.descriptions[tty.description_count++];
}

status_t description_make(struct terminal *t, bool master, uint32_t mode, uint32_t user, handle_t *out)
{
	static uint32_t count;
	struct description *d = place_find();
	uint64_t badge;
	status_t status;

	if (!d)
		return ERR_NO_MEMORY;
	count = (count + 1) % (1u << COUNT_BITS);
	badge = (uint64_t)(d - tty.descriptions) | (uint64_t)count << PLACE_BITS | (tty.epoch & EPOCH_MASK) << 32;
	status = endpoint_mint(tty.endpoint, badge, RIGHTS, out);
	if (status != OK)
		return status;
	*d = (struct description){.badge = badge, .terminal = t, .master = master, .mode = mode, .user = user};
	opened(d);
	return OK;
}

static struct description *find(uint64_t badge)
{
	for (uint32_t i = 0; badge >= TTY_BADGE_CONSOLE && i < tty.description_count; i++) {
		if (tty.descriptions[i].badge == badge)
			return &tty.descriptions[i];
	}
	uint32_t place = badge & ((1u << PLACE_BITS) - 1);
	if (badge >= TTY_BADGE_CONSOLE || place >= tty.description_count || !badge ||
	    tty.descriptions[place].badge != badge)
		return NULL;
	return &tty.descriptions[place];
}

struct description *description_find(struct ipc_request *rq)
{
	uint64_t badge = rq->msg.badge;
	struct description *d = find(badge);
	struct terminal *t;

	if (d || (badge & ~0xffffffffull) != TTY_BADGE_CONSOLE)
		return d;
	/* The first call through a handle of init's. */
	if (serial_find(TTY_KIND_CONSOLE, 0, &t) != OK)
		return NULL;
	d = place_find();
	if (!d)
		return NULL;
	*d = (struct description){.badge = badge, .terminal = t, .mode = FILE_MODE_READ | FILE_MODE_WRITE};
	opened(d);
	/* Whose terminal it is to be, if he leads a session. Nothing is lost if not. */
	(void)session_acquire(t, rq);
	return d;
}

static void close_one(uint64_t badge)
{
	struct description *d = find(badge);

	if (!d)
		return;
	struct description gone = *d;
	*d = (struct description){0};
	watch_leave(&tty.watches, gone.master ? &gone.terminal->master_watches : &gone.terminal->watches, badge);
	if (gone.terminal->kind == TTY_KIND_SLAVE)
		pty_closed(gone.terminal, gone.master);
	else
		gone.terminal->opened--;
}

void descriptions_closed(void *context)
{
	uint64_t badge;

	(void)context;
	while (endpoint_gone(tty.endpoint, 0, &badge) == OK)
		close_one(badge);
}
