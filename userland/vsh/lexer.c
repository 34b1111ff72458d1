/* SPDX-License-Identifier: BSD-2-Clause */
/* Token recognition. */
#include "userland/vsh/lexer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NEST_MAX 64 /* of quotations in each other: bounds the recursion */

static size_t span(const char *text, size_t len, bool in_double, char *open, unsigned depth);

/* From the opening character(s) to `close`, with everything quoted in between skipped as a whole. */
static size_t span_until(const char *text, size_t len, size_t at, char close, bool in_double, char *open,
			 unsigned depth)
{
	unsigned parens = 0;
	while (at < len) {
		if (text[at] == close && parens == 0)
			return at + 1;
		if (close == ')' && text[at] == '(')
			parens++;
		else if (close == ')' && text[at] == ')')
			parens--;
		size_t n = span(text + at, len - at, in_double, open, depth + 1);
		if (n == 0)
			return 0;
		at += n;
	}
	*open = close == ')' ? '(' : close == '}' ? '{' : close;
	return 0;
}

static size_t span(const char *text, size_t len, bool in_double, char *open, unsigned depth)
{
	if (depth > NEST_MAX) {
		*open = '(';
		return 0;
	}
	switch (text[0]) {
	case '\\':
		if (len == 1)
			*open = '\\';
		return len == 1 ? 0 : 2;
	case '\'':
		if (in_double)
			return 1;
		for (size_t i = 1; i < len; i++) {
			if (text[i] == '\'')
				return i + 1;
		}
		*open = '\'';
		return 0;
	case '"':
		if (in_double)
			return 1;
		return span_until(text, len, 1, '"', true, open, depth);
	case '`': return span_until(text, len, 1, '`', false, open, depth);
	case '$':
		if (len > 1 && text[1] == '(')
			return span_until(text, len, 2, ')', false, open, depth);
		if (len > 1 && text[1] == '{')
			return span_until(text, len, 2, '}', in_double, open, depth);
		return 1;
	default: return 1;
	}
}

size_t lexer_span(const char *text, size_t len, bool in_double_quotes, char *open)
{
	return span(text, len, in_double_quotes, open, 0);
}

void lexer_start(struct lexer *lexer, const char *text, size_t len)
{
	*lexer = (struct lexer){.at = text, .end = text + len, .line = 1};
}

static void skip_blanks(struct lexer *lexer)
{
	for (;;) {
		if (lexer->at == lexer->end)
			return;
		if (*lexer->at == '\0' || strchr(" \t\r", *lexer->at)) {
			lexer->at++;
		} else if (*lexer->at == '\\' && lexer->end - lexer->at > 1 && lexer->at[1] == '\n') {
			lexer->at += 2;
			lexer->line++;
		} else if (*lexer->at == '#') {
			while (lexer->at < lexer->end && *lexer->at != '\n')
				lexer->at++;
		} else {
			return;
		}
	}
}

/* Longer operators stand before their beginnings. */
static const struct {
	char text[3];
	enum token_kind kind;
} operators[] = {
	{"&&", TOKEN_AND},     {"||", TOKEN_OR},      {";;", TOKEN_DSEMI},    {">>", TOKEN_DGREAT},
	{"<<", TOKEN_DLESS},   {"<&", TOKEN_LESSAND}, {">&", TOKEN_GREATAND}, {"<>", TOKEN_LESSGREAT},
	{">|", TOKEN_CLOBBER}, {";", TOKEN_SEMI},     {"&", TOKEN_AMP},       {"|", TOKEN_PIPE},
	{"(", TOKEN_LPAREN},   {")", TOKEN_RPAREN},   {"<", TOKEN_LESS},      {">", TOKEN_GREAT},
	{"\n", TOKEN_NEWLINE},
};

static bool take_operator(struct lexer *lexer, struct token *token)
{
	size_t left = (size_t)(lexer->end - lexer->at);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t len = strlen(operators[i].text);
		if (left < len || memcmp(lexer->at, operators[i].text, len) != 0)
			continue;
		token->kind = operators[i].kind;
		token->len = len;
		lexer->at += len;
		lexer->line += token->kind == TOKEN_NEWLINE;
		return true;
	}
	return false;
}

static void take_word(struct lexer *lexer, struct token *token)
{
	bool digits = true;
	while (lexer->at < lexer->end && !strchr(" \t\r\n;&|()<>", *lexer->at)) {
		size_t left = (size_t)(lexer->end - lexer->at);
		size_t n = lexer_span(lexer->at, left, false, &token->open);
		if (n == 0) {
			token->kind = TOKEN_INCOMPLETE;
			lexer->at = lexer->end;
			return;
		}
		digits = digits && n == 1 && isdigit((unsigned char)*lexer->at);
		for (size_t i = 0; i < n; i++)
			lexer->line += lexer->at[i] == '\n';
		lexer->at += n;
	}
	token->kind = TOKEN_WORD;
	token->len = (size_t)(lexer->at - token->start);
	if (digits && lexer->at < lexer->end && (*lexer->at == '<' || *lexer->at == '>'))
		token->kind = TOKEN_IO_NUMBER;
}

void lexer_next(struct lexer *lexer, struct token *token)
{
	skip_blanks(lexer);
	*token = (struct token){.kind = TOKEN_END, .start = lexer->at, .line = lexer->line};
	if (lexer->at == lexer->end)
		return;
	if (!take_operator(lexer, token))
		take_word(lexer, token);
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && strlen(word) == token->len && memcmp(token->start, word, token->len) == 0;
}

const char *token_show(const struct token *token, char out[48])
{
	if (token->kind == TOKEN_END)
		return "the end of the text";
	if (token->kind == TOKEN_NEWLINE)
		return "the end of the line";
	snprintf(out, 48, "'%.*s'", token->len > 40 ? 40 : (int)token->len, token->start);
	return out;
}
