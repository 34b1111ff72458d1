/* SPDX-License-Identifier: BSD-2-Clause */
/* vsh's lexer and parser: the tree of each construct as a text, what needs more lines, and the message of each mistake. */
#include "userland/vsh/parser.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "userland/base/text.h"
#include "userland/vsh/lexer.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/unparse.h"

static struct arena arena;
static struct text out;
static struct parse_error error;

/* ---- trees as texts --------------------------------------------------------------------------- */

static void dump(const struct node *node);

static void dump_words(const char *before, const struct word *words)
{
	for (; words; words = words->next) {
		text_format(&out, "%s%s", before, words->text);
		before = " ";
	}
}

static void dump_redirects(const struct redirect *redirect)
{
	static const char *const kinds[] = {"<", ">", ">|", ">>", "<>", "&", "<<", "<<'", "<<<"};
	for (; redirect; redirect = redirect->next)
		text_format(&out, " {%d%s%s}", redirect->fd, kinds[redirect->kind], redirect->target);
}

static void dump_children(const char *name, const struct node *first)
{
	text_format(&out, "%s(", name);
	for (const struct node *node = first; node; node = node->next) {
		dump(node);
		text_add_string(&out, node->background ? "& " : node->next ? "; " : "");
	}
	text_add_char(&out, ')');
}

static void dump_two(const char *name, const struct node *left, const struct node *right)
{
	text_format(&out, "%s(", name);
	dump(left);
	if (right) {
		text_add_string(&out, " , ");
		dump(right);
	}
	text_add_char(&out, ')');
}

static void dump_case(const struct node *node)
{
	text_format(&out, "case(%s", node->words->text);
	for (const struct case_item *item = node->items; item; item = item->next) {
		dump_words(" [", item->patterns);
		text_add_string(&out, "]");
		if (item->body)
			dump(item->body);
	}
	text_add_char(&out, ')');
}

static void dump(const struct node *node)
{
	switch (node->kind) {
	case NODE_SIMPLE:
		dump_words("=", node->assignments);
		dump_words(node->assignments ? " " : "", node->words);
		break;
	case NODE_PIPELINE: dump_children("pipe", node->first); break;
	case NODE_LIST: dump_children("", node->first); break;
	case NODE_AND: dump_two("and", node->left, node->right); break;
	case NODE_OR: dump_two("or", node->left, node->right); break;
	case NODE_NOT: dump_two("not", node->left, NULL); break;
	case NODE_IF:
		dump_two("if", node->left, node->right);
		if (node->otherwise)
			dump_two("else", node->otherwise, NULL);
		break;
	case NODE_WHILE: dump_two("while", node->left, node->right); break;
	case NODE_UNTIL: dump_two("until", node->left, node->right); break;
	case NODE_FOR:
		text_format(&out, "for(%s%s", node->name, node->has_in ? " in" : "");
		dump_words(" ", node->words);
		text_add_char(&out, ':');
		dump(node->left);
		text_add_char(&out, ')');
		break;
	case NODE_CASE: dump_case(node); break;
	case NODE_GROUP: dump_two("group", node->left, NULL); break;
	case NODE_SUBSHELL: dump_two("sub", node->left, NULL); break;
	case NODE_FUNCTION:
		text_format(&out, "function(%s ", node->name);
		dump(node->left);
		text_add_char(&out, ')');
		break;
	}
	dump_redirects(node->redirects);
}

static enum parse_result parse_copy(const char *text, struct node **node, char **copy)
{
	size_t len = strlen(text);
	arena_free(&arena);
	*copy = malloc(len ? len : 1); /* without a NUL: the sanitizer sees a read past the end */
	memcpy(*copy, text, len);
	return parse(&arena, *copy, len, node, &error);
}

static void tree(const char *text, const char *want)
{
	struct node *node;
	char *copy;
	text_cut(&out, 0);
	if (!CHECK_INT(parse_copy(text, &node, &copy), PARSE_OK))
		printf("  %s: %s\n", text, error.message);
	else if (node)
		dump(node);
	if (!CHECK_STR(text_get(&out), want))
		printf("  in: %s\n", text);
	free(copy);
}

