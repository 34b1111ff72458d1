/* SPDX-License-Identifier: BSD-2-Clause */
/* FIFOs: the ring of bytes, and the calls that wait for it. */
#include "fs/lib/fifo.h"

#include <stdlib.h>
#include <string.h>

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

enum wait_kind { WAIT_OPEN, WAIT_READ, WAIT_WRITE };

struct fifo_wait {
	struct fifo_wait *next;
	enum wait_kind kind;
	handle_t reply;
	uint64_t badge;
	uint32_t user;
	unsigned ends; /* WAIT_OPEN */
	handle_t file; /* WAIT_OPEN: what is being opened */
	size_t len;    /* others */
};

/* ---- the ring ------------------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static uint64_t bytes_of(const struct fifo_set *set, const uint32_t *user)
{
	uint64_t bytes = 0;

	for (const struct fifo *fifo = set->all; fifo; fifo = fifo->next) {
		if (!user || fifo->user == *user)
			bytes += fifo->capacity;
	}
	return bytes;
}

/* More memory for so many bytes more, if its user may have it and there is some. */
static __attribute__((noinline)) void grow(struct fifo_set *set, struct fifo *fifo, size_t len)
{
	uint32_t capacity = fifo->capacity, head;
	uint8_t *bytes;

	while (capacity < FIFO_BYTES && capacity - fifo->used < len)
		capacity *= 4;
	if (bytes_of(set, &fifo->user) - fifo->capacity + capacity > FIFO_USER_MANY ||
	    bytes_of(set, NULL) - fifo->capacity + capacity > FIFO_TOTAL_MAX)
		return;
	bytes = malloc(capacity);
	if (!bytes)
		return;
	head = (uint32_t)least(fifo->used, fifo->capacity - fifo->first);
	memcpy(bytes, fifo->bytes + fifo->first, head);
	memcpy(bytes + head, fifo->bytes, fifo->used - head);
	free(fifo->bytes);
	fifo->bytes = bytes;
	fifo->capacity = capacity;
	fifo->first = 0;
}

/* What fits in, of so many bytes. */
static size_t room(struct fifo_set *set, struct fifo *fifo, size_t len)
{
	if (__builtin_expect(fifo->capacity - fifo->used < len && fifo->capacity < FIFO_BYTES, 0))
		grow(set, fifo, len);
	return fifo->capacity - fifo->used;
}

/* Bytes to a reader; they are gone only when all of them have arrived. */
static status_t give(struct fifo *fifo, const struct ipc_request *rq, size_t len)
{
	size_t head = least(len, fifo->capacity - fifo->first);
	status_t status = ipc_lease_write(rq, FILE_READ_LEASE_DATA, 0, fifo->bytes + fifo->first, head);

	if (status == OK && len > head)
		status = ipc_lease_write(rq, FILE_READ_LEASE_DATA, head, fifo->bytes, len - head);
	if (status != OK)
		return status;
	fifo->first = (uint32_t)(fifo->first + len) & (fifo->capacity - 1);
	fifo->used -= (uint32_t)len;
	return OK;
}

/* Bytes of a writer; there is room for them. */
static status_t take(struct fifo *fifo, const struct ipc_request *rq, size_t len)
{
	size_t at = (fifo->first + fifo->used) & (fifo->capacity - 1), head = least(len, fifo->capacity - at);
	status_t status = ipc_lease_read(rq, FILE_WRITE_LEASE_DATA, 0, fifo->bytes + at, head);

	if (status == OK && len > head)
		status = ipc_lease_read(rq, FILE_WRITE_LEASE_DATA, head, fifo->bytes, len - head);
	if (status == OK)
		fifo->used += (uint32_t)len;
	return status;
}

/* How much of a write can go in now: all, as much as there is room, or none of what must stay together. Who can wait does so until it is worth it. */
static size_t piece(struct fifo_set *set, struct fifo *fifo, size_t len, bool wait)
{
	size_t fits = room(set, fifo, len);

	return (wait || len <= FIFO_ATOMIC) && fits < least(len, FIFO_ATOMIC) ? 0 : least(len, fits);
}

/* ---- calls that wait -------------------------------------------------------------------------------------- */

