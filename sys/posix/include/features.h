/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program asked to see; other systems' sources include it by this name. */
#ifndef _FEATURES_H
#define _FEATURES_H

#include <sys/cdefs.h>
#include <sys/features.h>

#endif
