/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies through page tables and direct map, page by page. */
#include "kernel/mm/user.h"

#include "kernel/mm/aspace.h"
#include "sys/abi/object.h"
#include "sys/abi/syscall.h"
#include <string.h>

static inline uint64_t page_left(uint64_t addr, uint64_t len)
{
	uint64_t n = PAGE_SIZE - (addr & (PAGE_SIZE - 1));

	return n < len ? n : len;
}

status_t user_read(struct process *p, uint64_t addr, void *to, size_t len)
{
	char *out = to;

	while (len) {
		uint64_t n = page_left(addr, len);
		const void *from = aspace_touch(p, addr, MAP_READ);

		if (!from)
			return ERR_FAULT;
		memcpy(out, from, n);
		addr += n;
		out += n;
		len -= n;
	}
	return OK;
}

status_t user_write(struct process *p, uint64_t addr, const void *from, size_t len)
{
	const char *in = from;

	while (len) {
		uint64_t n = page_left(addr, len);
		void *to = aspace_touch(p, addr, MAP_WRITE);

		if (!to)
			return ERR_FAULT;
		memcpy(to, in, n);
		addr += n;
		in += n;
		len -= n;
	}
	return OK;
}

status_t user_copy(struct process *dst, uint64_t to, struct process *src, uint64_t from, uint64_t len)
{
	while (len) {
		uint64_t n = page_left(from, page_left(to, len));
		/* Write side first: making it writable may replace a page that both sides share. */
		void *d = aspace_touch(dst, to, MAP_WRITE);
		const void *s = d ? aspace_touch(src, from, MAP_READ) : NULL;

		if (!s)
			return ERR_FAULT;
		memmove(d, s, n);
		to += n;
		from += n;
		len -= n;
	}
	return OK;
}
