/* SPDX-License-Identifier: BSD-2-Clause */
/* Word expansion (POSIX XCU 2.6): tilde, parameters, command substitution, arithmetic, field splitting, globbing, removal of quotes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "userland/base/text.h"
#include "userland/vsh/ast.h"
#include "userland/vsh/directory.h"
#include "userland/vsh/names.h"
#include "userland/vsh/vars.h"

struct expand {
	struct vars *vars;
	const struct directory_ops *directories;
	const char *arg0;  /* $0 */
	char *const *args; /* $1 … */
	size_t args_count;
	int status;       /* $? */
	long pid;         /* $$ */
	long background;  /* $!, 0: none yet */
	unsigned line;    /* $LINENO */
	char flags[32];   /* $- */
	bool no_glob;     /* set -f */
	bool no_unset;    /* set -u */
	bool substituted; /* a $(…) was run: its status is in `status` */
	/* Runs the text as a command and appends its output; false with `error` filled. NULL: not offered. */
	bool (*command)(void *context, const char *text, size_t len, struct text *out);
	void *context;
	char error[160]; /* after a function here returned false */
};

/* All words to fields. */
bool expand_words(struct expand *e, const struct word *words, struct names *fields);
/* To one string, without splitting and globbing: assignments, redirections, the word of `case`. */
bool expand_string(struct expand *e, const char *word, struct text *out);
/* The value of an assignment: as expand_string, with ~ also behind each ':'. */
bool expand_assignment(struct expand *e, const char *word, struct text *out);
/* The text of a here-document that was not quoted. */
bool expand_document(struct expand *e, const char *text, struct text *out);
/* As expand_string, with quoted pattern characters escaped. */
bool expand_pattern(struct expand *e, const char *word, struct text *out);
