/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes: of /dev/urandom, which the system's generator is behind. arc4random is the C library's, and gets its seed here. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/random.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"

#define ENTROPY_MAX 256 /* bytes at a time: getentropy's, by POSIX.1-2024 */

/* All of it, or -1. */
static ssize_t random_bytes(void *out, size_t len)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC), error;
	size_t done = 0;

	if (fd < 0) {
		/* Without devices there is no such call. */
		if (errno == ENOENT || errno == ENXIO || errno == ENOTDIR)
			errno = ENOSYS;
		return -1;
	}
	while (done < len) {
		ssize_t n = read(fd, (char *)out + done, len - done);

		if (n <= 0) {
			error = n == 0 ? EIO : errno;
			close(fd);
			errno = error;
			return done && error == EINTR ? (ssize_t)done : -1;
		}
		done += (size_t)n;
	}
	close(fd);
	return (ssize_t)len;
}

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM))
		return posix_result(-EINVAL);
	return random_bytes(out, len);
}

int getentropy(void *out, size_t len)
{
	size_t done = 0;

	if (len > ENTROPY_MAX)
		return (int)posix_result(-EIO);
	while (done < len) {
		ssize_t n = random_bytes((char *)out + done, len - done);

		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}
