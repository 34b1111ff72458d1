/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the chapter on pipes that needs other processes. */
#pragma once

void pipe_children(void);
