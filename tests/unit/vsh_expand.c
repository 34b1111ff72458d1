/* SPDX-License-Identifier: BSD-2-Clause */
/* vsh's expansions: parameters, quotes, splitting, patterns, globbing over a made-up tree, arithmetic. */
#include "userland/vsh/expand.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "userland/vsh/arith.h"
#include "userland/vsh/complete.h"
#include "userland/vsh/glob.h"
#include "userland/vsh/lexer.h"
#include "userland/vsh/pattern.h"
#include "userland/vsh/shell.h"

/* ---- a tree of files ------------------------------------------------------------------------- */

static const char *const files[] = {
	"a.c",        "b.c",   "c.h",      ".hidden", "dir/x.c",  "dir/y.c",   "dir/sub/z", "dir2/x.c",
	"with space", "star*", "/bin/cat", "/bin/ps", "/bin/psx", "/etc/motd", "ümläut",    "dir/.dot",
};
#define FILES (sizeof(files) / sizeof(files[0]))

/* The part of the file's path behind the directory, NULL if it is not in it. "." is the directory of paths without /. */
static const char *inside(const char *file, const char *directory)
{
	size_t len = strlen(directory);
	if (strcmp(directory, ".") == 0)
		return file[0] == '/' ? NULL : file;
	while (len > 1 && directory[len - 1] == '/')
		len--;
	if (strncmp(file, directory, len) != 0)
		return NULL;
	if (directory[len - 1] == '/')
		return file + len;
	return file[len] == '/' ? file + len + 1 : NULL;
}

static bool fake_list(const char *path, bool (*entry)(void *context, const char *name), void *context)
{
	bool any = false;
	for (size_t i = 0; i < FILES; i++) {
		char name[64];
		const char *rest = inside(files[i], path);
		if (!rest)
			continue;
		any = true;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest, "/"), rest);
		bool before = false; /* a directory appears once */
		for (size_t k = 0; k < i; k++) {
			const char *other = inside(files[k], path);
			before |= other && strncmp(other, rest, strcspn(rest, "/") + 1) == 0 && strchr(rest, '/');
		}
		if (!before && !entry(context, name))
			break;
	}
	return any;
}

static bool fake_exists(const char *path, bool *is_directory)
{
	*is_directory = false;
	for (size_t i = 0; i < FILES; i++) {
		if (strcmp(files[i], path) == 0)
			return true;
	}
	for (size_t i = 0; i < FILES; i++) {
		if (inside(files[i], path)) {
			*is_directory = true;
			return true;
		}
	}
	return false;
}

static const struct directory_ops fake_directories = {.list = fake_list, .exists = fake_exists};

/* ---- words -------------------------------------------------------------------------------------- */

static struct vars vars;
static struct expand e;
static char *parameters[] = {(char[]){"one"}, (char[]){"two 2"}, (char[]){""}};

static bool fake_command(void *context, const char *text, size_t len, struct text *out)
{
	(void)context;
	if (len == 4 && memcmp(text, "fail", 4) == 0) {
		snprintf(e.error, sizeof(e.error), "it failed");
		return false;
	}
	text_format(out, "<%.*s>\n\n", (int)len, text);
	return true;
}

static void set_up(void)
{
	vars_free(&vars);
	vars_set(&vars, "x", "a b  c");
	vars_set(&vars, "e", "");
	vars_set(&vars, "n", "42");
	vars_set(&vars, "p", "/usr/lib/libc.so.6");
	vars_set(&vars, "star", "*.c");
	vars_set(&vars, "HOME", "/users/me");
	vars_set(&vars, "u", "äö€");
	e = (struct expand){.vars = &vars,
			    .directories = &fake_directories,
			    .arg0 = "vsh",
			    .args = parameters,
			    .args_count = 3,
			    .status = 7,
			    .pid = 123,
			    .command = fake_command};
}

