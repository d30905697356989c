// SPDX-License-Identifier: GPL-2.0-only
/* The choice of the accelerator, with a fake QEMU in the place of the real one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"
#include "kernel/arch.h"
#include "vm/probe.h"
#include "t/unit/unseen.h"

/* Like the probe, wait for an answer to each line. */
#define SAY  "say() { echo \"$1\"; read -r answer; }; "
#define GOOD SAY "say 'ktest probe 2'; say pass; say pass; echo done; exit 33"

/* A directory with a fake QEMU that counts its calls, an image and no KVM device. */
struct fixture {
	char dir[64];
	char *qemu, *image, *kvm, *calls, *cache;
	struct accel_host host;
};

static void fake_qemu(struct fixture *f, const char *body)
{
	_cleanup_free_ char *text = xasprintf("#!/bin/sh\necho \"$*\" >>%s\n%s\n", f->calls, body);

	assert_int_equal(file_write(f->qemu, text, strlen(text), 0755, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/ktest-accel.XXXXXX");
	assert_int_equal(dir_make_temp(f->dir, NULL), 0);
	f->qemu = xasprintf("%s/qemu", f->dir);
	f->image = xasprintf("%s/image", f->dir);
	f->kvm = xasprintf("%s/kvm", f->dir);
	f->calls = xasprintf("%s/calls", f->dir);
	f->cache = xasprintf("%s/cache/ktest", f->dir);
	assert_int_equal(file_write(f->image, "image", 5, 0644, NULL), 0);
	fake_qemu(f, GOOD);
	f->host = (struct accel_host){f->kvm, f->image, "boot-1", 5000, 0.5};
	settle();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rm_rf(f->dir, NULL);
	cleanup_free(&f->qemu);
	cleanup_free(&f->image);
	cleanup_free(&f->kvm);
	cleanup_free(&f->calls);
	cleanup_free(&f->cache);
	cleanup_free(&f);
	return 0;
}

static int calls(const struct fixture *f)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int n = 0;

	if (file_read(f->calls, 1 << 20, &text, &len, NULL) < 0)
		return 0;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static struct probe run(struct fixture *f, const char *body)
{
	struct probe p;

	fake_qemu(f, body);
	probe_run(&f->host, arch_find("x86_64"), ACCEL_KVM, f->qemu, &p);
	return p;
}

static struct accel_info choose(struct fixture *f, const char *want)
{
	struct accel_info info = {0};
	struct err err = {0};

	assert_int_equal(accel_choose_on(&f->host, want, "amd64", f->qemu, f->cache, &info, &err),
			 0);
	return info;
}

static void the_best_pass_is_the_factor(void **state)
{
	/* 20, 14.75 and 15 ms; full speed is 1.75 ms. */
	const int64_t cpu_ns[] = {300000000, 320000000, 334750000, 349750000};
	double factor = probe_factor(cpu_ns, 3);

	(void)state;
	assert_true(factor > 8.4 && factor < 8.5);
}

static void factor_stays_between_1_and_20(void **state)
{
	const int64_t cpu_ns[] = {0, 1000000, 501000000};

	(void)state;
	assert_true(probe_factor(cpu_ns, 1) == 1);
	assert_true(probe_factor(cpu_ns + 1, 1) == 20);
}

static void only_processor_time_counts(void **state)
{
	static const char work[] =
		"work() { i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; }; ";
	_cleanup_free_ char *busy = xasprintf(
		"%s%s", work, SAY "say 'ktest probe 2'; work; say pass; echo done; exit 33");
	struct probe p =
		run(*state, SAY "say 'ktest probe 2'; sleep 0.1; say pass; echo done; exit 33");

	assert_true(p.works && p.lasting && p.factor < 5); /* 50 by the clock */
	p = run(*state, busy);
	assert_true(p.works && p.lasting && p.factor > 1);
}

static void hang_is_ended_at_the_deadline(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = NULL, *pid_file = xasprintf("%s/pid", f->dir);
	_cleanup_free_ char *body =
		xasprintf("echo $$ >%s; echo KVM internal error. >&2; sleep 100", pid_file);
	int64_t start = loop_now_ns(), pid;
	struct probe p;
	size_t len;

	f->host.deadline_ms = 300;
	p = run(f, body);
	assert_true(loop_now_ns() - start < 5 * NSEC_PER_SEC);
	assert_false(p.works);
	assert_true(p.lasting);
	assert_non_null(strstr(p.why, "hangs"));
	assert_non_null(strstr(p.why, "KVM internal error."));
	assert_int_equal(file_read(pid_file, 32, &text, &len, NULL), 0);
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(str_int(text, 2, INT32_MAX, &pid), 0);
	assert_int_equal(kill((pid_t)pid, 0), -1);
}

static void crash_is_a_lasting_verdict(void **state)
{
	struct probe p =
		run(*state, "echo 'warning: x' >&2; echo 'failed to set MSR' >&2; kill -ABRT $$");

	assert_false(p.works);
	assert_true(p.lasting);
	assert_non_null(strstr(p.why, "SIGABRT"));
	assert_non_null(strstr(p.why, "failed to set MSR"));
}

static void wrong_output_does_not_pass(void **state)
{
	static const char *const bodies[] = {
		"exit 33",
		"printf 'ktest probe 2\\npass\\npass\\ndone\\n'; exit 33",
		SAY "say 'ktest probe 2'; echo done; exit 33",
		SAY "say 'ktest probe 1'; say pass; echo done; exit 33",
		SAY "say 'ktest probe 2'; say pass; exit 33",
		SAY "say 'ktest probe 2'; say pas; echo done; exit 33",
		SAY "say 'ktest probe 2'; say pass; echo done; echo more; exit 33",
		SAY "say 'ktest probe 2'; say pass; echo done; exit 0",
		"while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct probe p = run(*state, bodies[i]);

		assert_false(p.works);
		assert_true(p.lasting);
		assert_true(p.why[0]);
	}
}

static void guest_says_what_is_wrong(void **state)
{
	struct probe p = run(*state, "echo SSE computes wrong results; exit 35");

	assert_false(p.works);
	assert_non_null(strstr(p.why, "SSE computes wrong results"));
}

static void qemu_that_does_not_start_is_no_lasting_verdict(void **state)
{
	struct fixture *f = *state;
	struct probe p = run(f, "echo 'Device or resource busy' >&2; exit 1");

	assert_false(p.works);
	assert_false(p.lasting);
	assert_non_null(strstr(p.why, "Device or resource busy"));
	unlink(f->qemu);
	probe_run(&f->host, arch_find("x86_64"), ACCEL_TCG, f->qemu, &p);
	assert_false(p.works);
	assert_false(p.lasting);
	assert_true(p.why[0]);
}

static void qemu_without_seccomp_runs_without(void **state)
{
	struct probe p = run(*state, "case $* in *-sandbox*) echo 'no option group sandbox' >&2; "
				     "exit 1;; esac; " GOOD);

	assert_true(p.works);
	assert_int_equal(calls(*state), 2);
}

static void foreign_bytes_do_not_reach_the_reason(void **state)
{
	struct probe p = run(*state, "printf '\\033[31mred\\007\\n' >&2; exit 2");

	assert_null(strchr(p.why, '\033'));
	assert_non_null(strstr(p.why, "?[31mred?"));
}

static void second_choice_runs_nothing(void **state)
{
	struct fixture *f = *state;
	struct accel_info a = choose(f, "tcg"), b = choose(f, "tcg");

	assert_int_equal(calls(f), 1);
	assert_int_equal(a.accel, ACCEL_TCG);
	assert_string_equal(a.reason, "as asked for");
	assert_true(a.speed_factor == 1);
	assert_true(b.speed_factor == 1);
}

static void cache_ends_with_the_boot_and_the_binary(void **state)
{
	struct fixture *f = *state;

	choose(f, "tcg");
	f->host.boot_id = "boot-2";
	choose(f, "tcg");
	assert_int_equal(calls(f), 2);
	fake_qemu(f, "# another one\n" GOOD);
	choose(f, "tcg");
	assert_int_equal(calls(f), 3);
	choose(f, "tcg");
	assert_int_equal(calls(f), 3);
}

static void damaged_cache_is_made_anew(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"version\":1}",
		"{\"version\":1,\"boot_id\":\"boot-1\",\"probes\":7}",
		"{\"version\":1,\"boot_id\":\"boot-1\",\"probes\":[3,{\"key\":5}]}",
	};
	struct fixture *f = *state;
	_cleanup_free_ char *path = xasprintf("%s/accel.json", f->cache);

	choose(f, "tcg");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(file_write(path, bad[i], strlen(bad[i]), 0600, NULL), 0);
		choose(f, "tcg");
		choose(f, "tcg");
		assert_int_equal(calls(f), 2 + (int)i);
	}
}

