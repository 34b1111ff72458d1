/* SPDX-License-Identifier: BSD-2-Clause */
/* init's messages: lines in the kernel's log, "init: …". */
#pragma once

#include "sys/abi/status.h"
#include "sys/abi/system.h"

__attribute__((format(printf, 2, 3))) void say(unsigned level, const char *format, ...);
/* For messages: what an error of a system call or protocol means. */
const char *status_text(status_t status);
