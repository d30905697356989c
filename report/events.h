/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_EVENTS_H
#define REPORT_EVENTS_H

#include "base/err.h"
#include "base/str.h"

/* The whole events of a journal, a line each: without the last one where that is torn. */
int report_events(const char *journal, struct strbuf *out, struct err *err);

#endif
