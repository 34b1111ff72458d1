/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the logger, chosen and shown. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/logger.h"

struct log_wish {
	const char *source;      /* of this service or process only; NULL: all */
	enum logger_level level; /* and what matters more */
	bool kernel;             /* only what the kernel says itself */
	bool follow;             /* goes on with what comes */
	uint64_t since_ns;       /* on the monotonic clock */
	uint64_t last;           /* the last so many of these; 0: all */
};

/* 0, or TOOL_FAILED when output cannot be written. A logger that does not answer ends the program. */
int log_lines(const struct log_wish *wish);
