/* SPDX-License-Identifier: BSD-2-Clause */
/* The only thing that each system has its own source for. */
#pragma once

#include <stdbool.h>

/* Before anything else. True: this process has nothing more to do and ends with that status. */
bool system_prepare(int argc, char **argv, int *status);
