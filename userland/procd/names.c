/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/names.h"

#include "userland/procd/numbers.h"

const char *signal_name(uint32_t signal)
{
	static const char *const names[] = {
		[NR_QUIT] = "QUIT", [NR_ILL] = "ILL",   [NR_TRAP] = "TRAP", [NR_ABRT] = "ABRT",
		[NR_EMT] = "EMT",   [NR_FPE] = "FPE",   [NR_BUS] = "BUS",   [NR_SEGV] = "SEGV",
		[NR_SYS] = "SYS",   [NR_XCPU] = "XCPU", [NR_XFSZ] = "XFSZ",
	};

	return signal < sizeof(names) / sizeof(names[0]) && names[signal] ? names[signal] : "?";
}
