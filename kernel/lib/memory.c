/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy, memmove, memset, memcmp, memchr. Never a misaligned access: firmware would emulate it at
 * a hundred times the cost. The loops move 64 bytes per turn; compiled with
 * -fno-tree-loop-distribute-patterns, or they would call themselves.
 */
#include <string.h>

#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) word;

#define WORD          sizeof(word)
#define MISALIGNED(p) ((uintptr_t)(p) % WORD)

/* Both ends aligned alike: bytes up to the boundary, 64-byte blocks, words, bytes. */
static void copy_words(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; MISALIGNED(to) && size; size--)
		*to++ = *from++;
	for (; size >= 8 * WORD; size -= 8 * WORD) {
		word *t = (word *)(void *)to;
		const word *f = (const word *)(const void *)from;
		word w0 = f[0], w1 = f[1], w2 = f[2], w3 = f[3];
		word w4 = f[4], w5 = f[5], w6 = f[6], w7 = f[7];

		t[0] = w0, t[1] = w1, t[2] = w2, t[3] = w3;
		t[4] = w4, t[5] = w5, t[6] = w6, t[7] = w7;
		to += 8 * WORD;
		from += 8 * WORD;
	}
	for (; size >= WORD; size -= WORD) {
		*(word *)(void *)to = *(const word *)(const void *)from;
		to += WORD;
		from += WORD;
	}
	for (; size; size--)
		*to++ = *from++;
}

/*
 * Ends aligned differently: whole words are written, each put together from two aligned source
 * words. The words read all hold at least one byte of the source, so no foreign page is touched.
 */
static void __attribute__((no_sanitize("address"))) copy_shifted(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; MISALIGNED(to) && size; size--)
		*to++ = *from++;
	if (size >= WORD) {
		unsigned skip = MISALIGNED(from), low = skip * 8, high = 64 - low;
		const word *f = (const word *)(const void *)(from - skip);
		word next, have = *f++ >> low;

		for (; size >= WORD; size -= WORD) {
			next = *f++;
			*(word *)(void *)to = have | next << high;
			have = next >> low;
			to += WORD;
			from += WORD;
		}
	}
	for (; size; size--)
		*to++ = *from++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	if (((uintptr_t)to ^ (uintptr_t)from) % WORD == 0)
		copy_words(to, from, size);
	else
		copy_shifted(to, from, size);
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	/* Upwards is safe unless `to` starts inside of the source. */
	if ((uintptr_t)t - (uintptr_t)f >= size)
		return memcpy(to, from, size);
	t += size;
	f += size;
	if (((uintptr_t)t ^ (uintptr_t)f) % WORD == 0) {
		for (; MISALIGNED(t) && size; size--)
			*--t = *--f;
		for (; size >= WORD; size -= WORD) {
			t -= WORD;
			f -= WORD;
			*(word *)(void *)t = *(const word *)(const void *)f;
		}
	}
	for (; size; size--)
		*--t = *--f;
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint8_t *t = to;
	word w = (uint8_t)byte * 0x0101010101010101ull;

	for (; MISALIGNED(t) && size; size--)
		*t++ = (uint8_t)byte;
	for (; size >= 8 * WORD; size -= 8 * WORD) {
		word *d = (word *)(void *)t;

		d[0] = w, d[1] = w, d[2] = w, d[3] = w;
		d[4] = w, d[5] = w, d[6] = w, d[7] = w;
		t += 8 * WORD;
	}
	for (; size >= WORD; size -= WORD) {
		*(word *)(void *)t = w;
		t += WORD;
	}
	for (; size; size--)
		*t++ = (uint8_t)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	if (((uintptr_t)x ^ (uintptr_t)y) % WORD == 0) {
		for (; MISALIGNED(x) && size; size--, x++, y++)
			if (*x != *y)
				return *x - *y;
		for (; size >= WORD; size -= WORD, x += WORD, y += WORD)
			if (*(const word *)(const void *)x != *(const word *)(const void *)y)
				break;
	}
	for (; size; size--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *s, int byte, size_t size)
{
	const uint8_t *p = s;

	for (; size; size--, p++)
		if (*p == (uint8_t)byte)
			return (void *)(uintptr_t)p;
	return NULL;
}