/* The fields as "[a] [b]", or "error: …". */
static const char *fields_of(const char *text)
{
	static char result[2048];
	struct names fields = {0};
	struct word words[16];
	struct lexer lexer;
	struct token token;
	char *copies[16];
	size_t count = 0, used = 0;

	lexer_start(&lexer, text, strlen(text));
	for (lexer_next(&lexer, &token); token.kind == TOKEN_WORD && count < 16; lexer_next(&lexer, &token)) {
		copies[count] = strndup(token.start, token.len);
		words[count] = (struct word){.text = copies[count]};
		if (count != 0)
			words[count - 1].next = &words[count];
		count++;
	}
	CHECK_INT(token.kind, TOKEN_END);
	result[0] = '\0';
	if (!expand_words(&e, count ? words : NULL, &fields))
		snprintf(result, sizeof(result), "error: %s", e.error);
	else
		for (size_t i = 0; i < fields.count; i++)
			used += (size_t)snprintf(result + used, sizeof(result) - used, "%s[%s]", i ? " " : "",
						 fields.list[i]);
	names_free(&fields);
	while (count > 0)
		free(copies[--count]);
	return result;
}

static void expands(const char *text, const char *want)
{
	if (!CHECK_STR(fields_of(text), want))
		printf("  in: %s\n", text);
}

static void words(void)
{
	set_up();
	expands("", "");
	expands("a b", "[a] [b]");
	expands("'a b' \"c d\" e\\ f \"\" '' x''y", "[a b] [c d] [e f] [] [] [xy]");
	expands("\"a'b\" 'c\"d' \"e\\\"f\\\\g\\$h\\i\" 'j\\k'", "[a'b] [c\"d] [e\"f\\g$h\\i] [j\\k]");
	expands("a\\\nb \"c\\\nd\"", "[ab] [cd]");
	expands("$x \"$x\" '$x' \\$x", "[a] [b] [c] [a b  c] [$x] [$x]");
	expands("-$x- \"-\"$x\"-\"", "[-a] [b] [c-] [-a] [b] [c-]");
	expands("$e $nope \"$e\" \"$nope\" -$e-", "[] [] [--]");
	expands("${x} ${x}y $xy $ $. a$ \"$\" $%", "[a] [b] [c] [a] [b] [cy] [$] [$.] [a$] [$] [$%]");
	expands("$? $$ $# $0 $1 $2 $3 $4 ${2}", "[7] [123] [3] [vsh] [one] [two] [2] [two] [2]");
	expands("$! -", "[-]");
	e.background = 55;
	expands("$! $1x $10", "[55] [onex] [one0]");
	expands("${10}x", "[x]");
	expands("\"$@\"", "[one] [two 2] []");
	expands("$@", "[one] [two] [2]");
	expands("a\"$@\"b", "[aone] [two 2] [b]");
	expands("\"$*\" $*", "[one two 2 ] [one] [two] [2]");
	expands("\"a $@ b\"", "[a one] [two 2] [ b]");
	e.args_count = 0;
	expands("\"$@\" x\"$@\" \"$@\"y \"$*\" \"$@$e\"", "[x] [y] [] []");
	e.args_count = 3;
	expands("~ ~/x a~ \"~\" \\~ ~x '~'/y", "[/users/me] [/users/me/x] [a~] [~] [~] [~x] [~/y]");
	expands("$(a b) \"$(a b)\" `c` x$(d)y", "[<a] [b>] [<a b>] [<c>] [x<d>y]");
	expands("`a \\`b\\` \\$c` \"`a \\\"b\\\"`\"", "[<a] [`b`] [$c>] [<a \"b\">]");
	expands("$(fail)", "error: it failed");
	expands("$((1 + 2)) \"$(( n * 2 ))\" x$((-7 / 2))", "[3] [84] [x-3]");
	expands("$(($n+${n}))", "[84]");
	expands("$((1 +))", "error: $((1 +)): the expression ends too early");
	expands("$((1/0))", "error: $((1/0)): division by zero");
	vars_set(&vars, "IFS", ":");
	vars_set(&vars, "list", "a::b c:d:");
	expands("$list \"$list\"", "[a] [] [b c] [d] [a::b c:d:]");
	expands("\"$*\"", "[one:two 2:]");
	vars_set(&vars, "IFS", " :");
	vars_set(&vars, "list", " a : b  c:: d ");
	expands("$list", "[a] [b] [c] [] [d]");
	vars_set(&vars, "y", ":b");
	vars_set(&vars, "z", "a ");
	expands("$z$y ${z}c $y$y", "[a] [b] [a] [c] [] [b] [b]");
	vars_set(&vars, "IFS", "");
	expands("$list", "[ a : b  c:: d ]");
	expands("\"$*\"", "[onetwo 2]");
}

