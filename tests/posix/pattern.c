/* SPDX-License-Identifier: BSD-2-Clause */
/* Regular expressions, options of programs, searches in tables. */
#include <getopt.h>
#include <regex.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"

/* Where it matches, "from-to" for the whole and the first two groups. */
static const char *matched(const char *pattern, const char *text, int flags)
{
	static char out[100];
	regmatch_t at[3];
	regex_t regex;
	int result = regcomp(&regex, pattern, flags);

	if (result)
		return "bad pattern";
	result = regexec(&regex, text, 3, at, 0);
	out[0] = '\0';
	for (int i = 0; result == 0 && i < 3; i++)
		sprintf(out + strlen(out), "%s%ld-%ld", i ? " " : "", (long)at[i].rm_so, (long)at[i].rm_eo);
	regfree(&regex);
	return result ? "no match" : out;
}

static const char *options_by(const char *letters, int count, const char *const *words)
{
	static const struct option list[] = {{"verbose", no_argument, NULL, 'v'},
					     {"output", required_argument, NULL, 'o'},
					     {"size", optional_argument, NULL, 's'},
					     {0}};
	static char out[200];
	char *argv[10];
	int c;

	out[0] = '\0';
	for (int i = 0; i <= count; i++)
		argv[i] = i < count ? strdup(words[i]) : NULL;
	optind = 0; /* from the beginning */
	opterr = 0;
	while ((c = getopt_long(count, argv, letters, list, NULL)) != -1)
		sprintf(out + strlen(out), "%c%s%s ", c == 1 ? '@' : c, optarg ? "=" : "", optarg ? optarg : "");
	sprintf(out + strlen(out), "rest %d", count - optind);
	for (int i = 0; i < count; i++)
		free(argv[i]);
	return out;
}

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static const char *options(int count, const char *const *words)
{
	return options_by("+ab:v", count, words);
}

struct item {
	struct item *next, *previous;
	int value;
};

static void tables(void)
{
	int table[5] = {3, 1, 2}, key = 2, fresh = 9;
	struct item a = {NULL, NULL, 1}, b = {NULL, NULL, 2}, c = {NULL, NULL, 3};
	size_t count = 3;

	FACT("lfind", (long)((int *)lfind(&key, table, &count, sizeof(int), compare_int) - table));
	FACT_YES("lfind of what is not there", lfind(&fresh, table, &count, sizeof(int), compare_int) == NULL);
	FACT("lsearch", (long)((int *)lsearch(&fresh, table, &count, sizeof(int), compare_int) - table));
	FACT("then there are", (long)count);
	FACT("lsearch again", (long)((int *)lsearch(&fresh, table, &count, sizeof(int), compare_int) - table));
	insque(&a, NULL);
	insque(&c, &a);
	insque(&b, &a);
	FACT_YES("insque", a.next == &b && b.next == &c && c.next == NULL && c.previous == &b && b.previous == &a);
	remque(&b);
	FACT_YES("remque", a.next == &c && c.previous == &a);
}

void chapter_pattern(void)
{
	FACT_TEXT("abc", matched("b", "abc", 0));
	FACT_TEXT("a group", matched("a\\(b*\\)c", "xabbbc", 0));
	FACT_TEXT("extended", matched("(a|ab)(c|bcd)", "abcd", REG_EXTENDED));
	FACT_TEXT("the longest of all", matched("x*", "aaa", 0));
	FACT_TEXT("back reference", matched("\\(ab\\)\\1", "xabab", 0));
	FACT_TEXT("class", matched("[[:digit:]]+", "ab123", REG_EXTENDED));
	FACT_TEXT("case", matched("HELLO", "say hello", REG_ICASE));
	FACT_TEXT("newline", matched("^b$", "a\nb\nc", REG_NEWLINE));
	FACT_TEXT("no newline", matched("^b$", "a\nb\nc", 0));
	FACT_TEXT("interval", matched("a{2,3}", "aaaa", REG_EXTENDED));
	FACT_TEXT("empty group", matched("(x)?a", "a", REG_EXTENDED));
	FACT_TEXT("unfinished group", matched("(a", "a", REG_EXTENDED));
	FACT_TEXT("unfinished bracket", matched("[a", "a", 0));
	FACT_TEXT("nothing but a bracket", matched("[", "[", REG_EXTENDED));
	FACT_TEXT("a bracket that is one", matched("[^]", "]", 0));
	FACT_TEXT("unfinished class", matched("x[[:alpha:", "xa", REG_EXTENDED));
	FACT_TEXT("bracket without its meaning", matched("\\[[]a]", "[]", 0));
	FACT_TEXT("bad interval", matched("a{2,1}", "a", REG_EXTENDED));
	FACT_TEXT("short options", options(5, (const char *[]){"p", "-a", "-bx", "-b", "y"}));
	FACT_TEXT("options in one word", options(2, (const char *[]){"p", "-abtext"}));
	FACT_TEXT("long options", options(4, (const char *[]){"p", "--verbose", "--output=file", "rest"}));
	FACT_TEXT("shortened", options(3, (const char *[]){"p", "--verb", "--out=x"}));
	FACT_TEXT("optional argument", options(4, (const char *[]){"p", "--size", "--size=3", "4"}));
	FACT_TEXT("unknown", options(4, (const char *[]){"p", "-x", "--none", "-a"}));
	FACT_TEXT("missing argument", options(2, (const char *[]){"p", "-b"}));
	FACT_TEXT("--", options(4, (const char *[]){"p", "-a", "--", "-b"}));
	FACT_TEXT("not in order", options_by("ab:", 6, (const char *[]){"p", "one", "-a", "two", "-b", "x"}));
	FACT_TEXT("not in order, with --", options_by("ab:", 6, (const char *[]){"p", "one", "-a", "--", "-b", "x"}));
	FACT_TEXT("in order, as arguments", options_by("-ab:", 5, (const char *[]){"p", "one", "-a", "two", "-a"}));
	FACT_TEXT("missing argument, told apart", options_by("+:b:", 2, (const char *[]){"p", "-b"}));
	FACT_TEXT("a dash by itself", options_by("+a", 3, (const char *[]){"p", "-a", "-"}));
	FACT_TEXT("an option with an argument too many", options(2, (const char *[]){"p", "--verbose=3"}));
	FACT_TEXT("long option without its argument", options(2, (const char *[]){"p", "--output"}));
	tables();
}
