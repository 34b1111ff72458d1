/* SPDX-License-Identifier: BSD-2-Clause */
/* The working directory: a handle, and a text that is looked for when somebody asks. */
#pragma once

#include "sys/posix/view.h"

/* At the start: the handle that the parent gave. */
void cwd_inherit(handle_t directory);
