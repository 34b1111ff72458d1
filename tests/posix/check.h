/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Facts: what a call answers, one line of output each, "chapter: name: result". The outputs of two systems are compared
 * line by line, so a result never depends on speed, on inode or descriptor numbers, or on who runs the program.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* A call's result: the name of errno for -1, else the number. */
#define FACT(name, call)          (errno = 0, fact_number((name), (long)(call)))
/* The same as an octal number, for modes. */
#define FACT_OCTAL(name, call)    (errno = 0, fact_octal((name), (long)(call)))
/* A text, in quotes; the name of errno for NULL. */
#define FACT_TEXT(name, call)     (errno = 0, fact_text((name), (call)))
#define FACT_YES(name, condition) fact_yes((name), (condition))
/* What the facts behind it rely on: the chapter ends with a line of its own if it fails (-1 or false). */
#define MUST(call)                must(#call, __LINE__, (call))
/* For links, FIFOs and modes: not every file system has them (EPERM), nor what would be found by them (ENOENT). The chapter goes on, and its facts say
 * the rest. */
#define MUST_IF_OFFERED(call)     must_if_offered(#call, __LINE__, (call))
#define MUST_BE(condition)        must(#condition, __LINE__, (condition) ? 0 : -1)

void fact_number(const char *name, long result);
void fact_octal(const char *name, long result);
void fact_text(const char *name, const char *text);
void fact_yes(const char *name, bool yes);
long must(const char *call, int line, long result);
void must_if_offered(const char *call, int line, long result);

/* For errors that functions return instead of setting errno: -1 and errno, or 0. */
int as_errno(int error);

/* Runs a chapter in a new directory of its name, which is removed afterwards. A chapter that is NULL is left out. */
void chapter_run(const char *name, void (*chapter)(void));
/* From a chapter: what it asks about cannot be done here (no privilege, no such thing). Does not return. */
_Noreturn void chapter_leave_out(void);
unsigned facts_count(void);

/* In a child: a part of that chapter, which prints facts too. How many; -1 if it ended early. */
long part_run(const char *chapter, void (*part)(const char *name), const char *name);
/* Those that a child has printed. */
void facts_add(unsigned count);

/* An errno value as a small number that means the same on every system, and back. */
int error_code(int error);
int error_from_code(int code);
