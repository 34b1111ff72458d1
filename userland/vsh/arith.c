/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic by precedence climbing. Overflow wraps, as two's complement does. */
#include "userland/vsh/arith.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/stack.h"

#define DEPTH_MAX 64

struct reader {
	const char *at;
	struct vars *vars;
	bool no_unset; /* unset variables are a mistake */
	const char *why;
	unsigned depth;
	bool skip; /* the value will not be used: a division by zero there is none */
};

static int64_t expression(struct reader *r, int level);
static int64_t apply(struct reader *r, const char *text, int64_t left, int64_t right);

static void fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
}

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\n");
}

static bool take(struct reader *r, const char *op)
{
	skip_blanks(r);
	if (strncmp(r->at, op, strlen(op)) != 0)
		return false;
	r->at += strlen(op);
	return true;
}

static int64_t number(struct reader *r, const char *text, const char **end)
{
	char *stop;
	errno = 0;
	uint64_t value = strtoull(text, &stop, 0);
	if (errno != 0)
		fail(r, "a number is too large");
	if (isalnum((unsigned char)*stop) || *stop == '_')
		fail(r, "a number is malformed");
	*end = stop;
	return (int64_t)value;
}

static int64_t value_of(struct reader *r, const char *name)
{
	const char *value = vars_get(r->vars, name);
	if (!value && r->no_unset && !r->skip)
		fail(r, "a variable is not set");
	if (!value || value[strspn(value, " \t\n")] == '\0')
		return 0;
	value += strspn(value, " \t\n");
	bool negative = *value == '-';
	value += negative || *value == '+';
	const char *end = value;
	int64_t result = isdigit((unsigned char)*value) ? number(r, value, &end) : 0;
	if (end == value || end[strspn(end, " \t\n")] != '\0')
		fail(r, "a variable's value is not a number");
	return negative ? (int64_t)(0 - (uint64_t)result) : result;
}

static void assign(struct reader *r, const char *name, int64_t value)
{
	char text[24];
	if (r->skip || r->why)
		return;
	snprintf(text, sizeof(text), "%" PRId64, value);
	if (vars_is_readonly(r->vars, name))
		fail(r, "a variable is read-only");
	else if (!vars_set(r->vars, name, text))
		fail(r, "out of memory");
}

/* The operator in front of the '=' of an assignment, "" for a plain one; NULL: there is none here. */
static const char *assignment(struct reader *r)
{
	static const char *const ops[] = {"", "*", "/", "%", "+", "-", "<<", ">>", "&", "^", "|"};
	skip_blanks(r);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t len = strlen(ops[i]);
		if (strncmp(r->at, ops[i], len) == 0 && r->at[len] == '=' && (len != 0 || r->at[1] != '=')) {
			r->at += len + 1;
			return ops[i];
		}
	}
	return NULL;
}

static int64_t variable(struct reader *r)
{
	char name[64];
	size_t len = 0;
	while (isalnum((unsigned char)r->at[len]) || r->at[len] == '_')
		len++;
	if (len >= sizeof(name)) {
		fail(r, "a name is too long");
		return 0;
	}
	memcpy(name, r->at, len);
	name[len] = '\0';
	r->at += len;
	const char *op = assignment(r);
	if (!op)
		return value_of(r, name);
	int64_t right = expression(r, 0);
	if (*op && !r->why)
		right = apply(r, op, value_of(r, name), right);
	assign(r, name, right);
	return right;
}

static int64_t unary(struct reader *r)
{
	int64_t value;
	if (++r->depth > DEPTH_MAX || stack_is_low()) {
		fail(r, "too many levels");
		return 0;
	}
	if (take(r, "(")) {
		value = expression(r, 0);
		if (!take(r, ")"))
			fail(r, "a ) is missing");
	} else if (take(r, "-")) {
		value = (int64_t)(0 - (uint64_t)unary(r));
	} else if (take(r, "+")) {
		value = unary(r);
	} else if (take(r, "~")) {
		value = ~unary(r);
	} else if (take(r, "!")) {
		value = !unary(r);
	} else if (isdigit((unsigned char)*r->at)) {
		value = number(r, r->at, &r->at);
	} else if (isalpha((unsigned char)*r->at) || *r->at == '_') {
		value = variable(r);
	} else {
		fail(r, *r->at ? "a number or name is expected" : "the expression ends too early");
		value = 0;
	}
	r->depth--;
	return r->why ? 0 : value;
}

