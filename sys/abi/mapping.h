/* SPDX-License-Identifier: BSD-2-Clause */
/* Flags of mappings: apart from object.h, as <sys/mman.h> takes MAP_FIXED from here and nothing else. */
#pragma once

/* vmo_map */
enum {
	MAP_READ = 1u << 0,
	MAP_WRITE = 1u << 1,
	MAP_EXEC = 1u << 2,    /* never together with MAP_WRITE */
	MAP_FIXED = 1u << 3,   /* exactly at the address; ERR_EXISTS if something is mapped there */
	MAP_REPLACE = 1u << 4, /* with MAP_FIXED: unmap what is there first, in one step */
};
