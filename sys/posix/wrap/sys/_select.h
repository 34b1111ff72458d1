/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of the C library's: sets of as many descriptors as elsewhere. POSIX.1-2024, <sys/select.h>. */
#ifndef _SYS__SELECT_H
#define _SYS__SELECT_H

#include <sys/_timeval.h>
#include <sys/_types.h>
#include <sys/cdefs.h>

_BEGIN_STD_C

#define _SYS_TYPES_FD_SET
#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

typedef unsigned long __fd_mask;
#define __NFDBITS ((int)sizeof(__fd_mask) * 8)
#if __BSD_VISIBLE
typedef __fd_mask fd_mask;
#define NFDBITS __NFDBITS
#endif

typedef struct fd_set {
	__fd_mask __fds_bits[(FD_SETSIZE + __NFDBITS - 1) / __NFDBITS];
} fd_set;

#define __fdset_word(n, set) ((set)->__fds_bits[(unsigned)(n) / __NFDBITS])
#define __fdset_bit(n)       ((__fd_mask)1 << ((unsigned)(n) % __NFDBITS))
#define FD_SET(n, set)       ((void)(__fdset_word(n, set) |= __fdset_bit(n)))
#define FD_CLR(n, set)       ((void)(__fdset_word(n, set) &= ~__fdset_bit(n)))
#define FD_ISSET(n, set)     ((__fdset_word(n, set) & __fdset_bit(n)) != 0)
#define FD_ZERO(set)         ((void)(*(set) = (fd_set){{0}}))
#if __BSD_VISIBLE
#define FD_COPY(from, to) ((void)(*(to) = *(from)))
#endif

int select(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, struct timeval *__restrict);

_END_STD_C

#endif
