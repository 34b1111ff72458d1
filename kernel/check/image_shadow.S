/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel image's own shadow; boot/kernel.ld gives it its place. */
#include "kernel/check/shadow.h"

	.section .shadow, "aw", @nobits
	.globl image_shadow
image_shadow:
	.zero IMAGE_SHADOW_SIZE
