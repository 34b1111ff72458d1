/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/base/fault_text.h"

#include "sys/abi/fault.h"

const char *fault_text(uint64_t cause)
{
	switch (cause) {
	case FAULT_FETCH_MISALIGNED: return "jump to a misaligned address";
	case FAULT_FETCH_ACCESS: return "instruction access fault";
	case FAULT_ILLEGAL: return "illegal instruction";
	case FAULT_BREAKPOINT: return "breakpoint";
	case FAULT_LOAD_MISALIGNED: return "misaligned load";
	case FAULT_LOAD_ACCESS: return "load access fault";
	case FAULT_STORE_MISALIGNED: return "misaligned store";
	case FAULT_STORE_ACCESS: return "store access fault";
	case FAULT_FETCH_PAGE: return "jump to an unmapped address";
	case FAULT_LOAD_PAGE: return "load from an unmapped address";
	case FAULT_STORE_PAGE: return "store to an unmapped address";
	default: return "fault";
	}
}
