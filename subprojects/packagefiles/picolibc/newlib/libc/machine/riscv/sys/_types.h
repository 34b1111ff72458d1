/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <sys/_types.h>, with a link count of 32 bits: it has no hook for that type. */
#ifndef _VERIDIAN_SYS__TYPES_H
#define _VERIDIAN_SYS__TYPES_H

#define __nlink_t __nlink_t_of_the_c_library
#include_next <sys/_types.h>
#undef __nlink_t

typedef __uint32_t __nlink_t;

#endif
