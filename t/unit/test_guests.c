// SPDX-License-Identifier: GPL-2.0-only
/* Guests that run, by their names; and sockets in directories of any length. */
#include "t/unit/unit.h"

#include <sys/socket.h>

#include "base/file.h"
#include "base/str.h"
#include "reach/control.h"
#include "reach/guests.h"
#include "reach/sockname.h"

static char *cache;

/* A guest that answers: the descriptor of its socket. */
static int guest(const char *dir)
{
	_cleanup_free_ char *host = xasprintf("%s/" CONTROL_HOST_DIR, dir);
	int fd;

	assert_int_equal(mkdir_p(host, 0700, NULL), 0);
	fd = socket_listen(host, CONTROL_SOCKET, NULL);
	assert_true(fd >= 0);
	return fd;
}

static int begin(void **state)
{
	static unsigned int n;

	(void)state;
	free(cache);
	cache = xasprintf("%s/cache%u", unit_dir, n++);
	return 0;
}

static size_t listed(void)
{
	struct guest_ref *v;
	size_t n = guests_list(cache, &v);

	guests_free(v, n);
	return n;
}

static void a_long_path_is_no_matter(void **state)
{
	char name[200], path[420];
	int fd, conn;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/%s", unit_dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	fd = socket_listen(path, "s", NULL);
	assert_true(fd >= 0);
	conn = socket_connect(path, "s", NULL);
	assert_true(conn >= 0);
	close(conn);
	close(fd);
	assert_int_equal(socket_connect(path, "s", NULL), -ECONNREFUSED);
	assert_int_equal(socket_connect(path, "none", NULL), -ENOENT);
}

static void it_is_listed_while_it_answers(void **state)
{
	_cleanup_free_ char *dir = xasprintf("%s/one", unit_dir);
	_cleanup_free_ char *link = xasprintf("%s/guests/%d.vm1", cache, (int)getpid());
	int fd = guest(dir);

	(void)state;
	assert_int_equal(listed(), 0);
	assert_int_equal(guests_add(cache, "vm1", dir, NULL), 0);
	assert_int_equal(listed(), 1);
	close(fd);
	assert_int_equal(listed(), 0);
	assert_false(unit_exists(link));
}

static void it_is_removed_by_its_name(void **state)
{
	_cleanup_free_ char *dir = xasprintf("%s/removed", unit_dir);
	int fd = guest(dir);

	(void)state;
	guests_add(cache, "vm1", dir, NULL);
	guests_remove(cache, "vm1");
	assert_int_equal(listed(), 0);
	close(fd);
}

static void a_name_names_one(void **state)
{
	_cleanup_free_ char *a = xasprintf("%s/a", unit_dir);
	_cleanup_free_ char *b = xasprintf("%s/b", unit_dir);
	_cleanup_free_ char *full = xasprintf("%d.vm2", (int)getpid());
	int fd[2] = {guest(a), guest(b)};
	struct err err = {0};
	char *dir;

	(void)state;
	assert_int_equal(guests_find(cache, NULL, NULL, &dir, &err), -ENOENT);
	assert_false(err.usage);
	guests_add(cache, "vm1", a, NULL);
	assert_int_equal(guests_find(cache, NULL, NULL, &dir, &err), 0);
	assert_string_equal(dir, a);
	free(dir);
	guests_add(cache, "vm2", b, NULL);
	assert_true(guests_find(cache, NULL, NULL, &dir, &err) < 0);
	assert_true(err.usage);
	assert_non_null(strstr(err.msg, "2 guests run"));
	assert_int_equal(guests_find(cache, "vm2", "none", &dir, &err), 0);
	assert_string_equal(dir, b);
	free(dir);
	assert_int_equal(guests_find(cache, full, "none", &dir, &err), 0);
	assert_string_equal(dir, b);
	free(dir);
	assert_true(guests_find(cache, "vm3", "none", &dir, &err) < 0);
	assert_non_null(strstr(err.msg, full));
	close(fd[0]);
	close(fd[1]);
}

static void the_one_of_the_output_directory_comes_first(void **state)
{
	_cleanup_free_ char *a = xasprintf("%s/here", unit_dir);
	_cleanup_free_ char *b = xasprintf("%s/there", unit_dir);
	int fd[2] = {guest(a), guest(b)};
	struct err err = {0};
	char *dir;

	(void)state;
	guests_add(cache, "vm1", a, NULL);
	guests_add(cache, "vm2", b, NULL);
	assert_int_equal(mkdir("out", 0700), 0);
	assert_int_equal(symlink(b, "out/vm"), 0);
	assert_int_equal(guests_find(cache, NULL, "out", &dir, NULL), 0);
	assert_string_equal(dir, b);
	free(dir);
	assert_int_equal(rename("out", "ktest-out"), 0);
	assert_int_equal(guests_find(cache, NULL, NULL, &dir, NULL), 0);
	assert_string_equal(dir, b);
	free(dir);
	close(fd[1]);
	/* It has ended: the only other one is meant, but not by who names a directory. */
	assert_int_equal(guests_find(cache, NULL, NULL, &dir, NULL), 0);
	assert_string_equal(dir, a);
	free(dir);
	assert_int_equal(guests_find(cache, NULL, "ktest-out", &dir, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no guest runs with the output ktest-out"));
	assert_true(guests_find(cache, b, "out", &dir, NULL) < 0);
	close(fd[0]);
}

static int leave(void **state)
{
	free(cache);
	return unit_leave(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_path_is_no_matter),
		cmocka_unit_test_setup(it_is_listed_while_it_answers, begin),
		cmocka_unit_test_setup(it_is_removed_by_its_name, begin),
		cmocka_unit_test_setup(a_name_names_one, begin),
		cmocka_unit_test_setup(the_one_of_the_output_directory_comes_first, begin),
	};

	return cmocka_run_group_tests(tests, unit_enter, leave);
}
