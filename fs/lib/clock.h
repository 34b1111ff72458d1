/* SPDX-License-Identifier: BSD-2-Clause */
/* The time since boot, cheaply. */
#pragma once

#include <stdint.h>

uint64_t clock_monotonic(void); /* ns */
