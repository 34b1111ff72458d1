/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <sys/stat.h>, with the special times of utimensat. */
#ifndef _VERIDIAN_SYS_STAT_H
#define _VERIDIAN_SYS_STAT_H

#include_next <sys/stat.h>

#define UTIME_NOW  (-2L)
#define UTIME_OMIT (-1L)

#endif
