// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"

#include <stdarg.h>

#include "base/str.h"

static struct {
	log_sink_fn *fn;
	void *arg;
} sink;

void log_set_sink(log_sink_fn *fn, void *arg)
{
	sink.fn = fn;
	sink.arg = arg;
}

static void __attribute__((format(printf, 2, 0)))
log_va(enum log_level level, const char *fmt, va_list ap)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (!sink.fn)
		return;
	strbuf_vaddf(&b, fmt, ap);
	str_plain(b.s);
	sink.fn(sink.arg, level, b.s);
}

#define DEFINE_LOG(name, level)         \
	void name(const char *fmt, ...) \
	{                               \
		va_list ap;             \
                                        \
		va_start(ap, fmt);      \
		log_va(level, fmt, ap); \
		va_end(ap);             \
	}

DEFINE_LOG(log_warn, LOG_WARN)
DEFINE_LOG(log_note, LOG_NOTE)
DEFINE_LOG(log_debug, LOG_DEBUG)
