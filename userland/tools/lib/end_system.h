/* SPDX-License-Identifier: BSD-2-Clause */
/* shutdown and reboot. */
#pragma once

#include "protocols/init.h"
#include "userland/tools/lib/tool.h"

/* main of both. */
int end_system(const struct tool *tool, enum init_end end, int argc, char **argv);
