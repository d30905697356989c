# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel bugs on request, by the module in t/campaign/provoke.

# provoking: a test file from stdin, in which `provoke BUG` makes one.
provoking()
{
	cp -R "$TREE/t/campaign/provoke" "$T/tree"
	{
		cat <<-'END'
		require-kernel-module provoke

		init_provoke()
		{
			insmod "$ktest_module_dir/provoke/ktest_provoke.ko"
			echo 1 >/proc/sys/kernel/hung_task_timeout_secs
			echo 1 >/proc/sys/kernel/hung_task_check_interval_secs
		}

		provoke()
		{
			echo "$*" >/sys/kernel/debug/ktest_provoke
		}
		END
		cat
	} | guest_file
}
