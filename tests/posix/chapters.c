/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of chapters. */
#include "tests/posix/chapters.h"

#include <stddef.h>

#define CHAPTER_ENTRY(name) {#name, chapter_##name},

const struct chapter chapters[] = {CHAPTER_LIST(CHAPTER_ENTRY){NULL, NULL}};
