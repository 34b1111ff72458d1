/* SPDX-License-Identifier: BSD-2-Clause */
/* Recursive descent with one token of look-ahead. A function that returns NULL has set `result`. */
#include "userland/vsh/parser.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userland/base/text.h"
#include "userland/vsh/lexer.h"
#include "userland/vsh/stack.h"

#define DEPTH_MAX   100 /* of commands in each other: bounds the recursion, here and in the executor */
#define ALIASES_MAX 16  /* in each other */

/* The text of an alias that is being read, and where to go on after it. */
struct replacement {
	const char *name;
	bool blank; /* ends in one: the next word may be an alias too */
	struct lexer after;
};

/* A here-document whose text follows the end of the line. */
struct pending {
	struct redirect *redirect;
	const char *end; /* the line that ends it, without quotes */
	bool tabs;       /* <<- */
	struct pending *next;
};

struct parser {
	struct lexer lexer;
	struct token token; /* the next one, not taken yet */
	struct arena *arena;
	struct parse_error *error;
	enum parse_result result;
	unsigned depth;
	const struct vars *aliases;
	struct replacement replacements[ALIASES_MAX];
	unsigned replacing;
	bool alias_next; /* the token follows an alias that ended in a blank */
	bool replaced;   /* an alias stood where the present command begins: it may have been empty */
	bool final;
	bool by_line; /* stop at the end of a line */
	struct pending *pending, **pending_end;
};

static const char *const reserved[] = {"!",    "{",  "}",   "case", "do", "done", "elif",  "else",
				       "esac", "fi", "for", "if",   "in", "then", "until", "while"};

bool is_reserved(const char *word)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (strcmp(reserved[i], word) == 0)
			return true;
	}
	return false;
}

