/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <sys/syslimits.h>, with this system's limits. sysconf and pathconf answer the same. */
#ifndef _VERIDIAN_SYS_SYSLIMITS_H
#define _VERIDIAN_SYS_SYSLIMITS_H

#include_next <sys/syslimits.h>

#if __POSIX_VISIBLE
#undef OPEN_MAX
#define OPEN_MAX 256
#undef CHILD_MAX /* no fixed one */
#undef LINK_MAX  /* of each file system */
#define NGROUPS_MAX 32
#undef PIPE_BUF
#define PIPE_BUF 4096
#undef MAX_CANON
#define MAX_CANON 1023
#undef MAX_INPUT
#define MAX_INPUT 1023
#endif

#endif
