/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <regex.h>, with the types that it uses. */
#ifndef _VERIDIAN_REGEX_H
#define _VERIDIAN_REGEX_H

#include <sys/types.h>

#include_next <regex.h>

#endif
