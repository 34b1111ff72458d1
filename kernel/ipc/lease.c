/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leases: bytes of a caller's memory that its server moves. The usual case (the present caller, a descriptor on a page that was looked at lately) is
 * done at once, page by page; lease_copy is the general one and knows the errors.
 */
#include "kernel/hot.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/message.h"
#include "kernel/mm/pte.h"
#include "kernel/mm/user.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/ipc.h"
#include "sys/abi/syscall.h"

/* Bytes copied between looks at pending interrupts. */
#define COPY_STEP 16384

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
	/* Put aside, and its answer has begun: bytes that have been moved are not moved for nothing. */
	if (handle != HANDLE_NONE)
		caller->msginfo &= ~MSG_INTERRUPTIBLE;
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

/* ---- the usual case --------------------------------------------------------------------------------------- */

static NOINLINE struct sysret move_bytes(struct process *to, uint64_t d, struct process *from, uint64_t s, uint64_t len)
{
	return sysret_status(user_copy(to, d, from, s, len));
}

#define WORD(n)                          \
	case n:                          \
		dst[(n)-1] = src[(n)-1]; \
		__attribute__((fallthrough));
#define MOVE4(o)                                                                               \
	{                                                                                      \
		uint64_t w0 = src[o], w1 = src[(o) + 1], w2 = src[(o) + 2], w3 = src[(o) + 3]; \
		dst[o] = w0, dst[(o) + 1] = w1, dst[(o) + 2] = w2, dst[(o) + 3] = w3;          \
	}
#define MOVE16(o) MOVE4(o) MOVE4((o) + 4) MOVE4((o) + 8) MOVE4((o) + 12)

/* `len` bytes, whole words at word-aligned addresses: two instructions for each and few besides. The odd ones first, by a jump; then 512 bytes a
 * turn. */
static inline __attribute__((always_inline)) void copy_words(uint64_t *dst, const uint64_t *src, uint64_t len)
{
	uint64_t words = len / 8, odd = words & 31;
	const uint64_t *end = (const uint64_t *)((const char *)src + len);

	if (odd) {
		/* clang-format off */
		switch (odd) {
		WORD(31) WORD(30) WORD(29) WORD(28) WORD(27) WORD(26) WORD(25) WORD(24)
		WORD(23) WORD(22) WORD(21) WORD(20) WORD(19) WORD(18) WORD(17) WORD(16)
		WORD(15) WORD(14) WORD(13) WORD(12) WORD(11) WORD(10) WORD(9) WORD(8)
		WORD(7) WORD(6) WORD(5) WORD(4) WORD(3) WORD(2) WORD(1)
		default: break;
		}
		/* clang-format on */
		src += odd;
		dst += odd;
	}
	if (words & 32) {
		MOVE16(0)
		MOVE16(16)
		src += 32;
		dst += 32;
	}
	for (; src != end; src += 64, dst += 64) {
		MOVE16(0)
		MOVE16(16)
		MOVE16(32)
		MOVE16(48)
	}
}

/* Words of one page on either side, which were looked at lately */
static NOINLINE struct sysret move_quick(uint64_t *dst, const uint64_t *src, uint64_t len)
{
	copy_words(dst, src, len);
	return sysret_status(OK);
}

/* Words, page by page. It calls nothing, so little is saved. (A process that lends to itself and copies a range onto its own overlap gets some mix of
 * both.) */
static NOINLINE struct sysret move_words(struct process *to, uint64_t d, struct process *from, uint64_t s, uint64_t len)
{
	while (len) {
		uint64_t left = PAGE_SIZE - (d & (PAGE_SIZE - 1)), n = PAGE_SIZE - (s & (PAGE_SIZE - 1));
		void *dst, *src;

		n = n < left ? n : left;
		n = n < len ? n : len;
		/* The side that is written first: making it writable may replace a page that both share. */
		if (unlikely(!touch_quick(&to->as, d, true, &dst) || !touch_quick(&from->as, s, false, &src)))
			return move_bytes(to, d, from, s, len);
		copy_words(dst, src, n);
		d += n;
		s += n;
		len -= n;
	}
	return sysret_status(OK);
}

static inline __attribute__((always_inline)) struct sysret lease_move(uint64_t handle, uint64_t index, uint64_t offset,
								      uint64_t buf, uint64_t len, unsigned access)
{
	struct thread *t = hart_self()->cur, *c = t->caller;
	void *desc, *theirs, *ours;

	if (unlikely(handle) || unlikely(!c) || unlikely(index >= MSG_LEASES(c->msginfo)))
		return lease_copy(handle, index, offset, buf, len, access);
	/* Aligned: never across pages. */
	uint64_t at = (c->leases & ~15ull) + index * sizeof(struct lease);
	if (unlikely(!touch_lend(&c->proc->as, at, &desc)))
		return lease_copy(handle, index, offset, buf, len, access);
	const struct lease *l = desc;
	uint64_t info = l->info, size = info & LEASE_LEN_MAX, lent = l->addr + offset;
	if (unlikely(!(info >> LEASE_ACCESS_SHIFT & access) || offset > size || len > size - offset))
		return lease_copy(handle, index, offset, buf, len, access);
	/* One branch for all that is unusual: bytes instead of words, bytes across pages. */
	uint64_t across = ((lent ^ (lent + len - 1)) | (buf ^ (buf + len - 1))) >> PAGE_SHIFT;
	if (!(across | ((lent | buf | len) & 7)) && aspace_peek(&c->proc->as, lent, access == LEASE_WRITE, &theirs) &&
	    aspace_peek(&t->proc->as, buf, access == LEASE_READ, &ours))
		return access == LEASE_READ ? move_quick(ours, theirs, len) : move_quick(theirs, ours, len);
	if (unlikely(len > COPY_STEP))
		return lease_copy(handle, index, offset, buf, len, access);
	struct process *to = t->proc, *from = c->proc;
	uint64_t d = buf, s = lent;
	if (access == LEASE_WRITE) {
		to = c->proc, from = t->proc;
		d = lent, s = buf;
	}
	return (d | s | len) & 7 ? move_bytes(to, d, from, s, len) : move_words(to, d, from, s, len);
}

struct sysret sys_lease_read(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len)
{
	return lease_move(handle, index, offset, buf, len, LEASE_READ);
}

struct sysret sys_lease_write(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len)
{
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