bool is_name(const char *text, size_t len)
{
	if (len == 0 || isdigit((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	}
	return true;
}

/* ---- errors and tokens ---------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void *fail(struct parser *p, const char *format, ...)
{
	va_list args;
	if (p->result != PARSE_OK)
		return NULL;
	p->result = PARSE_ERROR;
	p->error->line = p->token.line;
	va_start(args, format);
	vsnprintf(p->error->message, sizeof(p->error->message), format, args);
	va_end(args);
	return NULL;
}

/* `opener`: what would be closed by `expected`, for the message; NULL if there is none. */
static void *fail_expected(struct parser *p, const char *expected, const char *opener)
{
	char found[48];
	if (p->result != PARSE_OK)
		return NULL;
	fail(p, "expected %s%s%s, found %s", expected, opener ? " for " : "", opener ? opener : "",
	     token_show(&p->token, found));
	if (p->token.kind == TOKEN_END)
		p->result = PARSE_INCOMPLETE;
	return NULL;
}

static void fail_open(struct parser *p, char open)
{
	if (open == SPAN_WRONG || open == SPAN_DEEP) {
		fail(p, open == SPAN_DEEP ? "too many levels of quotations or commands in each other"
					  : "the command in $(...) is malformed");
		return;
	}
	if (open == '\\')
		fail(p, "the text ends after a backslash");
	else if (open == '(' || open == '{')
		fail(p, "$%c is not closed", open);
	else
		fail(p, "the quotation %c is not closed", open);
	/* What an alias leaves open nobody can close. */
	p->result = p->replacing ? PARSE_ERROR : PARSE_INCOMPLETE;
}

/* The line at the lexer, with those that escaped ends join to it when the document is not quoted. *open: it still ends in a
 * backslash, as the text does. */
static const char *document_line(struct lexer *lexer, bool quoted, size_t *len, bool *open)
{
	const char *start = lexer->at;
	bool joined;
	do {
		const char *newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
		const char *stop = newline ? newline : lexer->end;
		size_t slashes = 0;
		while (stop - slashes > lexer->at && stop[-1 - (ptrdiff_t)slashes] == '\\')
			slashes++;
		lexer->at = newline ? newline + 1 : lexer->end;
		lexer->line += newline != NULL;
		joined = !quoted && newline && slashes % 2 != 0;
		*open = !quoted && slashes % 2 != 0;
		*len = (size_t)(stop - start);
	} while (joined && lexer->at < lexer->end);
	return start;
}

static void read_document(struct parser *p, const struct pending *document)
{
	struct text body = {0};
	bool quoted = document->redirect->kind == REDIRECT_HERE_QUOTED, ended = false, open = false;
	size_t end_len = strlen(document->end), len;

	while (!ended && p->lexer.at < p->lexer.end) {
		const char *line = document_line(&p->lexer, quoted, &len, &open);
		while (document->tabs && len != 0 && *line == '\t') {
			line++;
			len--;
		}
		ended = len == end_len && memcmp(line, document->end, len) == 0;
		if (!ended) {
			text_add(&body, line, len);
			/* A backslash at the end of all stands for itself. */
			text_add_string(&body, open ? "\\\n" : "\n");
		}
	}
	if (!ended && !p->final && p->replacing == 0) {
		fail(p, "the here-document '%s' is not closed", document->end);
		p->result = PARSE_INCOMPLETE;
	}
	char *copy = body.failed ? NULL : arena_copy(p->arena, text_get(&body), body.len);
	if (!copy)
		fail(p, "out of memory");
	document->redirect->target = copy ? copy : "";
	text_free(&body);
}

static void read_documents(struct parser *p)
{
	struct pending *document = p->pending;
	p->pending = NULL;
	p->pending_end = &p->pending;
	for (; document && p->result == PARSE_OK; document = document->next)
		read_document(p, document);
}

static void advance(struct parser *p)
{
	p->alias_next = false;
	lexer_next(&p->lexer, &p->token);
	while (p->token.kind == TOKEN_END && p->replacing != 0) {
		const struct replacement *done = &p->replacements[--p->replacing];
		p->alias_next = p->alias_next || done->blank;
		p->lexer = done->after;
		lexer_next(&p->lexer, &p->token);
	}
	if (p->token.kind == TOKEN_INCOMPLETE && p->result == PARSE_OK)
		fail_open(p, p->token.open);
	if (p->pending && (p->token.kind == TOKEN_NEWLINE || p->token.kind == TOKEN_END))
		read_documents(p);
}

/* Puts the alias that the token names in its place. False: it names none. */
static bool replace_alias(struct parser *p)
{
	char name[64];
	if (!p->aliases || p->token.kind != TOKEN_WORD || p->token.len >= sizeof(name) || p->result != PARSE_OK ||
	    p->replacing == ALIASES_MAX)
		return false;
	memcpy(name, p->token.start, p->token.len);
	name[p->token.len] = '\0';
	for (unsigned i = 0; i < p->replacing; i++) {
		if (strcmp(p->replacements[i].name, name) == 0)
			return false;
	}
	const char *value = vars_get(p->aliases, name);
	if (!value || (is_reserved(name) && !p->alias_next))
		return false;
	size_t len = strlen(value);
	struct replacement *r = &p->replacements[p->replacing];
	r->name = arena_copy(p->arena, name, p->token.len);
	if (!r->name) {
		fail(p, "out of memory");
		return false;
	}
	r->blank = len != 0 && (value[len - 1] == ' ' || value[len - 1] == '\t');
	r->after = p->lexer;
	p->replacing++;
	p->replaced = true;
	unsigned line = p->lexer.line, depth = p->lexer.depth;
	lexer_start(&p->lexer, value, len);
	p->lexer.line = line;
	p->lexer.depth = depth;
	advance(p);
	return true;
}

static bool take(struct parser *p, enum token_kind kind)
{
	if (p->token.kind != kind || p->result != PARSE_OK)
		return false;
	advance(p);
	return true;
}

static bool take_word(struct parser *p, const char *word)
{
	if (!token_is(&p->token, word) || p->result != PARSE_OK)
		return false;
	advance(p);
	return true;
}

static void skip_newlines(struct parser *p)
{
	while (take(p, TOKEN_NEWLINE))
		;
}

/* ---- building ------------------------------------------------------------------------------- */

static void *allocate(struct parser *p, size_t size)
{
	void *memory = p->result == PARSE_OK ? arena_alloc(p->arena, size) : NULL;
	return memory ? memory : fail(p, "out of memory");
}

static struct node *new_node(struct parser *p, enum node_kind kind)
{
	struct node *node = allocate(p, sizeof(*node));
	if (node) {
		node->kind = kind;
		node->line = p->token.line;
	}
	return node;
}

static struct node *finish(struct parser *p, struct node *node)
{
	return p->result == PARSE_OK ? node : NULL;
}

static const char *copy_token(struct parser *p)
{
	if (p->result != PARSE_OK)
		return NULL;
	char *copy = arena_copy(p->arena, p->token.start, p->token.len);
	return copy ? copy : fail(p, "out of memory");
}

/* `export a=$b` and the like: what looks like an assignment is expanded as one. */
static bool takes_assignments(const struct word *command)
{
	static const char *const names[] = {"export", "readonly", "local"};
	for (size_t i = 0; command && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(command->text, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_assignment(const struct token *token)
{
	const char *equals = memchr(token->start, '=', token->len);
	return equals && is_name(token->start, (size_t)(equals - token->start));
}

/* Appends the token to the list whose end is *link; takes it. */
static void add_word(struct parser *p, struct word ***link)
{
	struct word *word = allocate(p, sizeof(*word));
	const char *text = copy_token(p);
	if (!word || !text)
		return;
	word->text = text;
	**link = word;
	*link = &word->next;
	advance(p);
}

static struct node *parse_list(struct parser *p, bool top);
static struct node *parse_command(struct parser *p);

/* ---- redirections --------------------------------------------------------------------------- */

static bool at_redirect(const struct parser *p)
{
	return p->token.kind == TOKEN_IO_NUMBER || (p->token.kind >= TOKEN_LESS && p->token.kind <= TOKEN_TLESS);
}

/* The word without its quotes; nothing in it is expanded. */
static char *unquote_end(struct parser *p, bool *quoted)
{
	const char *text = p->token.start;
	char *out = arena_alloc(p->arena, p->token.len + 1), *at = out;
	char quote = '\0';
	if (!out)
		return fail(p, "out of memory");
	for (size_t i = 0; i < p->token.len; i++) {
		char c = text[i];
		bool escapes = c == '\\' && quote != '\'' && i + 1 < p->token.len &&
			       (quote == '\0' || strchr("$`\"\\\n", text[i + 1]));
		if (escapes) {
			*quoted = true;
			if (text[++i] != '\n')
				*at++ = text[i];
		} else if (quote == '\0' ? c == '\'' || c == '"' : c == quote) {
			*quoted = true;
			quote = quote == '\0' ? c : '\0';
		} else {
			*at++ = c;
		}
	}
	*at = '\0';
	return out;
}

static void add_document(struct parser *p, struct redirect *redirect, bool tabs)
{
	struct pending *document = allocate(p, sizeof(*document));
	bool quoted = false;
	if (!document)
		return;
	document->end = unquote_end(p, &quoted);
	document->redirect = redirect;
	document->tabs = tabs;
	if (quoted)
		redirect->kind = REDIRECT_HERE_QUOTED;
	redirect->target = "";
	*p->pending_end = document;
	p->pending_end = &document->next;
}

static enum redirect_kind redirect_kind(enum token_kind kind, bool *input)
{
	*input = true;
	switch (kind) {
	case TOKEN_LESS: return REDIRECT_IN;
	case TOKEN_LESSGREAT: return REDIRECT_BOTH;
	case TOKEN_LESSAND: return REDIRECT_DUP;
	case TOKEN_DLESS:
	case TOKEN_DLESSDASH: return REDIRECT_HERE;
	case TOKEN_TLESS: return REDIRECT_STRING;
	default: break;
	}
	*input = false;
	switch (kind) {
	case TOKEN_GREATAND: return REDIRECT_DUP;
	case TOKEN_DGREAT: return REDIRECT_APPEND;
	case TOKEN_CLOBBER: return REDIRECT_CLOBBER;
	default: return REDIRECT_OUT;
	}
}

static void parse_redirect(struct parser *p, struct redirect ***link)
{
	struct redirect *redirect = allocate(p, sizeof(*redirect));
	int fd = -1;
	bool input;
	if (!redirect)
		return;
	if (p->token.kind == TOKEN_IO_NUMBER) {
		if (p->token.len > 3) {
			fail(p, "file number %.*s is too large", p->token.len > 40 ? 40 : (int)p->token.len,
			     p->token.start);
			return;
		}
		fd = 0;
		for (size_t i = 0; i < p->token.len; i++)
			fd = fd * 10 + (p->token.start[i] - '0');
		advance(p);
	}
	enum token_kind kind = p->token.kind;
	redirect->kind = redirect_kind(kind, &input);
	redirect->fd = fd >= 0 ? fd : input ? 0 : 1;
	advance(p);
	if (p->token.kind != TOKEN_WORD) {
		fail_expected(p, "a file name after the redirection", NULL);
		return;
	}
	if (kind == TOKEN_DLESS || kind == TOKEN_DLESSDASH)
		add_document(p, redirect, kind == TOKEN_DLESSDASH);
	else
		redirect->target = copy_token(p);
	**link = redirect;
	*link = &redirect->next;
	advance(p);
}

static void parse_redirects(struct parser *p, struct node *node)
{
	struct redirect **link = &node->redirects;
	while (p->result == PARSE_OK && at_redirect(p))
		parse_redirect(p, &link);
}

/* ---- simple commands ------------------------------------------------------------------------ */

static struct node *parse_function(struct parser *p, struct node *node, const char *name)
{
	node->kind = NODE_FUNCTION;
	node->name = name;
	node->words = NULL;
	advance(p);
	if (!take(p, TOKEN_RPAREN))
		return fail_expected(p, "')'", "the function");
	skip_newlines(p);
	node->left = parse_command(p);
	if (node->left && (node->left->kind == NODE_SIMPLE || node->left->kind == NODE_FUNCTION))
		return fail(p, "the body of function '%s' must be a { … } or another compound command", name);
	return finish(p, node);
}

static struct node *parse_simple(struct parser *p)
{
	struct node *node = new_node(p, NODE_SIMPLE);
	if (!node)
		return NULL;
	struct word **assignments = &node->assignments;
	struct word **words = &node->words;
	struct redirect **redirects = &node->redirects;

	while (p->result == PARSE_OK) {
		if (at_redirect(p)) {
			parse_redirect(p, &redirects);
		} else if (p->token.kind == TOKEN_LPAREN && node->words && !node->words->next && !node->assignments &&
			   !node->redirects && is_name(node->words->text, strlen(node->words->text))) {
			return parse_function(p, node, node->words->text);
		} else if (p->token.kind != TOKEN_WORD) {
			break;
		} else if ((!node->words || p->alias_next) && replace_alias(p)) {
			continue;
		} else if (!node->words && is_assignment(&p->token)) {
			add_word(p, &assignments);
		} else {
			bool assignment = takes_assignments(node->words) && is_assignment(&p->token);
			struct word **place = words;
			add_word(p, &words);
			if (*place)
				(*place)->assignment = assignment;
		}
	}
	if (p->result == PARSE_OK && !node->words && !node->assignments && !node->redirects && !p->replaced)
		return fail_expected(p, "a command", NULL);
	return finish(p, node);
}

/* ---- compound commands ---------------------------------------------------------------------- */

/* A list of at least one command up to the word `end`, which is not taken. */
static struct node *parse_body(struct parser *p, const char *opener)
{
	struct node *list = parse_list(p, false);
	if (p->result == PARSE_OK && !list)
		return fail_expected(p, "a command", opener);
	return list;
}

static struct node *parse_if(struct parser *p)
{
	struct node *node = new_node(p, NODE_IF);
	if (!node)
		return NULL;
	advance(p);
	node->left = parse_body(p, "'if'");
	if (p->result == PARSE_OK && !take_word(p, "then"))
		return fail_expected(p, "'then'", "'if'");
	node->right = parse_body(p, "'then'");
	if (p->result != PARSE_OK)
		return NULL;
	if (token_is(&p->token, "elif")) {
		if (++p->depth > DEPTH_MAX || stack_is_low())
			return fail(p, "too many commands in each other");
		node->otherwise = parse_if(p); /* takes the one "fi" of both */
		p->depth--;
		return finish(p, node);
	}
	if (take_word(p, "else"))
		node->otherwise = parse_body(p, "'else'");
	if (p->result == PARSE_OK && !take_word(p, "fi"))
		return fail_expected(p, "'fi'", "'if'");
	return finish(p, node);
}

static struct node *parse_do(struct parser *p, const char *opener)
{
	skip_newlines(p);
	if (p->result == PARSE_OK && !take_word(p, "do"))
		return fail_expected(p, "'do'", opener);
	struct node *body = parse_body(p, "'do'");
	if (p->result == PARSE_OK && !take_word(p, "done"))
		return fail_expected(p, "'done'", opener);
	return body;
}

static struct node *parse_while(struct parser *p)
{
	bool until = token_is(&p->token, "until");
	struct node *node = new_node(p, until ? NODE_UNTIL : NODE_WHILE);
	if (!node)
		return NULL;
	advance(p);
	node->left = parse_body(p, until ? "'until'" : "'while'");
	node->right = parse_do(p, until ? "'until'" : "'while'");
	return finish(p, node);
}

static struct node *parse_for(struct parser *p)
{
	struct node *node = new_node(p, NODE_FOR);
	if (!node)
		return NULL;
	advance(p);
	if (p->token.kind != TOKEN_WORD || !is_name(p->token.start, p->token.len))
		return fail_expected(p, "the name of a variable", "'for'");
	node->name = copy_token(p);
	advance(p);
	skip_newlines(p);
	if (take_word(p, "in")) {
		struct word **link = &node->words;
		node->has_in = true;
		while (p->result == PARSE_OK && p->token.kind == TOKEN_WORD)
			add_word(p, &link);
		if (p->token.kind != TOKEN_NEWLINE && p->token.kind != TOKEN_SEMI)
			return fail_expected(p, "';' or a new line after the words", "'for'");
	}
	take(p, TOKEN_SEMI);
	node->left = parse_do(p, "'for'");
	return finish(p, node);
}

static struct case_item *parse_case_item(struct parser *p)
{
	struct case_item *item = allocate(p, sizeof(*item));
	if (!item)
		return NULL;
	struct word **link = &item->patterns;
	take(p, TOKEN_LPAREN);
	do {
		if (p->token.kind != TOKEN_WORD)
			return fail_expected(p, "a pattern", "'case'");
		add_word(p, &link);
	} while (take(p, TOKEN_PIPE));
	if (!take(p, TOKEN_RPAREN))
		return fail_expected(p, "')' after the pattern", "'case'");
	item->body = parse_list(p, false);
	if (p->result != PARSE_OK)
		return NULL;
	item->falls = p->token.kind == TOKEN_SEMIAMP;
	if (!take(p, TOKEN_DSEMI) && !take(p, TOKEN_SEMIAMP) && !token_is(&p->token, "esac"))
		return fail_expected(p, "';;' or 'esac'", "'case'");
	skip_newlines(p);
	return item;
}

static struct node *parse_case(struct parser *p)
{
	struct node *node = new_node(p, NODE_CASE);
	if (!node)
		return NULL;
	struct word **words = &node->words;
	struct case_item **items = &node->items;
	advance(p);
	if (p->token.kind != TOKEN_WORD)
		return fail_expected(p, "a word", "'case'");
	add_word(p, &words);
	skip_newlines(p);
	if (p->result == PARSE_OK && !take_word(p, "in"))
		return fail_expected(p, "'in'", "'case'");
	skip_newlines(p);
	while (p->result == PARSE_OK && !take_word(p, "esac")) {
		*items = parse_case_item(p);
		if (*items)
			items = &(*items)->next;
	}
	return finish(p, node);
}

static struct node *parse_enclosed(struct parser *p)
{
	bool group = p->token.kind == TOKEN_WORD;
	struct node *node = new_node(p, group ? NODE_GROUP : NODE_SUBSHELL);
	if (!node)
		return NULL;
	advance(p);
	node->left = parse_body(p, group ? "'{'" : "'('");
	if (p->result == PARSE_OK && !(group ? take_word(p, "}") : take(p, TOKEN_RPAREN)))
		return fail_expected(p, group ? "'}'" : "')'", group ? "'{'" : "'('");
	return finish(p, node);
}

static struct node *parse_compound(struct parser *p)
{
	if (token_is(&p->token, "if"))
		return parse_if(p);
	if (token_is(&p->token, "while") || token_is(&p->token, "until"))
		return parse_while(p);
	if (token_is(&p->token, "for"))
		return parse_for(p);
	if (token_is(&p->token, "case"))
		return parse_case(p);
	return parse_enclosed(p);
}

static struct node *parse_command(struct parser *p)
{
	static const char *const openers[] = {"if", "while", "until", "for", "case", "{"};
	bool compound, kept;
	char word[16];
	struct node *node;

	do {
		compound = p->token.kind == TOKEN_LPAREN;
		for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++)
			compound = compound || token_is(&p->token, openers[i]);
		snprintf(word, sizeof(word), "%.*s", p->token.len < 15 ? (int)p->token.len : 15, p->token.start);
		kept = p->token.kind == TOKEN_WORD && is_reserved(word);
		if (kept && !compound)
			return fail(p, "'%s' has no beginning here", word);
	} while (!kept && !compound && replace_alias(p));
	if (!compound)
		return parse_simple(p);
	if (++p->depth > DEPTH_MAX || stack_is_low())
		return fail(p, "too many commands in each other");
	node = parse_compound(p);
	p->depth--;
	if (!node || p->result != PARSE_OK)
		return NULL;
	parse_redirects(p, node);
	return finish(p, node);
}

/* ---- pipelines and lists -------------------------------------------------------------------- */

static struct node *parse_pipeline(struct parser *p)
{
	struct node *not = NULL;
	if (token_is(&p->token, "!")) {
		not = new_node(p, NODE_NOT);
		advance(p);
	}
	struct node *pipeline = new_node(p, NODE_PIPELINE);
	struct node *first = parse_command(p);
	if (!first || !pipeline)
		return NULL;
	struct node *result = first;
	if (p->token.kind == TOKEN_PIPE) {
		struct node **link = &first->next;
		pipeline->first = first;
		while (take(p, TOKEN_PIPE)) {
			p->replaced = false;
			skip_newlines(p);
			*link = parse_command(p);
			if (!*link)
				return NULL;
			link = &(*link)->next;
		}
		result = finish(p, pipeline);
	}
	if (!not || !result)
		return result;
	not ->left = result;
	return finish(p, not );
}

static struct node *parse_and_or(struct parser *p)
{
	struct node *left = parse_pipeline(p);
	while (left && p->result == PARSE_OK && (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR)) {
		struct node *node = new_node(p, p->token.kind == TOKEN_AND ? NODE_AND : NODE_OR);
		if (!node)
			return NULL;
		node->line = left->line;
		node->left = left;
		p->replaced = false;
		advance(p);
		skip_newlines(p);
		node->right = parse_pipeline(p);
		left = finish(p, node);
	}
	return p->result == PARSE_OK ? left : NULL;
}

/* What ends a list inside of a compound command; it is not taken. */
static bool at_list_end(const struct parser *p)
{
	static const char *const words[] = {"then", "elif", "else", "fi", "do", "done", "esac", "}"};
	if (p->token.kind == TOKEN_END || p->token.kind == TOKEN_RPAREN || p->token.kind == TOKEN_DSEMI ||
	    p->token.kind == TOKEN_SEMIAMP)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (token_is(&p->token, words[i]))
			return true;
	}
	return false;
}

/* NULL without an error: there is no command. `top`: the whole text, nothing may follow. */
static struct node *parse_list(struct parser *p, bool top)
{
	struct node *list = new_node(p, NODE_LIST);
	struct node **link = list ? &list->first : NULL;

	for (;;) {
		/* An alias may also stand for what ends the list. */
		p->replaced = false;
		do {
			skip_newlines(p);
		} while (!at_list_end(p) && replace_alias(p));
		if (p->result != PARSE_OK)
			return NULL;
		if (top ? p->token.kind == TOKEN_END : at_list_end(p))
			break;
		struct node *node = parse_and_or(p);
		if (!node)
			return NULL;
		*link = node;
		link = &node->next;
		if (take(p, TOKEN_AMP))
			node->background = true;
		else if (!take(p, TOKEN_SEMI) && p->token.kind != TOKEN_NEWLINE && p->token.kind != TOKEN_END &&
			 (top || !at_list_end(p)))
			return fail_expected(p, "';', '&' or a new line", NULL);
		if (p->by_line && top && p->token.kind == TOKEN_NEWLINE && p->replacing == 0)
			break;
	}
	return list->first ? finish(p, list) : NULL;
}

static void start(struct parser *p, const char *text, size_t len)
{
	p->pending_end = &p->pending;
	lexer_start(&p->lexer, text, len);
	p->lexer.depth = p->depth;
	advance(p);
}

enum parse_result parse_line(struct arena *arena, struct parse_input *input, struct node **out,
			     struct parse_error *error)
{
	struct parser p = {
		.arena = arena, .error = error, .aliases = input->aliases, .final = input->final, .by_line = true};

	*out = NULL;
	start(&p, input->text, input->len);
	if (p.result == PARSE_OK)
		*out = parse_list(&p, true);
	input->consumed = p.token.kind == TOKEN_NEWLINE ? (size_t)(p.lexer.at - input->text) : input->len;
	input->lines = p.lexer.line - 1;
	return p.result;
}

enum parse_result parse(struct arena *arena, const char *text, size_t len, struct node **out, struct parse_error *error)
{
	struct parser p = {.arena = arena, .error = error};

	*out = NULL;
	start(&p, text, len);
	if (p.result == PARSE_OK)
		*out = parse_list(&p, true);
	return p.result;
}

size_t parse_substitution(const char *text, size_t len, unsigned depth, char *open)
{
	struct arena arena = {0};
	struct parse_error error;
	struct parser p = {.arena = &arena, .error = &error, .depth = depth};
	size_t taken = 0;

	start(&p, text, len);
	if (p.result == PARSE_OK)
		parse_list(&p, false);
	if (p.result == PARSE_OK && p.token.kind == TOKEN_RPAREN)
		taken = (size_t)(p.lexer.at - text);
	else if (p.token.kind == TOKEN_INCOMPLETE)
		*open = p.token.open;
	else if (p.result == PARSE_INCOMPLETE || p.token.kind == TOKEN_END)
		*open = '(';
	else
		*open = SPAN_WRONG;
	arena_free(&arena);
	return taken;
}