static void incomplete(const char *text)
{
	struct node *node;
	char *copy;
	if (!CHECK_INT(parse_copy(text, &node, &copy), PARSE_INCOMPLETE))
		printf("  in: %s\n", text);
	free(copy);
}

static void wrong(const char *text, unsigned line, const char *message)
{
	struct node *node;
	char *copy;
	if (!CHECK_INT(parse_copy(text, &node, &copy), PARSE_ERROR))
		printf("  in: %s\n", text);
	else if (!(CHECK_STR(error.message, message) & CHECK_INT(error.line, line)))
		printf("  in: %s\n", text);
	free(copy);
}

/* ---- tests -------------------------------------------------------------------------------------- */

static void trees(void)
{
	tree("", "");
	tree("\n\n # comment\n", "");
	tree("ls", "(ls)");
	tree("  ls   -l\t/ # x", "(ls -l /)");
	tree("a#b c", "(a#b c)");
	tree("a; b & c\nd;", "(a; b& c; d)");
	tree("echo 'a b' \"c $d\" e\\ f $(g h) ${i:-j k} `l m` $((1 + 2))",
	     "(echo 'a b' \"c $d\" e\\ f $(g h) ${i:-j k} `l m` $((1 + 2)))");
	tree("echo $(echo \")\" ')' $(echo \\) ) ) x", "(echo $(echo \")\" ')' $(echo \\) ) ) x)");
	tree("a\\\nb c", "(a\\\nb c)");
	tree("a \\\n b", "(a b)");
	tree("a | b |\n\n c", "(pipe(a; b; c))");
	tree("! a | b", "(not(pipe(a; b)))");
	tree("a && b || c", "(or(and(a , b) , c))");
	tree("a &&\n b", "(and(a , b))");
	tree("x=1 y='a b' cmd z=2", "(=x=1 y='a b' cmd z=2)");
	tree("x=", "(=x=)");
	tree("1x=2 -a=b", "(1x=2 -a=b)");
	tree("a <in >out 2>>err 3<>both >|clobber 2>&1 <&-",
	     "(a {0<in} {1>out} {2>>err} {3<>both} {1>|clobber} {2&1} {0&-})");
	tree("> out", "( {1>out})");
	tree("a 2 >b c3>d", "(a 2 c3 {1>b} {1>d})");
	tree("if a; then b; fi", "(if((a) , (b)))");
	tree("if a\nthen\nb\nelif c; then d; else e; fi >f", "(if((a) , (b))else(if((c) , (d))else((e))) {1>f})");
	tree("while a; do b; c; done", "(while((a) , (b; c)))");
	tree("until a\ndo b\ndone & x", "(until((a) , (b))& x)");
	tree("for i in 1 '2 3' $x; do a; done", "(for(i in 1 '2 3' $x:(a)))");
	tree("for i; do a; done; for i\ndo a; done; for i in; do a; done", "(for(i:(a)); for(i:(a)); for(i in:(a)))");
	tree("case $x in a|b) c;; (d) ;; *) e; esac", "(case($x [a b](c) [d] [*](e)))");
	tree("case x in\n a)\n b\n ;;\nesac", "(case(x [a](b)))");
	tree("case x in esac", "(case(x))");
	tree("{ a; b; } | (c; d)", "(pipe(group((a; b)); sub((c; d))))");
	tree("f() { a; }; g ()\n(b) >x; f 1", "(function(f group((a))); function(g sub((b)) {1>x}); f 1)");
	tree("echo if then done { } !", "(echo if then done { } !)");
	tree("echo a=b; if=1", "(echo a=b; =if=1)");
	tree("\"if\" a", "(\"if\" a)");
	tree("a\r\nb\r\n", "(a; b)");
}