static void braces(void)
{
	set_up();
	expands("${n:-d} ${nope:-d} ${e:-d} ${e-d} ${nope-d}", "[42] [d] [d] [d]");
	expands("${nope:-a b} \"${nope:-a b}\" ${nope:-\"a b\"} ${nope:-$x} \"${nope:-'q'}\"",
		"[a] [b] [a b] [a b] [a] [b] [c] ['q']");
	expands("${n:+y} ${nope:+y} ${e:+y} ${e+y}", "[y] [y]");
	expands("${new:=val} $new ${new:=other}", "[val] [val] [val]");
	expands("${1:=x} ${9:=x}", "error: $9 cannot be assigned to");
	expands("${nope:?}", "error: nope: not set or empty");
	expands("${nope?is $n missing}", "error: nope: is 42 missing");
	expands("${n:?}", "[42]");
	expands("${#n} ${#x} ${#nope} ${#u} ${#} ${#@}", "[2] [6] [0] [3] [3] [3]");
	expands("${p#*/} ${p##*/} ${p%/*} ${p%%.*} ${p%nothing} ${p#/}",
		"[usr/lib/libc.so.6] [libc.so.6] [/usr/lib] [/usr/lib/libc] [/usr/lib/libc.so.6] [usr/lib/libc.so.6]");
	expands("${star#'*'} ${star#*} ${star##*}", "[.c] [a.c] [b.c]"); /* what is left is a pattern */
	expands("${nope:-${nope:-${n}}} ${@:-none} ${nope:-}", "[42] [one] [two] [2]");
	expands("${n:0:1} ${p:5:3} ${u:1:1} ${n:5} ${p: -4:2} ${n:n-41:9}", "[4] [lib] [ö] [so] [2]");
	expands("\"${nope:-a \"b  c\" 'd'}\" ${nope-a\\}b}", "[a b  c 'd'] [a}b]");
	expands("\"${p#'/usr'}\" \"${p%\"6\"}\"", "[/lib/libc.so.6] [/usr/lib/libc.so.]");
	expands("${u#?} ${u%?} ${u##*ö}", "[ö€] [äö] [€]");
	e.no_unset = true;
	expands("$nope", "error: nope: not set");
	expands("${nope}", "error: nope: not set");
	expands("${#nope}", "error: nope: not set");
	expands("$4", "error: 4: not set");
	expands("${nope-x} ${nope+y} \"$@\" $((n))", "[x] [one] [two 2] [] [42]");
	e.no_unset = false;
	expands("${}", "error: ${} is not a parameter");
	expands("${n!}", "error: ${n!}: unknown operation");
	expands("${n:}", "error: ${n:}: unknown operation");
	expands("${1a}", "error: ${1a}: unknown operation");
	expands("${ n}", "error: ${ n} is not a parameter");
	struct text deep = {0};
	for (unsigned i = 0; i < 200; i++)
		text_add_string(&deep, "${q:-");
	for (unsigned i = 0; i < 200; i++)
		text_add_char(&deep, '}');
	struct names fields = {0};
	struct word word = {.text = text_get(&deep)};
	CHECK(!expand_words(&e, &word, &fields));
	names_free(&fields);
	text_free(&deep);
}

