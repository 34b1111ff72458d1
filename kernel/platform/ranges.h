/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded lists of physical ranges: page aligned, ascending, disjoint, never touching (touching
 * ones are joined).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/platform.h"

struct range_list {
	struct phys_range *ranges;
	size_t *count;
	size_t max;
};

#define RANGE_LIST(array, counter) \
	((struct range_list){.ranges = (array), .count = &(counter), .max = sizeof(array) / sizeof((array)[0])})

/*
 * Rounds to whole pages outwards / inwards, and cuts at the end of the address space; size may
 * become 0.
 */
struct phys_range range_round_out(uint64_t base, uint64_t size);
struct phys_range range_round_in(uint64_t base, uint64_t size);

/* Both take page aligned ranges; false: the list is full (and unchanged). */
bool ranges_add(struct range_list list, struct phys_range r);
bool ranges_remove(struct range_list list, struct phys_range r);

bool ranges_overlap(struct range_list list, struct phys_range r);
bool ranges_contain(struct range_list list, struct phys_range r);

/*
 * First `size` bytes, at or above `from`, that lie in `list` and touch nothing of `avoid`;
 * PHYS_NONE: nowhere.
 */
uint64_t ranges_find(struct range_list list, struct range_list avoid, uint64_t size, uint64_t from);
