/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing trees. Texts of here-documents wait until the next end of a line. */
#include "userland/vsh/unparse.h"

#include <string.h>

#include "userland/vsh/parser.h"

#define DOCUMENTS_MAX 32 /* that begin on one line */

struct writer {
	struct text *out;
	const struct redirect *documents[DOCUMENTS_MAX];
	char ends[DOCUMENTS_MAX][16];
	unsigned count;
	bool brief;
};

static void write_node(struct writer *w, const struct node *node);

/* ---- here-documents ------------------------------------------------------------------------- */

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (n == len && memcmp(text, line, n) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

static void end_line(struct writer *w)
{
	text_add_char(w->out, '\n');
	for (unsigned i = 0; i < w->count; i++) {
		text_add_string(w->out, w->documents[i]->target);
		text_format(w->out, "%s\n", w->ends[i]);
	}
	w->count = 0;
}

static void write_document(struct writer *w, const struct redirect *redirect)
{
	if (w->brief || w->count == DOCUMENTS_MAX) {
		text_add_string(w->out, "<<...");
		w->out->failed |= !w->brief;
		return;
	}
	char *end = w->ends[w->count];
	text_add_string(w->out, redirect->kind == REDIRECT_HERE_QUOTED ? "<<'" : "<<");
	unsigned n = 0;
	do {
		static const char digits[] = "0123456789";
		char *at = stpcpy(end, "EOF");
		for (unsigned rest = n; rest != 0; rest /= 10)
			*at++ = digits[rest % 10];
		*at = '\0';
		n++;
	} while (has_line(redirect->target, end));
	text_add_string(w->out, end);
	text_add_string(w->out, redirect->kind == REDIRECT_HERE_QUOTED ? "'" : "");
	w->documents[w->count++] = redirect;
}

/* ---- parts ---------------------------------------------------------------------------------- */

static void write_redirects(struct writer *w, const struct redirect *redirect)
{
	static const char *const signs[] = {
		[REDIRECT_IN] = "<",    [REDIRECT_OUT] = ">",  [REDIRECT_CLOBBER] = ">|", [REDIRECT_APPEND] = ">>",
		[REDIRECT_BOTH] = "<>", [REDIRECT_DUP] = ">&", [REDIRECT_STRING] = "<<<",
	};
	for (; redirect; redirect = redirect->next) {
		text_format(w->out, " %d", redirect->fd);
		if (redirect->kind == REDIRECT_HERE || redirect->kind == REDIRECT_HERE_QUOTED)
			write_document(w, redirect);
		else
			text_format(w->out, "%s%s", signs[redirect->kind], redirect->target);
	}
}

static void write_words(struct writer *w, const struct word *words, bool *first)
{
	for (; words; words = words->next) {
		text_format(w->out, "%s%s", *first ? "" : " ", words->text);
		*first = false;
	}
}

/* Behind a command: what separates it from the next word of the grammar. */
static void separate(struct writer *w, bool background)
{
	if (background)
		text_add_string(w->out, " &");
	if (w->count != 0)
		end_line(w);
	else
		text_add_string(w->out, background ? " " : "; ");
}

static void write_list(struct writer *w, const struct node *list)
{
	for (const struct node *node = list->first; node; node = node->next) {
		write_node(w, node);
		if (node->next)
			separate(w, node->background);
		else if (node->background)
			text_add_string(w->out, " &");
	}
}

/* A list and the word that ends it. */
static void write_body(struct writer *w, const struct node *list, const char *end)
{
	bool background = false;
	if (list) {
		write_node(w, list);
		for (const struct node *node = list->kind == NODE_LIST ? list->first : NULL; node; node = node->next)
			background = node->background;
	}
	if (w->count != 0)
		end_line(w);
	else
		text_add_string(w->out, background ? " " : "; ");
	text_add_string(w->out, end);
}

static void write_if(struct writer *w, const struct node *node)
{
	text_add_string(w->out, "if ");
	write_body(w, node->left, "then ");
	const struct node *otherwise = node->otherwise;
	write_body(w, node->right, otherwise ? "else " : "fi");
	if (otherwise)
		write_body(w, otherwise, "fi");
}

static void write_case(struct writer *w, const struct node *node)
{
	text_format(w->out, "case %s in ", node->words->text);
	for (const struct case_item *item = node->items; item; item = item->next) {
		text_add_char(w->out, '(');
		for (const struct word *word = item->patterns; word; word = word->next)
			text_format(w->out, "%s%s", word->text, word->next ? "|" : ") ");
		if (item->body)
			write_node(w, item->body);
		if (w->count != 0)
			end_line(w);
		text_add_string(w->out, item->falls ? " ;& " : " ;; ");
	}
	text_add_string(w->out, "esac");
}

static void write_for(struct writer *w, const struct node *node)
{
	bool first = false;
	text_format(w->out, "for %s%s", node->name, node->has_in ? " in" : "");
	write_words(w, node->words, &first);
	text_add_string(w->out, node->has_in ? "; do " : " do ");
	write_body(w, node->left, "done");
}

static void write_kind(struct writer *w, const struct node *node)
{
	bool first = true;
	switch (node->kind) {
	case NODE_SIMPLE:
		write_words(w, node->assignments, &first);
		write_words(w, node->words, &first);
		if (first && !node->redirects) /* what an empty alias left */
			text_add_char(w->out, ':');
		break;
	case NODE_PIPELINE:
		for (const struct node *stage = node->first; stage; stage = stage->next) {
			write_node(w, stage);
			if (stage->next)
				text_add_string(w->out, " | ");
		}
		break;
	case NODE_AND:
	case NODE_OR:
		write_node(w, node->left);
		text_add_string(w->out, node->kind == NODE_AND ? " && " : " || ");
		write_node(w, node->right);
		break;
	case NODE_NOT:
		text_add_string(w->out, "! ");
		write_node(w, node->left);
		break;
	case NODE_LIST: write_list(w, node); break;
	case NODE_IF: write_if(w, node); break;
	case NODE_WHILE:
	case NODE_UNTIL:
		text_add_string(w->out, node->kind == NODE_WHILE ? "while " : "until ");
		write_body(w, node->left, "do ");
		write_body(w, node->right, "done");
		break;
	case NODE_FOR: write_for(w, node); break;
	case NODE_CASE: write_case(w, node); break;
	case NODE_GROUP:
		text_add_string(w->out, "{ ");
		write_body(w, node->left, "}");
		break;
	case NODE_SUBSHELL:
		text_add_string(w->out, "( ");
		write_node(w, node->left);
		if (w->count != 0)
			end_line(w);
		text_add_string(w->out, " )");
		break;
	case NODE_FUNCTION:
		text_format(w->out, "%s() ", node->name);
		write_node(w, node->left);
		break;
	}
}

static void write_node(struct writer *w, const struct node *node)
{
	/* `>x if` : without the redirection in front the word would mean something. */
	bool in_front = node->kind == NODE_SIMPLE && node->redirects && !node->assignments && node->words &&
			is_reserved(node->words->text);
	if (in_front) {
		write_redirects(w, node->redirects);
		text_add_char(w->out, ' ');
	}
	write_kind(w, node);
	if (!in_front)
		write_redirects(w, node->redirects);
}

void unparse(const struct node *node, struct text *out)
{
	struct writer w = {.out = out};
	write_node(&w, node);
	if (w.count != 0)
		end_line(&w);
}

void unparse_short(const struct node *node, struct text *out)
{
	struct writer w = {.out = out, .brief = true};
	write_node(&w, node);
}
