/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdbool.h>

struct process;

/* Takes p, which has no thread, apart in the background; watchers are told when it is done. Holds p until then. */
void process_bury(struct process *p);
/* One bounded step; true when nobody waits any more. */
bool undertaker_step(void);
