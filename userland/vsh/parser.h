/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell grammar (POSIX XCU 2.10) to a tree. */
#pragma once

#include "userland/base/arena.h"
#include "userland/vsh/ast.h"

enum parse_result {
	PARSE_OK,
	PARSE_INCOMPLETE, /* the text may be the beginning of a command: add a line and parse again */
	PARSE_ERROR,
};

struct parse_error {
	unsigned line;
	char message[160];
};

/* *out: a NODE_LIST with all commands of the text, NULL if it has none. `text` must live as long as the tree. */
enum parse_result parse(struct arena *arena, const char *text, size_t len, struct node **out,
			struct parse_error *error);
/* A name that a variable can have, of `len` bytes. */
bool is_name(const char *text, size_t len);
/* Words that the grammar keeps: if, then, … */
bool is_reserved(const char *word);
