/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run or a build shows while it goes on: a progress line on a terminal, else plain lines. */
#ifndef CMD_SCREEN_H
#define CMD_SCREEN_H

#include <stdbool.h>

#include "run/run.h"

struct screen {
	bool terminal;
	struct progress *progress; /* NULL: no terminal */
	struct attach *attach;	   /* the terminal is at a guest that stays; NULL: it is not */
	int64_t line_ns;	   /* of a build: when it last got a line */
};

/* On stdout, where that is a terminal and free for a line. While it is open, notes and warnings go
 * round that line. */
void screen_open(struct screen *s, bool line);
void screen_close(struct screen *s);
int screen_width(void);

/* The callbacks of a run; they point at s. */
struct run_ui screen_ui(struct screen *s);
/* A guest that stays gets the terminal; where there is none, a line tells how to reach it. */
void screen_interactive(struct run_ui *ui);

#endif
