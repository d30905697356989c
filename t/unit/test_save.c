// SPDX-License-Identifier: GPL-2.0-only
/* A guest is saved and restored by a QEMU that the test plays: what it says, and its stream. */
#include "t/unit/unit.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "base/str.h"
#include "vm/parts.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\n"

static struct loop *loop;
static struct vm vm;
static struct vm_config config;
static int peer, stream;
static char *state_path;

/* What was told: events of the VM, and the answer to vm_save(). */
static char told[256];
static int answers;
static char answer[256];

static void on_event(void *arg, enum vm_event event, const char *detail)
{
	(void)arg;
	snprintf(told, sizeof(told), "%d %s", (int)event, detail ? detail : "-");
}

static void on_done(void *arg, const char *error)
{
	(void)arg;
	answers++;
	snprintf(answer, sizeof(answer), "%s", error ? error : "saved");
}

static void settle(void)
{
	for (int i = 0; i < 8; i++)
		loop_once(loop, 0);
}

static void say(const char *text)
{
	assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	settle();
}

static int begin(void **state)
{
	const struct qmp_handler handler = {vm_on_qmp_event, vm_on_qmp_closed, &vm};
	int fd[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
		return -1;
	*told = *answer = '\0';
	answers = 0;
	stream = -1;
	peer = fd[1];
	loop_new(&loop, NULL);
	config = (struct vm_config){.dir = unit_dir};
	vm = (struct vm){
		.loop = loop, .config = &config, .pid = getpid(), .serial = -1, .state = 7};
	vm.handler.event = on_event;
	vm.qmp = qmp_new(loop, fd[0], &handler);
	state_path = xasprintf("%s/saved", unit_dir);
	say(GREETING "{\"return\": {}, \"id\": 1}\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	vm_save_cancel(&vm);
	qmp_free(vm.qmp);
	loop_free(loop);
	if (peer >= 0)
		close(peer);
	if (stream >= 0)
		close(stream);
	unlink(state_path);
	free(state_path);
	return 0;
}

/* Whether the client has sent this command since the last time that it was asked. */
static bool heard(const char *command)
{
	static char buf[65536];
	ssize_t n = recv(peer, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return strstr(buf, command) != NULL;
}

/* QEMU's side of "unix:". */
static void connect_stream(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/state", unit_dir);
	stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(stream, (const struct sockaddr *)&a, sizeof(a)), 0);
}

static void write_stream(const char *text)
{
	assert_int_equal(send(stream, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	settle();
}

static void close_stream(void)
{
	close(stream);
	stream = -1;
	settle();
}

static void migration(const char *status)
{
	_cleanup_free_ char *text =
		xasprintf("{\"event\": \"MIGRATION\", \"data\": {\"status\": \"%s\"}}\n", status);

	say(text);
}

static void save(void)
{
	vm_save(&vm, state_path, on_done, NULL);
	settle();
}

static bool socket_left(void)
{
	return unit_exists("state");
}

static void assert_saved(const char *text)
{
	struct stat st;

	assert_int_equal(answers, 1);
	assert_string_equal(answer, "saved");
	assert_string_equal(unit_read("saved"), text);
	assert_int_equal(stat("saved", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(vm.save);
	assert_false(socket_left());
}

static void assert_failed(const char *words)
{
	assert_int_equal(answers, 1);
	if (!strstr(answer, words))
		fail_msg("%s", answer);
	assert_false(unit_exists("saved"));
	assert_null(vm.save);
	assert_false(socket_left());
}

/* ---- saving */

static void test_what_qemu_is_told(void **state)
{
	_cleanup_free_ char *to = xasprintf("{\"uri\":\"unix:%s/state\"}", unit_dir);
	static char buf[65536];
	const char *stop, *set, *migrate;
	ssize_t n;

	(void)state;
	save();
	n = recv(peer, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	buf[n] = '\0';
	stop = strstr(buf, "\"stop\"");
	set = strstr(buf, "\"migrate-set-capabilities\"");
	migrate = strstr(buf, "\"migrate\"");
	assert_true(stop && set && migrate && stop < set && set < migrate);
	assert_non_null(strstr(set, "{\"capability\":\"x-ignore-shared\",\"state\":true}"));
	assert_non_null(strstr(set, "{\"capability\":\"events\",\"state\":true}"));
	assert_non_null(strstr(migrate, to));
	assert_int_equal(answers, 0);
}

static void test_the_stream_ends_first(void **state)
{
	(void)state;
	save();
	connect_stream();
	migration("active");
	write_stream("one ");
	write_stream("two");
	close_stream();
	assert_int_equal(answers, 0);
	migration("completed");
	assert_saved("one two");
}

static void test_the_word_comes_first(void **state)
{
	(void)state;
	save();
	migration("setup");
	connect_stream();
	write_stream("one ");
	migration("completed");
	assert_int_equal(answers, 0);
	write_stream("two");
	close_stream();
	assert_saved("one two");
}

/* Both are there before anything was read. */
static void test_the_word_comes_before_anything_is_read(void **state)
{
	(void)state;
	save();
	connect_stream();
	assert_int_equal(send(stream, "all", 3, MSG_NOSIGNAL), 3);
	close(stream);
	stream = -1;
	migration("completed");
	assert_saved("all");
}

static void test_without_a_stream_nothing_is_saved(void **state)
{
	(void)state;
	save();
	migration("completed");
	assert_int_equal(answers, 0);
	vm_save_lost(&vm, "too late");
	assert_failed("too late");
}

static void test_failures_that_qemu_tells(void **state)
{
	static const char *const words[] = {"failed", "cancelled"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		answers = 0;
		save();
		connect_stream();
		write_stream("half of it");
		migration(words[i]);
		assert_failed("QEMU cannot save this guest");
		close_stream();
	}
}

static void test_a_command_is_refused(void **state)
{
	(void)state;
	save();
	say("{\"return\": {}, \"id\": 2}\n");
	say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such capability\"}, "
	    "\"id\": 3}\n");
	assert_failed("no such capability");
	/* What else it says is of nothing that anybody waits for. */
	say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"neither that\"}, \"id\": 4}\n");
	migration("completed");
	migration("failed");
	assert_int_equal(answers, 1);
}

static void test_qemu_goes(void **state)
{
	(void)state;
	save();
	connect_stream();
	write_stream("half of it");
	close(peer);
	peer = -1;
	settle();
	assert_failed(QMP_PEER_GONE);
	assert_string_equal(told, "");
}

static void test_more_than_anybody_keeps(void **state)
{
	static char chunk[1 << 20];
	int i;

	(void)state;
	save();
	connect_stream();
	for (i = 0; !answers && i < 100; i++)
		for (ssize_t n = 0, at = 0; at < (ssize_t)sizeof(chunk) && !answers; at += n) {
			n = send(stream, chunk + at, sizeof(chunk) - (size_t)at,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n < 0) {
				assert_int_equal(errno, EAGAIN);
				n = 0;
			}
			loop_once(loop, 0);
		}
	assert_true(i < 70);
	assert_failed("File too large");
}

static void test_a_file_that_is_there_is_not_written(void **state)
{
	(void)state;
	unit_write("saved", "somebody's");
	vm_save(&vm, state_path, on_done, NULL);
	assert_int_equal(answers, 1);
	assert_string_equal(answer, "File exists");
	assert_false(heard("migrate"));
	assert_null(vm.save);
	assert_false(socket_left());
}

static void test_a_directory_that_is_not_there(void **state)
{
	(void)state;
	vm_save(&vm, "/nonexistent/saved", on_done, NULL);
	assert_int_equal(answers, 1);
	assert_string_equal(answer, "No such file or directory");
	assert_false(socket_left());
}

static void test_one_that_has_ended_is_not_saved(void **state)
{
	(void)state;
	vm.pid = 0;
	vm_save(&vm, state_path, on_done, NULL);
	assert_failed(QMP_PEER_GONE);
	assert_false(heard("migrate"));
}

static void test_cancelled_it_says_nothing(void **state)
{
	(void)state;
	save();
	connect_stream();
	write_stream("half");
	vm_save_cancel(&vm);
	close_stream();
	migration("completed");
	assert_int_equal(answers, 0);
	assert_false(socket_left());
}

/* A second one that connects is no QEMU's, and is not heard. */
static void test_only_one_stream_is_read(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	save();
	connect_stream();
	write_stream("all");
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/state", unit_dir);
	assert_true(connect(other, (const struct sockaddr *)&a, sizeof(a)) < 0);
	close(other);
	close_stream();
	migration("completed");
	assert_saved("all");
}

/* ---- restoring */

static void restore(void)
{
	config.state = "/a/state";
	vm_restore(&vm);
	settle();
}

static void test_restored_it_is_let_go(void **state)
{
	static char buf[65536];
	ssize_t n;

	(void)state;
	restore();
	n = recv(peer, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	buf[n > 0 ? n : 0] = '\0';
	assert_non_null(strstr(buf, "x-ignore-shared"));
	assert_non_null(strstr(buf, "{\"uri\":\"fd:7\"}"));
	assert_null(strstr(buf, "\"cont\""));
	say("{\"return\": {}, \"id\": 2}\n{\"return\": {}, \"id\": 3}\n");
	migration("setup");
	migration("active");
	assert_false(heard("cont"));
	migration("completed");
	assert_true(heard("cont"));
	assert_string_equal(told, "");
	say("{\"return\": {}, \"id\": 4}\n");
	assert_int_equal(atoi(told), VM_RESTORED);
}

static void assert_broken(const char *words)
{
	assert_int_equal(atoi(told), VM_BROKEN);
	if (!strstr(told, words))
		fail_msg("%s", told);
}

static void test_restoring_fails(void **state)
{
	(void)state;
	restore();
	migration("failed");
	assert_broken("cannot be restored");
	assert_false(heard("cont"));
}

static void test_restoring_is_refused(void **state)
{
	(void)state;
	restore();
	say("{\"return\": {}, \"id\": 2}\n{\"error\": {\"class\": \"GenericError\", "
	    "\"desc\": \"Unknown ramblock\"}, \"id\": 3}\n");
	assert_broken("Unknown ramblock");
}

static void test_it_cannot_be_let_go(void **state)
{
	(void)state;
	restore();
	migration("completed");
	say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"not now\"}, \"id\": 4}\n");
	assert_broken("not now");
}

/* Its end will be told by its exit status. */
static void test_qemu_goes_while_it_restores(void **state)
{
	(void)state;
	restore();
	close(peer);
	peer = -1;
	settle();
	assert_string_equal(told, "");
}

static void test_words_of_migration_that_nobody_asked_for(void **state)
{
	(void)state;
	migration("completed");
	migration("failed");
	say("{\"event\": \"MIGRATION\"}\n{\"event\": \"MIGRATION\", \"data\": {\"status\": 3}}\n");
	restore();
	say("{\"event\": \"MIGRATION\"}\n{\"event\": \"MIGRATION\", \"data\": {\"status\": 3}}\n");
	save();
	say("{\"event\": \"MIGRATION\"}\n{\"event\": \"MIGRATION\", \"data\": {\"status\": 3}}\n");
	assert_string_equal(told, "");
	assert_int_equal(answers, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_qemu_is_told),
		TEST(test_the_stream_ends_first),
		TEST(test_the_word_comes_first),
		TEST(test_the_word_comes_before_anything_is_read),
		TEST(test_without_a_stream_nothing_is_saved),
		TEST(test_failures_that_qemu_tells),
		TEST(test_a_command_is_refused),
		TEST(test_qemu_goes),
		TEST(test_more_than_anybody_keeps),
		TEST(test_a_file_that_is_there_is_not_written),
		TEST(test_a_directory_that_is_not_there),
		TEST(test_one_that_has_ended_is_not_saved),
		TEST(test_cancelled_it_says_nothing),
		TEST(test_only_one_stream_is_read),
		TEST(test_restored_it_is_let_go),
		TEST(test_restoring_fails),
		TEST(test_restoring_is_refused),
		TEST(test_it_cannot_be_let_go),
		TEST(test_qemu_goes_while_it_restores),
		TEST(test_words_of_migration_that_nobody_asked_for),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
