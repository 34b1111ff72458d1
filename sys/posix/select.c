/* SPDX-License-Identifier: BSD-2-Clause */
/* select and pselect, over what poll is made of. */
#include <errno.h>
#include <sys/select.h>
#include <sys/time.h>

#include "sys/abi/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"
#include "sys/posix/poller.h"

#define READS  (POLLIN | POLLHUP | POLLERR) /* a read would not wait */
#define WRITES (POLLOUT | POLLERR)
#define OTHERS POLLPRI

static bool wants(int fd, const fd_set *set)
{
	return set && FD_ISSET(fd, set);
}

/* How many; -EBADF for one that cannot be open. */
static int collect(int count, const fd_set *reads, const fd_set *writes, const fd_set *others, struct pollfd *fds)
{
	int found = 0;

	for (int fd = 0; fd < count; fd++) {
		unsigned events = (wants(fd, reads) ? READS : 0u) | (wants(fd, writes) ? WRITES : 0u) |
				  (wants(fd, others) ? OTHERS : 0u);

		if (!events)
			continue;
		if (fd >= FD_COUNT)
			return -EBADF;
		fds[found++] = (struct pollfd){.fd = fd, .events = (short)events};
	}
	return found;
}

/* Leaves in the set what it was asked for and is; how many. */
static int tell(fd_set *set, const struct pollfd *fds, int count, short events)
{
	int found = 0;

	if (!set)
		return 0;
	for (int i = 0; i < count; i++) {
		if (!FD_ISSET(fds[i].fd, set))
			continue;
		if (fds[i].revents & events)
			found++;
		else
			FD_CLR(fds[i].fd, set);
	}
	return found;
}

static int select_wait(int count, fd_set *reads, fd_set *writes, fd_set *others, uint64_t deadline,
		       const sigset_t *mask)
{
	struct pollfd fds[FD_COUNT];
	int found, result;

	if (count < 0 || count > FD_SETSIZE)
		return -EINVAL;
	found = collect(count, reads, writes, others, fds);
	if (found < 0)
		return found;
	result = poll_wait(fds, (nfds_t)found, 0, deadline, mask);
	if (result < 0)
		return result;
	for (int i = 0; i < found; i++) {
		if (fds[i].revents & POLLNVAL)
			return -EBADF;
	}
	return tell(reads, fds, found, READS) + tell(writes, fds, found, WRITES) + tell(others, fds, found, OTHERS);
}

int pselect(int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict others,
	    const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
	uint64_t deadline;
	int result = poll_deadline(timeout, &deadline);

	if (result == 0)
		result = select_wait(count, reads, writes, others, deadline, mask);
	return (int)posix_result(result);
}

int select(int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict others,
	   struct timeval *restrict timeout)
{
	struct timespec span;

	if (!timeout)
		return pselect(count, reads, writes, others, NULL, NULL);
	/* More than a second of microseconds is no mistake to this call elsewhere. */
	if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
		return (int)posix_result(-EINVAL);
	span.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
	span.tv_nsec = (long)(timeout->tv_usec % 1000000) * 1000;
	return pselect(count, reads, writes, others, &span, NULL);
}
