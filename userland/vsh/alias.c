/* SPDX-License-Identifier: BSD-2-Clause */
/* Alias substitution, done on the text before it is parsed (POSIX XCU 2.3.1). */
#include <string.h>

#include "userland/vsh/lexer.h"
#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"

#define DEPTH_MAX 16

struct replacer {
	const struct vars *aliases;
	const char *active[DEPTH_MAX]; /* names being replaced: an alias does not replace itself */
	unsigned depth;
	struct text *out;
};

/* Reserved words after which a command may follow. */
static bool opens_command(const struct token *token)
{
	static const char *const words[] = {"!", "{", "if", "then", "elif", "else", "while", "until", "do"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (token_is(token, words[i]))
			return true;
	}
	return false;
}

static const char *alias_of(const struct replacer *r, const struct token *token, char name[64])
{
	if (token->len >= 64 || memchr(token->start, '=', token->len))
		return NULL;
	memcpy(name, token->start, token->len);
	name[token->len] = '\0';
	for (unsigned i = 0; i < r->depth; i++) {
		if (strcmp(r->active[i], name) == 0)
			return NULL;
	}
	return r->depth < DEPTH_MAX ? vars_get(r->aliases, name) : NULL;
}

/* `command`: the text starts where a command may. */
static void replace(struct replacer *r, const char *text, size_t len, bool command)
{
	struct lexer lexer;
	struct token token;
	const char *copied = text; /* up to here */
	bool skip = false;         /* the next word belongs to a redirection */

	lexer_start(&lexer, text, len);
	for (lexer_next(&lexer, &token); token.kind != TOKEN_END && token.kind != TOKEN_INCOMPLETE;
	     lexer_next(&lexer, &token)) {
		char name[64];
		if (token.kind >= TOKEN_LESS && token.kind <= TOKEN_DLESS) {
			skip = true;
			continue;
		}
		if (token.kind != TOKEN_WORD) {
			command = token.kind != TOKEN_IO_NUMBER || command;
			continue;
		}
		if (skip || !command) {
			skip = false;
			continue;
		}
		const char *value = alias_of(r, &token, name);
		if (!value) {
			const char *equals = memchr(token.start, '=', token.len);
			command = opens_command(&token) ||
				  (equals && is_name(token.start, (size_t)(equals - token.start)));
			continue;
		}
		text_add(r->out, copied, (size_t)(token.start - copied));
		copied = token.start + token.len;
		r->active[r->depth++] = name;
		size_t value_len = strlen(value);
		replace(r, value, value_len, true);
		r->depth--;
		command = value_len != 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t');
	}
	text_add(r->out, copied, (size_t)(text + len - copied));
}

bool alias_expand(const struct vars *aliases, const char *text, size_t len, struct text *out)
{
	struct replacer r = {.aliases = aliases, .out = out};
	replace(&r, text, len, true);
	return !out->failed;
}
