/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for the log. */
#pragma once

#include <stdint.h>

/* Of a cause (FAULT_*, sys/abi/fault.h), any number; a constant. */
const char *fault_text(uint64_t cause);
