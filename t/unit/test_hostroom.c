// SPDX-License-Identifier: GPL-2.0-only
/* The host's memory and processors, and what a process has of it. */
#include "t/unit/unit.h"

#include <sys/mman.h>

#include "run/hostroom.h"

#define MIB (1 << 20)

static void test_host(void **state)
{
	struct hostroom r;

	(void)state;
	hostroom_read(&r);
	assert_true(r.total_mib > 100);
	assert_true(r.available_mib > 0 && r.available_mib <= r.total_mib);
	assert_true(r.load >= 0);
	assert_true(hostroom_cpus() >= 1);
}

/* A child whose child has memory: 64 MiB of its own, 64 MiB that it shares with all of us. */
static void grandchild(int ready, const char *shared)
{
	char *own =
		mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char sum = 0;

	if (own == MAP_FAILED)
		_exit(1);
	memset(own, 1, 64 * MIB);
	for (size_t i = 0; i < 64 * MIB; i += 4096)
		sum = (char)(sum + shared[i]);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

static void test_own(void **state)
{
	char *shared =
		mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ready[2];
	int64_t mib;
	char byte;
	pid_t pid;

	(void)state;
	assert_true(shared != MAP_FAILED);
	memset(shared, 1, 64 * MIB);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		if (fork() == 0)
			grandchild(ready[1], shared);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	mib = hostroom_own_mib(pid);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	munmap(shared, 64 * MIB);
	if (mib < 64 || mib > 120)
		fail_msg("%d MiB", (int)mib);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(hostroom_own_mib(0), 0);
	assert_int_equal(hostroom_own_mib(0x7ffffff0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
