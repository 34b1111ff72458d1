/* SPDX-License-Identifier: BSD-2-Clause */
/* Terminals: open files over an endpoint of the serial class. Files of one process that share a tty
 * share its settings and the line being edited. */
#pragma once

#include "sys/posix/file.h"
#include "sys/posix/tty_line.h"

struct tty {
	struct mutex settings_lock;
	struct termios settings; /* settings_lock */
	bool started;            /* settings_lock: settings are valid */
	struct mutex input_lock;
	struct tty_line line; /* input_lock */
};

extern const struct open_file_ops tty_ops;
extern const struct open_file_ops tty_opened_ops; /* the tty is from malloc */

void tty_settings_get(struct tty *tty, struct termios *out);
