/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <search.h>, with linear search and linked lists. */
#ifndef _VERIDIAN_SEARCH_H
#define _VERIDIAN_SEARCH_H

#include_next <search.h>

_BEGIN_STD_C
void *lfind(const void *, const void *, size_t *, size_t, int (*)(const void *, const void *));
void *lsearch(const void *, void *, size_t *, size_t, int (*)(const void *, const void *));
void insque(void *, void *);
void remque(void *);
_END_STD_C

#endif
