/* SPDX-License-Identifier: BSD-2-Clause */
/* memcmp in words whatever the alignment of the two sides; takes the place of picolibc's. */
#include <string.h>

#include "sys/lib/mem_word.h"

int memcmp(const void *left, const void *right, size_t n)
{
	const uint8_t *a = left, *b = right;

	if (n >= WORDS_WORTH) {
		for (; word_offset(a); a++, b++, n--) {
			if (*a != *b)
				return *a - *b;
		}
		unsigned offset = word_offset(b);
		const word_t *wa = (const word_t *)(const void *)a;
		const word_t *wb = (const word_t *)(const void *)(b - offset);

		if (offset == 0) {
			for (; n >= 4 * WORD_SIZE; n -= 4 * WORD_SIZE) {
				if (((wa[0] ^ wb[0]) | (wa[1] ^ wb[1]) | (wa[2] ^ wb[2]) | (wa[3] ^ wb[3])) != 0)
					break;
				wa += 4;
				wb += 4;
			}
			for (; n >= WORD_SIZE && *wa == *wb; n -= WORD_SIZE) {
				wa++;
				wb++;
			}
		} else {
			unsigned bits = offset * 8;
			word_t last = *wb;

			for (; n >= WORD_SIZE; n -= WORD_SIZE) {
				word_t next = wb[1];

				if (*wa != word_merge(last, next, bits))
					break;
				last = next;
				wa++;
				wb++;
			}
		}
		a = (const uint8_t *)wa;
		b = (const uint8_t *)wb + offset;
	}
	/* What is left: a short object, a tail, or a word that differs. */
	for (; n; a++, b++, n--) {
		if (*a != *b)
			return *a - *b;
	}
	return 0;
}
