/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-local data: sizes and template come from sys/lib/user.ld. */
#include "sys/lib/tls.h"

#include <string.h>

extern const char __tls_template[];
extern const char __tls_template_size[], __tls_size[]; /* absolute symbols: the address is the value
							*/

bool threads_started;

size_t tls_area_size(void)
{
	size_t size = TCB_SIZE + (size_t)__tls_size;

	return (size + TLS_ALIGN - 1) & ~(size_t)(TLS_ALIGN - 1);
}

void *tls_area_init(void *area)
{
	char *data = (char *)area + TCB_SIZE;

	memcpy(data, __tls_template, (size_t)__tls_template_size);
	return data;
}
