/* SPDX-License-Identifier: BSD-2-Clause */
/* memset in words. */
#include <string.h>

#include "sys/lib/mem_word.h"

void *memset(void *object, int value, size_t n)
{
	uint8_t *to = object;
	uint8_t byte = (uint8_t)value;

	if (n >= WORDS_WORTH) {
		word_t word = byte * 0x0101010101010101u;

		for (; word_offset(to); n--)
			*to++ = byte;
		word_t *out = (word_t *)(void *)to;

		for (; n >= BLOCK_WORDS * WORD_SIZE; n -= BLOCK_WORDS * WORD_SIZE) {
			out[0] = word, out[1] = word, out[2] = word, out[3] = word;
			out[4] = word, out[5] = word, out[6] = word, out[7] = word;
			out += BLOCK_WORDS;
		}
		for (; n >= WORD_SIZE; n -= WORD_SIZE)
			*out++ = word;
		to = (uint8_t *)out;
	}
	while (n--)
		*to++ = byte;
	return object;
}
