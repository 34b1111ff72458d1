/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that exist without being opened. */
#pragma once

#include "sys/posix/file.h"

extern struct file file_log;

/* Hands an unfinished last line to the log. */
void file_log_flush(void);

/* Makes descriptors 0, 1 and 2 out of what the parent gave. */
void file_std_open(void);
