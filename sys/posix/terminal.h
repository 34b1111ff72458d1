/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors of terminals. */
#pragma once

#include <termios.h>

#include "protocols/tty.h"
#include "sys/posix/file.h"
#include "sys/posix/resolve.h"

/* The open file of a terminal with a reference, to be put back: 0, EBADF or ENOTTY as negative values. */
int terminal_get(int fd, struct file **out);

/* A call of the protocol over a descriptor: what the function returns, with errno. `call` is an expression of `f->endpoint`. Who was in the background and goes on
 * does it again. */
#define TERMINAL_CALL(fd, call) TERMINAL_CALL_AS(fd, call, neg_errno)
#define TERMINAL_CALL_AS(fd, call, as_errno)               \
	({                                                 \
		struct file *f;                            \
		int result_ = terminal_get((fd), &f);      \
                                                           \
		if (result_ == 0) {                        \
			status_t status_;                  \
                                                           \
			do                                 \
				CALL_AGAIN(status_, call); \
			while (status_ == ERR_CANCELLED);  \
			result_ = as_errno(status_);       \
			file_put(f);                       \
		}                                          \
		(int)posix_result(result_);                \
	})

/* Of those that need the caller's controlling terminal: to POSIX anything else is none. */
int terminal_session_errno(status_t status);
