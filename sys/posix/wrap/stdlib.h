/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <stdlib.h>, with what it declares nowhere or to few. */
#ifndef _VERIDIAN_STDLIB_H
#define _VERIDIAN_STDLIB_H

#include_next <stdlib.h>

_BEGIN_STD_C
#if __GNU_VISIBLE
char *secure_getenv(const char *);
#endif
_END_STD_C

#endif
