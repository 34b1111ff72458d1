/* SPDX-License-Identifier: BSD-2-Clause */
/* memcpy in words whatever the alignment of the two sides; takes the place of picolibc's. */
#include <string.h>

#include "sys/lib/mem_word.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	copy_forward(to, from, n);
	return to;
}
