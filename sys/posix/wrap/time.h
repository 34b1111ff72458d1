/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <time.h>, with the clock of a process' CPU time. */
#ifndef _VERIDIAN_TIME_H
#define _VERIDIAN_TIME_H

#include_next <time.h>

_BEGIN_STD_C
#if __POSIX_VISIBLE >= 200112
int clock_getcpuclockid(__pid_t, __clockid_t *);
#endif
_END_STD_C

#endif
