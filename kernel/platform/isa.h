/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cpu node says about its instruction set: `riscv,isa-extensions`, or else the string
 * `riscv,isa`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct isa {
	bool f, d;
	bool sstc;
	bool svadu;
	bool zicboz;
};

/* A string such as "rv64imafdc_zicsr_sstc1p0", any case, with or without versions. */
void isa_parse_string(struct isa *isa, const char *text, size_t len);
/* NUL-separated names. */
void isa_parse_list(struct isa *isa, const char *names, size_t len);
