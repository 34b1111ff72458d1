/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program was started as, for messages. */
#pragma once

/* The last part of argv[0]; "?" without one. Points into the startup block. */
const char *program_name(void);
