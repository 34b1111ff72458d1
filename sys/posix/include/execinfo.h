/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a thread came from: return addresses along the frame pointers, innermost first. A function that keeps none
 * (-fomit-frame-pointer) is left out, and what it was called by may be too. Programs hold no symbols: the texts are addresses. */
#ifndef _EXECINFO_H
#define _EXECINFO_H

#include <sys/cdefs.h>

_BEGIN_STD_C
int backtrace(void **, int);
char **backtrace_symbols(void *const *, int); /* one block, to be freed */
void backtrace_symbols_fd(void *const *, int, int);
_END_STD_C

#endif
