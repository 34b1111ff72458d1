/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps between the first instruction and main; only the start files include it. */
#pragma once

#include "sys/abi/startup.h"

#define START_EXIT_BAD_BLOCK 127 /* exit status without a valid startup block */

_Noreturn void start(const struct startup *s);

/* Runs main and ends the process with its result. */
_Noreturn void program_run(int argc, char **argv, char **envp);