/* In the order of trial: the longer operator first. */
static const struct op {
	char text[3];
	int level;
} operators[] = {
	{"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8}, {"|", 3},
	{"^", 4},  {"&", 5},  {"<", 7},  {">", 7},  {"+", 9},  {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10},
};

static int64_t divide(struct reader *r, char op, int64_t left, int64_t right)
{
	if (right == 0) {
		if (!r->skip)
			fail(r, "division by zero");
		return 0;
	}
	if (right == -1) /* INT64_MIN / -1 traps on some machines */
		return op == '/' ? (int64_t)(0 - (uint64_t)left) : 0;
	return op == '/' ? left / right : left % right;
}

static int64_t apply(struct reader *r, const char *text, int64_t left, int64_t right)
{
	uint64_t a = (uint64_t)left, b = (uint64_t)right;
	bool twice = text[1] != '\0';
	switch (text[0]) {
	case '|': return (int64_t)(a | b);
	case '^': return (int64_t)(a ^ b);
	case '&': return (int64_t)(a & b);
	case '=': return left == right;
	case '!': return left != right;
	case '<':
		if (text[1] == '<')
			return (int64_t)(a << (b & 63));
		return twice ? left <= right : left < right;
	case '>':
		if (text[1] == '>')
			return left >> (b & 63);
		return twice ? left >= right : left > right;
	case '+': return (int64_t)(a + b);
	case '-': return (int64_t)(a - b);
	case '*': return (int64_t)(a * b);
	default: return divide(r, text[0], left, right);
	}
}

static const struct op *next_operator(struct reader *r)
{
	skip_blanks(r);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t len = strlen(operators[i].text);
		if (strncmp(r->at, operators[i].text, len) == 0) {
			/* What assigns needs a name in front. */
			if (r->at[len] == '=' && operators[i].level >= 3 && operators[i].level != 6 &&
			    operators[i].level != 7)
				fail(r, "only a variable can be assigned to");
			return &operators[i];
		}
	}
	return NULL;
}

static int64_t choose(struct reader *r, int64_t condition)
{
	bool skip = r->skip;
	r->skip = skip || !condition;
	int64_t yes = expression(r, 0);
	if (!take(r, ":"))
		fail(r, "a : is missing after ?");
	r->skip = skip || condition;
	int64_t no = expression(r, 0);
	r->skip = skip;
	return condition ? yes : no;
}

/* Operators of at least the level. */
static int64_t expression(struct reader *r, int level)
{
	if (++r->depth > DEPTH_MAX || stack_is_low()) {
		fail(r, "too many levels");
		return 0;
	}
	int64_t left = unary(r);
	while (!r->why) {
		const struct op *op = next_operator(r);
		if (!op || op->level < level)
			break;
		r->at += strlen(op->text);
		bool skip = r->skip;
		if (op->level <= 2) { /* && and || */
			bool decided = (left != 0) == (op->level == 1);
			r->skip = skip || decided;
			int64_t right = expression(r, op->level + 1);
			left = op->level == 1 ? left || right : left && right;
			r->skip = skip;
			continue;
		}
		left = apply(r, op->text, left, expression(r, op->level + 1));
	}
	if (!r->why && level == 0 && take(r, "?"))
		left = choose(r, left);
	r->depth--;
	return r->why ? 0 : left;
}

bool arith_evaluate(const char *text, struct vars *vars, bool no_unset, int64_t *out, const char **why)
{
	struct reader r = {.at = text, .vars = vars, .no_unset = no_unset};
	skip_blanks(&r);
	*out = *r.at ? expression(&r, 0) : 0;
	skip_blanks(&r);
	if (*r.at)
		fail(&r, "an operator is expected");
	*why = r.why;
	return !r.why;
}
