# SPDX-License-Identifier: GPL-2.0-only
# One file, no recursion: `make`, `make check-unit check-cli check-vm`, `make bench`, `make install`.
# CONTRIBUTING.md says what each check is.

ARCH	  := $(patsubst i%86,i386,$(shell uname -m))
BUILD	  ?= build
PREFIX	  ?= /usr/local
CC	  ?= gcc
CLANG	  ?= clang
PKGCONFIG ?= pkg-config
WERROR	  ?=
SANITIZE  ?=
FUZZ_SECONDS ?= 20
export BUILD FUZZ_SECONDS

WARN := -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -Wundef -Wno-missing-field-initializers $(if $(WERROR),-Werror)
LIBS := jansson libarchive libkmod libxxhash sqlite3
CFLAGS	   ?= -O2 -g
ALL_CFLAGS  = -std=gnu11 -pthread -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. $(WARN) $(CFLAGS) $(SANITIZE) \
	      $(LIB_CFLAGS)
LIB_CFLAGS := $(shell $(PKGCONFIG) --cflags $(LIBS))
ALL_LIBS   := $(shell $(PKGCONFIG) --libs $(LIBS)) -lm

LIB_SRCS   := $(wildcard base/*.c proto/*.c kernel/*.c kbuild/*.c image/*.c vm/*.c diag/*.c reach/*.c \
			result/*.c run/*.c testy/*.c report/*.c)
CMD_SRCS   := $(wildcard cmd/*.c)
AGENT_SRCS := $(wildcard guest/*.c proto/*.c)
UNIT_NAMES := $(patsubst %.c,%,$(wildcard t/unit/test_*.c))
FUZZ_NAMES := $(patsubst %.c,%,$(wildcard t/fuzz/fuzz_*.c))
FAKE_QEMU  := $(BUILD)/t/cli/qemu-system-x86_64

# The agent is static and small: musl where there is one, else the C library at hand.
MUSL_GCC   := $(shell command -v musl-gcc)
TRIPLET	   := $(shell $(CC) -print-multiarch 2>/dev/null)
AGENT_CC   ?= $(if $(MUSL_GCC),$(MUSL_GCC) -idirafter /usr/include -idirafter /usr/include/$(TRIPLET),$(CC))
AGENT	   := libexec/agent.$(ARCH)
# 32 bits do not hold every file's size and the time after 2038.
AGENT_FLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -I. $(WARN) \
	       -Os -static -s

# For guests of other architectures: `make agents [ARCHS=aarch64]`, by default all whose compiler
# is there. The table says what these are called: "aarch64=aarch64-linux-gnu-".
CROSS	   := $(shell awk -F'"' '/\.name =/ { name = $$2 } /\.cross =/ { print name "=" $$2 }' kernel/arch.c)
cross	    = $(patsubst $(1)=%,%,$(filter $(1)=%,$(CROSS)))
ARCHS	   ?= $(foreach a,$(foreach c,$(CROSS),$(firstword $(subst =, ,$c))), \
	      $(if $(shell command -v $(call cross,$a)gcc),$a))
PROBE	   := $(if $(filter x86_64,$(ARCH)),libexec/probe.x86_64)

# One binary, which asks what it was called by.
PROGRAMS   := build-test-kernel testy root_image

MANUALS	   := $(patsubst %.in,%,$(wildcard doc/*.1.in))

all: bin/ktest $(PROGRAMS:%=bin/%) libexec/keeper $(AGENT) $(PROBE) $(MANUALS)

$(PROGRAMS:%=bin/%): bin/ktest
	ln -sfn ktest $@

# "@OPTIONS COMMAND@" in a manual page is the list from the table that parses them.
doc/%.1: doc/%.1.in bin/ktest
	while IFS= read -r l; do case $$l in @OPTIONS*) l=$${l#@OPTIONS }; bin/ktest words "$${l%@}" mdoc || exit; ;; \
		*) printf '%s\n' "$$l" ;; esac; done <$< >$@

# The library and its tests are built up to three times: plain, for the sanitizers, for fuzzing.
# $(call variant,DIR,PROGRAM)
define variant
$(1)/%.o: %.c $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -MMD -MP -c -o $$@ $$<

$(1)/libktest.a: $(LIB_SRCS:%.c=$(1)/%.o)
	@rm -f $$@
	$$(AR) rcs $$@ $$^

$(2): $(CMD_SRCS:%.c=$(1)/%.o) $(1)/libktest.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(ALL_LIBS)

$(1)/t/unit/%: t/unit/%.c $(1)/libktest.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -MMD -MP $$(LDFLAGS) -o $$@ $$< $(1)/libktest.a $$(ALL_LIBS) -lcmocka

$(1)/t/fuzz/%: t/fuzz/%.c $(1)/libktest.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -fsanitize=fuzzer -MMD -MP $$(LDFLAGS) -o $$@ $$< $(1)/libktest.a $$(ALL_LIBS)

-include $(patsubst %.c,$(1)/%.d,$(LIB_SRCS) $(CMD_SRCS)) $(UNIT_NAMES:%=$(1)/%.d) $(FUZZ_NAMES:%=$(1)/%.d)
endef

SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(BUILD)/asan/% bin/ktest-asan: SANITIZE = $(SAN)
$(BUILD)/fuzz/%: SANITIZE = $(SAN) -fsanitize=fuzzer-no-link
$(BUILD)/fuzz/%: override CC = $(CLANG)
$(eval $(call variant,$(BUILD),bin/ktest))
$(eval $(call variant,$(BUILD)/asan,bin/ktest-asan))
$(eval $(call variant,$(BUILD)/fuzz,$(BUILD)/fuzz/ktest))

# Whatever the compiler is told is something that every object depends on.
FLAGS := $(CC) $(CLANG) $(ALL_CFLAGS) $(LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# It starts with each guest, so it has no more libraries than it uses.
libexec/keeper: cmd/keeper/keeper.c $(BUILD)/libktest.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libktest.a -Wl,--as-needed $(ALL_LIBS)

libexec/agent.%: $(AGENT_SRCS) $(wildcard guest/*.h proto/*.h)
	@mkdir -p $(@D)
	$(if $(filter $(ARCH),$*),$(AGENT_CC),$(call cross,$*)gcc) $(AGENT_FLAGS) -o $@ $(AGENT_SRCS)

libexec/probe.x86_64: guest/probe/probe.S guest/probe/probe.ld
	@mkdir -p $(@D) $(BUILD)
	$(CC) -m32 -c -o $(BUILD)/probe.o guest/probe/probe.S
	$(LD) -m elf_i386 -T guest/probe/probe.ld --oformat binary -o $@ $(BUILD)/probe.o

$(FAKE_QEMU): $(wildcard t/cli/*.c t/cli/*.h proto/*.c proto/*.h) $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c,$^) $(ALL_LIBS)

agents: $(ARCHS:%=libexec/agent.%)
unit-tests: $(UNIT_NAMES:%=$(BUILD)/%)
unit-tests-asan: $(UNIT_NAMES:%=$(BUILD)/asan/%)
fuzzers: $(FUZZ_NAMES:%=$(BUILD)/fuzz/%)
# Everything that is compiled and linked, nothing of it put in bin/: for the other compiler.
objects: $(LIB_SRCS:%.c=$(BUILD)/%.o) $(CMD_SRCS:%.c=$(BUILD)/%.o) $(BUILD)/cmd/keeper/keeper.o \
		$(FUZZ_NAMES:%=$(BUILD)/%.o) unit-tests $(FAKE_QEMU)

# Each check prints a line a test program and ends with a total; `make check` has one for all.
check-build: all unit-tests unit-tests-asan bin/ktest-asan fuzzers $(FAKE_QEMU)
check: check-build
	t/run
check-unit: unit-tests unit-tests-asan
	t/run unit unit-asan
check-lib:
	t/run lib
check-cli: all bin/ktest-asan $(FAKE_QEMU)
	t/run cli cli-asan
check-vm: all
	t/run vm
check-lint:
	t/run lint
check-full: all agents
	t/run full
check-fuzz: fuzzers
	t/run fuzz
bench: all $(FAKE_QEMU)
	t/bench/run

# A tree of its own in lib/ktest: the programs find it through the link.
TREE := $(DESTDIR)$(PREFIX)/lib/ktest
install: all
	install -d $(TREE)/bin $(TREE)/libexec $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install bin/ktest $(TREE)/bin
	install libexec/keeper libexec/agent.* $(TREE)/libexec
	$(if $(PROBE),install -m 644 $(PROBE) $(TREE)/libexec)
	cp -R --no-preserve=ownership lib tests kconfig lists rootfs $(TREE)
	for p in ktest $(PROGRAMS); do ln -sfn ../lib/ktest/bin/ktest $(DESTDIR)$(PREFIX)/bin/$$p; done
	install -m 644 $(MANUALS) $(DESTDIR)$(PREFIX)/share/man/man1
	install -D -m 644 doc/ktest.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ktest
	for p in $(PROGRAMS); do ln -sfn ktest $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p; done

clean:
	rm -rf $(BUILD) bin libexec $(MANUALS)

FORCE:
.PHONY: all agents unit-tests unit-tests-asan fuzzers objects check check-build check-unit check-lib check-cli \
	check-vm check-lint check-fuzz check-full bench install clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
