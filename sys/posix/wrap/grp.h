/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <grp.h>, with the groups of a user. */
#ifndef _VERIDIAN_GRP_H
#define _VERIDIAN_GRP_H

#include_next <grp.h>

_BEGIN_STD_C
#if __MISC_VISIBLE
/* -1 if there are more than *count, which says afterwards how many there are. */
int getgrouplist(const char *, gid_t, gid_t *, int *);
#endif
_END_STD_C

#endif
