// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel bugs on request: the name of one, written to /sys/kernel/debug/ktest_bugs, happens in the
 * writer's context. For the test of what recognises them; builds on 6.1 and later.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* How long a hang lasts, so that the guest survives it to be asked afterwards. */
static unsigned int hang_s = 6;
module_param(hang_s, uint, 0644);
MODULE_PARM_DESC(hang_s, "seconds that hung_task and soft_lockup last");

static struct dentry *file;

/* noinline: these names are looked for in the reports. */
static noinline void ktest_bugs_warning(void)
{
	WARN(1, "ktest_bugs was asked for a warning\n");
}

static noinline void ktest_bugs_oops(void)
{
	/* Through a variable that the compiler does not see through: it drops what must trap. */
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
}

static noinline void ktest_bugs_hung_task(void)
{
	schedule_timeout_uninterruptible(hang_s * HZ);
	/* Without something to come back for, the call is a jump and this frame not on the stack. */
	barrier();
}

static noinline void ktest_bugs_soft_lockup(void)
{
	unsigned long end = jiffies + hang_s * HZ;

	/* Interrupts stay on, so jiffies go on; they need no call that the report could name. */
	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
}

static const struct bug {
	const char *name;
	void (*happen)(void);
} bugs[] = {
	{ "warning", ktest_bugs_warning },
	{ "hung_task", ktest_bugs_hung_task },
	{ "soft_lockup", ktest_bugs_soft_lockup },
	{ "oops", ktest_bugs_oops },
};

static ssize_t ktest_bugs_write(struct file *f, const char __user *from, size_t len, loff_t *pos)
{
	char name[32];
	size_t i;

	if (len >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, len))
		return -EFAULT;
	name[len] = '\0';
	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (strcmp(strim(name), bugs[i].name))
			continue;
		bugs[i].happen();
		return len;
	}
	return -EINVAL;
}

static const struct file_operations ktest_bugs_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = ktest_bugs_write,
	.llseek = noop_llseek,
};

static int __init ktest_bugs_init(void)
{
	file = debugfs_create_file("ktest_bugs", 0200, NULL, NULL, &ktest_bugs_fops);
	return PTR_ERR_OR_ZERO(file);
}
module_init(ktest_bugs_init);

static void __exit ktest_bugs_exit(void)
{
	debugfs_remove(file);
}
module_exit(ktest_bugs_exit);

MODULE_DESCRIPTION("Kernel bugs on request");
MODULE_LICENSE("GPL");
