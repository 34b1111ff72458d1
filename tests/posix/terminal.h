/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-terminals of chapters. What is typed is worked off at some later moment on Linux, so nothing here looks before it has read what comes behind. */
#pragma once

#include <termios.h>

struct pty {
	int master, slave;
};

/* A new pair; the chapter ends if there is none to be had. Nothing of it is inherited. */
struct pty pty_new(void);
void pty_end(struct pty *p);
/* Settings as they are, with these flags off and on. */
void pty_flags(const struct pty *p, tcflag_t off, tcflag_t on);        /* c_lflag */
void pty_input_flags(const struct pty *p, tcflag_t off, tcflag_t on);  /* c_iflag */
void pty_output_flags(const struct pty *p, tcflag_t off, tcflag_t on); /* c_oflag */
void pty_key(const struct pty *p, int key, cc_t value);
/* Canonical mode and echo off. */
void pty_raw(const struct pty *p, cc_t min, cc_t time);

void type(const struct pty *p, const char *text);
/* The next line (or what else a read gives) of the slave, with its control characters shown as ^X and \n as it is. */
const char *line(const struct pty *p);
/* All that the master has to read by now: echo and output. */
const char *shown(const struct pty *p);