/* Trees as texts give the same trees again: that is what functions and subshells run. */
static void texts(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"x; { a 'b' >c; } ; sleep 1 | cat & y && z", "x; { a 'b' 1>c; }; sleep 1 | cat & y && z"},
		{"if a; then b; elif c\nthen d; else e; fi", "if a; then b; else if c; then d; else e; fi; fi"},
		{"for i in 1 2\ndo a; done; for j do b; done", "for i in 1 2; do a; done; for j do b; done"},
		{"while ! a | b; do c & done", "while ! a | b; do c & done"},
		{"case $x in a|b) c;; (d) ;& e) esac", "case $x in (a|b) c ;; (d)  ;& (e)  ;; esac"},
		{"f() ( a; b & ) >x", "f() ( a; b & ) 1>x"},
		{">x if", " 1>x if"},
		{"a <<E | b; c\n$x\nE\nd", "a 0<<EOF | b\n$x\nEOF\nc; d"},
		{"a <<'E'\nEOF\n\nE\n", "a 0<<'EOF1'\nEOF\n\nEOF1\n"},
		{"{ a <<-E; }\n\t\tb\n\tE\n", "{ a 0<<EOF\nb\nEOF\n}"},
		{"a <<A 3<<B\n1\nA\n2\nB\n", "a 0<<EOF 3<<EOF\n1\nEOF\n2\nEOF\n"},
		{"a <<<'b c' 2>&1 <&-", "a 0<<<'b c' 2>&1 0>&-"},
		{"a <<E\nx\\\nE\ny\nE\n", "a 0<<EOF\nx\\\nE\ny\nEOF\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text first = {0}, second = {0};
		struct node *node;
		char *copy;
		const char *text = cases[i].text;
		for (unsigned pass = 0; pass < 2; pass++) {
			struct text *written = pass ? &second : &first;
			if (!CHECK_INT(parse_copy(text, &node, &copy), PARSE_OK))
				printf("  %s: %s\n", text, error.message);
			else
				unparse(node, written);
			free(copy);
			text = text_get(&first);
		}
		CHECK_STR(text_get(&first), cases[i].want);
		CHECK_STR(text_get(&second), text_get(&first));
		text_free(&first);
		text_free(&second);
	}
}

