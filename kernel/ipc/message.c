/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles in messages, and leases. Handles stay in the sender's table until a receiver is there, so none is ever under way. */
#include "kernel/ipc/message.h"

#include <string.h>

#include "kernel/hot.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/user.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/syscall.h"

static const uint8_t handle_reg[MSG_HANDLES_MAX] = {X_T2, X_T3, X_T4, X_T5};

status_t message_check(struct thread *t, uint64_t info, bool is_call)
{
	unsigned n = MSG_HANDLES(info);
	uint64_t allowed = MSG_INFO(0x7fffffffu, 7, is_call ? 7 : 0) | (is_call ? MSG_DEADLINE : 0);

	if (info & ~allowed || n > MSG_HANDLES_MAX || MSG_LEASES(info) > MSG_LEASES_MAX)
		return ERR_INVALID;
	for (unsigned i = 0; i < n; i++) {
		struct cap *c;
		status_t s = handle_find(t->proc, t->x[handle_reg[i]], OBJ_NONE, RIGHT_MOVE, &c);

		if (s != OK)
			return s;
		for (unsigned j = 0; j < i; j++)
			if (t->x[handle_reg[j]] == t->x[handle_reg[i]])
				return ERR_INVALID;
	}
	return OK;
}

NOINLINE status_t message_move_handles(struct thread *t, struct process *to, uint64_t out[MSG_HANDLES_MAX])
{
	unsigned n = MSG_HANDLES(t->x[X_A1]);
	struct cap *caps[MSG_HANDLES_MAX];
	status_t s = OK;

	if (!n)
		return OK;
	/* Time may have passed since the check: another thread can have closed one. */
	s = message_check(t, t->x[X_A1], true);
	if (s != OK)
		return s;
	for (unsigned i = 0; i < n; i++)
		caps[i] = table_find(t->proc, t->x[handle_reg[i]]);
	s = table_reserve(to, n);
	if (s != OK)
		return s == ERR_STATE ? ERR_PEER_DIED : s; /* it is about to end */
	/* Whoever holds them pays for them. */
	for (unsigned i = 0; i < n; i++) {
		if (cap_recharge(caps[i], to->quota))
			continue;
		while (i--)
			(void)cap_recharge(caps[i], t->proc->quota); /* what was given back just now */
		return ERR_NO_MEMORY;
	}
	for (unsigned i = 0; i < n; i++) {
		table_remove(caps[i]);
		s = table_insert(to, caps[i], &out[i]);
		ASSERT(s == OK);
	}
	return OK;
}

void message_drop_handles(struct thread *t)
{
	for (unsigned i = 0; i < MSG_HANDLES(t->x[X_A1]) && i < MSG_HANDLES_MAX; i++) {
		struct cap *c = table_find(t->proc, t->x[handle_reg[i]]);

		if (c) {
			table_remove(c);
			cap_destroy(c);
		}
	}
}

void message_put_handles(struct thread *t, const uint64_t h[MSG_HANDLES_MAX])
{
	for (unsigned i = 0; i < MSG_HANDLES_MAX; i++)
		t->x[handle_reg[i]] = h[i];
}

/* The caller that a server names. */
static status_t caller_find(uint64_t handle, struct thread **caller)
{
	struct thread *t = hart_self()->cur;
	struct thread *c = t->caller;

	if (handle != HANDLE_NONE) {
		struct cap *cap;
		status_t s = handle_find(t->proc, handle, OBJ_REPLY, RIGHT_REPLY, &cap);

		if (s != OK)
			return s;
		c = ((struct reply *)cap->obj)->caller;
		if (!c)
			return ERR_PEER_DIED; /* the caller gave up */
	}
	*caller = c;
	return c ? OK : ERR_STATE;
}

/* Finds the caller whose lease a server names, and the lease. */
static status_t lease_find(uint64_t handle, uint64_t index, struct thread **caller, struct lease *l)
{
	status_t s = caller_find(handle, caller);

	if (s != OK)
		return s;
	const struct thread *c = *caller;
	if (index >= MSG_LEASES(c->msginfo))
		return ERR_RANGE;
	return user_read(c->proc, (c->leases & ~15ull) + index * sizeof(*l), l, sizeof(*l));
}

