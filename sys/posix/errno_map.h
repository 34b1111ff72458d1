/* SPDX-License-Identifier: BSD-2-Clause */
/* Where status_t becomes errno: only the POSIX layer knows errno. Inside of the layer functions
 * return negative errno values; posix_result makes them -1 and errno at its edge. */
#pragma once

#include <errno.h>
#include <sys/types.h>

#include "sys/abi/status.h"

/* A positive errno value; 0 for OK. */
int errno_from_status(status_t status);

static inline int neg_errno(status_t status)
{
	return -errno_from_status(status);
}

static inline ssize_t posix_result(ssize_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}
