/* SPDX-License-Identifier: BSD-2-Clause */
/* utime */
#ifndef _UTIME_H
#define _UTIME_H

#include <sys/cdefs.h>
#include <sys/types.h>
#include <sys/utime.h>

_BEGIN_STD_C
int utime(const char *, const struct utimbuf *);
_END_STD_C

#endif
