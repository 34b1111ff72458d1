/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process was started with (sys/abi/startup.h). */
#pragma once

#include "sys/abi/startup.h"

/* The block itself; valid for the life of the process. */
const struct startup *startup_get(void);

/* The handle given under a name (HND_*), HANDLE_NONE if there is none. */
handle_t startup_handle(const char *name);
