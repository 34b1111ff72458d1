/* SPDX-License-Identifier: BSD-2-Clause */
/* Veridian's widths for types that picolibc makes 16 bits wide on bare-metal targets. This folder comes first in the
 * include path of the library and of its users alike, so both agree. */
#pragma once

#include <machine/_default_types.h>

#define __machine_dev_t_defined
typedef __uint64_t __dev_t;

#define __machine_ino_t_defined
typedef __uint64_t __ino_t;

#define __machine_uid_t_defined
typedef __uint32_t __uid_t;

#define __machine_gid_t_defined
typedef __uint32_t __gid_t;

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

/* Of streams, while the library itself is made; programs have it from our <stdio.h>. */
#if defined(_LIBC) && !defined(BUFSIZ)
#define BUFSIZ 4096
#endif
