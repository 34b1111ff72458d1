/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell grammar (POSIX XCU 2.10) to a tree. */
#pragma once

#include "userland/base/arena.h"
#include "userland/vsh/ast.h"
#include "userland/vsh/vars.h"

enum parse_result {
	PARSE_OK,
	PARSE_INCOMPLETE, /* the text may be the beginning of a command: add a line and parse again */
	PARSE_ERROR,
};

struct parse_error {
	unsigned line;
	char message[160];
};

/* *out: a NODE_LIST with all commands of the text, NULL if it has none. */
enum parse_result parse(struct arena *arena, const char *text, size_t len, struct node **out,
			struct parse_error *error);

struct parse_input {
	const char *text;
	size_t len;
	const struct vars *aliases; /* NULL: none */
	bool final;                 /* nothing will follow the text: its end ends a here-document */
	size_t consumed;            /* out: bytes of the commands that were parsed, with the end of their line */
	unsigned lines;             /* out: ends of lines in them */
};

/* The commands up to the end of a line at which nothing is open. The tree does not point into the text. */
enum parse_result parse_line(struct arena *arena, struct parse_input *input, struct node **out,
			     struct parse_error *error);
/* Bytes of the commands of a $(…) up to and with its ')'; 0 with *open as lexer_span has it. */
size_t parse_substitution(const char *text, size_t len, unsigned depth, char *open);
/* A name that a variable can have, of `len` bytes. */
bool is_name(const char *text, size_t len);
/* Words that the grammar keeps: if, then, … */
bool is_reserved(const char *word);
