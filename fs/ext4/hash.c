/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes of names: a shortened MD4, the TEA cipher as a hash, and the oldest one. */
#include "fs/ext4/hash.h"

#define HASH_END 0xfffffffeu /* reserved: behind the last entry */

static const uint32_t standard_seed[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t byte_at(const char *name, size_t i, bool is_unsigned)
{
	return is_unsigned ? (uint32_t)(uint8_t)name[i] : (uint32_t)(int32_t)(int8_t)name[i];
}

/* The next `words` words of the name, what is missing filled up with its length. */
static void name_words(const char *name, size_t length, uint32_t *out, unsigned words, bool is_unsigned)
{
	uint32_t pad = (uint32_t)length | (uint32_t)length << 8;
	uint32_t value;
	size_t used = length < words * 4 ? length : words * 4;

	pad |= pad << 16;
	value = pad;
	for (size_t i = 0; i < used; i++) {
		value = byte_at(name, i, is_unsigned) + (value << 8);
		if (i % 4 == 3) {
			*out++ = value;
			value = pad;
			words--;
		}
	}
	if (words) {
		*out++ = value;
		words--;
	}
	while (words--)
		*out++ = pad;
}

static void half_md4(uint32_t state[4], const uint32_t in[8])
{
	static const uint8_t order[3][8] = {
		{0, 1, 2, 3, 4, 5, 6, 7}, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 7, 2, 6, 1, 5, 0, 4}};
	static const uint8_t shift[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
	static const uint32_t constant[3] = {0, 0x5a827999, 0x6ed9eba1};
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 8; i++) {
			uint32_t mixed = round == 0   ? d ^ (b & (c ^ d))
					 : round == 1 ? (b & c) + ((b ^ c) & d)
						      : b ^ c ^ d;
			uint32_t sum = rotate(a + mixed + in[order[round][i]] + constant[round], shift[round][i % 4]);
			a = d;
			d = c;
			c = b;
			b = sum;
		}
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

static void tea(uint32_t state[4], const uint32_t in[4])
{
	uint32_t sum = 0, x = state[0], y = state[1];

	for (unsigned round = 0; round < 16; round++) {
		sum += 0x9e3779b9;
		x += ((y << 4) + in[0]) ^ (y + sum) ^ ((y >> 5) + in[1]);
		y += ((x << 4) + in[2]) ^ (x + sum) ^ ((x >> 5) + in[3]);
	}
	state[0] += x;
	state[1] += y;
}

static uint32_t legacy(const char *name, size_t length, bool is_unsigned)
{
	uint32_t hash, before = 0x12a3fe2d, before_that = 0x37abe8f9;

	for (size_t i = 0; i < length; i++) {
		hash = before_that + (before ^ (byte_at(name, i, is_unsigned) * 7152373));
		if (hash & 0x80000000)
			hash -= 0x7fffffff;
		before_that = before;
		before = hash;
	}
	return before << 1;
}

bool name_hash(enum name_hash_kind kind, const uint32_t seed[4], const char *name, size_t length, struct name_hash *out)
{
	bool is_unsigned = kind >= NAME_HASH_UNSIGNED;
	uint32_t state[4], in[8];

	for (int i = 0; i < 4; i++)
		state[i] = seed ? seed[i] : standard_seed[i];
	switch (is_unsigned ? kind - NAME_HASH_UNSIGNED : kind) {
	case NAME_HASH_LEGACY:
		out->major = legacy(name, length, is_unsigned);
		out->minor = 0;
		break;
	case NAME_HASH_HALF_MD4:
		for (size_t at = 0; at < length; at += 32) {
			name_words(name + at, length - at, in, 8, is_unsigned);
			half_md4(state, in);
		}
		out->major = state[1];
		out->minor = state[2];
		break;
	case NAME_HASH_TEA:
		for (size_t at = 0; at < length; at += 16) {
			name_words(name + at, length - at, in, 4, is_unsigned);
			tea(state, in);
		}
		out->major = state[0];
		out->minor = state[1];
		break;
	default: return false;
	}
	out->major &= ~1u;
	if (out->major == HASH_END)
		out->major = HASH_END - 2;
	return true;
}