/* Bytes copied between looks at pending interrupts. */
#define COPY_STEP 16384

/* `len` whole words at word-aligned addresses that do not overlap: 256 bytes a turn, then words. The end of
 * a system call, so that it can be jumped to. */
static NOINLINE struct sysret copy_words(uint64_t *d, const uint64_t *s, uint64_t len)
{
#define MOVE8(o)                                                                 \
	{                                                                        \
		uint64_t a = s[o], b = s[o + 1], c = s[o + 2], e = s[o + 3];     \
		uint64_t f = s[o + 4], g = s[o + 5], h = s[o + 6], i = s[o + 7]; \
		d[o] = a, d[o + 1] = b, d[o + 2] = c, d[o + 3] = e;              \
		d[o + 4] = f, d[o + 5] = g, d[o + 6] = h, d[o + 7] = i;          \
	}
	const uint64_t *end = (const uint64_t *)((const char *)s + len);

	for (const uint64_t *stop = s + (len / 8 & ~31ull); s != stop; s += 32, d += 32) {
		MOVE8(0) MOVE8(8) MOVE8(16) MOVE8(24)
	}
	while (s != end)
		*d++ = *s++;
#undef MOVE8
	return sysret_status(OK);
}

/* The usual case: the current caller, bytes of one page on either side, pages used lately. (A process that lends to itself
 * and copies a range onto its own overlap gets some mix of both.) False: take the long way, nothing has happened. */
static inline bool lease_find_quick(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len,
				    unsigned access, void **theirs, void **ours)
{
	struct thread *t = hart_self()->cur, *c = t->caller;

	if (!c || index >= MSG_LEASES(c->msginfo))
		return false;
	uint64_t at = (c->leases & ~15ull) + index * sizeof(struct lease); /* aligned: never across pages */
	void *desc;

	if (!aspace_peek(&c->proc->as, at, false, &desc))
		return false;
	const struct lease *l = desc;
	uint64_t info = l->info, size = info & LEASE_LEN_MAX, lent = l->addr + offset;
	if (!(info >> LEASE_ACCESS_SHIFT & access) || offset > size || len > size - offset)
		return false;
	/* One branch for all that is unusual: a reply handle, bytes across pages, bytes instead of words. */
	if (handle | (((lent ^ (lent + len - 1)) | (buf ^ (buf + len - 1))) >> PAGE_SHIFT) | ((lent | buf | len) & 7))
		return false;
	if (!aspace_peek(&c->proc->as, lent, access == LEASE_WRITE, theirs) ||
	    !aspace_peek(&t->proc->as, buf, access == LEASE_READ, ours))
		return false;
	return true;
}

/* Nearly as usual: any bytes of the current caller's, pages that have to be looked up, not more than a step's worth. False: as above. */
static inline bool lease_find_near(uint64_t handle, uint64_t index, uint64_t offset, uint64_t len, unsigned access,
				   uint64_t *lent)
{
	struct thread *c = hart_self()->cur->caller;

	/* One branch for all that is unusual. */
	if (handle | (len > COPY_STEP) | !c || index >= MSG_LEASES(c->msginfo))
		return false;
	uint64_t at = (c->leases & ~15ull) + index * sizeof(struct lease); /* aligned: never across pages */
	void *desc;

	if (!aspace_peek(&c->proc->as, at, false, &desc) && !(desc = aspace_touch(c->proc, at, MAP_READ)))
		return false;
	const struct lease *l = desc;
	uint64_t info = l->info, size = info & LEASE_LEN_MAX;
	*lent = l->addr + offset;
	return (info >> LEASE_ACCESS_SHIFT & access) && offset <= size && len <= size - offset;
}

/* A byte that may be read or written until the lock is released; NULL: there is none. */
static inline void *byte_at(struct process *p, uint64_t addr, bool write)
{
	void *at;

	return __builtin_expect(aspace_peek(&p->as, addr, write, &at), 1)
		       ? at
		       : aspace_touch(p, addr, write ? MAP_WRITE : MAP_READ);
}

