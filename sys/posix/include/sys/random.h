/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes from the system's generator. */
#ifndef _SYS_RANDOM_H
#define _SYS_RANDOM_H

#include <sys/cdefs.h>
#include <sys/types.h>

#define GRND_NONBLOCK 1u /* EAGAIN where the generator has no seed yet */
#define GRND_RANDOM   2u /* the same source */

_BEGIN_STD_C
ssize_t getrandom(void *, size_t, unsigned);
int getentropy(void *, size_t); /* at most 256 bytes: EIO */
_END_STD_C

#endif
