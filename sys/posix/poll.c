/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll: one wait on one notification. Servers are asked by `watch` of the protocol file, and remember to signal what was not ready; here it is remembered that they
 * do, also after poll has returned. So descriptors on which nothing happens cost a look at a table, however often they are polled.
 *
 * A poller is a notification with that table. Each poll that is under way has one of its own; afterwards the next takes it over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/file.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"
#include "sys/posix/poller.h"
#include "sys/posix/process.h"

#define COUNT_MAX 1024u /* descriptors of one call */
#define BITS      63u   /* of the notification: descriptors that have the same are asked together */
#define BIT_DIED  (1ull << 63)
#define SERVERS   8u /* that are known not to be asked twice */

/* A server will signal when this file becomes ready for something of it. */
struct armed {
	const struct file *file; /* NULL: not so */
	uint32_t serial;         /* of the file: its memory is used again */
	uint32_t wanted;         /* FILE_READY_* */
	uint32_t events;         /* POLL* that these cover */
	uint64_t server;         /* the endpoint's koid */
};

struct poller {
	struct poller *next;
	handle_t notification;
	handle_t given;  /* servers get duplicates of it; BIT_DIED comes when one ends */
	bool used;       /* something was armed: there may be bits */
	bool several;    /* servers */
	uint64_t server; /* the last */
	struct armed armed[FD_COUNT];
};

static struct mutex pollers_lock;
static struct poller *pollers; /* pollers_lock: the one that was used last comes first */

/* ---- pollers ------------------------------------------------------------------------------------------------ */

static status_t poller_new(struct poller **out)
{
	struct poller *p = calloc(1, sizeof(*p));
	status_t status;

	if (!p)
		return ERR_NO_MEMORY;
	status = notification_create(&p->notification);
	if (status == OK) {
		status = notification_mint(p->notification, BIT_DIED, RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE,
					   &p->given);
		if (status != OK)
			(void)handle_close(p->notification);
	}
	if (status != OK) {
		free(p);
		return status;
	}
	*out = p;
	return OK;
}

static status_t poller_take(struct poller **out)
{
	struct poller *p;

	mutex_lock(&pollers_lock);
	p = pollers;
	if (p)
		pollers = p->next;
	mutex_unlock(&pollers_lock);
	*out = p;
	return p ? OK : poller_new(out);
}

static void poller_give(struct poller *p)
{
	mutex_lock(&pollers_lock);
	p->next = pollers;
	pollers = p;
	mutex_unlock(&pollers_lock);
}

/* Whose bits came has to be asked again. */
static void poller_hear(struct poller *p, uint64_t bits)
{
	if (bits & BIT_DIED) {
		memset(p->armed, 0, sizeof(p->armed));
		return;
	}
	for (; bits; bits &= bits - 1) {
		for (unsigned fd = (unsigned)__builtin_ctzll(bits); fd < FD_COUNT; fd += BITS)
			p->armed[fd].file = NULL;
	}
}

/* ---- events -------------------------------------------------------------------------------------------------- */

static uint32_t ready_from_events(unsigned events)
{
	return (events & (POLLIN | POLLRDNORM) ? FILE_READY_READ : 0u) |
	       (events & (POLLOUT | POLLWRNORM | POLLWRBAND) ? FILE_READY_WRITE : 0u) |
	       (events & POLLHUP ? FILE_READY_HANGUP : 0u) | (events & POLLERR ? FILE_READY_ERROR : 0u) |
	       (events & (POLLPRI | POLLRDBAND) ? FILE_READY_PRIORITY : 0u);
}

static unsigned events_from_ready(uint32_t ready)
{
	return (ready & FILE_READY_READ ? POLLIN | POLLRDNORM : 0u) |
	       (ready & FILE_READY_WRITE ? POLLOUT | POLLWRNORM : 0u) | (ready & FILE_READY_HANGUP ? POLLHUP : 0u) |
	       (ready & FILE_READY_ERROR ? POLLERR : 0u) | (ready & FILE_READY_PRIORITY ? POLLPRI : 0u);
}

