/* SPDX-License-Identifier: BSD-2-Clause */
/* How much of the stack is used: whatever recurses over what a user wrote asks, and gives an error in time. */
#pragma once

#include <stdbool.h>

/* To be called once, high up in main. Without it nothing is ever low. */
void stack_start(void);
bool stack_is_low(void);