static bool is_gone(const struct fifo_wait *wait)
{
	uint64_t len;
	uint32_t access;

	return lease_info(wait->reply, 0, &len, &access) == ERR_PEER_DIED;
}

static void wait_free(struct fifo_set *set, struct fifo_wait *wait)
{
	ipc_close(wait->reply);
	ipc_close(wait->file);
	set->waits--;
	if (set->spare_count == FIFO_SPARES) {
		free(wait);
		return;
	}
	wait->next = set->spares;
	set->spares = wait;
	set->spare_count++;
}

static struct fifo_wait *wait_new(struct fifo_set *set)
{
	struct fifo_wait *wait = set->spares;

	if (!wait)
		return malloc(sizeof(*wait));
	set->spares = wait->next;
	set->spare_count--;
	return wait;
}

static struct fifo_wait *wait_unlink(struct fifo_wait **at)
{
	struct fifo_wait *wait = *at;

	*at = wait->next;
	return wait;
}

/* Answers by kind. ERR_PEER_DIED: nobody hears it, he is gone or was interrupted. */
static status_t wait_end(struct fifo_set *set, struct fifo_wait **at, status_t status, size_t count)
{
	struct fifo_wait *wait = wait_unlink(at);
	handle_t reply = wait->reply, file = wait->file;

	wait->reply = wait->file = HANDLE_NONE; /* the answers take them */
	if (wait->kind == WAIT_OPEN)
		status = file_open_reply(reply, status, file, FILE_KIND_FIFO);
	else if (wait->kind == WAIT_READ)
		status = file_read_reply(reply, status, count);
	else
		status = file_write_reply(reply, status, count, FILE_AT_POSITION);
	wait_free(set, wait);
	return status;
}

static uint32_t waits_of(const struct fifo_set *set, uint32_t user)
{
	uint32_t count = 0;

	for (const struct fifo *fifo = set->all; fifo; fifo = fifo->next) {
		for (const struct fifo_wait *wait = fifo->waits; wait; wait = wait->next)
			count += wait->user == user;
	}
	return count;
}

/* Of those that are gone, only what they wait with is left. */
static void drop_gone(struct fifo_set *set)
{
	for (struct fifo *fifo = set->all; fifo; fifo = fifo->next) {
		for (struct fifo_wait **at = &fifo->waits; *at;) {
			if (is_gone(*at))
				wait_free(set, wait_unlink(at));
			else
				at = &(*at)->next;
		}
	}
}

/* While all together are no more than one may have, nobody has too many. */
static bool is_full(const struct fifo_set *set, uint32_t user)
{
	if (set->waits < FIFO_WAITS_USER)
		return false;
	return set->waits >= FIFO_WAITS_MAX || waits_of(set, user) >= FIFO_WAITS_USER;
}

static status_t wait_add(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call,
			 const struct fifo_wait *what)
{
	struct fifo_wait **last = &fifo->waits, *wait;

	if (is_full(set, call->user)) {
		drop_gone(set);
		if (is_full(set, call->user))
			return ERR_NO_MEMORY;
	}
	wait = wait_new(set);
	if (!wait)
		return ERR_NO_MEMORY;
	*wait = *what;
	wait->badge = call->badge;
	wait->user = call->user;
	set->waits++;
	status_t status = ipc_request_save(call->rq, &wait->reply);
	if (status != OK) {
		wait->reply = wait->file = HANDLE_NONE;
		wait_free(set, wait);
		return status;
	}
	while (*last)
		last = &(*last)->next;
	*last = wait;
	return IPC_DEFERRED;
}

/* ---- what can go on ----------------------------------------------------------------------------------------- */

static bool read_some(struct fifo_set *set, struct fifo *fifo, struct fifo_wait **at)
{
	const struct ipc_request rq = {.reply = (*at)->reply};
	const uint32_t first = fifo->first, used = fifo->used;
	size_t len = least((*at)->len, used);
	status_t status;

	if (used == 0 && fifo->writers != 0)
		return false;
	status = len ? give(fifo, &rq, len) : OK;
	/* Who was interrupted after the bytes had arrived knows nothing of them. */
	if (wait_end(set, at, status, status == OK ? len : 0) == ERR_PEER_DIED) {
		fifo->first = first;
		fifo->used = used;
	}
	return true;
}

