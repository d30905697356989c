/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as one HTML file that needs nothing beside it: a summary, a timeline, every subtest with
 * its log. What guests wrote stands in it as text, whatever it is. A script helps to search;
 * without it everything can be read, and the page allows no other, nor anything from elsewhere.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdio.h>

#include "result/result.h"

#define HTML_PAST_MAX 40 /* earlier runs that a sparkline shows */

struct html_past {
	enum verdict verdict;
	int64_t duration_ms;
};

/* Fills in what is known of earlier runs of a subtest, the oldest first; the number of them. */
typedef size_t html_past_fn(void *arg, const char *file, const char *subtest,
			    struct html_past *past, size_t max);

struct html_source {
	const struct result *r;
	int dir_fd;	    /* the run's output directory, for the logs; -1: none */
	html_past_fn *past; /* NULL: no history */
	void *arg;
};

/* Written to f, which stays the caller's, with its error flag set where that failed. */
void report_html(FILE *f, const struct html_source *s);

#endif
