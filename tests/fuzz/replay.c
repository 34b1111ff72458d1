/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main() for a fuzz target without a fuzzer: every file of the named folders as it is, cut short,
 * and with bytes changed by a fixed random sequence. Deterministic, so it can be a test.   TARGET
 * count folder...     count: changed versions of each file
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 88172645463325252ull;

static uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* One to eight places: a bit, a byte of interest, or a 32-bit word. */
static void change(uint8_t *data, size_t size)
{
	static const uint8_t bytes[] = {0, 1, 2, 3, 4, 9, 0x7f, 0x80, 0xff};

	for (uint64_t n = random_next() % 8 + 1; n; n--) {
		size_t at = random_next() % size;

		switch (random_next() % 3) {
		case 0: data[at] ^= (uint8_t)(1u << random_next() % 8); break;
		case 1: data[at] = bytes[random_next() % sizeof(bytes)]; break;
		default:
			for (size_t i = at & ~(size_t)3; i < size && i < (at | 3); i++)
				data[i] = bytes[random_next() % sizeof(bytes)];
		}
	}
}

static void run_file(const char *path, unsigned long count)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data, *copy;
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(file);
	data = malloc((size_t)size + 1);
	copy = malloc((size_t)size + 1);
	if (!data || !copy || fread(data, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	for (unsigned long i = 0; size && i < count; i++) {
		memcpy(copy, data, (size_t)size);
		change(copy, (size_t)size);
		LLVMFuzzerTestOneInput(copy, i % 16 ? (size_t)size : random_next() % (size_t)size);
	}
	free(data);
	free(copy);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, files = 0;

	for (int i = 2; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;

		if (!dir) {
			perror(argv[i]);
			return 1;
		}
		while ((entry = readdir(dir))) {
			char path[1024];

			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			run_file(path, count);
			files++;
		}
		closedir(dir);
	}
	printf("%lu files, each with %lu changes\n", files, count);
	return files == 0;
}
