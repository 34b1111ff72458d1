/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <stdlib.h>, with what it declares nowhere or to few. */
#ifndef _VERIDIAN_STDLIB_H
#define _VERIDIAN_STDLIB_H

#include_next <stdlib.h>

_BEGIN_STD_C
#if __XSI_VISIBLE >= 4 || __POSIX_VISIBLE >= 200112
/* Pseudo-terminals; openpty is in <pty.h>. */
int posix_openpt(int);
int grantpt(int);
int unlockpt(int);
char *ptsname(int);
#endif
#if __BSD_VISIBLE || __GNU_VISIBLE
int ptsname_r(int, char *, size_t);
#endif
#if __GNU_VISIBLE
char *secure_getenv(const char *);
#endif
_END_STD_C

#endif
