/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the threads library share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "sys/abi/handle.h"

/* Runs the destructors of the calling thread's keys; in the program only if it uses keys. */
void __pthread_keys_end(void) __attribute__((weak));

/* Hands on the robust mutexes of the calling thread; in the program only if it uses mutexes. */
void __pthread_robust_end(void) __attribute__((weak));

/* The kernel's handle of a thread; HANDLE_NONE: the caller's own. */
handle_t __pthread_handle(pthread_t thread);

/* The words of the public types are plain integers, as C++ has no _Atomic. */
static inline _Atomic uint32_t *atomic_word(uint32_t *word)
{
	_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "same representation");
	return (_Atomic uint32_t *)word;
}

static inline bool timespec_valid(const struct timespec *ts)
{
	return ts->tv_nsec >= 0 && ts->tv_nsec < 1000000000;
}