/* True: the call has ended. *moved: something went in. */
static bool write_some(struct fifo_set *set, struct fifo *fifo, struct fifo_wait **at, bool *moved)
{
	struct fifo_wait *wait = *at;
	const struct ipc_request rq = {.reply = wait->reply};
	size_t len;
	status_t status;

	if (fifo->readers == 0) {
		(void)wait_end(set, at, ERR_NO_READER, 0);
		return true;
	}
	len = piece(set, fifo, wait->len, true);
	if (len == 0)
		return false;
	status = take(fifo, &rq, len);
	if (wait_end(set, at, status, status == OK ? len : 0) == ERR_PEER_DIED && status == OK)
		fifo->used -= (uint32_t)len; /* an interrupted write has done nothing */
	else if (status == OK)
		*moved = true;
	return true;
}

/* Readers in their order, then writers in theirs: a write that has to wait keeps those behind it from overtaking. */
static bool turn(struct fifo_set *set, struct fifo *fifo)
{
	bool moved = false, blocked = false;

	for (struct fifo_wait **at = &fifo->waits; *at;) {
		if ((*at)->kind == WAIT_READ && read_some(set, fifo, at))
			moved = true;
		else if ((*at)->kind == WAIT_OPEN && fifo_has_peer(fifo, (*at)->ends))
			(void)wait_end(set, at, OK, 0);
		else
			at = &(*at)->next;
	}
	for (struct fifo_wait **at = &fifo->waits; *at && !blocked;) {
		if ((*at)->kind != WAIT_WRITE)
			at = &(*at)->next;
		else if (!write_some(set, fifo, at, &moved))
			blocked = true;
	}
	return moved;
}

static uint32_t ready(struct fifo_set *set, struct fifo *fifo)
{
	return (fifo->used != 0 || fifo->lost ? FILE_READY_READ : 0u) |
	       (room(set, fifo, FIFO_ATOMIC) >= FIFO_ATOMIC ? FILE_READY_WRITE : 0u) |
	       (fifo->writers == 0 ? FILE_READY_HANGUP : 0u) | (fifo->readers == 0 ? FILE_READY_ERROR : 0u);
}

/* Ends: each turn but the last moves bytes of calls that wait, or ends some. */
static void settle(struct fifo_set *set, struct fifo *fifo)
{
	while (fifo->waits && turn(set, fifo))
		;
	if (__builtin_expect(fifo->watches.first != NULL, 0))
		watch_tell_some(&set->watches, &fifo->watches, ready(set, fifo));
}

/* ---- ends --------------------------------------------------------------------------------------------------- */

status_t fifo_new(struct fifo_set *set, uint32_t user, struct fifo **out)
{
	const uint32_t capacity = FIFO_BYTES_LEAST;
	struct fifo *fifo;

	if (bytes_of(set, &user) + capacity > FIFO_USER_MAX || bytes_of(set, NULL) + capacity > FIFO_TOTAL_MAX)
		return ERR_NO_MEMORY;
	fifo = calloc(1, sizeof(*fifo));
	if (!fifo)
		return ERR_NO_MEMORY;
	fifo->bytes = malloc(capacity);
	if (!fifo->bytes) {
		free(fifo);
		return ERR_NO_MEMORY;
	}
	fifo->user = user;
	fifo->capacity = capacity;
	fifo->next = set->all;
	set->all = fifo;
	*out = fifo;
	return OK;
}

void fifo_free(struct fifo_set *set, struct fifo *fifo)
{
	struct fifo **at = &set->all;

	while (*at != fifo)
		at = &(*at)->next;
	*at = fifo->next;
	while (fifo->waits)
		wait_free(set, wait_unlink(&fifo->waits));
	watch_drop(&set->watches, &fifo->watches);
	free(fifo->bytes);
	free(fifo);
}

void fifo_set_end(struct fifo_set *set)
{
	while (set->all)
		fifo_free(set, set->all);
	while (set->spares)
		free(wait_new(set));
}

