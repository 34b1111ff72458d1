/* SPDX-License-Identifier: BSD-2-Clause */
/* What the code generated from sys/protocols stands on. Programs use sys/lib/ipc.h. */
#pragma once

#include "sys/lib/ipc.h"

/* ---- statuses and labels --------------------------------------------------------------------- */

static inline bool ipc_status_valid(int64_t status)
{
	return status <= OK && status >= ERR_LAST;
}

/* The status in an answer's label: ERR_PROTOCOL if there is none. */
static inline status_t ipc_label_status(uint32_t label)
{
	return label <= (uint32_t)-ERR_LAST ? -(status_t)label : ERR_PROTOCOL;
}

/* The label for a status; what is neither OK nor a known error becomes ERR_PROTOCOL. */
static inline uint32_t ipc_status_label(status_t status)
{
	return (uint32_t) - (ipc_status_valid(status) ? status : ERR_PROTOCOL);
}

/* ---- values in the words of a message; offsets and sizes are bytes ------------------------------ */

static inline void ipc_put_bytes(uint64_t *w, unsigned offset, const void *bytes, size_t len)
{
	if (len != 0)
		__builtin_memcpy((char *)w + offset, bytes, len);
}

static inline void ipc_get_bytes(const uint64_t *w, unsigned offset, void *bytes, size_t len)
{
	if (len != 0)
		__builtin_memcpy(bytes, (const char *)w + offset, len);
}

static inline void ipc_put_byte(uint64_t *w, unsigned offset, uint8_t byte)
{
	((unsigned char *)w)[offset] = byte;
}

static inline uint8_t ipc_get_byte(const uint64_t *w, unsigned offset)
{
	return ((const unsigned char *)w)[offset];
}

/* Is there a NUL within size bytes? */
bool ipc_string_ends(const char *text, size_t size);

/* A text of at most max bytes (NULL is an empty one) into zeroed words; ERR_INVALID if it is longer. */
status_t ipc_put_string(uint64_t *w, unsigned offset, size_t max, const char *text);

/* The text in max + 1 bytes of the words; ERR_PROTOCOL if no NUL ends it. */
status_t ipc_get_string(const uint64_t *w, unsigned offset, size_t max, char *text);

/* Zeroes what follows the NUL of a text that is in the words already; ERR_INVALID without one. */
status_t ipc_trim_string(uint64_t *w, unsigned offset, size_t max);

/* ---- handles ----------------------------------------------------------------------------------- */

/* Closes a handle unless it is HANDLE_NONE. A handle that is gone already is no mistake here. */
void ipc_close(handle_t handle);

/* Closes those of n handles that are there; returns status, to be passed on. */
status_t ipc_drop(const handle_t *handles, unsigned n, status_t status);

/* Are all n handles there? */
bool ipc_handles_given(const handle_t *handles, unsigned n);

/* ---- client ------------------------------------------------------------------------------------ */

#define IPC_LEASE(buf, len, access)                         \
	((struct lease){.addr = (uint64_t)(uintptr_t)(buf), \
			.info = (uint64_t)(len) | (uint64_t)(access) << LEASE_ACCESS_SHIFT})

/* Lends a text of at most max bytes, without its NUL; ERR_INVALID if it is longer. */
status_t ipc_lend_string(struct lease *lease, const char *text, size_t max);

/* Closes a message's first n handles; returns status. */
static inline status_t ipc_refuse(const struct ipc_msg *m, unsigned n, status_t status)
{
	return ipc_drop(m->handles, n, status);
}

/* The status of an answer that is not the one expected, whose handles are closed. These two take
 * values: a pointer to the message would keep it from living in registers. */
status_t ipc_bad_answer(uint64_t info, handle_t h0, handle_t h1, handle_t h2, handle_t h3);

/* A message that could not be sent or was never answered: its n handles are closed if they are still
 * there. */
status_t ipc_unanswered(status_t status, unsigned n, handle_t h0, handle_t h1, handle_t h2, handle_t h3);

/* Calls, and turns the answer's label into the status. `sent` handles go with m and are gone
 * afterwards whatever happened; an answer that is OK has exactly `wanted`. */
static inline __attribute__((always_inline)) status_t ipc_transact(handle_t ep, struct ipc_msg *m,
								   const struct lease *leases, uint64_t deadline,
								   unsigned sent, unsigned wanted)
{
	uint64_t form = MSG_INFO(~0u, 7, 0);
	status_t status = ipc_call(ep, m, leases, deadline);

	if (__builtin_expect(status != OK, 0))
		return sent == 0 ? status
				 : ipc_unanswered(status, sent, m->handles[0], m->handles[1], m->handles[2],
						  m->handles[3]);
	if (__builtin_expect((m->info & form) != MSG_INFO(0, wanted, 0), 0))
		return ipc_bad_answer(m->info, m->handles[0], m->handles[1], m->handles[2], m->handles[3]);
	return OK;
}

/* ---- server ------------------------------------------------------------------------------------ */

/* Does the call have these numbers of handles and leases? */
static inline status_t ipc_request_check(const struct ipc_request *rq, unsigned handles, unsigned leases)
{
	uint64_t form = MSG_INFO(0, 7, 7);

	return (rq->msg.info & form) == MSG_INFO(0, handles, leases) ? OK : ERR_PROTOCOL;
}

/* Is this handle of that type, with at least these rights? */
status_t ipc_handle_check(handle_t handle, uint32_t type, uint32_t rights);

/* How many units of `unit` bytes a lease holds, which are at most max and lent with that access
 * (LEASE_READ or LEASE_WRITE)? */
status_t ipc_lease_check(const struct ipc_request *rq, unsigned lease, uint32_t access, size_t unit, uint64_t max,
			 size_t *count);

/* Copies a lent text of at most max bytes to buf[max + 1] and ends it. */
status_t ipc_lease_string(const struct ipc_request *rq, unsigned lease, size_t max, char *buf);

/* The same of a text whose length the message tells. */
status_t ipc_told_string(const struct ipc_request *rq, unsigned lease, size_t len, char *buf);

/* Completes the answer: with OK, rq->msg holds the results and `handles` handles already; an error
 * closes the handles that the call brought. Returns OK, or IPC_DEFERRED if nothing is to be sent. */
status_t ipc_request_finish(struct ipc_request *rq, status_t status, unsigned handles);

/* One operation's part of a dispatch, jumped to with nothing saved: what one needs (a path, a handle's check) is not paid by the others. */
#define IPC_SERVE __attribute__((noinline))

/* Answers a saved caller. The reply handle and the message's handles are gone afterwards. */
status_t ipc_answer(handle_t reply, struct ipc_msg *m, status_t status, unsigned handles);
