/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell text into tokens (POSIX XCU 2.3). Words keep their quotes: expand.c removes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NEWLINE,
	TOKEN_WORD,
	TOKEN_IO_NUMBER, /* digits right before < or > */
	TOKEN_SEMI,      /* ; */
	TOKEN_DSEMI,     /* ;; */
	TOKEN_AMP,       /* & */
	TOKEN_AND,       /* && */
	TOKEN_OR,        /* || */
	TOKEN_PIPE,      /* | */
	TOKEN_LPAREN,
	TOKEN_RPAREN,
	TOKEN_LESS,       /* < */
	TOKEN_GREAT,      /* > */
	TOKEN_DGREAT,     /* >> */
	TOKEN_LESSAND,    /* <& */
	TOKEN_GREATAND,   /* >& */
	TOKEN_LESSGREAT,  /* <> */
	TOKEN_CLOBBER,    /* >| */
	TOKEN_DLESS,      /* << */
	TOKEN_INCOMPLETE, /* the text ends inside of a quotation: more lines are needed */
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t len;
	unsigned line; /* from 1 */
	char open;     /* of TOKEN_INCOMPLETE: the quote that is open: ' " ` ( { or \ */
};

struct lexer {
	const char *at, *end;
	unsigned line;
};

void lexer_start(struct lexer *lexer, const char *text, size_t len);
/* Skips blanks, comments and escaped line ends before the token. */
void lexer_next(struct lexer *lexer, struct token *token);
/* Bytes of the quotation, escape or expansion ('…' "…" \x $(…) ${…} $name `…`) that starts at `text`: 1 for an ordinary
 * character, 0 with *open set if it does not end. */
size_t lexer_span(const char *text, size_t len, bool in_double_quotes, char *open);
bool token_is(const struct token *token, const char *word);
/* For messages: the token as it was written, or what it stands for. */
const char *token_show(const struct token *token, char out[48]);
