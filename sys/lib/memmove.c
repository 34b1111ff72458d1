/* SPDX-License-Identifier: BSD-2-Clause */
/* memmove in words whatever the alignment of the two sides; takes the place of picolibc's. */
#include <string.h>

#include "sys/lib/mem_word.h"

void *memmove(void *to, const void *from, size_t n)
{
	/* As unsigned numbers: true also when `to` lies below `from`. */
	if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_forward(to, from, n);
	else
		copy_backward(to, from, n);
	return to;
}
