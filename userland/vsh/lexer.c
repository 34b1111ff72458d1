/* SPDX-License-Identifier: BSD-2-Clause */
/* Token recognition. */
#include "userland/vsh/lexer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/stack.h"

static size_t span(const char *text, size_t len, enum quoting quoting, char *open, unsigned depth);

/* From `at` to the bracket that closes, with everything quoted in between skipped as a whole. */
static size_t span_until(const char *text, size_t len, size_t at, char close, enum quoting quoting, char *open,
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
		size_t n = span(text + at, len - at, quoting, open, depth + 1);
		if (n == 0)
			return 0;
		at += n;
	}
	*open = close == ')' ? '(' : close == '}' ? '{' : close;
	return 0;
}

/* A backquote ends at the next one that is not escaped, whatever other quotes there are. */
static size_t span_backquotes(const char *text, size_t len, char *open)
{
	for (size_t i = 1; i < len; i++) {
		if (text[i] == '`')
			return i + 1;
		if (text[i] == '\\')
			i++;
	}
	*open = '`';
	return 0;
}

/* ${…}: patterns behind # and % have quotes of their own, other words those around them. */
static size_t span_braces(const char *text, size_t len, enum quoting quoting, char *open, unsigned depth)
{
	size_t i = 2;
	if (i < len && text[i] == '#' && i + 1 < len && text[i + 1] != '}')
		i++;
	if (i < len && (isalnum((unsigned char)text[i]) || text[i] == '_')) {
		while (i < len && (isalnum((unsigned char)text[i]) || text[i] == '_'))
			i++;
	} else if (i < len && text[i] != '}') {
		i++;
	}
	enum quoting inner = quoting == QUOTE_NONE ? QUOTE_NONE : QUOTE_BRACE;
	if (i < len && (text[i] == '#' || text[i] == '%'))
		inner = QUOTE_NONE;
	return span_until(text, len, i < len ? i : len, '}', inner, open, depth);
}

/* $((…)), or 0 if the parentheses say that it is a command. One pass, so that nesting does not multiply the work. */
static size_t span_arithmetic(const char *text, size_t len)
{
	unsigned parens = 0;
	for (size_t i = 3; i < len; i++) {
		if (text[i] == '\\') {
			i++;
		} else if (text[i] == '\'' || text[i] == '"') {
			const char *end = memchr(text + i + 1, text[i], len - i - 1);
			if (!end)
				return 0;
			i = (size_t)(end - text);
		} else if (text[i] == '(') {
			parens++;
		} else if (text[i] == ')' && parens-- == 0) {
			return i + 1 < len && text[i + 1] == ')' ? i + 2 : 0;
		}
	}
	return 0;
}

static size_t span_parens(const char *text, size_t len, char *open, unsigned depth)
{
	size_t n = len > 2 && text[2] == '(' ? span_arithmetic(text, len) : 0;
	if (n != 0)
		return n;
	n = parse_substitution(text + 2, len - 2, depth + 1, open);
	return n ? n + 2 : 0;
}

static size_t span(const char *text, size_t len, enum quoting quoting, char *open, unsigned depth)
{
	bool in_double = quoting == QUOTE_DOUBLE || quoting == QUOTE_HERE;
	if (depth > LEXER_DEPTH_MAX || stack_is_low()) {
		*open = SPAN_DEEP;
		return 0;
	}
	switch (text[0]) {
	case '\\':
		if (len == 1)
			*open = '\\';
		return len == 1 ? 0 : 2;
	case '\'':
		if (quoting != QUOTE_NONE)
			return 1;
		for (size_t i = 1; i < len; i++) {
			if (text[i] == '\'')
				return i + 1;
		}
		*open = '\'';
		return 0;
	case '"': return in_double ? 1 : span_until(text, len, 1, '"', QUOTE_DOUBLE, open, depth);
	case '`': return span_backquotes(text, len, open);
	case '$':
		if (len > 1 && text[1] == '(')
			return span_parens(text, len, open, depth);
		if (len > 1 && text[1] == '{')
			return span_braces(text, len, quoting, open, depth);
		return 1;
	default: return 1;
	}
}

size_t lexer_span(const char *text, size_t len, enum quoting quoting, char *open)
{
	return span(text, len, quoting, open, 0);
}

bool lexer_is_arithmetic(const char *text, size_t len)
{
	return span_arithmetic(text, len) == len;
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
	char text[4];
	enum token_kind kind;
} operators[] = {
	{"<<-", TOKEN_DLESSDASH}, {"<<<", TOKEN_TLESS},   {";&", TOKEN_SEMIAMP},   {"&&", TOKEN_AND},
	{"||", TOKEN_OR},         {";;", TOKEN_DSEMI},    {">>", TOKEN_DGREAT},    {"<<", TOKEN_DLESS},
	{"<&", TOKEN_LESSAND},    {">&", TOKEN_GREATAND}, {"<>", TOKEN_LESSGREAT}, {">|", TOKEN_CLOBBER},
	{";", TOKEN_SEMI},        {"&", TOKEN_AMP},       {"|", TOKEN_PIPE},       {"(", TOKEN_LPAREN},
	{")", TOKEN_RPAREN},      {"<", TOKEN_LESS},      {">", TOKEN_GREAT},      {"\n", TOKEN_NEWLINE},
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
	while (lexer->at < lexer->end && (*lexer->at == '\0' || !strchr(" \t\r\n;&|()<>", *lexer->at))) {
		size_t left = (size_t)(lexer->end - lexer->at);
		size_t n = span(lexer->at, left, QUOTE_NONE, &token->open, lexer->depth);
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
