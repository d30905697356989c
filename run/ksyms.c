// SPDX-License-Identifier: GPL-2.0-only
#include "run/ksyms.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

#define SYMBOLS_MAX  2000000
#define NAME_MAX_LEN 512 /* KSYM_NAME_LEN */

enum { SECTION_NONE, SECTION_TEXT, SECTION_DATA, SECTION_SYMTAB, SECTION_STRTAB, SECTIONS };

struct ksym {
	uint64_t addr;
	bool text;
	size_t name; /* in the table of strings */
};

struct ksyms {
	struct ksym *v;
	size_t n, cap;
	struct strbuf names; /* each ended by NUL, the first one empty */
};

static bool parse_hex(const char **p, const char *end, uint64_t *out)
{
	const char *start = *p;

	*out = 0;
	for (; *p < end && *p - start < 16; ++*p) {
		char c = **p;
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			break;
		*out = *out << 4 | (uint64_t)digit;
	}
	return *p > start && *p < end && **p == ' ';
}

/* What a compiler makes names of; it is a terminal that shows them. */
static size_t name_length(const char *p, const char *end)
{
	static const char others[] = "_.$@";
	size_t n = 0;

	while (p + n < end && ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= 'A' && p[n] <= 'Z') ||
			       (p[n] >= '0' && p[n] <= '9') || (p[n] && strchr(others, p[n]))))
		n++;
	return p + n == end || p[n] == '\t' || p[n] == ' ' ? n : 0;
}

static void add(struct ksyms *s, uint64_t addr, bool text, const char *name, size_t len)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 4096;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = (struct ksym){addr, text, s->names.len};
	strbuf_add(&s->names, name, len);
	strbuf_putc(&s->names, '\0');
}

/* Addresses of 0 are what the unprivileged see, those of type a are no addresses. */
static void parse_line(struct ksyms *s, const char *p, const char *end)
{
	uint64_t addr;
	size_t len;
	char type;

	if (!parse_hex(&p, end, &addr) || end - p < 4 || p[2] != ' ')
		return;
	type = p[1];
	len = name_length(p + 3, end);
	if (!addr || !strchr("tTwWdDbBrRvV", type) || !len || len > NAME_MAX_LEN)
		return;
	add(s, addr, strchr("tTwW", type) != NULL, p + 3, len);
}

static void parse(struct ksyms *s, const char *text, size_t len)
{
	const char *end = text + len;

	strbuf_putc(&s->names, '\0');
	while (text < end && s->n < SYMBOLS_MAX) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));

		parse_line(s, text, nl ? nl : end);
		text = nl ? nl + 1 : end;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct ksym *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* ---- ELF */

static uint16_t machine_of(const char *arch)
{
	static const struct {
		const char *name;
		uint16_t machine;
	} machines[] = {{"x86_64", EM_X86_64}, {"aarch64", EM_AARCH64}, {"riscv64", EM_RISCV}};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (!strcmp(machines[i].name, arch))
			return machines[i].machine;
	return EM_NONE;
}

/* Up to the next one; the last and those that share an address have none. */
static void add_symbol(struct strbuf *b, const struct ksyms *s, size_t i)
{
	uint64_t next = i + 1 < s->n ? s->v[i + 1].addr : s->v[i].addr;
	const Elf64_Sym sym = {
		.st_name = (Elf64_Word)s->v[i].name,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, s->v[i].text ? STT_FUNC : STT_OBJECT),
		.st_shndx = s->v[i].text ? SECTION_TEXT : SECTION_DATA,
		.st_value = s->v[i].addr,
		.st_size = next - s->v[i].addr,
	};

	strbuf_add(b, &sym, sizeof(sym));
}

/* From the first to the last symbol of its kind; it has no content. */
static Elf64_Shdr memory_section(const struct ksyms *s, bool text)
{
	Elf64_Shdr sh = {.sh_type = SHT_NOBITS,
			 .sh_flags = SHF_ALLOC | (text ? SHF_EXECINSTR : SHF_WRITE),
			 .sh_addralign = 1};
	uint64_t last = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].text != text)
			continue;
		if (!sh.sh_addr)
			sh.sh_addr = s->v[i].addr;
		last = s->v[i].addr;
	}
	sh.sh_size = last - sh.sh_addr + 1;
	return sh;
}

static void add_sections(struct strbuf *b, const struct ksyms *s, size_t symbols, size_t names)
{
	Elf64_Shdr sh[SECTIONS] = {{0}};

	sh[SECTION_TEXT] = memory_section(s, true);
	sh[SECTION_DATA] = memory_section(s, false);
	sh[SECTION_SYMTAB] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
					  .sh_offset = symbols,
					  .sh_size = (s->n + 1) * sizeof(Elf64_Sym),
					  .sh_link = SECTION_STRTAB,
					  .sh_info = 1,
					  .sh_addralign = 8,
					  .sh_entsize = sizeof(Elf64_Sym)};
	sh[SECTION_STRTAB] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
					  .sh_offset = names,
					  .sh_size = s->names.len,
					  .sh_addralign = 1};
	strbuf_add(b, sh, sizeof(sh));
}

static void build(struct strbuf *b, const struct ksyms *s, uint16_t machine)
{
	const size_t sections = sizeof(Elf64_Ehdr);
	const size_t symbols = sections + SECTIONS * sizeof(Elf64_Shdr);
	const size_t names = symbols + (s->n + 1) * sizeof(Elf64_Sym);
	const Elf64_Sym none = {0};
	Elf64_Ehdr eh = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_shoff = sections,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = SECTION_STRTAB,
	};

	strbuf_add(b, &eh, sizeof(eh));
	add_sections(b, s, symbols, names);
	strbuf_add(b, &none, sizeof(none));
	for (size_t i = 0; i < s->n; i++)
		add_symbol(b, s, i);
	strbuf_add(b, s->names.s, s->names.len);
}

int ksyms_write(const char *text, size_t len, const char *arch, const char *path, struct err *err)
{
	_cleanup_strbuf_ struct strbuf elf = {0};
	struct ksyms s = {0};
	uint16_t machine = machine_of(arch);
	int r;

	if (machine == EM_NONE)
		return err_set(err, ENOTSUP, "no symbols without vmlinux for %s", arch);
	parse(&s, text, len);
	if (s.n) {
		qsort(s.v, s.n, sizeof(*s.v), by_address);
		build(&elf, &s, machine);
		r = file_write_atomic(path, elf.s, elf.len, 0600, err);
	} else {
		r = err_set(err, ENODATA, "the guest's /proc/kallsyms tells no address");
	}
	strbuf_done(&s.names);
	free(s.v);
	return r;
}
