/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for the kernel's log. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/system.h"

/* One entry for each line of the text; longer lines are cut into several. */
void log_text(uint32_t level, const char *text, size_t len);

/* The same for a string. */
void log_line(uint32_t level, const char *text);
