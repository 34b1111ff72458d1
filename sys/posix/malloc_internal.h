/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What malloc.c and malloc_shared.c share. A block is [header, 8 bytes][payload], and payloads lie on multiples of 16. Its size with the
 * header is a multiple of 16; those up to BLOCK_MAX have one of the classes' sizes and stay with it for good, larger ones are mappings of
 * their own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HEADER_SIZE 8u
#define ALIGNMENT   16u
#define STEP_MAX    512u /* up to here a class for every multiple of 16, from 32 on; then eight for each doubling */
#define BLOCK_MAX   (16 * 1024u)
#define CLASS_COUNT 71u /* 31 of them, and 8 for each of the 5 doublings */

/* A free block's payload */
struct free_block {
	struct free_block *next;
};

static inline uint64_t *header_of(void *payload)
{
	return (uint64_t *)payload - 1;
}

/* size: with the header, 1 to BLOCK_MAX */
static inline unsigned class_of(size_t size)
{
	unsigned log;

	if (size <= STEP_MAX)
		return size <= 32 ? 0 : (unsigned)((size + 15) / 16) - 2;
	log = 63u - (unsigned)__builtin_clzll(size - 1); /* 2^log < size <= 2^(log+1) */
	return 31 + (log - 9) * 8 + (unsigned)((size - 1) >> (log - 3)) - 8;
}

static inline size_t class_size(unsigned class)
{
	if (class < 31)
		return 16 * (size_t)(class + 2);
	return (size_t)(8 + (class - 31) % 8 + 1) << ((class - 31) / 8 + 6);
}

/* Takes up to *count blocks of a class out of what threads gave back: a chain, and how many; NULL: there are none. */
struct free_block *shared_take(unsigned class, unsigned *count);

/* The same of new memory; NULL: there is none. The headers are zero. */
struct free_block *shared_new(unsigned class, unsigned *count);

/* Gives a chain back. */
void shared_give(unsigned class, struct free_block *first, struct free_block *last, unsigned count);

/* Mappings of their own: whole pages, zero where *fresh is set. */
void *large_take(size_t size, _Bool *fresh);
void large_give(void *at, size_t size);
