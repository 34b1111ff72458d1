/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for people. */
#pragma once

#include <stdint.h>

/* "SEGV" */
const char *signal_name(uint32_t signal);
