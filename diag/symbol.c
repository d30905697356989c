// SPDX-License-Identifier: GPL-2.0-only
#include "diag/symbol.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* A trailing '*' makes an entry a prefix. */
static const char *const reporters[] = {
	"dump_stack*",
	"__dump_stack",
	"show_stack*",
	"dump_backtrace*",
	"show_trace*",
	"unwind_*",
	"arch_stack_walk*",
	"stack_trace_save*",
	"__warn*",
	"warn_slowpath*",
	"warn_bogus*",
	"report_bug*",
	"handle_bug*",
	"exc_*",
	"asm_exc_*",
	"print_*",
	"kasan_*",
	"__kasan_*",
	"__asan_*",
	"__hwasan_*",
	"check_region_inline",
	"check_memory_region*",
	"end_report*",
	"kmsan_*",
	"__msan_*",
	"kcsan_*",
	"__tsan_*",
	"kfence_*",
	"__kfence_*",
	"ubsan_*",
	"__ubsan_*",
	"handle_overflow",
	"lockdep_*",
	"lock_acquire*",
	"__lock_acquire*",
	"lock_release*",
	"__lock_release*",
	"validate_chain*",
	"check_noncircular*",
	"check_prev*",
	"check_deadlock*",
	"check_irq_usage*",
	"mark_lock*",
	"mark_usage*",
	"__might_sleep*",
	"___might_sleep*",
	"__might_resched*",
	"check_preemption_disabled*",
	"debug_smp_processor_id*",
	"__this_cpu_preempt_check*",
	"__schedule_bug*",
	"nmi_*",
	"irq_work_*",
	"trigger_*",
	"rcu_dump_cpu_stacks*",
	"rcu_check_gp_kthread*",
	"memcpy*",
	"memset*",
	"memmove*",
	"__memcpy*",
	"__memset*",
	"__memmove*",
	"slab_err*",
	"slab_bug*",
	"object_err*",
	"check_bytes_and_report*",
	"check_object*",
	"bad_page*",
};

static const char *const waiters[] = {
	"__schedule*",
	"schedule*",
	"__switch_to*",
	"context_switch*",
	"preempt_schedule*",
	"io_schedule*",
	"mutex_lock*",
	"__mutex_lock*",
	"ww_mutex_*",
	"rt_mutex_*",
	"__rt_mutex_*",
	"rwsem_*",
	"rwbase_*",
	"down",
	"down_*",
	"__down*",
	"percpu_down_*",
	"percpu_rwsem_*",
	"__percpu_down_*",
	"wait_for_completion*",
	"wait_for_common*",
	"__wait_for_common*",
	"do_wait_for_common*",
	"wait_on_bit*",
	"__wait_on_bit*",
	"out_of_line_wait_on_bit*",
	"bit_wait*",
	"__bit_wait*",
	"wait_on_page_bit*",
	"__wait_on_page_bit*",
	"folio_wait_bit*",
	"folio_wait_writeback*",
	"__folio_lock*",
	"__lock_page*",
	"__wait_on_buffer*",
	"synchronize_rcu*",
	"synchronize_srcu*",
	"__synchronize_srcu*",
	"__wait_rcu_gp*",
};

static const char *const allocators[] = {
	"kmalloc*",	    "__kmalloc*",   "__do_kmalloc*",	  "kzalloc*",
	"kvmalloc*",	    "__kvmalloc*",  "kmem_cache_alloc*",  "__kmem_cache_alloc*",
	"slab_post_alloc*", "slab_alloc*",  "kmemleak_*",	  "krealloc*",
	"kstrdup*",	    "kmemdup*",	    "vmalloc*",		  "__vmalloc*",
	"alloc_skb*",	    "__alloc_skb*", "ref_tracker_alloc*", "__netdev_tracker_alloc*",
	"netdev_hold*",	    "dev_hold*",    "__alloc_pages*",	  "alloc_pages*",
};

static bool name_matches(const char *entry, const char *name)
{
	size_t n = strlen(entry);

	if (entry[n - 1] == '*')
		return !strncmp(name, entry, n - 1);
	return !strcmp(name, entry);
}

static bool name_in(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (name_matches(list[i], name))
			return true;
	return false;
}

bool symbol_reporter(const char *name)
{
	return name_in(reporters, ARRAY_SIZE(reporters), name);
}

bool symbol_waiter(const char *name)
{
	return name_in(waiters, ARRAY_SIZE(waiters), name);
}

bool symbol_allocator(const char *name)
{
	return name_in(allocators, ARRAY_SIZE(allocators), name);
}

static bool is_symbol_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static size_t hex_len(const char *s, size_t len)
{
	size_t n = 2;

	if (len < 3 || s[0] != '0' || s[1] != 'x')
		return 0;
	while (n < len && isxdigit((unsigned char)s[n]))
		n++;
	return n > 2 ? n : 0;
}

/* "+0x12/0x34" */
static bool is_offset(const char *s, size_t len)
{
	size_t n = len ? hex_len(s + 1, len - 1) : 0;

	return n && n + 1 < len && s[n + 1] == '/' && hex_len(s + n + 2, len - n - 2);
}

static bool name_copy(const char *s, size_t len, char out[SYMBOL_MAX])
{
	const char *suffix;

	if (!len || isdigit((unsigned char)s[0]))
		return false;
	suffix = memchr(s + 1, '.', len - 1);
	if (suffix)
		len = (size_t)(suffix - s);
	if (len >= SYMBOL_MAX)
		len = SYMBOL_MAX - 1;
	memcpy(out, s, len);
	out[len] = 0;
	return true;
}

bool symbol_find(const char *text, size_t len, char out[SYMBOL_MAX])
{
	const char *end = text + len, *p = text, *start;

	for (; (p = memchr(p, '+', (size_t)(end - p))); p++) {
		if (!is_offset(p, (size_t)(end - p)))
			continue;
		for (start = p; start > text && is_symbol_char(start[-1]);)
			start--;
		if (name_copy(start, (size_t)(p - start), out))
			return true;
	}
	return false;
}

bool symbol_frame(const char *text, size_t len, char out[SYMBOL_MAX])
{
	size_t i = 0;

	if (!len || (text[0] != ' ' && text[0] != '\t'))
		return false;
	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	/* "[<ffffffff81000000>] func+..." of kernels and reports that print addresses. */
	if (i + 1 < len && text[i] == '[' && text[i + 1] == '<') {
		while (i < len && text[i] != ']')
			i++;
		i += i < len;
		while (i < len && text[i] == ' ')
			i++;
	}
	if (i < len && text[i] == '?')
		return false;
	return symbol_find(text + i, len - i, out);
}

static bool starts(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(text, with, n);
}

bool symbol_pc(const char *text, size_t len, char out[SYMBOL_MAX])
{
	static const char *const heads[] = {
		"RIP: 0010:", "RIP: e030:", "pc : ", "epc : ", "PC is at ", "NIP ["};
	size_t n;

	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		n = strlen(heads[i]);
		if (starts(text, len, heads[i]))
			return symbol_find(text + n, len - n, out);
	}
	return false;
}