static void globs(void)
{
	set_up();
	expands("*.c", "[a.c] [b.c]");
	e.no_glob = true;
	expands("*.c", "[*.c]");
	e.no_glob = false;
	expands("'*.c' \"*\".c \\*.c $star \"$star\"", "[*.c] [*.c] [*.c] [a.c] [b.c] [*.c]");
	expands("*", "[a.c] [b.c] [c.h] [dir] [dir2] [star*] [with space] [ümläut]");
	expands(".*", "[.hidden]");
	expands("?.? [ab].c [!a].c [a-b].?", "[a.c] [b.c] [c.h] [a.c] [b.c] [b.c] [a.c] [b.c]");
	expands("*/x.c dir*/*.c", "[dir/x.c] [dir2/x.c] [dir/x.c] [dir/y.c] [dir2/x.c]");
	expands("*/*/* dir/*", "[dir/sub/z] [dir/sub] [dir/x.c] [dir/y.c]");
	expands("*/ dir*/", "[dir/] [dir2/] [dir/] [dir2/]");
	expands("/bin/* /*/ps", "[/bin/cat] [/bin/ps] [/bin/psx] [/bin/ps]");
	expands("nothing* */nothing x[", "[nothing*] [*/nothing] [x[]");
	expands("star\\* star'*' '*'*", "[star*] [star*] [**]");
	expands("with* *space", "[with space] [with space]");
	expands("?ml?ut", "[ümläut]");
	expands("dir/.d* dir/*dot", "[dir/.dot] [dir/*dot]");
	expands("[ ]", "[[] []]");
	struct text out = {0};
	CHECK(expand_string(&e, "$x *.c", &out));
	CHECK_STR(text_get(&out), "a b  c *.c");
	text_free(&out);
	out = (struct text){0};
	CHECK(expand_assignment(&e, "~:~/x:'~'$n:y~", &out));
	CHECK_STR(text_get(&out), "/users/me:/users/me/x:~42:y~");
	text_free(&out);
	out = (struct text){0};
	CHECK(expand_document(&e, "$n \"$x\" '${n}' \\$n \\\" \\\\ \\\nx `c` ~ *", &out));
	CHECK_STR(text_get(&out), "42 \"a b  c\" '42' $n \\\" \\ x <c> ~ *");
	text_free(&out);
	out = (struct text){0};
	CHECK(expand_pattern(&e, "'*'*$star\"?\"", &out));
	CHECK_STR(text_get(&out), "\\***.c\\?");
	text_free(&out);
}

static void patterns(void)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "", false},
		{"*", "", true},
		{"*", "abc", true},
		{"**", "", true},
		{"a*c", "abbbc", true},
		{"a*c", "abbbd", false},
		{"*a*b*", "xaybz", true},
		{"?", "ä", true},
		{"??", "ä", false},
		{"[abc]", "b", true},
		{"[abc]", "d", false},
		{"[!abc]", "d", true},
		{"[^abc]", "b", false},
		{"[a-c]", "b", true},
		{"[a-c]", "d", false},
		{"[]x]", "]", true},
		{"[!]x]", "]", false},
		{"[a-]", "-", true},
		{"[-a]", "-", true},
		{"[", "[", true},
		{"[a", "[a", true},
		{"[a", "a", false},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"[\\]]", "]", true},
		{"[[:digit:]]", "7", true},
		{"[[:digit:]]", "x", false},
		{"[[:alpha:]_]", "_", true},
		{"[[:nope:]]", "n", false},
		{"[ä-ö]", "ë", true},
		{"a\\", "a\\", true},
		{"*.[ch]", "x.c", true},
		{"\xff?", "\xff\xfe", true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!CHECK_INT(pattern_match(cases[i].pattern, cases[i].text), cases[i].match))
			printf("  %s against %s\n", cases[i].pattern, cases[i].text);
	}
	/* Many stars against a long text that does not match: must end soon. */
	char text[2001], pattern[64] = "";
	memset(text, 'a', 2000);
	text[2000] = '\0';
	for (unsigned i = 0; i < 20; i++)
		strcat(pattern, "*a");
	strcat(pattern, "b");
	CHECK(!pattern_match(pattern, text));
}

