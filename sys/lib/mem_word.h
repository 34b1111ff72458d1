/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What memcpy, memmove, memcmp and memset share. The cores served do not load or store misaligned
 * words in hardware (or trap for it), so a source that is aligned differently from the destination
 * is read in aligned words that are shifted together. An aligned word that holds at least one byte
 * of the object never crosses a page, so reading all of it cannot fault.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WORD_SIZE   sizeof(uint64_t)
#define WORD_OFFSET (WORD_SIZE - 1)
#define BLOCK_WORDS 8
#define WORDS_WORTH 32 /* bytes; below it aligning costs more than it saves */

/* The functions see objects of any type as words. */
typedef uint64_t __attribute__((may_alias)) word_t;

static inline unsigned word_offset(const void *p)
{
	return (unsigned)((uintptr_t)p & WORD_OFFSET);
}

/* The word that starts `low_bits / 8` bytes into lo (little endian); low_bits is 8..56. */
static inline word_t word_merge(word_t lo, word_t hi, unsigned low_bits)
{
	return lo >> low_bits | hi << (64 - low_bits);
}

/* Copies upwards. Right for overlapping objects too when to < from: every load comes before the
 * store that could change what it reads. */
static inline void copy_forward(uint8_t *to, const uint8_t *from, size_t n)
{
	if (n >= WORDS_WORTH) {
		while (word_offset(to)) {
			*to++ = *from++;
			n--;
		}
		unsigned offset = word_offset(from);
		word_t *out = (word_t *)(void *)to;
		const word_t *in = (const word_t *)(const void *)(from - offset);

		if (offset == 0) {
			for (; n >= BLOCK_WORDS * WORD_SIZE; n -= BLOCK_WORDS * WORD_SIZE) {
				word_t w0 = in[0], w1 = in[1], w2 = in[2], w3 = in[3];
				word_t w4 = in[4], w5 = in[5], w6 = in[6], w7 = in[7];

				out[0] = w0, out[1] = w1, out[2] = w2, out[3] = w3;
				out[4] = w4, out[5] = w5, out[6] = w6, out[7] = w7;
				in += BLOCK_WORDS;
				out += BLOCK_WORDS;
			}
			for (; n >= WORD_SIZE; n -= WORD_SIZE)
				*out++ = *in++;
		} else {
			unsigned bits = offset * 8;
			word_t last = *in++;

			for (; n >= 4 * WORD_SIZE; n -= 4 * WORD_SIZE) {
				word_t w0 = in[0], w1 = in[1], w2 = in[2], w3 = in[3];

				out[0] = word_merge(last, w0, bits);
				out[1] = word_merge(w0, w1, bits);
				out[2] = word_merge(w1, w2, bits);
				out[3] = word_merge(w2, w3, bits);
				last = w3;
				in += 4;
				out += 4;
			}
			for (; n >= WORD_SIZE; n -= WORD_SIZE) {
				word_t next = *in++;

				*out++ = word_merge(last, next, bits);
				last = next;
			}
			in--; /* `last` is consumed from its byte `offset` on by the tail below */
		}
		to = (uint8_t *)out;
		from = (const uint8_t *)in + offset;
	} else if (((uintptr_t)to | (uintptr_t)from) % WORD_SIZE == 0) {
		/* Small structures, mostly: aligned as they are. */
		for (; n >= WORD_SIZE; n -= WORD_SIZE, to += WORD_SIZE, from += WORD_SIZE)
			*(word_t *)(void *)to = *(const word_t *)(const void *)from;
	}
	while (n--)
		*to++ = *from++;
}

/* Copies downwards: for overlapping objects with to > from. */
static inline void copy_backward(uint8_t *to, const uint8_t *from, size_t n)
{
	to += n;
	from += n;
	if (n >= WORDS_WORTH) {
		while (word_offset(to)) {
			*--to = *--from;
			n--;
		}
		unsigned offset = word_offset(from);
		word_t *out = (word_t *)(void *)to;
		const word_t *in = (const word_t *)(const void *)(from - offset);

		if (offset == 0) {
			for (; n >= 4 * WORD_SIZE; n -= 4 * WORD_SIZE) {
				in -= 4;
				out -= 4;
				word_t w0 = in[0], w1 = in[1], w2 = in[2], w3 = in[3];

				out[3] = w3, out[2] = w2, out[1] = w1, out[0] = w0;
			}
			for (; n >= WORD_SIZE; n -= WORD_SIZE)
				*--out = *--in;
		} else {
			unsigned bits = offset * 8;
			word_t last = *in;

			for (; n >= 4 * WORD_SIZE; n -= 4 * WORD_SIZE) {
				in -= 4;
				out -= 4;
				word_t w0 = in[0], w1 = in[1], w2 = in[2], w3 = in[3];

				out[3] = word_merge(w3, last, bits);
				out[2] = word_merge(w2, w3, bits);
				out[1] = word_merge(w1, w2, bits);
				out[0] = word_merge(w0, w1, bits);
				last = w0;
			}
			for (; n >= WORD_SIZE; n -= WORD_SIZE) {
				word_t next = *--in;

				*--out = word_merge(next, last, bits);
				last = next;
			}
		}
		to = (uint8_t *)out;
		from = (const uint8_t *)in + offset;
	}
	while (n--)
		*--to = *--from;
}
