/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines for the log. A logger that is being started again keeps nobody waiting: after one call without an answer the kernel's log takes what comes for a while. */
#include "sys/posix/log_out.h"

#include <stdatomic.h>

#include "protocols/logger.h"
#include "sys/abi/startup.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define ANSWER_NS 250000000ull  /* for the answer to one call */
#define AVOID_NS  1000000000ull /* after one that did not come */

static _Atomic uint64_t avoid_until;

static status_t to_logger(handle_t logger, unsigned level, const char *text, size_t len)
{
	uint64_t now = 0;

	clock_get(&now);
	if (now < atomic_load_explicit(&avoid_until, memory_order_relaxed))
		return ERR_WOULD_BLOCK;
	status_t status = logger_write_until(logger, now + ANSWER_NS, (enum logger_level)level, text, len);
	if (status != OK) {
		clock_get(&now);
		atomic_store_explicit(&avoid_until, now + AVOID_NS, memory_order_relaxed);
	}
	return status;
}

void log_out(unsigned level, const char *text, size_t len)
{
	handle_t logger = startup_handle(HND_LOG);

	do {
		size_t part = len < LOGGER_WRITE_MAX ? len : LOGGER_WRITE_MAX;
		if (logger == HANDLE_NONE || to_logger(logger, level, text, part) != OK) {
			log_text(level, text, part);
			if (part == 0)
				(void)log_write(level, "", 0); /* an empty line is a line */
		}
		text += part;
		len -= part;
	} while (len != 0);
}