/* Page by page. (A process that lends to itself and copies a range onto its own overlap gets some mix of both.) */
static inline struct sysret move_near(struct process *to, uint64_t d, struct process *from, uint64_t s, uint64_t len)
{
	while (len) {
		uint64_t left = PAGE_SIZE - (d & (PAGE_SIZE - 1)), n = PAGE_SIZE - (s & (PAGE_SIZE - 1));

		n = n < left ? n : left;
		n = n < len ? n : len;
		/* The side that is written first: making it writable may replace a page that both share. */
		void *dst = byte_at(to, d, true);
		const void *src = dst ? byte_at(from, s, false) : NULL;

		if (__builtin_expect(!src, 0))
			return sysret_status(ERR_FAULT);
		if (__builtin_expect(((d | s | n) & 7) == 0, 1))
			(void)copy_words(dst, src, n);
		else
			memmove(dst, src, n);
		d += n;
		s += n;
		len -= n;
	}
	return sysret_status(OK);
}

static NOINLINE struct sysret lease_copy(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len,
					 unsigned access)
{
	struct thread *caller;
	struct lease l;
	status_t s = lease_find(handle, index, &caller, &l);

	if (s != OK)
		return sysret_status(s);
	if (!(l.info >> LEASE_ACCESS_SHIFT & access))
		return sysret_status(ERR_RIGHTS);
	uint64_t size = l.info & LEASE_LEN_MAX;
	if (offset > size || len > size - offset)
		return sysret_status(ERR_RANGE);
	struct process *self = process_self();
	while (len) {
		uint64_t n = len < COPY_STEP ? len : COPY_STEP;

		s = access == LEASE_READ ? user_copy(self, buf, caller->proc, l.addr + offset, n)
					 : user_copy(caller->proc, l.addr + offset, self, buf, n);
		if (s != OK)
			return sysret_status(s);
		buf += n;
		offset += n;
		len -= n;
		if (len) {
			/* The call goes on from here after interrupts were let in. */
			return sysret_restart(access == LEASE_READ ? SYS_LEASE_READ : SYS_LEASE_WRITE, handle, index,
					      offset, buf, len);
		}
	}
	return sysret_status(OK);
}

static NOINLINE struct sysret lease_move(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len,
					 unsigned access)
{
	struct thread *t = hart_self()->cur;
	uint64_t lent;

	if (!lease_find_near(handle, index, offset, len, access, &lent))
		return lease_copy(handle, index, offset, buf, len, access);
	if (access == LEASE_READ)
		return move_near(t->proc, buf, t->caller->proc, lent, len);
	return move_near(t->caller->proc, lent, t->proc, buf, len);
}

struct sysret sys_lease_read(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len)
{
	void *theirs, *ours;

	if (lease_find_quick(handle, index, offset, buf, len, LEASE_READ, &theirs, &ours))
		return copy_words(ours, theirs, len);
	return lease_move(handle, index, offset, buf, len, LEASE_READ);
}

struct sysret sys_lease_write(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len)
{
	void *theirs, *ours;

	if (lease_find_quick(handle, index, offset, buf, len, LEASE_WRITE, &theirs, &ours))
		return copy_words(theirs, ours, len);
	return lease_move(handle, index, offset, buf, len, LEASE_WRITE);
}

struct sysret sys_lease_info(uint64_t handle, uint64_t index)
{
	struct thread *caller;
	struct lease l;
	status_t s = lease_find(handle, index, &caller, &l);

	if (s != OK)
		return sysret_status(s);
	return sysret_pair(l.info & LEASE_LEN_MAX, l.info >> LEASE_ACCESS_SHIFT);
}

struct sysret sys_caller(uint64_t handle)
{
	struct thread *caller;
	status_t s = caller_find(handle, &caller);

	return s == OK ? sysret_value(caller->proc->obj.koid) : sysret_status(s);
}
