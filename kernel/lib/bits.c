/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What __builtin_ctzll, clzll and popcountll become without Zbb. A zero argument is undefined, as
 * for the builtins.
 */
#include <stdint.h>

int __ctzdi2(uint64_t x);
int __clzdi2(uint64_t x);
int __popcountdi2(uint64_t x);

/*
 * A de Bruijn sequence: its 64 windows of 6 bits all differ, so a shift by n has n's own top bits.
 */
#define DE_BRUIJN 0x03f79d71b4cb0a89ull

static const uint8_t de_bruijn_position[64] = {
	0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,  62, 55, 59, 36, 53, 51,
	43, 22, 45, 39, 33, 30, 24, 18, 12, 5,  63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
	44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
};

int __ctzdi2(uint64_t x)
{
	return de_bruijn_position[(x & -x) * DE_BRUIJN >> 58];
}

int __clzdi2(uint64_t x)
{
	int n = 63;

	for (int step = 32; step; step /= 2) {
		if (x >> step) {
			x >>= step;
			n -= step;
		}
	}
	return n;
}

int __popcountdi2(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (int)(x * 0x0101010101010101ull >> 56);
}
