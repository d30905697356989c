// SPDX-License-Identifier: GPL-2.0-only
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int err_vset(struct err *err, int code, const char *fmt, va_list ap)
{
	code = -abs(code);
	if (!err)
		return code;
	err->code = code;
	err->usage = 0;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	str_plain(err->msg);
	return code;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = err_vset(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno ? errno : EIO;
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, saved, fmt, ap);
	va_end(ap);
	if (err) {
		len = strlen(err->msg);
		snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", strerror(saved));
	}
	return -saved;
}

int err_usage(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, EINVAL, fmt, ap);
	va_end(ap);
	if (err)
		err->usage = 1;
	return -EINVAL;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char ctx[512];
	size_t len;
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	vsnprintf(ctx, sizeof(ctx), fmt, ap);
	va_end(ap);
	str_plain(ctx);
	len = strnlen(ctx, sizeof(ctx));
	if (len + 2 < sizeof(err->msg)) {
		memmove(err->msg + len + 2, err->msg, sizeof(err->msg) - len - 3);
		err->msg[sizeof(err->msg) - 1] = '\0';
		memcpy(err->msg, ctx, len);
		memcpy(err->msg + len, ": ", 2);
	}
	return err->code;
}