static void unfinished(void)
{
	static const char *const texts[] = {
		"echo 'a",
		"echo \"a",
		"echo \"a\\\"",
		"echo `a",
		"echo $(a",
		"echo $(a 'b)",
		"echo ${a",
		"a \\",
		"a &&",
		"a ||\n",
		"a |",
		"!",
		"if",
		"if a",
		"if a; then",
		"if a; then b",
		"if a; then b; else",
		"while a; do b",
		"for",
		"for i in a",
		"for i in a; do b;",
		"case",
		"case x in",
		"case x in a) b",
		"case x in a)",
		"{ a",
		"(a",
		"f()",
		"f() { a",
		"a >",
		"a <<E",
		"a <<E\nb\n",
		"echo $(case x in a) b",
		"echo $(cat <<E\n",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		incomplete(texts[i]);
}

static void mistakes(void)
{
	wrong("a; ; b", 1, "expected a command, found ';'");
	wrong("a\n;", 2, "expected a command, found ';'");
	wrong("a )", 1, "expected ';', '&' or a new line, found ')'");
	wrong("| a", 1, "expected a command, found '|'");
	wrong("a | | b", 1, "expected a command, found '|'");
	wrong("a && ; b", 1, "expected a command, found ';'");
	wrong("fi", 1, "'fi' has no beginning here");
	wrong("a; done", 1, "'done' has no beginning here");
	wrong("}", 1, "'}' has no beginning here");
	wrong("if ; then b; fi", 1, "expected a command, found ';'");
	wrong("if a; fi", 1, "expected 'then' for 'if', found 'fi'");
	wrong("if a; then fi", 1, "expected a command for 'then', found 'fi'");
	wrong("while a; done", 1, "expected 'do' for 'while', found 'done'");
	wrong("\n\nfor 1 in a; do b; done", 3, "expected the name of a variable for 'for', found '1'");
	wrong("for i in a | b; do c; done", 1, "expected ';' or a new line after the words for 'for', found '|'");
	wrong("case x of a) b;; esac", 1, "expected 'in' for 'case', found 'of'");
	wrong("case x in ;; esac", 1, "expected a pattern for 'case', found ';;'");
	wrong("a >;", 1, "expected a file name after the redirection, found ';'");
	wrong("a > > b", 1, "expected a file name after the redirection, found '>'");
	wrong("a $(fi)", 1, "the command in $(...) is malformed");
	wrong("a $(b;;)", 1, "the command in $(...) is malformed");
	wrong("f() g() { a; }", 1, "the body of function 'f' must be a { … } or another compound command");
	wrong("a 1234>b", 1, "file number 1234 is too large");
	wrong("f() a", 1, "the body of function 'f' must be a { … } or another compound command");
	wrong("f( a", 1, "expected ')' for the function, found 'a'");
	wrong("{ a; } b", 1, "expected ';', '&' or a new line, found 'b'");
	wrong("a ;; b", 1, "expected ';', '&' or a new line, found ';;'");

	/* Depth is bounded, in each way of nesting. */
	static const char *const openers[] = {"{ ", "( ", "if ", "while ", "if a; then b; el"};
	for (size_t k = 0; k < sizeof(openers) / sizeof(openers[0]); k++) {
		struct text deep = {0};
		for (unsigned i = 0; i < 5000; i++)
			text_add_string(&deep, openers[k]);
		struct node *node;
		char *copy;
		CHECK(parse_copy(text_get(&deep), &node, &copy) != PARSE_OK);
		free(copy);
		text_free(&deep);
	}
	struct text deep = {0};
	text_add_string(&deep, "echo ");
	for (unsigned i = 0; i < 5000; i++)
		text_add_string(&deep, "$(");
	wrong(text_get(&deep), 1, "too many levels of quotations or commands in each other");
	text_free(&deep);
}

static void no_memory(void)
{
	const char *text = "for i in a b; do if x; then y >z; fi; done | f && case q in (r) s;; esac";
	struct arena small = {0};
	struct node *node;
	unsigned refusals = 0;
	for (size_t limit = 16;; limit += 16) {
		small.limit = limit;
		enum parse_result result = parse(&small, text, strlen(text), &node, &error);
		arena_free(&small);
		if (result == PARSE_OK)
			break;
		refusals++;
		CHECK_INT(result, PARSE_ERROR);
		CHECK_STR(error.message, "out of memory");
	}
	CHECK(refusals > 20);
}

static void aliases(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"ll", "list -l"},
		{"ll /; ll | ll & x ll", "list -l /; list -l | list -l & x ll"},
		{"'ll'; \\ll; l\"l\"", "'ll'; \\ll; l\"l\""},
		{"ls", "ls --color"},       /* does not replace itself again */
		{"a", "ls --color x"},      /* through another */
		{"loop", "loop y x"},       /* a ring ends */
		{"sudo ll", "run list -l"}, /* ends in a blank: the next word too */
		{"x=1 ll", "x=1 list -l"},
		{">f ll", "list -l 1>f"},
		{"if ll; then ll; fi", "if list -l; then list -l; fi"},
		{"case ll in ll) ll;; esac", "case ll in (ll) list -l ;; esac"},
		{"empty ll; empty; empty | x", "list -l; :; : | x"},
		{"empty", ""},
		{"begin ll; end", "{ list -l; }"},
		{"echo ll\nll", "echo ll"}, /* a line at a time */
		{"two; ll", "c; d; list -l"},
	};
	struct vars vars = {0};
	vars_set(&vars, "ll", "list -l");
	vars_set(&vars, "ls", "ls --color");
	vars_set(&vars, "a", "ls x");
	vars_set(&vars, "loop", "pool x");
	vars_set(&vars, "pool", "loop y");
	vars_set(&vars, "sudo", "run ");
	vars_set(&vars, "empty", "");
	vars_set(&vars, "begin", "{");
	vars_set(&vars, "end", "}");
	vars_set(&vars, "two", "c\nd");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text text = {0};
		struct parse_input input = {
			.text = cases[i].text, .len = strlen(cases[i].text), .aliases = &vars, .final = true};
		struct node *node;
		arena_free(&arena);
		if (!CHECK_INT(parse_line(&arena, &input, &node, &error), PARSE_OK))
			printf("  %s: %s\n", cases[i].text, error.message);
		else if (node)
			unparse(node, &text);
		CHECK_STR(text_get(&text), cases[i].want);
		text_free(&text);
	}
	vars_free(&vars);
}

int main(void)
{
	trees();
	texts();
	unfinished();
	mistakes();
	no_memory();
	aliases();
	arena_free(&arena);
	text_free(&out);
	return check_end();
}
