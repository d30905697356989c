/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the page: report/html*.c only. */
#ifndef REPORT_HTML_PARTS_H
#define REPORT_HTML_PARTS_H

#include "base/str.h"
#include "report/html.h"

extern const char html_style[], html_script[];
/* Of html_script, base64: what the page's policy allows. t/cli/81-html.t checks it. */
#define HTML_SCRIPT_SHA256 "PE7TiL+kEb90ZI91m/r/O9oLlKaSmK8asDkyDSGrtRQ="

/* An element with text in it, escaped; class NULL: none. */
void html_element(struct strbuf *b, const char *tag, const char *class, const char *text);
/* "<span class="v pass">PASS</span>" */
void html_verdict(struct strbuf *b, enum verdict v);
const char *html_verdict_class(enum verdict v);

/* The guests as rows, their subtests as bars in them; nothing where no guest started. */
void html_timeline(struct strbuf *b, const struct result *r);
/* Durations of earlier runs as bars in the colours of their verdicts; nothing for fewer than two.
 */
void html_sparkline(struct strbuf *b, const struct html_past *past, size_t n);

/* One subtest: number names its anchor. log_room is what may still be shown of logs, in bytes. */
void html_test(struct strbuf *b, const struct html_source *s, size_t number, size_t *log_room);

#endif
