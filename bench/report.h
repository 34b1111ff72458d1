/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a benchmark: "name value unit budget", at the end "DONE n". */
#pragma once

#include <stdint.h>

#define NO_BUDGET 0
#define SAMPLES   33

struct samples {
	uint64_t value[SAMPLES];
	unsigned count;
};

/* The first WARM_UP are dropped. */
#define WARM_UP 8
#define ROUNDS  (WARM_UP + SAMPLES)
void sample_add(struct samples *s, unsigned round, uint64_t value);

void report_figure(const char *name, uint64_t value, const char *unit, uint64_t budget);
/* The median, in instructions. */
void report_samples(const char *name, struct samples *s, uint64_t budget);
void report_done(void);
