/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for several descriptors. POSIX.1-2024, <poll.h>. */
#ifndef _POLL_H
#define _POLL_H

#include <sys/_types.h>

#include <sys/_sigset.h>
#include <sys/_timespec.h>
#include <sys/cdefs.h>

_BEGIN_STD_C

typedef unsigned long nfds_t;

struct pollfd {
	int fd;        /* negative: left out */
	short events;  /* wanted */
	short revents; /* what it is, besides these of the last three */
};

#define POLLIN     0x001
#define POLLPRI    0x002
#define POLLOUT    0x004
#define POLLERR    0x008
#define POLLHUP    0x010
#define POLLNVAL   0x020
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200

int poll(struct pollfd *, nfds_t, int);
int ppoll(struct pollfd *, nfds_t, const struct timespec *__restrict, const __sigset_t *__restrict);

_END_STD_C

#endif
