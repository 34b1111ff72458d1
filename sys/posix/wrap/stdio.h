/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <stdio.h>, with renameat. */
#ifndef _VERIDIAN_STDIO_H
#define _VERIDIAN_STDIO_H

#define BUFSIZ 4096 /* as the C library is made */
#include_next <stdio.h>

_BEGIN_STD_C
#if __ATFILE_VISIBLE
int renameat(int, const char *, int, const char *);
#endif
#if __GNU_VISIBLE
#define RENAME_NOREPLACE 1u
int renameat2(int, const char *, int, const char *, unsigned);
#endif
_END_STD_C

#endif
