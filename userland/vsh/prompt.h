/* SPDX-License-Identifier: BSD-2-Clause */
/* The prompt, from PS1 and PS2. */
#pragma once

#include "userland/base/text.h"
#include "userland/vsh/shell.h"

/* `more`: a command goes on. \w working directory (~ for $HOME), \W its last part, \u user, \h $HOSTNAME, \$ # for the
 * superuser, \? last status, \e \n \\; then $ and ` are expanded. */
void prompt_make(struct shell *shell, bool more, struct text *prompt);