static void cached_verdict_is_what_was_remembered(void **state)
{
	struct fixture *f = *state;
	struct probe in = {.lasting = true, .why = "a tiny guest hangs"}, out;

	assert_false(probe_recall(&f->host, ACCEL_KVM, f->qemu, f->cache, &out));
	probe_remember(&f->host, ACCEL_KVM, f->qemu, f->cache, &in);
	assert_true(probe_recall(&f->host, ACCEL_KVM, f->qemu, f->cache, &out));
	assert_false(out.works);
	assert_string_equal(out.why, in.why);
	assert_false(probe_recall(&f->host, ACCEL_TCG, f->qemu, f->cache, &out));
	in.lasting = false;
	probe_remember(&f->host, ACCEL_TCG, f->qemu, f->cache, &in);
	assert_false(probe_recall(&f->host, ACCEL_TCG, f->qemu, f->cache, &out));
}

/* Remember that TCG was measured. */
static void known(struct fixture *f, double factor, double load)
{
	struct probe p = {.works = true, .lasting = true, .factor = factor, .load = load};

	probe_remember(&f->host, ACCEL_TCG, f->qemu, f->cache, &p);
}

static void measured_under_load_is_measured_again_without(void **state)
{
	struct fixture *f = *state;
	struct accel_info info;

	known(f, 9, 1.5);
	f->host.load = 1.2;
	info = choose(f, "tcg");
	assert_true(info.speed_factor == 9 && info.loaded);
	assert_int_equal(calls(f), 0);
	f->host.load = 0.9;
	info = choose(f, "tcg");
	assert_true(info.speed_factor == 1 && !info.loaded);
	choose(f, "tcg");
	assert_int_equal(calls(f), 1);
}

