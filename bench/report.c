/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of benchmarks. */

#include "bench/report.h"

#include "tests/system/lib/test.h"

static unsigned figures;

void sample_add(struct samples *s, unsigned round, uint64_t value)
{
	if (round >= WARM_UP && s->count < SAMPLES)
		s->value[s->count++] = value;
}

void report_figure(const char *name, uint64_t value, const char *unit, uint64_t budget)
{
	figures++;
	if (budget == NO_BUDGET)
		print("%s %lu %s -", name, value, unit);
	else
		print("%s %lu %s %lu", name, value, unit, budget);
}

void report_samples(const char *name, struct samples *s, uint64_t budget)
{
	if (s->count == 0) {
		test_fail(__FILE__, __LINE__, name);
		return;
	}
	for (unsigned i = 1; i < s->count; i++) {
		uint64_t value = s->value[i];
		unsigned j = i;

		for (; j > 0 && s->value[j - 1] > value; j--)
			s->value[j] = s->value[j - 1];
		s->value[j] = value;
	}
	report_figure(name, s->value[s->count / 2], "instr", budget);
}

void report_done(void)
{
	print("DONE %u", figures);
}
