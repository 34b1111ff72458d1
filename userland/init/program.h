/* SPDX-License-Identifier: BSD-2-Clause */
/* init=PATH: one program instead of the services. */
#pragma once

#include "userland/init/system.h"

/* Runs the program of the boot arguments with everything that init has, waits for its end. */
void program_run_alone(const struct system *system);