static void remembered_factor_only_becomes_smaller(void **state)
{
	struct fixture *f = *state;
	struct probe p;

	known(f, 8, 1.5);
	known(f, 9, 0.5);
	assert_true(probe_recall(&f->host, ACCEL_TCG, f->qemu, f->cache, &p));
	assert_true(p.factor == 8 && p.load == 0.5);
	known(f, 7, 3);
	assert_true(probe_recall(&f->host, ACCEL_TCG, f->qemu, f->cache, &p));
	assert_true(p.factor == 7 && p.load == 0.5);
}

static void failing_second_measurement_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct accel_info info;

	fake_qemu(f, "exit 33");
	known(f, 9, 1.5);
	info = choose(f, "tcg");
	assert_true(info.speed_factor == 9 && info.loaded);
	assert_int_equal(calls(f), 1);
}

static void failing_tcg_probe_is_slow_and_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct accel_info info;

	fake_qemu(f, "exit 33");
	info = choose(f, "tcg");
	assert_true(info.speed_factor == 20);
	assert_non_null(strstr(info.reason, "not measured"));
	choose(f, "tcg");
	assert_int_equal(calls(f), 2);
}

static void no_device_means_tcg(void **state)
{
	struct fixture *f = *state;
	struct accel_info info = choose(f, "auto");
	struct err err = {0};

	assert_int_equal(info.accel, ACCEL_TCG);
	assert_non_null(strstr(info.reason, "there is no "));
	assert_int_equal(accel_choose_on(&f->host, "kvm", "amd64", f->qemu, f->cache, &info, &err),
			 -ENODEV);
	assert_non_null(strstr(err.msg, "there is no "));
}

