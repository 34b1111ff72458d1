/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What code compiled with -fsanitize=undefined calls when it is about to do something undefined: says where and with
 * which values, and panics. The structs are the compiler's (GCC and Clang agree on them).
 */
#include <stdbool.h>
#include <stdint.h>

#include "kernel/check/shadow.h"
#include "kernel/panic.h"

struct place {
	const char *file;
	uint32_t line, column;
};

enum { KIND_INTEGER = 0 };

struct type {
	uint16_t kind;
	uint16_t info; /* of integers: bit 0 signed, above it log2 of the width */
	char name[];   /* quoted by the compiler */
};

struct overflow_data {
	struct place place;
	const struct type *type;
};

struct shift_data {
	struct place place;
	const struct type *left, *right;
};

struct bounds_data {
	struct place place;
	const struct type *array, *index;
};

struct mismatch_data {
	struct place place;
	const struct type *type;
	uint8_t log_alignment;
	uint8_t what;
};

struct value_data {
	struct place place;
	const struct type *type;
};

struct place_data {
	struct place place;
};

struct return_data {
	struct place attribute;
};

struct argument_data {
	struct place place, attribute;
	int32_t number;
};

struct builtin_data {
	struct place place;
	uint8_t kind;
};

#define HANDLER(name, ...)                                 \
	_Noreturn void __ubsan_handle_##name(__VA_ARGS__); \
	_Noreturn void __ubsan_handle_##name(__VA_ARGS__)

#define AT           "%s:%u:%u: "
#define WHERE(place) source_name((place).file), (place).line, (place).column

struct number {
	char sign[2];
	uint64_t digits;
};

/* Operands come as they are when they fit into a register, else as a pointer to them. */
static struct number number_of(const struct type *type, uint64_t operand)
{
	unsigned width = 1u << (type->info >> 1);
	bool is_signed = type->info & 1;
	uint64_t value = width > 64 ? *(const uint64_t *)operand : operand;

	if (type->kind != KIND_INTEGER)
		is_signed = false;
	else if (width < 64)
		value &= (1ull << width) - 1;
	if (!is_signed)
		return (struct number){"", value};
	if (width < 64)
		value = (uint64_t)((int64_t)(value << (64 - width)) >> (64 - width));
	return (int64_t)value < 0 ? (struct number){"-", -value} : (struct number){"", value};
}

#define NUMBER   "%s%lu"
#define VALUE(n) (n).sign, (n).digits

static _Noreturn void overflow(const struct overflow_data *d, uint64_t a, const char *operation, uint64_t b)
{
	struct number left = number_of(d->type, a), right = number_of(d->type, b);

	panic(AT NUMBER " %s " NUMBER " does not fit into %s", WHERE(d->place), VALUE(left), operation, VALUE(right),
	      d->type->name);
}

HANDLER(add_overflow_abort, const struct overflow_data *d, uint64_t a, uint64_t b)
{
	overflow(d, a, "+", b);
}

HANDLER(sub_overflow_abort, const struct overflow_data *d, uint64_t a, uint64_t b)
{
	overflow(d, a, "-", b);
}

HANDLER(mul_overflow_abort, const struct overflow_data *d, uint64_t a, uint64_t b)
{
	overflow(d, a, "*", b);
}

HANDLER(negate_overflow_abort, const struct overflow_data *d, uint64_t a)
{
	struct number n = number_of(d->type, a);

	panic(AT "-(" NUMBER ") does not fit into %s", WHERE(d->place), VALUE(n), d->type->name);
}

HANDLER(divrem_overflow_abort, const struct overflow_data *d, uint64_t a, uint64_t b)
{
	struct number left = number_of(d->type, a), right = number_of(d->type, b);

	panic(AT "division of " NUMBER " by " NUMBER " in %s", WHERE(d->place), VALUE(left), VALUE(right),
	      d->type->name);
}

HANDLER(shift_out_of_bounds_abort, const struct shift_data *d, uint64_t a, uint64_t b)
{
	struct number left = number_of(d->left, a), right = number_of(d->right, b);

	panic(AT "shift of " NUMBER " by " NUMBER " in %s", WHERE(d->place), VALUE(left), VALUE(right), d->left->name);
}

HANDLER(out_of_bounds_abort, const struct bounds_data *d, uint64_t index)
{
	struct number n = number_of(d->index, index);

	panic(AT "index " NUMBER " is outside of %s", WHERE(d->place), VALUE(n), d->array->name);
}

HANDLER(type_mismatch_v1_abort, const struct mismatch_data *d, uint64_t address)
{
	static const char *const acts[] = {
		"load of",
		"store to",
		"reference to",
		"member access in",
		"member call on",
		"constructor call on",
		"downcast of",
		"downcast of",
		"upcast of",
		"cast to virtual base of",
		"nonnull binding to",
		"dynamic operation on",
	};
	const char *act = d->what < sizeof(acts) / sizeof(acts[0]) ? acts[d->what] : "use of";
	uint64_t alignment = 1ull << d->log_alignment;

	if (!address)
		panic(AT "%s a null pointer of type %s", WHERE(d->place), act, d->type->name);
	if (address & (alignment - 1))
		panic(AT "%s address 0x%lx of type %s, which needs an alignment of %lu", WHERE(d->place), act, address,
		      d->type->name, alignment);
	panic(AT "%s address 0x%lx, where no whole %s fits", WHERE(d->place), act, address, d->type->name);
}

HANDLER(pointer_overflow_abort, const struct place_data *d, uint64_t base, uint64_t result)
{
	panic(AT "pointer arithmetic leaves the address space: 0x%lx became 0x%lx", WHERE(d->place), base, result);
}

HANDLER(load_invalid_value_abort, const struct value_data *d, uint64_t value)
{
	panic(AT "load of %lu, which is no value of %s", WHERE(d->place), value, d->type->name);
}

HANDLER(vla_bound_not_positive_abort, const struct value_data *d, uint64_t bound)
{
	struct number n = number_of(d->type, bound);

	panic(AT "array of " NUMBER " elements", WHERE(d->place), VALUE(n));
}

HANDLER(invalid_builtin_abort, const struct builtin_data *d)
{
	panic(AT "zero passed to a count of %s zeros", WHERE(d->place), d->kind ? "leading" : "trailing");
}

HANDLER(nonnull_arg_abort, const struct argument_data *d)
{
	panic(AT "null as argument %d, which must not be", WHERE(d->place), d->number);
}

HANDLER(nonnull_return_v1_abort, const struct return_data *d, const struct place *place)
{
	(void)d;
	panic(AT "null returned from a function that never does", WHERE(*place));
}

HANDLER(builtin_unreachable, const struct place_data *d)
{
	panic(AT "reached what was said to be unreachable", WHERE(d->place));
}

HANDLER(missing_return, const struct place_data *d)
{
	panic(AT "end of a function that must return a value", WHERE(d->place));
}
