/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of a parsed command. It lives in the parser's arena; texts are still quoted (expand.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *text;
	bool assignment; /* behind `export` and the like: expanded as the value of an assignment */
	struct word *next;
};

enum redirect_kind {
	REDIRECT_IN,          /* < */
	REDIRECT_OUT,         /* > */
	REDIRECT_CLOBBER,     /* >| */
	REDIRECT_APPEND,      /* >> */
	REDIRECT_BOTH,        /* <> */
	REDIRECT_DUP,         /* <& and >& : a number, or - to close */
	REDIRECT_HERE,        /* << and <<- : target is the text */
	REDIRECT_HERE_QUOTED, /* the same, as it is */
	REDIRECT_STRING,      /* <<< : target is a word, a new line follows it */
};

struct redirect {
	int fd;
	enum redirect_kind kind;
	const char *target;
	struct redirect *next;
};

enum node_kind {
	NODE_SIMPLE,   /* assignments, words */
	NODE_PIPELINE, /* first | next | … */
	NODE_AND,      /* left && right */
	NODE_OR,       /* left || right */
	NODE_NOT,      /* ! left */
	NODE_LIST,     /* first; next; … each perhaps in the background */
	NODE_IF,
	NODE_WHILE,
	NODE_UNTIL,
	NODE_FOR,
	NODE_CASE,
	NODE_GROUP,    /* { left; } */
	NODE_SUBSHELL, /* ( left ) */
	NODE_FUNCTION, /* name() left */
};

struct case_item {
	struct word *patterns;
	struct node *body; /* NULL: nothing to do */
	bool falls;        /* ended by ;& : the next one's body follows */
	struct case_item *next;
};

struct node {
	enum node_kind kind;
	unsigned line;
	bool background; /* ended by & */
	struct redirect *redirects;
	struct node *next;  /* in its list or pipeline */
	struct node *first; /* LIST, PIPELINE */
	struct node *left;  /* AND, OR, NOT, GROUP, SUBSHELL, FUNCTION; body of FOR; condition of IF, WHILE, UNTIL */
	struct node *right; /* AND, OR; then of IF; body of WHILE, UNTIL */
	struct node *otherwise;   /* IF: else, or another IF for elif */
	const char *name;         /* FOR: variable; FUNCTION */
	struct word *assignments; /* SIMPLE: NAME=value */
	struct word *words;       /* SIMPLE; FOR; CASE: the one word */
	bool has_in;              /* FOR: without "in", over the positional parameters */
	struct case_item *items;
};
