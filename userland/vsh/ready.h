/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling init that there is a prompt. */
#pragma once

/* Harmless where the shell is no service, or not for the first time. */
void ready_tell(void);
