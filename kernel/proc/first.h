/* SPDX-License-Identifier: BSD-2-Clause */
/* The first process: the first entry of the boot archive, whatever its name. */
#pragma once

/* Loads it and makes its thread ready. Panics with a reason when it cannot. */
void first_process_start(void);
