/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell text into tokens (POSIX XCU 2.3). Words keep their quotes: expand.c removes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LEXER_DEPTH_MAX 64 /* of quotations and commands in each other */

enum token_kind {
	TOKEN_END,
	TOKEN_NEWLINE,
	TOKEN_WORD,
	TOKEN_IO_NUMBER, /* digits right before < or > */
	TOKEN_SEMI,      /* ; */
	TOKEN_DSEMI,     /* ;; */
	TOKEN_SEMIAMP,   /* ;& */
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
	TOKEN_DLESSDASH,  /* <<- */
	TOKEN_TLESS,      /* <<< */
	TOKEN_INCOMPLETE, /* the text ends inside of a quotation: more lines are needed */
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t len;
	unsigned line; /* from 1 */
	char open;     /* of TOKEN_INCOMPLETE: the quote that is open: ' " ` ( { or \, or SPAN_WRONG, SPAN_DEEP */
};

#define SPAN_WRONG '!' /* the command of a $(…) is malformed */
#define SPAN_DEEP  '^' /* too many levels */

/* What quotes mean where a text stands. */
enum quoting {
	QUOTE_NONE,
	QUOTE_DOUBLE, /* inside of "…" */
	QUOTE_BRACE,  /* the word of a ${…} inside of "…": quotes in it are quotes again, apostrophes are not */
	QUOTE_HERE,   /* a here-document: only $ ` and \ mean something */
};

struct lexer {
	const char *at, *end;
	unsigned line;
	unsigned depth; /* of commands in each other around it: bounds the recursion */
};

void lexer_start(struct lexer *lexer, const char *text, size_t len);
/* Skips blanks, comments and escaped line ends before the token. */
void lexer_next(struct lexer *lexer, struct token *token);
/* Bytes of the quotation, escape or expansion ('…' "…" \x $(…) ${…} `…`) that starts at `text`: 1 for an ordinary
 * character, 0 with *open set if it does not end. */
size_t lexer_span(const char *text, size_t len, enum quoting quoting, char *open);
/* Whether the $(( at `text` is arithmetic; `len` as lexer_span said. */
bool lexer_is_arithmetic(const char *text, size_t len);
bool token_is(const struct token *token, const char *word);
/* For messages: the token as it was written, or what it stands for. */
const char *token_show(const struct token *token, char out[48]);