static void other_file_is_no_kvm(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(file_write(f->kvm, "", 0, 0600, NULL), 0);
	assert_non_null(strstr(choose(f, "auto").reason, "is not the KVM device"));
}

static void permission_names_the_group(void **state)
{
	struct fixture *f = *state;
	struct accel_info info;

	assert_int_equal(file_write(f->kvm, "", 0, 0000, NULL), 0);
	assert_int_equal(chmod(f->kvm, 0000), 0);
	f->host.image = NULL;
	if (!geteuid()) {
		assert_int_equal(chmod(f->dir, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
		info = choose(f, "auto");
		assert_int_equal(seteuid(0), 0);
	} else {
		info = choose(f, "auto");
	}
	assert_int_equal(info.accel, ACCEL_TCG);
	assert_non_null(strstr(info.reason, "group kvm"));
}

static void unmeasured_architecture_is_guessed(void **state)
{
	struct fixture *f = *state;
	struct accel_info info;
	struct err err = {0};

	f->host.image = NULL;
	assert_int_equal(accel_choose_on(&f->host, "tcg", "arm64", f->qemu, f->cache, &info, &err),
			 0);
	assert_true(info.speed_factor == 10);
	assert_non_null(strstr(info.reason, "no probe for aarch64"));
	assert_int_equal(calls(f), 0);
}

static void mistakes_are_said(void **state)
{
	struct fixture *f = *state;
	struct accel_info info;
	struct err err = {0};

	assert_true(accel_choose_on(&f->host, "hvf", "amd64", f->qemu, NULL, &info, &err) < 0);
	assert_true(err.usage);
	assert_true(accel_choose_on(&f->host, "tcg", "vax", f->qemu, NULL, &info, &err) < 0);
	assert_non_null(strstr(err.msg, "x86_64, i386, aarch64, riscv64"));
}

static void one_line_describes_it(void **state)
{
	struct accel_info info = {ACCEL_TCG, "as asked for", 11.26, false};
	_cleanup_strbuf_ struct strbuf b = {0};

	(void)state;
	accel_describe(&info, &b);
	assert_string_equal(b.s, "accelerator tcg (as asked for), speed factor 11.3");
	info.loaded = true;
	accel_describe(&info, &b);
	assert_non_null(strstr(b.s, "11.3 (measured under load, will be measured again)"));
}

static void architectures_have_many_names(void **state)
{
	(void)state;
	assert_string_equal(arch_find("amd64")->name, "x86_64");
	assert_string_equal(arch_find("x86_64")->debian, "amd64");
	assert_string_equal(arch_find("i686")->name, "i386");
	assert_string_equal(arch_find("arm64")->name, "aarch64");
	assert_null(arch_find(""));
	assert_null(arch_find("i386 i486"));
	assert_null(arch_find("x86"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_pass_is_the_factor),
		cmocka_unit_test(factor_stays_between_1_and_20),
		T(only_processor_time_counts),
		T(hang_is_ended_at_the_deadline),
		T(crash_is_a_lasting_verdict),
		T(wrong_output_does_not_pass),
		T(guest_says_what_is_wrong),
		T(qemu_that_does_not_start_is_no_lasting_verdict),
		T(qemu_without_seccomp_runs_without),
		T(foreign_bytes_do_not_reach_the_reason),
		T(second_choice_runs_nothing),
		T(cache_ends_with_the_boot_and_the_binary),
		T(damaged_cache_is_made_anew),
		T(cached_verdict_is_what_was_remembered),
		T(measured_under_load_is_measured_again_without),
		T(remembered_factor_only_becomes_smaller),
		T(failing_second_measurement_changes_nothing),
		T(failing_tcg_probe_is_slow_and_not_remembered),
		T(no_device_means_tcg),
		T(other_file_is_no_kvm),
		T(permission_names_the_group),
		T(unmeasured_architecture_is_guessed),
		T(mistakes_are_said),
		cmocka_unit_test(one_line_describes_it),
		cmocka_unit_test(architectures_have_many_names),
	};

	return cmocka_run_group_tests_name("accel", tests, NULL, NULL);
}