void fifo_join(struct fifo_set *set, struct fifo *fifo, unsigned ends)
{
	fifo->readers += (ends & FIFO_READER) != 0;
	fifo->writers += (ends & FIFO_WRITER) != 0;
	fifo->came += (ends & FIFO_WRITER) != 0;
	settle(set, fifo);
}

void fifo_leave(struct fifo_set *set, struct fifo *fifo, unsigned ends, uint64_t badge)
{
	for (struct fifo_wait **at = &fifo->waits; *at;) {
		if ((*at)->badge == badge)
			wait_free(set, wait_unlink(at));
		else
			at = &(*at)->next;
	}
	watch_leave(&set->watches, &fifo->watches, badge);
	fifo->readers -= (ends & FIFO_READER) != 0;
	fifo->writers -= (ends & FIFO_WRITER) != 0;
	settle(set, fifo);
}

bool fifo_has_peer(const struct fifo *fifo, unsigned ends)
{
	return ends != FIFO_READER && ends != FIFO_WRITER ? true
	       : ends == FIFO_READER                      ? fifo->writers != 0
							  : fifo->readers != 0;
}

status_t fifo_wait_peer(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, unsigned ends,
			handle_t file)
{
	const struct fifo_wait wait = {.kind = WAIT_OPEN, .ends = ends, .file = file};
	status_t status = wait_add(set, fifo, call, &wait);

	if (status != IPC_DEFERRED)
		ipc_close(file);
	return status;
}

void fifo_forget_dead(struct fifo_set *set, struct fifo *fifo)
{
	for (struct fifo_wait **at = &fifo->waits; *at;) {
		if ((*at)->kind == WAIT_OPEN && is_gone(*at))
			wait_free(set, wait_unlink(at));
		else
			at = &(*at)->next;
	}
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

status_t fifo_read(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, size_t len, uint64_t *count)
{
	const struct fifo_wait wait = {.kind = WAIT_READ, .len = len};
	status_t status;

	*count = 0;
	if (len == 0 || (fifo->used == 0 && fifo->writers == 0))
		return OK;
	if (fifo->used == 0)
		return call->wait ? wait_add(set, fifo, call, &wait) : ERR_WOULD_BLOCK;
	len = least(len, fifo->used);
	status = give(fifo, call->rq, len);
	if (status != OK)
		return status;
	*count = len;
	settle(set, fifo);
	return OK;
}

static bool somebody_writes(const struct fifo *fifo)
{
	for (const struct fifo_wait *wait = fifo->waits; wait; wait = wait->next) {
		if (wait->kind == WAIT_WRITE)
			return true;
	}
	return false;
}

status_t fifo_write(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, size_t len, uint64_t *count)
{
	const struct fifo_wait wait = {.kind = WAIT_WRITE, .len = len};
	status_t status;

	*count = 0;
	if (len == 0)
		return OK;
	if (fifo->readers == 0)
		return ERR_NO_READER;
	size_t now = somebody_writes(fifo) ? 0 : piece(set, fifo, len, call->wait);

	if (now == 0)
		return call->wait ? wait_add(set, fifo, call, &wait) : ERR_WOULD_BLOCK;
	status = take(fifo, call->rq, now);
	if (status != OK)
		return status;
	settle(set, fifo);
	*count = now;
	return OK;
}

/* ---- readiness ---------------------------------------------------------------------------------------------- */

status_t fifo_watch(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, unsigned ends, uint32_t came,
		    uint32_t wanted, handle_t notification, uint64_t bits, uint32_t *now)
{
	/* Who has both ends is its own peer. */
	const uint32_t seen = ends == FIFO_READER   ? FILE_READY_READ | FILE_READY_HANGUP
			      : ends == FIFO_WRITER ? FILE_READY_WRITE | FILE_READY_ERROR
						    : FILE_READY_READ | FILE_READY_WRITE;
	const struct watch_wish wish = {.badge = call->badge,
					.user = call->user,
					.wanted = wanted & seen,
					.notification = notification,
					.bits = bits};
	uint32_t is = ready(set, fifo);

	if (fifo->came == came)
		is &= ~(uint32_t)FILE_READY_HANGUP;
	return watch_add(&set->watches, &fifo->watches, &wish, is, now);
}
