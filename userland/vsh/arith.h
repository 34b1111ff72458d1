/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic of $((…)): 64-bit integers, C's operators, with assignment, without comma, ++ and --. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "userland/vsh/vars.h"

/* A name stands for its variable's value, 0 if it is not set. False: *why says what is wrong. */
bool arith_evaluate(const char *text, struct vars *vars, bool no_unset, int64_t *out, const char **why);