/* What nobody needs to be asked about when the server signals for that. */
static unsigned events_covered(uint32_t wanted)
{
	unsigned events = 0;

	for (unsigned bit = POLLIN; bit <= POLLWRBAND; bit <<= 1) {
		if (!(ready_from_events(bit) & ~wanted))
			events |= bit;
	}
	return events;
}

/* ---- asking -------------------------------------------------------------------------------------------------- */

static status_t server_ask(const struct poller *p, const struct file *f, int fd, uint32_t wanted, uint32_t *now)
{
	status_t status;

	do {
		handle_t given;

		status = handle_dup(p->given, RIGHTS_SAME, &given);
		if (status == OK)
			status = file_watch(f->endpoint, wanted, given, 1ull << ((unsigned)fd % BITS), now);
	} while (status == ERR_PEER_DIED);
	return status;
}

/* What an answer that is none says of the file. */
static status_t answer_settle(status_t status, uint32_t wanted, uint32_t *now)
{
	switch (status) {
	case OK: break;
	case ERR_NO_MEMORY:
	case ERR_NO_HANDLES:
	case ERR_QUOTA: return ERR_NO_MEMORY;
	/* It knows nothing of readiness: reading and writing say what there is to say. */
	case ERR_NO_SYSCALL:
	case ERR_UNSUPPORTED: *now = wanted & (FILE_READY_READ | FILE_READY_WRITE); break;
	/* Whatever is tried with it fails at once. */
	default: *now = (wanted & ~(uint32_t)FILE_READY_HANGUP) | FILE_READY_ERROR; break;
	}
	return OK;
}

/*
 * Is the file ready for something of `wanted`? If not, the server will signal. What it was to signal for the same descriptor before is asked for as well: the same descriptor
 * may be named twice in one call. *again: something of that is there, so that who asked for it before has to ask again.
 */
static status_t file_ask(struct poller *p, const struct file *f, int fd, uint32_t wanted, uint32_t *now, bool *again)
{
	struct armed *armed = &p->armed[fd];
	uint32_t all = wanted;
	status_t status;

	if (armed->file == f && armed->serial == f->serial) {
		if (!(wanted & ~armed->wanted)) {
			*now = 0;
			return OK;
		}
		all |= armed->wanted;
	}
	status = answer_settle(server_ask(p, f, fd, all, now), all, now);
	if (status == OK && *now && !(*now & wanted) && all != wanted) {
		*again = true;
		all = wanted;
		status = answer_settle(server_ask(p, f, fd, all, now), all, now);
	}
	armed->file = NULL;
	if (status == OK && *now == 0) {
		struct handle_info info = {0};

		(void)handle_info(f->endpoint, &info); /* not known: none is asked */
		*armed = (struct armed){f, f->serial, all, events_covered(all), info.koid};
		p->several = p->several || (p->used && info.koid != p->server);
		p->server = info.koid;
		p->used = true;
	}
	return status;
}

/* One descriptor; a negative errno value. */
static int entry_look(struct poller *p, struct pollfd *entry, unsigned always, bool *again)
{
	unsigned events = (unsigned short)entry->events | always;
	uint32_t ready = FILE_READY_READ | FILE_READY_WRITE, wanted = ready_from_events(events);
	status_t status = OK;
	struct file *f = fd_use(entry->fd);

	if (!f || FILE_IS_PLACE(f)) {
		if (f)
			fd_done(f);
		entry->revents = POLLNVAL;
		return 0;
	}
	if (f->ops->is_watched)
		status = file_ask(p, f, entry->fd, wanted, &ready, again);
	fd_done(f);
	entry->revents = (short)(events_from_ready(ready) & events);
	return neg_errno(status);
}

/* Has a server been asked, and would have signalled by now? The usual case of many descriptors, in a few instructions. */
static inline bool is_quiet(const struct poller *p, int fd, unsigned events)
{
	const struct armed *armed = &p->armed[fd];
	const struct file *f = atomic_load_explicit(&fd_table[fd].file, memory_order_acquire);

	/* The file is only compared, so it need not be held. */
	return f && armed->file == f && armed->serial == f->serial && !(events & ~armed->events);
}

