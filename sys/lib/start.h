/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps between the first instruction and main; only the start files include it. The names are
 * reserved ones: a program may have a function called start. */
#pragma once

#include "sys/abi/startup.h"

#define START_EXIT_BAD_BLOCK 127 /* exit status without a valid startup block */

_Noreturn void __process_start(const struct startup *s);

/* Runs main and ends the process with its result. */
_Noreturn void __program_run(int argc, char **argv, char **envp);
