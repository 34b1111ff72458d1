/* SPDX-License-Identifier: BSD-2-Clause */
/* A tree as text again: what another shell is to run, what `type` and job lists show. */
#pragma once

#include "userland/base/text.h"
#include "userland/vsh/ast.h"

/* Parsing the text gives the same tree. Here-documents stand behind it, with an end of line. */
void unparse(const struct node *node, struct text *out);
/* On one line, without here-documents, for people. */
void unparse_short(const struct node *node, struct text *out);
