/* SPDX-License-Identifier: BSD-2-Clause */
/* What the chapter and its children have to agree on. */
#pragma once

#define ROUNDS 90   /* of each child; an exit status has room for so many */
#define RECORD 64   /* bytes that are added at a time */
#define WHOLE  3000 /* bytes of a file that is replaced */