static int look(struct poller *p, struct pollfd *fds, nfds_t count, unsigned always)
{
	bool again;
	int ready;

	do {
		again = false;
		ready = 0;
		for (nfds_t i = 0; i < count; i++) {
			fds[i].revents = 0;
			if (fds[i].fd < 0 ||
			    (fds[i].fd < FD_COUNT && is_quiet(p, fds[i].fd, (unsigned short)fds[i].events | always)))
				continue;
			int error = entry_look(p, &fds[i], always, &again);

			if (error)
				return error;
			ready += fds[i].revents != 0;
		}
	} while (again);
	return ready;
}

/* ---- waiting ------------------------------------------------------------------------------------------------- */

static bool heard(struct poller *p)
{
	uint64_t bits;

	if (!p->used || notification_wait(p->notification, 0, &bits) != OK)
		return false;
	poller_hear(p, bits);
	return true;
}

/*
 * Servers hear of closed handles after close has returned. Who closes the last writer and then polls wants to see it, without waiting: a call that each
 * server answers comes behind that. True: something has been signalled.
 */
static bool fence(struct poller *p, const struct pollfd *fds, nfds_t count)
{
	uint64_t servers[SERVERS];
	unsigned known = 0, i;

	for (nfds_t n = 0; n < count && (known == 0 || p->several); n++) {
		uint64_t server = (unsigned)fds[n].fd < FD_COUNT && is_quiet(p, fds[n].fd, 0)
					  ? p->armed[fds[n].fd].server
					  : 0;
		uint32_t now;

		for (i = 0; i < known && servers[i] != server; i++)
			;
		if (server == 0 || i < known)
			continue;
		struct file *f = fd_use(fds[n].fd);

		if (!f)
			continue;
		(void)file_mode(f->endpoint, false, 0, &now);
		if (known < SERVERS)
			servers[known++] = server;
		fd_done(f);
	}
	return known != 0 && heard(p);
}

static int wait(struct poller *p, struct pollfd *fds, nfds_t count, unsigned always, uint64_t deadline)
{
	bool fenced = false;
	uint64_t bits;
	int ready;

	(void)heard(p); /* what happened since the last call */
	for (;;) {
		ready = look(p, fds, count, always);
		if (ready != 0)
			return ready;
		if (deadline == 0) {
			if (fenced || !fence(p, fds, count))
				return 0;
			fenced = true;
			continue;
		}
		status_t status = notification_wait_interruptible(p->notification, deadline, &bits);

		if (status == ERR_TIMED_OUT)
			deadline = 0; /* one more look: what came with the deadline counts */
		else if (status != OK)
			return neg_errno(status);
		else
			poller_hear(p, bits);
	}
}

int poll_wait(struct pollfd *fds, nfds_t count, short always, uint64_t deadline, const sigset_t *mask)
{
	struct poller *p;
	sigset_t old;
	status_t status;

	if (count > COUNT_MAX)
		return -EINVAL;
	if (mask && sigprocmask(SIG_SETMASK, mask, &old) != 0)
		return -errno;
	status = poller_take(&p);
	int result = neg_errno(status);

	if (status == OK) {
		result = wait(p, fds, count, (unsigned short)always, deadline);
		poller_give(p);
	}
	if (mask)
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return result;
}

int poll_deadline(const struct timespec *timeout, uint64_t *deadline)
{
	uint64_t now = clock_now();

	if (!timeout) {
		*deadline = DEADLINE_NEVER;
		return 0;
	}
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000)
		return -EINVAL;
	*deadline = 0;
	if (timeout->tv_sec == 0 && timeout->tv_nsec == 0)
		return 0;
	/* A time that no clock reaches is as good as none. */
	if ((uint64_t)timeout->tv_sec >= (DEADLINE_NEVER - now) / 1000000000 - 1)
		*deadline = DEADLINE_NEVER;
	else
		*deadline = now + (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_nsec;
	return 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0    ? DEADLINE_NEVER
			    : timeout_ms == 0 ? 0
					      : clock_now() + (uint64_t)timeout_ms * 1000000;

	return (int)posix_result(poll_wait(fds, count, POLL_ALWAYS, deadline, NULL));
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
	uint64_t deadline;
	int result = poll_deadline(timeout, &deadline);

	if (result == 0)
		result = poll_wait(fds, count, POLL_ALWAYS, deadline, mask);
	return (int)posix_result(result);
}