static void arithmetic(void)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{"", 0},
		{"1", 1},
		{"1+2*3", 7},
		{"(1+2)*3", 9},
		{"10-3-2", 5},
		{"2*3%4", 2},
		{"-5/2", -2},
		{"-5%3", -2},
		{"1<<4|1", 17},
		{"0x10+010", 24},
		{"1<2", 1},
		{"2<=1", 0},
		{"3>=3", 1},
		{"1==2", 0},
		{"1!=2", 1},
		{"1&&0", 0},
		{"1||0", 1},
		{"0&&1/0", 0},
		{"1||1/0", 1},
		{"1?2:3", 2},
		{"0?1/0:4", 4},
		{"0?1:0?2:3", 3},
		{"~0", -1},
		{"!5", 0},
		{"!0", 1},
		{"- - 3", 3},
		{"+4", 4},
		{"5&3", 1},
		{"5^3", 6},
		{"n", 42},
		{"nope", 0},
		{"neg*2", -6},
		{" 1 +\t2 ", 3},
		{"9223372036854775807+1", INT64_MIN},
		{"-9223372036854775807-1", INT64_MIN},
		{"(-9223372036854775807-1)/-1", INT64_MIN},
		{"1>>1", 0},
		{"-8>>1", -4},
		{"z=3", 3},
		{"z+=4", 7},
		{"z*=z-=5", 4},
		{"z<<=2", 16},
		{"z>>=1", 8},
		{"z|=1", 9},
		{"z&=~1", 8},
		{"z^=3", 11},
		{"z%=4", 3},
		{"z/=2", 1},
		{"z==1", 1},
		{"0&&(z=9)", 0},
		{"1?z:(z=9)", 1},
		{"y=x2=5", 5},
		{"y+x2", 10},
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"1+", "the expression ends too early"},
		{"(1", "a ) is missing"},
		{"1 2", "an operator is expected"},
		{"1/0", "division by zero"},
		{"1%0", "division by zero"},
		{"*1", "a number or name is expected"},
		{"1?2", "a : is missing after ?"},
		{"12x", "a number is malformed"},
		{"99999999999999999999", "a number is too large"},
		{"word", "a variable's value is not a number"},
		{"1=2", "an operator is expected"},
		{"1+=2", "only a variable can be assigned to"},
		{"n+=", "the expression ends too early"},
		{"ro=1", "a variable is read-only"},
		{"08", "a number is malformed"},
	};
	int64_t value;
	const char *why;
	set_up();
	vars_set(&vars, "neg", " -3 ");
	vars_set(&vars, "word", "abc");
	vars_set(&vars, "ro", "1");
	vars_make_readonly(&vars, "ro");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!CHECK(arith_evaluate(good[i].text, &vars, false, &value, &why)) ||
		    !CHECK_INT(value, good[i].value))
			printf("  %s: %s\n", good[i].text, why ? why : "");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!CHECK(!arith_evaluate(bad[i].text, &vars, false, &value, &why)) || !CHECK_STR(why, bad[i].why))
			printf("  %s\n", bad[i].text);
	}
	struct text deep = {0};
	for (unsigned i = 0; i < 10000; i++)
		text_add_char(&deep, '(');
	CHECK(!arith_evaluate(text_get(&deep), &vars, false, &value, &why));
	text_free(&deep);
}

/* ---- completion --------------------------------------------------------------------------------- */

