/* SPDX-License-Identifier: BSD-2-Clause */
/* What poll and select are made of. */
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdint.h>

#define POLL_ALWAYS (POLLERR | POLLHUP) /* what poll tells without being asked */

/*
 * Fills in `revents` of each: what of `events` and `always` it is, or POLLNVAL. Waits until something is, or the deadline (DEADLINE_NEVER: no end; 0: not at all), or a
 * signal handler has run. mask: blocked signals meanwhile; NULL: as they are. How many are something; 0: the deadline; a negative errno value.
 */
int poll_wait(struct pollfd *fds, nfds_t count, short always, uint64_t deadline, const sigset_t *mask);

/* Of a span from now on. -EINVAL: it is none. */
int poll_deadline(const struct timespec *timeout, uint64_t *deadline);
