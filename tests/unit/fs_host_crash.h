/* SPDX-License-Identifier: BSD-2-Clause */
/* Included before everything else into the sources of tmpfs: each of their commits is a place to end at, before and after it. */
#pragma once

void host_crash_point(void);

#define __atomic_store_n(at, value, order)                     \
	do {                                                   \
		host_crash_point();                            \
		*(volatile __typeof__(*(at)) *)(at) = (value); \
		host_crash_point();                            \
	} while (0)
