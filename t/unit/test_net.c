// SPDX-License-Identifier: GPL-2.0-only
/* The way out of a sandbox: what bwrap and slirp4netns say, played by scripts. */
#include "t/unit/unit.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "vm/net.h"

/* `KEEPER slirp4netns ...`: what it was started with, then a word to the one who waits. */
#define READY                                                           \
	"#!/bin/sh\necho \"$*\" >args\n"                                \
	"for a; do case $a in --ready-fd=*) fd=${a#*=} ;; esac; done\n" \
	"printf 1 >/proc/self/fd/$fd; exec sleep 100\n"
#define FAILS "#!/bin/sh\necho 'no such luck' >&2; echo 'tap0: in use' >&2; exit 1\n"

static void keeper(const char *script)
{
	unit_write("keeper", script);
	assert_int_equal(chmod("keeper", 0755), 0);
}

/* net_connect() to a bwrap that says this; *let_go: whether it was told to go on. */
static int connect_to(struct vm_config *c, const char *said, bool *let_go, struct err *err)
{
	struct net net = NET_INIT;
	char word[8] = "";
	int block, r;

	c->dir = unit_dir;
	assert_int_equal(net_prepare(c, &net, NULL), 0);
	block = fcntl(net.block[0], F_DUPFD_CLOEXEC, 3);
	assert_int_equal(write(net.info[1], said, strlen(said)), strlen(said));
	r = net_connect(c, "./keeper", &net, err);
	net_end(&net);
	*let_go = read(block, word, sizeof(word)) == 1 && word[0] == 'x';
	close(block);
	assert_int_equal(net.pid, 0);
	assert_int_equal(net.info[0], -1);
	return r;
}

/* slirp4netns' API in a child: one connection, whose request is kept as the file "request". */
static pid_t serve(const char *answer)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = "net-api"};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	char request[1024] = "";
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	unlink("net-api");
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(listener, 1), 0);
	pid = fork();
	if (pid) {
		close(listener);
		return pid;
	}
	fd = accept(listener, NULL, NULL);
	while ((n = read(fd, request + len, sizeof(request) - 1 - len)) > 0)
		len += (size_t)n;
	unit_write("request", request);
	n = write(fd, answer, strlen(answer));
	_exit(n < 0 ? 1 : 0);
}

static void test_connected(void **state)
{
	struct vm_config c = {.network = VM_NET_INTERNET};
	struct err err = {0};
	bool let_go;

	(void)state;
	keeper(READY);
	assert_int_equal(connect_to(&c, "{\"child-pid\": 4711}", &let_go, &err), 0);
	assert_true(let_go);
	assert_non_null(strstr(unit_read("args"), "slirp4netns --configure "));
	assert_non_null(strstr(unit_read("args"), " --disable-host-loopback "));
	assert_non_null(strstr(unit_read("args"), " --userns-path=/proc/4711/ns/user "));
	assert_non_null(strstr(unit_read("args"), " 4711 tap0"));
	assert_string_equal(unit_read(VM_RESOLV), "nameserver " NET_RESOLVER "\n");
}

static void test_bwrap_says_nothing_of_use(void **state)
{
	static const struct {
		const char *said, *words;
	} cases[] = {
		{"", "bwrap: no answer: Broken pipe"},
		{"{\"child-pid\": ", "bwrap: no answer: Broken pipe"},
		{"[1]", "bwrap: no answer: Protocol error"},
		{"{\"child-pid\": -1}", "bwrap does not say what it started"},
		{"{}", "bwrap does not say what it started"},
	};
	struct vm_config c = {.network = VM_NET_INTERNET};
	bool let_go;

	(void)state;
	keeper(READY);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		assert_true(connect_to(&c, cases[i].said, &let_go, &err) < 0);
		assert_string_equal(err.msg, cases[i].words);
		assert_false(let_go);
	}
}

static void test_slirp_does_not_start(void **state)
{
	struct vm_config c = {.network = VM_NET_INTERNET};
	struct err err = {0};
	bool let_go;

	(void)state;
	keeper(FAILS);
	assert_int_equal(connect_to(&c, "{\"child-pid\": 1}", &let_go, &err), -EIO);
	assert_string_equal(err.msg, "slirp4netns did not start: tap0: in use");
	assert_false(let_go);
}

static void test_a_forward(void **state)
{
	struct vm_config c = {.network = VM_NET_USER, .forwards = {{8080, 80}}, .nforwards = 1};
	struct err err = {0};
	bool let_go;
	pid_t pid = serve("{\"return\": {\"id\": 1}}");

	(void)state;
	keeper(READY);
	assert_int_equal(connect_to(&c, "{\"child-pid\": 1}", &let_go, &err), 0);
	assert_true(let_go);
	assert_int_equal(unit_wait(pid), 0);
	assert_string_equal(unit_read("request"),
			    "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\","
			    "\"host_addr\":\"127.0.0.1\",\"host_port\":8080,"
			    "\"guest_addr\":\"10.0.3.100\",\"guest_port\":20000}}");
}

static void test_a_forward_that_is_refused(void **state)
{
	static const struct {
		const char *answer, *words;
	} cases[] = {
		{"{\"error\": {\"desc\": \"bad request\"}}",
		 "--forward: port 8080 of 127.0.0.1 cannot be had"},
		{"", "--forward 8080: slirp4netns does not answer"},
		{"nonsense", "--forward 8080: slirp4netns does not answer"},
	};
	struct vm_config c = {.network = VM_NET_USER, .forwards = {{8080, 80}}, .nforwards = 1};
	bool let_go;

	(void)state;
	keeper(READY);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};
		pid_t pid = serve(cases[i].answer);

		assert_true(connect_to(&c, "{\"child-pid\": 1}", &let_go, &err) < 0);
		assert_string_equal(err.msg, cases[i].words);
		assert_false(let_go);
		assert_int_equal(unit_wait(pid), 0);
	}
}

static void test_what_is_missing(void **state)
{
	struct vm_config inside = {.network = VM_NET_USER};
	struct vm_config outside = {.network = VM_NET_INTERNET};
	_cleanup_free_ char *path = xstrdup(getenv("PATH"));
	struct err err = {0};

	(void)state;
	assert_int_equal(net_check(SANDBOX_KEEPER, &inside, &err), 0);
	assert_int_equal(net_check(SANDBOX_KEEPER, &outside, &err), -ENOTSUP);
	assert_non_null(strstr(err.msg, "(bubblewrap)"));
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(net_check(SANDBOX_BWRAP, &outside, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "slirp4netns is missing (Debian: slirp4netns)"));
	setenv("PATH", path, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connected),
		cmocka_unit_test(test_bwrap_says_nothing_of_use),
		cmocka_unit_test(test_slirp_does_not_start),
		cmocka_unit_test(test_a_forward),
		cmocka_unit_test(test_a_forward_that_is_refused),
		cmocka_unit_test(test_what_is_missing),
	};

	alarm(100);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
