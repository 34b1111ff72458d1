/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files on a tmpfs through the protocol: what a client's stub, the kernel and the file system take together. The C library's part comes on
 * top; `linux-files` measures it. Budgets are half of what Linux takes for the system call and its wrapper on its tmpfs (docs/benchmarks.md).
 */
#include <string.h>

#include "bench/report.h"
#include "tests/system/lib/files.h"
#include "tests/system/lib/internal.h"
#include "tests/system/lib/make.h"

const char test_group[] = "bench";

static handle_t dir;
static uint8_t page[4096];

static void bench_open(void)
{
	struct samples both = {0}, closing = {0};
	handle_t file;
	enum file_kind kind;

	CHECK(f_put(dir, "file", "text"));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_open(dir, "file", F_RW, 0, &file, &kind));
		uint64_t opened = read_instret();
		handle_close(file);
		uint64_t end = read_instret();

		sample_add(&both, i, end - start - 2);
		sample_add(&closing, i, end - opened - 1);
	}
	report_samples("tmpfs_open_close", &both, 3961);
	report_samples("tmpfs_close", &closing, 890);
}

static void bench_bytes(void)
{
	struct samples fresh = {0}, over = {0}, read = {0}, small = {0};
	uint64_t count, position;
	handle_t file;

	CHECK_OK(f_open(dir, "bytes", F_RW | F_CREATE, 0644, &file));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_write(file, i * sizeof(page), page, sizeof(page), &count, &position));
		sample_add(&fresh, i, read_instret() - start - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_write(file, i * sizeof(page), page, sizeof(page), &count, &position));
		sample_add(&over, i, read_instret() - start - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_read(file, i * sizeof(page), page, sizeof(page), &count));
		sample_add(&read, i, read_instret() - start - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_read(file, i * sizeof(page), page, 1, &count));
		sample_add(&small, i, read_instret() - start - 1);
	}
	shut(file);
	report_samples("tmpfs_write_4k_new", &fresh, 3639);
	report_samples("tmpfs_write_4k", &over, 1715);
	report_samples("tmpfs_read_4k", &read, 1582);
	report_samples("tmpfs_read_1", &small, NO_BUDGET);
}

static void bench_names(void)
{
	struct samples create = {0}, gone = {0}, stat = {0}, making = {0}, moving = {0};
	struct file_attributes attributes;
	enum file_kind kind;
	uint32_t count;
	char name[ROUNDS][16];
	handle_t file;

	for (unsigned i = 0; i < ROUNDS; i++)
		format_text(name[i], sizeof(name[i]), "file%u", i);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_open(dir, name[i], F_RW | F_CREATE | F_EXCL, 0644, &file, &kind));
		handle_close(file);
		sample_add(&create, i, read_instret() - start - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_remove(dir, name[i], false));
		sample_add(&gone, i, read_instret() - start - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_make(dir, name[i], FILE_KIND_DIRECTORY, 0755));
		sample_add(&making, i, read_instret() - start - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		handle_t to = make_dup(dir, RIGHTS_SAME);
		char other[16];

		format_text(other, sizeof(other), "moved%u", i);
		uint64_t start = read_instret();

		CHECK_OK(file_rename(dir, name[i], to, other, false));
		sample_add(&moving, i, read_instret() - start - 1);
	}
	CHECK_OK(f_mkdir(dir, "one", 0755));
	CHECK_OK(f_mkdir(dir, "one/two", 0755));
	CHECK_OK(f_mkdir(dir, "one/two/three", 0755));
	CHECK(f_put(dir, "one/two/three/four", "text"));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(file_attributes(dir, "one/two/three/four", true, &attributes, 1, &count));
		sample_add(&stat, i, read_instret() - start - 1);
	}
	report_samples("tmpfs_create_close", &create, 7005);
	report_samples("tmpfs_unlink", &gone, 7178);
	report_samples("tmpfs_mkdir", &making, NO_BUDGET);
	report_samples("tmpfs_rename", &moving, NO_BUDGET);
	report_samples("tmpfs_stat_4_deep", &stat, 3107);
}

int main(void)
{
	images_prepare();
	if (files_up()) {
		dir = files_directory(files_view(), files_mount_of("/tmp"));
		bench_open();
		bench_bytes();
		bench_names();
	}
	report_done();
	test_finish(test_failures());
}