/* The possibilities for what stands before the '|' (the cursor), joined by blanks; the suffix in quotes if there is one. */
static const char *completed(const char *line)
{
	static struct shell shell;
	static char result[1024];
	struct completions c = {.suffix = ""};
	size_t cursor = strcspn(line, "|"), used = 0;
	char text[128];
	snprintf(text, sizeof(text), "%.*s%s", (int)cursor, line, line + cursor + 1);
	shell.vars = vars;
	shell.expand.directories = &fake_directories;
	complete_word(&shell, text, cursor, &c);
	result[0] = '\0';
	for (size_t i = 0; i < c.texts.count; i++)
		used += (size_t)sprintf(result + used, "%s%s", i ? " , " : "", c.texts.list[i]);
	if (c.texts.count == 1)
		sprintf(result + used, "\"%s\" @%zu", c.suffix, c.start);
	names_free(&c.texts);
	return result;
}

static void completion(void)
{
	set_up();
	vars_set(&vars, "PATH", "/bin");
	vars_set(&vars, "HOME", "dir");
	CHECK_STR(completed("p|"), "printf , ps , psx , pwd");
	CHECK_STR(completed("ca|"), "case , cat");
	CHECK_STR(completed("cat x; ca| y"), "case , cat");
	CHECK_STR(completed("if hist|"), "history\" \" @3");
	CHECK_STR(completed("cat a|"), "a.c\" \" @4");
	CHECK_STR(completed("cat |"), "a.c , b.c , c.h , dir/ , dir2/ , star\\* , with\\ space , ümläut");
	CHECK_STR(completed("cat .|"), ".hidden\" \" @4");
	CHECK_STR(completed("cat d|"), "dir/ , dir2/");
	CHECK_STR(completed("cat dir2|"), "dir2/\"\" @4");
	CHECK_STR(completed("cat dir/|"), "dir/sub/ , dir/x.c , dir/y.c");
	CHECK_STR(completed("cat dir/s|"), "dir/sub/\"\" @4");
	CHECK_STR(completed("cat >dir/x|"), "dir/x.c\" \" @5");
	CHECK_STR(completed("cat w|"), "with\\ space\" \" @4");
	CHECK_STR(completed("cat with\\ |"), "with\\ space\" \" @4");
	CHECK_STR(completed("cat 'wi|"), "'with space\"' \" @4");
	CHECK_STR(completed("cat \"wi|"), "\"with space\"\" \" @4");
	CHECK_STR(completed("cat ~/x|"), "~/x.c\" \" @4");
	CHECK_STR(completed("cat /bin/c|"), "/bin/cat\" \" @4");
	CHECK_STR(completed("cat nothing|"), "");
	CHECK_STR(completed("cat $HO|"), "$HOME\"\" @4");
	CHECK_STR(completed("cat x$u|"), "x$u\"\" @4");
	CHECK_STR(completed("|"), "");
	CHECK_STR(completed("cat a| b"), "a.c\" \" @4");
	CHECK_STR(completed("PATH=/x p|"), "printf , ps , psx , pwd");
	CHECK_STR(completed("svc st|"), "start , status , stop");
	CHECK_STR(completed("svc l|"), "list\" \" @4");
	CHECK_STR(completed("echo x; svc rel|"), "reload\" \" @12");
	CHECK_STR(completed("cd d|"), "dir/ , dir2/");
	CHECK_STR(completed("cd a|"), "");
	CHECK_STR(completed("cd dir/s|"), "dir/sub/\"\" @3");
	CHECK_STR(completed("help hist|"), "history\" \" @5");
	CHECK_STR(completed("type p|"), "printf , ps , psx , pwd");
	CHECK_STR(completed("unset HO|"), "HOME\" \" @6");
	CHECK_STR(completed("set -o no|"), "noclobber , noexec , noglob , nolog , notify , nounset");
	CHECK_STR(completed("kill -s TE|"), "TERM\" \" @8");
	CHECK_STR(completed("trap x US|"), "USR1 , USR2");
	CHECK_STR(completed("dmesg -|"), "-l , -p , -w");
	CHECK_STR(completed("svc list >a|"), "a.c\" \" @10");
	CHECK_STR(completed("<a.c ca|"), "case , cat");
}

int main(void)
{
	words();
	braces();
	globs();
	patterns();
	arithmetic();
	completion();
	vars_free(&vars);
	return check_end();
}
