/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: any bytes as a script, through the parser with aliases, into a text again, and its words through the expander. What is parsed
 * must give the same text twice. */
/* fuzz-sources: userland/vsh/arith.c userland/vsh/expand.c userland/vsh/glob.c userland/vsh/lexer.c userland/vsh/names.c userland/vsh/parser.c userland/vsh/pattern.c userland/vsh/stack.c userland/vsh/unparse.c userland/vsh/vars.c userland/base/arena.c userland/base/text.c userland/base/utf8.c */
/* fuzz-flags: -D_GNU_SOURCE */
/* fuzz-runs: 1500 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/expand.h"
#include "userland/vsh/parser.h"
#include "userland/vsh/stack.h"
#include "userland/vsh/unparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool list_nothing(const char *path, bool (*entry)(void *context, const char *name), void *context)
{
	(void)path;
	return entry(context, "a.c") && entry(context, "dir") && entry(context, "\xc3\xa4");
}

static bool exists(const char *path, bool *is_directory)
{
	*is_directory = strcmp(path, "dir") == 0;
	return true;
}

static bool run_nothing(void *context, const char *text, size_t len, struct text *out)
{
	(void)context;
	text_add(out, text, len < 20 ? len : 20);
	return true;
}

static struct vars vars, aliases;
static const struct directory_ops directories = {.list = list_nothing, .exists = exists};

static void expand_tree(struct expand *e, const struct node *node);

static void expand_each(struct expand *e, const struct word *words)
{
	for (; words; words = words->next) {
		struct word alone = {.text = words->text};
		struct names fields = {0};
		struct text text = {0};
		expand_words(e, &alone, &fields);
		expand_string(e, words->text, &text);
		expand_pattern(e, words->text, &text);
		expand_assignment(e, words->text, &text);
		expand_document(e, words->text, &text);
		text_free(&text);
		names_free(&fields);
	}
}

static void expand_list(struct expand *e, const struct node *node)
{
	for (; node; node = node->next)
		expand_tree(e, node);
}

static void expand_tree(struct expand *e, const struct node *node)
{
	if (!node)
		return;
	expand_each(e, node->assignments);
	expand_each(e, node->words);
	for (const struct redirect *r = node->redirects; r; r = r->next) {
		struct text text = {0};
		expand_document(e, r->target, &text);
		text_free(&text);
	}
	for (const struct case_item *item = node->items; item; item = item->next) {
		expand_each(e, item->patterns);
		expand_tree(e, item->body);
	}
	expand_list(e, node->first);
	expand_tree(e, node->left);
	expand_tree(e, node->right);
	expand_tree(e, node->otherwise);
}

/* What was parsed, written and parsed again, is written the same. */
static void check_text(const struct node *node)
{
	struct arena arena = {.limit = 64u << 20};
	struct parse_error error;
	struct text first = {0}, second = {0};
	struct node *again;
	unparse(node, &first);
	if (!first.failed && parse(&arena, text_get(&first), first.len, &again, &error) != PARSE_OK) {
		/* The text has brackets that the script did not need: only depth may end it. */
		if (!strstr(error.message, "too many")) {
			fprintf(stderr, "%s\n%s\n", error.message, text_get(&first));
			abort();
		}
	} else if (!first.failed) {
		if (again)
			unparse(again, &second);
		if (!second.failed && strcmp(text_get(&first), text_get(&second)) != 0) {
			fprintf(stderr, "--\n%s\n--\n%s\n", text_get(&first), text_get(&second));
			abort();
		}
	}
	text_free(&first);
	text_free(&second);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char one[] = "one", two[] = "two words";
	static char *args[] = {one, two, NULL};
	struct arena arena = {.limit = 64u << 20};
	struct parse_error error;
	char *text = malloc(size + 1);
	size_t len = 0;

	stack_start();
	for (size_t i = 0; i < size; i++) { /* as the shell reads: without NUL */
		if (data[i] != 0)
			text[len++] = (char)data[i];
	}
	vars_free(&vars);
	vars_set(&vars, "x", " a *.c\tb:c ");
	vars_set(&vars, "n", "42");
	vars_set(&vars, "ro", "1");
	vars_make_readonly(&vars, "ro");
	if (aliases.count == 0) {
		vars_set(&aliases, "e", "echo ");
		vars_set(&aliases, "l", "l | e");
		vars_set(&aliases, "begin", "{");
		vars_set(&aliases, "nl", "a\nb");
	}
	struct expand e = {.vars = &vars,
			   .directories = &directories,
			   .arg0 = "vsh",
			   .args = args,
			   .args_count = 2,
			   .command = run_nothing};
	char *at = realloc(text, len ? len : 1); /* exactly as long: reading on is seen */
	for (size_t done = 0; at && done < len;) {
		struct parse_input input = {
			.text = at + done, .len = len - done, .aliases = &aliases, .final = size % 2 != 0};
		struct node *node;
		enum parse_result result = parse_line(&arena, &input, &node, &error);
		if (result == PARSE_OK && node) {
			check_text(node);
			expand_tree(&e, node);
		}
		if (result != PARSE_OK && error.message[0] == '\0')
			abort();
		if (input.consumed == 0 || input.consumed > len - done)
			abort();
		done += input.consumed;
		arena_free(&arena);
		if (result != PARSE_OK)
			break;
	}
	free(at);
	return 0;
}
