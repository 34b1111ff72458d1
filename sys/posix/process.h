/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps of a POSIX process's start and end that belong to different files. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "sys/abi/handle.h"

/* Takes over the parent's working directory (PWD). */
void path_start(void);

/* Monotonic time now, in the kernel's nanoseconds; no system call after the first time. */
uint64_t clock_now(void);

/* An absolute kernel deadline for a CLOCK_REALTIME (or, with monotonic, CLOCK_MONOTONIC) time. */
struct timespec;
uint64_t deadline_from(const struct timespec *ts, int monotonic);
