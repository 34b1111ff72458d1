/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy, memmove, memcmp and memset (under other names beside the host's) at every alignment and
 * many lengths, against the host's own, with the objects ending at a page that cannot be touched.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/check.h"

void *ours_memcpy(void *restrict to, const void *restrict from, size_t n);
void *ours_memmove(void *to, const void *from, size_t n);
int ours_memcmp(const void *left, const void *right, size_t n);
void *ours_memset(void *object, int value, size_t n);

enum { PAGE = 4096, ROOM = 2 * PAGE };

/* ROOM bytes with an untouchable page before and after. */
static unsigned char *guarded(void)
{
	unsigned char *p = mmap(NULL, ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE, ROOM, PROT_READ | PROT_WRITE) != 0)
		exit(1);
	return p + PAGE;
}

static unsigned char *left, *right, model[ROOM];

static void fill(unsigned char *p, unsigned seed)
{
	for (unsigned i = 0; i < ROOM; i++)
		p[i] = (unsigned char)((i * 2654435761u + seed) >> 13);
}

static unsigned next_length(unsigned n)
{
	return n < 100 ? n + 1 : n + n / 9;
}

static void test_copy(void)
{
	for (unsigned n = 0; n < 3000; n = next_length(n)) {
		for (unsigned a = 0; a < 16; a++) {
			for (unsigned b = 0; b < 16; b++) {
				/* Alternately at the very start and at the very end of what may be
				 * touched. */
				size_t to = (a & 8) ? ROOM - n - (a & 7) : a;
				size_t from = (b & 8) ? ROOM - n - (b & 7) : b;

				fill(right, n);
				memset(left, 0xa5, ROOM);
				memset(model, 0xa5, ROOM);
				memcpy(model + to, right + from, n);
				if (!CHECK(ours_memcpy(left + to, right + from, n) == left + to) ||
				    !CHECK(memcmp(left, model, ROOM) == 0))
					return;
			}
		}
	}
}

static void test_move(void)
{
	for (unsigned n = 0; n < 1500; n = next_length(n)) {
		for (int distance = -70; distance <= 70; distance++) {
			for (unsigned a = 0; a < 8; a++) {
				size_t from = 100 + a, to = (size_t)((int)from + distance);

				fill(left, n);
				memcpy(model, left, ROOM);
				memmove(model + to, model + from, n);
				if (!CHECK(ours_memmove(left + to, left + from, n) == left + to) ||
				    !CHECK(memcmp(left, model, 2000) == 0))
					return;
			}
		}
		/* From one end of the memory to the other. */
		fill(left, n);
		memcpy(model, left, ROOM);
		memmove(model + ROOM - n, model, n);
		CHECK(ours_memmove(left + ROOM - n, left, n) && memcmp(left, model, ROOM) == 0);
		memmove(model, model + ROOM - n, n);
		CHECK(ours_memmove(left, left + ROOM - n, n) && memcmp(left, model, ROOM) == 0);
	}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void test_compare(void)
{
	for (unsigned n = 0; n < 1500; n = next_length(n)) {
		for (unsigned a = 0; a < 8; a++) {
			for (unsigned b = 0; b < 8; b++) {
				unsigned char *l = left + ROOM - n - a, *r = right + ROOM - n - b;

				fill(left, 1);
				memcpy(r, l, n);
				if (!CHECK(ours_memcmp(l, r, n) == 0))
					return;
				/* Differences at the start, the end and in between; the bytes
				 * behind do not count. */
				for (unsigned k = 0; n && k < 3; k++) {
					unsigned at = k == 0 ? 0 : k == 1 ? n - 1 : n / 2;
					unsigned char kept = r[at];

					r[at] = (unsigned char)(kept + 0x80);
					if (!CHECK(sign(ours_memcmp(l, r, n)) == sign(memcmp(l, r, n))) ||
					    !CHECK(sign(ours_memcmp(r, l, n)) == sign(memcmp(r, l, n))))
						return;
					if (at + 1 < n) {
						r[n - 1] = (unsigned char)~r[n - 1]; /* a later one
											changes
											nothing */
						CHECK(sign(ours_memcmp(l, r, n)) == sign(memcmp(l, r, n)));
						r[n - 1] = (unsigned char)~r[n - 1];
					}
					r[at] = kept;
				}
			}
		}
	}
}

static void test_set(void)
{
	for (unsigned n = 0; n < 3000; n = next_length(n)) {
		for (unsigned a = 0; a < 16; a++) {
			size_t at = (a & 8) ? ROOM - n - (a & 7) : a;

			fill(left, n);
			memcpy(model, left, ROOM);
			memset(model + at, 0x1c3, n);
			if (!CHECK(ours_memset(left + at, 0x1c3, n) == left + at) ||
			    !CHECK(memcmp(left, model, ROOM) == 0))
				return;
		}
	}
}

int main(void)
{
	left = guarded();
	right = guarded();
	test_copy();
	test_move();
	test_compare();
	test_set();
	return check_end();
}
