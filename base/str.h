/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that aborts when it runs out, growing strings, string vectors, cleanup attributes. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Never return NULL: the host program ends when memory does. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void cleanup_free(void *pp); /* frees *(void **)pp */
void cleanup_close(int *fd); /* closes *fd unless negative; errno kept */
#define _cleanup_free_	__attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))

/* A growing buffer, NUL-terminated at len. {} is an empty one; s is NULL until something is added.
 */
struct strbuf {
	char *s;
	size_t len;
	size_t cap;
};

void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void strbuf_reset(struct strbuf *b);		     /* length 0, memory kept */
void strbuf_reserve(struct strbuf *b, size_t extra); /* room for extra bytes and the NUL */
char *strbuf_detach(struct strbuf *b);		     /* never NULL; the caller frees it */
void strbuf_done(struct strbuf *b);
#define _cleanup_strbuf_ __attribute__((cleanup(strbuf_done)))

/* A vector of owned strings; v is always NULL-terminated once something is added. {} is an empty
 * one. */
struct strv {
	char **v;
	size_t n;
};

void strv_add(struct strv *sv, const char *s);
void strv_addn(struct strv *sv, const char *s, size_t len);
void strv_addf(struct strv *sv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_addv(struct strv *sv, ...) __attribute__((sentinel)); /* strings, then NULL */
void strv_cat(struct strv *sv, const struct strv *more);
void strv_copy(struct strv *dst, const struct strv *src); /* dst is done first */
bool strv_has(const struct strv *sv, const char *s);
char *strv_join(const struct strv *sv, const char *sep); /* the caller frees it */
void strv_done(struct strv *sv);
#define _cleanup_strv_ __attribute__((cleanup(strv_done)))

/* Control characters become '?': a message is one line, whatever it names. */
void str_plain(char *s);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_eq(const char *a, const char *b);	   /* NULL equals NULL only */
bool str_word(const char *list, const char *word); /* one of the space-separated words of list */
bool mem_is_zero(const void *data, size_t len);
const char *path_base(const char *path); /* what follows the last '/' */

/* Replace *dst by a copy of src (may be NULL). */
void str_set(char **dst, const char *src);

/* A decimal integer in [min, max], nothing before or after; 0 or -EINVAL, *out untouched then. */
int str_int(const char *s, int64_t min, int64_t max, int64_t *out);

/*
 * A size with an optional suffix k, M, G, T (powers of 1024, either case, a trailing
 * B or iB accepted) to bytes; 0 or -EINVAL (also on overflow), *out untouched then.
 */
int str_size(const char *s, uint64_t *out);

/* s quoted so that a POSIX shell reads it back as one word. */
void strbuf_shell_quote(struct strbuf *b, const char *s);

#endif
