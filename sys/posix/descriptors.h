/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a program's descriptors are, for those who may look at its memory (/proc/PID/fd): the C library leaves the address of this in its startup
 * block. The kernel knows nothing of descriptors, so this is the program's own word for it; which objects are behind the handles the kernel says.
 */
#pragma once

#include <stdint.h>

#define DESCRIPTORS_MAGIC 0x53444656u /* "VFDS" */

struct descriptors {
	uint32_t magic;
	uint32_t count;      /* slots */
	uint64_t slots;      /* address of the first; each begins with the address of an open file, 0: free */
	uint32_t slot_bytes; /* from one to the next */
	uint32_t handle;     /* where in an open file its handle (HANDLE_NONE: there is none) is */
};
