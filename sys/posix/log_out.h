/* SPDX-License-Identifier: BSD-2-Clause */
/* Where lines for the log go: to the logger, by the handle "log"; to the kernel's log if there is none, or as long as it does not answer. */
#pragma once

#include <stddef.h>

/* Text of whole lines. `level` is LOG_ERROR to LOG_DEBUG of sys/abi/system.h. Does not wait long, and cannot fail. */
void log_out(unsigned level, const char *text, size_t len);
