/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for people. */
#pragma once

#include <stdint.h>

/* "SEGV" */
const char *signal_name(uint32_t signal);
/* Of a cause (sys/abi/fault.h). */
const char *fault_name(uint64_t cause);
