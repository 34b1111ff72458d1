/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: what /proc reads of others: any bytes as a process's startup block, and as a device tree. */
// fuzz-sources: fs/procfs/block.c fs/procfs/tree.c fs/lib/text.c libfdt
// fuzz-runs: 5000
// fuzz-corpus: tests/data/dtb
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/procfs/block.h"
#include "fs/procfs/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int good)
{
	if (!good)
		abort();
}

/* Without the magic number hardly any input would come further. */
static void block(const uint8_t *data, size_t size)
{
	static const uint32_t magic = STARTUP_MAGIC;
	struct fs_text text = {0};
	uint8_t *copy = malloc(size ? size : 1);

	require(copy != NULL);
	memcpy(copy, data, size);
	if (size >= sizeof(struct startup)) {
		struct startup *s = (struct startup *)(void *)copy;

		memcpy(copy, &magic, sizeof(magic));
		/* Half of the inputs have a size that is right. */
		if (data[0] & 1)
			s->size = (uint32_t)size;
		(void)block_handle(s, HND_VFS);
	}
	block_strings(copy, size, false, &text);
	require(text.len == 0 || text.data[text.len - 1] == 0);
	require(text.len < SPAWN_ARGS_MAX + BLOCK_MAX);
	block_strings(copy, size, true, &text);
	fs_text_free(&text);
	free(copy);
}

static void tree(const uint8_t *data, size_t size)
{
	/* A blob is aligned. */
	uint64_t *copy = malloc(size + 8);
	char name[TREE_NAME_MAX + 1];
	struct tree t;

	require(copy != NULL);
	memcpy(copy, data, size);
	if (tree_make(copy, size, &t) == OK) {
		require(t.count > 0 && t.entries[TREE_ROOT].directory);
		for (uint32_t i = 1; i < t.count; i++) {
			const struct tree_entry *entry = &t.entries[i];
			size_t len = tree_name(&t, i, name);
			uint8_t last;

			require(len > 0 && len <= TREE_NAME_MAX && !strchr(name, '/'));
			require(entry->parent < i && t.entries[entry->parent].directory);
			if (i < 2000 && !entry->twin)
				require(tree_find(&t, entry->parent, name, len) != TREE_NONE);
			if (entry->size + entry->ends)
				tree_read(entry, entry->size + entry->ends - 1, 1, &last);
		}
		tree_free(&t);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	block(data, size);
	tree(data, size);
	return 0;
}
