/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's memory and string functions under other names, for every alignment and length around
 * their block sizes, against byte loops; and the bit functions.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/check.h"

/* Renamed by the build: the sanitizers and check.h need the C library's own. */
void *k_memcpy(void *to, const void *from, size_t size);
void *k_memmove(void *to, const void *from, size_t size);
void *k_memset(void *to, int byte, size_t size);
int k_memcmp(const void *a, const void *b, size_t size);
void *k_memchr(const void *s, int byte, size_t size);
size_t k_strlen(const char *s);
size_t k_strnlen(const char *s, size_t max);
int k_strcmp(const char *a, const char *b);
int k_strncmp(const char *a, const char *b, size_t max);
char *k_strncpy(char *to, const char *from, size_t size);
char *k_strchr(const char *s, int c);
char *k_strrchr(const char *s, int c);
int k_ctz(uint64_t x);
int k_clz(uint64_t x);
int k_popcount(uint64_t x);

#define LENGTH_MAX 160
#define AREA       256

static uint8_t from[AREA], to[AREA], want[AREA];

static void fill(uint8_t *p, unsigned seed)
{
	for (unsigned i = 0; i < AREA; i++)
		p[i] = (uint8_t)(i * 167 + seed * 31 + 1);
}

static void test_copy(void)
{
	for (unsigned a = 0; a < 8; a++)
		for (unsigned b = 0; b < 8; b++)
			for (unsigned len = 0; len < LENGTH_MAX; len++) {
				fill(from, 1);
				fill(to, 2);
				fill(want, 2);
				for (unsigned i = 0; i < len; i++)
					want[16 + a + i] = from[16 + b + i];
				CHECK(k_memcpy(to + 16 + a, from + 16 + b, len) == to + 16 + a);
				CHECK(!memcmp(to, want, AREA));
			}
}

/* At the very end of an allocation: the sanitizer sees a store beyond it. */
static void test_copy_edges(void)
{
	for (unsigned len = 1; len < 40; len++)
		for (unsigned skip = 0; skip < 8; skip++) {
			uint8_t *s = malloc(len + skip), *d = malloc(len);

			memset(s, 0x5a, len + skip);
			k_memcpy(d, s + skip, len);
			for (unsigned i = 0; i < len; i++)
				CHECK(d[i] == 0x5a);
			free(s);
			free(d);
		}
}

static void test_move(void)
{
	for (int distance = -20; distance <= 20; distance++)
		for (unsigned start = 0; start < 8; start++)
			for (unsigned len = 0; len < LENGTH_MAX; len++) {
				uint8_t *source = to + 32 + start, *target = source + distance;

				fill(to, 3);
				fill(want, 3);
				for (unsigned i = 0; i < len; i++)
					want[target - to + i] = to[source - to + i];
				CHECK(k_memmove(target, source, len) == target);
				CHECK(!memcmp(to, want, AREA));
			}
}

static void test_set(void)
{
	for (unsigned a = 0; a < 8; a++)
		for (unsigned len = 0; len < LENGTH_MAX; len++) {
			fill(to, 4);
			fill(want, 4);
			for (unsigned i = 0; i < len; i++)
				want[16 + a + i] = 0xa5;
			CHECK(k_memset(to + 16 + a, 0x7a5, len) == to + 16 + a);
			CHECK(!memcmp(to, want, AREA));
		}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_compare(void)
{
	for (unsigned a = 0; a < 8; a++)
		for (unsigned b = 0; b < 8; b++)
			for (unsigned len = 0; len < 40; len++) {
				fill(from, 5);
				k_memmove(to + a, from + b, len);
				CHECK(k_memcmp(to + a, from + b, len) == 0);
				for (unsigned at = 0; at < len; at++) {
					to[a + at] ^= 0x80;
					CHECK_INT(sign(k_memcmp(to + a, from + b, len)),
						  sign(to[a + at] - from[b + at]));
					to[a + at] ^= 0x80;
				}
			}
	CHECK(k_memchr("abcb", 'b', 4) && !k_memchr("abcb", 'c', 2) && !k_memchr("", 0, 0));
}

static void test_strings(void)
{
	const char *text = "one/two/three";

	CHECK_INT(k_strlen(""), 0);
	CHECK_INT(k_strlen(text), 13);
	CHECK_INT(k_strnlen(text, 5), 5);
	CHECK_INT(k_strnlen("abc", 5), 3);
	CHECK(k_strcmp("", "") == 0 && k_strcmp("a", "b") < 0 && k_strcmp("ab", "a") > 0);
	CHECK(k_strcmp("\xff", "a") > 0);
	CHECK(k_strncmp("abcX", "abcY", 3) == 0 && k_strncmp("abcX", "abcY", 4) < 0);
	CHECK(k_strncmp("a", "b", 0) == 0);
	CHECK(k_strchr(text, '/') == text + 3 && k_strrchr(text, '/') == text + 7);
	CHECK(k_strchr(text, 'x') == NULL && k_strrchr(text, 'x') == NULL);
	CHECK(k_strchr(text, 0) == text + 13 && k_strrchr(text, 0) == text + 13);

	char buf[6] = "#####";

	k_strncpy(buf, "ab", 4);
	CHECK(!memcmp(buf, "ab\0\0#", 6));
	k_strncpy(buf, "abcdef", 3);
	CHECK(!memcmp(buf, "abc\0#", 6));
}

static void test_bits(void)
{
	for (int i = 0; i < 64; i++) {
		uint64_t bit = 1ull << i;

		CHECK_INT(k_ctz(bit), i);
		CHECK_INT(k_ctz(~0ull << i), i);
		CHECK_INT(k_clz(bit), 63 - i);
		CHECK_INT(k_clz(bit | (bit - 1)), 63 - i);
		CHECK_INT(k_popcount(bit | (bit - 1)), i + 1);
		CHECK_INT(k_popcount(bit), 1);
	}
	CHECK_INT(k_popcount(0), 0);
}

int main(void)
{
	test_copy();
	test_copy_edges();
	test_move();
	test_set();
	test_compare();
	test_strings();
	test_bits();
	return check_end();
}
