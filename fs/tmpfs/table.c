/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of whole pages that cost nothing before they are touched; the heap would clear them. */
#include "fs/tmpfs/store.h"
#include "sys/lib/syscall.h"

void *table_allocate(size_t bytes)
{
	handle_t vmo;
	void *at = NULL;

	bytes = (bytes + STORE_PAGE - 1) & ~(size_t)(STORE_PAGE - 1);
	if (vmo_create(bytes, 0, HANDLE_NONE, &vmo) != OK)
		return NULL;
	if (vmo_map(HANDLE_NONE, vmo, 0, NULL, bytes, MAP_READ | MAP_WRITE, &at) != OK)
		at = NULL;
	(void)handle_close(vmo); /* the mapping keeps it */
	return at;
}
