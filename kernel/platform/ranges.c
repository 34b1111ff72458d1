/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of physical ranges. Pure. Ends never wrap: the last page of the address space is not
 * representable.
 */
#include "kernel/platform/ranges.h"

#include "sys/abi/syscall.h"

static uint64_t range_end(struct phys_range r)
{
	return r.base + r.size;
}

/* base + size, at most the last page boundary. */
static uint64_t end_of(uint64_t base, uint64_t size)
{
	uint64_t limit = -PAGE_SIZE;

	if (base >= limit)
		return limit;
	return size > limit - base ? limit : base + size;
}

struct phys_range range_round_out(uint64_t base, uint64_t size)
{
	uint64_t start = base & -PAGE_SIZE, end = end_of(base, size);

	if (!size || start >= end)
		return (struct phys_range){.base = start};
	end = (end + PAGE_SIZE - 1) & -PAGE_SIZE;
	return (struct phys_range){.base = start, .size = end - start};
}

struct phys_range range_round_in(uint64_t base, uint64_t size)
{
	uint64_t end = end_of(base, size) & -PAGE_SIZE, start;

	if (base >= end)
		return (struct phys_range){.base = end};
	start = (base + PAGE_SIZE - 1) & -PAGE_SIZE;
	return (struct phys_range){.base = start, .size = start < end ? end - start : 0};
}

static void delete_at(struct range_list list, size_t at, size_t n)
{
	for (size_t i = at + n; i < *list.count; i++)
		list.ranges[i - n] = list.ranges[i];
	*list.count -= n;
}

static bool insert_at(struct range_list list, size_t at, struct phys_range r)
{
	if (*list.count == list.max)
		return false;
	for (size_t i = (*list.count)++; i > at; i--)
		list.ranges[i] = list.ranges[i - 1];
	list.ranges[at] = r;
	return true;
}

bool ranges_add(struct range_list list, struct phys_range r)
{
	size_t first = 0, last;
	uint64_t end = range_end(r);

	if (!r.size)
		return true;
	while (first < *list.count && range_end(list.ranges[first]) < r.base)
		first++;
	for (last = first; last < *list.count && list.ranges[last].base <= end; last++) {
		if (list.ranges[last].base < r.base)
			r.base = list.ranges[last].base;
		if (range_end(list.ranges[last]) > end)
			end = range_end(list.ranges[last]);
	}
	r.size = end - r.base;
	if (first == last)
		return insert_at(list, first, r);
	list.ranges[first] = r;
	delete_at(list, first + 1, last - first - 1);
	return true;
}

bool ranges_remove(struct range_list list, struct phys_range r)
{
	for (size_t i = 0; r.size && i < *list.count;) {
		struct phys_range *have = &list.ranges[i];
		uint64_t have_end = range_end(*have), end = range_end(r);

		if (have_end <= r.base || have->base >= end) {
			i++;
		} else if (have->base < r.base && have_end > end) {
			/*
			 * In the middle: only here does the list grow, and nothing else can
			 * overlap.
			 */
			if (!insert_at(list, i + 1, (struct phys_range){.base = end, .size = have_end - end}))
				return false;
			have->size = r.base - have->base;
			return true;
		} else if (have->base < r.base) {
			have->size = r.base - have->base;
			i++;
		} else if (have_end > end) {
			have->base = end;
			have->size = have_end - end;
			i++;
		} else {
			delete_at(list, i, 1);
		}
	}
	return true;
}

bool ranges_overlap(struct range_list list, struct phys_range r)
{
	for (size_t i = 0; i < *list.count; i++)
		if (list.ranges[i].base < range_end(r) && range_end(list.ranges[i]) > r.base)
			return r.size > 0;
	return false;
}

bool ranges_contain(struct range_list list, struct phys_range r)
{
	for (size_t i = 0; i < *list.count; i++)
		if (list.ranges[i].base <= r.base && range_end(list.ranges[i]) >= range_end(r))
			return true;
	return false;
}

uint64_t ranges_find(struct range_list list, struct range_list avoid, uint64_t size, uint64_t from)
{
	for (size_t i = 0; i < *list.count; i++) {
		uint64_t base = list.ranges[i].base, end = range_end(list.ranges[i]);

		if (base < from)
			base = from;
		for (size_t j = 0; j < *avoid.count; j++) { /* ascending: one pass pushes base past all */
			struct phys_range a = avoid.ranges[j];

			if (base < end && end - base >= size && a.base < base + size && range_end(a) > base)
				base = range_end(a);
		}
		if (base < end && end - base >= size)
			return base;
	}
	return PHYS_NONE;
}
