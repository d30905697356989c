// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel bugs on request, with a record of each that does not go through the kernel's log: before
 * a bug happens its name is appended to a file. "NAME FILE", written to
 * /sys/kernel/debug/ktest_provoke, provokes NAME in the writer's context. "NAME" alone keeps no
 * record. "at_restart" warns when the guest is restarted; "overrun N" is a warning and N messages that the console does not show; "flood N" prints
 * N messages at once, "rate N" 200 KB a second for N seconds.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define HANG_S 4
/* With the prefix that the console shows, 100 bytes. */
#define MESSAGE "a message that says nothing, so that there are many: %06lu ............\n"
#define RATE	2000 /* messages a second */

static struct dentry *file;

static noinline void provoke_warning(unsigned long n)
{
	WARN(1, "ktest_provoke was asked for a warning\n");
}

static noinline void provoke_warning_silent(unsigned long n)
{
	WARN_ON(file);
}

static noinline void provoke_refcount(unsigned long n)
{
	refcount_t r = REFCOUNT_INIT(0);

	refcount_inc(&r);
}

static noinline void provoke_atomic(unsigned long n)
{
	preempt_disable();
	schedule_timeout_uninterruptible(1);
	/* The scheduler has set the count right. */
	if (preempt_count())
		preempt_enable();
}

static noinline void provoke_slab(unsigned long n)
{
	struct kmem_cache *cache = kmem_cache_create("ktest_provoke", 72, 0, SLAB_POISON, NULL);

	if (!cache || !kmem_cache_alloc(cache, GFP_KERNEL))
		return;
	kmem_cache_destroy(cache);
}

/* Of an order that does not go through the lists of a processor, which look only later. */
static noinline void provoke_page(unsigned long n)
{
	struct page *page = alloc_pages(GFP_KERNEL, 4);

	if (!page)
		return;
	page->mapping = (void *)0x100;
	__free_pages(page, 4);
}

static noinline void provoke_hung_task(unsigned long n)
{
	schedule_timeout_uninterruptible(HANG_S * HZ);
	barrier();
}

static void spin(void)
{
	unsigned long end = jiffies + HANG_S * HZ;

	while (time_before(jiffies, end))
		cpu_relax();
}

static noinline void provoke_soft_lockup(unsigned long n)
{
	preempt_disable();
	spin();
	preempt_enable();
}

static void nothing(struct rcu_head *head)
{
}

static noinline void provoke_rcu_stall(unsigned long n)
{
	static struct rcu_head head;

	call_rcu(&head, nothing);
	rcu_read_lock();
	spin();
	rcu_read_unlock();
	rcu_barrier();
}

static noinline void provoke_list(unsigned long n)
{
	LIST_HEAD(head);
	LIST_HEAD(entry);

	head.next = &entry;
	list_add(&entry, &head);
}

static noinline void provoke_oops(unsigned long n)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
}

static noinline void provoke_panic(unsigned long n)
{
	panic("ktest_provoke was asked for a panic");
}

/* The warning is on the console; its records are overwritten before anybody reads them. */
static void provoke_overrun(unsigned long n)
{
	unsigned long i;

	provoke_warning(0);
	for (i = 0; i < n; i++)
		printk(KERN_DEBUG MESSAGE, i);
}

static int warn_at_restart(struct notifier_block *nb, unsigned long action, void *data)
{
	provoke_warning(0);
	return NOTIFY_DONE;
}

static void provoke_at_restart(unsigned long n)
{
	static struct notifier_block notifier = {.notifier_call = warn_at_restart};

	register_reboot_notifier(&notifier);
}

/* ---- no bugs: messages */

static void provoke_flood(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		pr_notice(MESSAGE, i);
}

/* Not on the console, which takes less than that under emulation. */
static void provoke_rate(unsigned long n)
{
	unsigned long start = jiffies, i = 0;

	while (i < n * RATE) {
		for (; i < (jiffies - start) * RATE / HZ; i++)
			printk(KERN_DEBUG MESSAGE, i);
		msleep(10);
	}
}

static const struct provocation {
	const char *name;
	void (*happen)(unsigned long n);
} provocations[] = {
	{ "warning", provoke_warning },
	{ "warning_silent", provoke_warning_silent },
	{ "refcount", provoke_refcount },
	{ "atomic", provoke_atomic },
	{ "slab", provoke_slab },
	{ "page", provoke_page },
	{ "hung_task", provoke_hung_task },
	{ "soft_lockup", provoke_soft_lockup },
	{ "rcu_stall", provoke_rcu_stall },
	{ "list", provoke_list },
	{ "oops", provoke_oops },
	{ "panic", provoke_panic },
	{ "overrun", provoke_overrun },
	{ "at_restart", provoke_at_restart },
	{ "flood", provoke_flood },
	{ "rate", provoke_rate },
};

/* On the host when this returns, where the file is on a share of the host's. */
static int record(const char *path, const char *name)
{
	struct file *f = filp_open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(f))
		return PTR_ERR(f);
	n = kernel_write(f, name, strlen(name), &pos);
	if (n > 0)
		n = kernel_write(f, "\n", 1, &pos);
	vfs_fsync(f, 0);
	filp_close(f, NULL);
	return n < 0 ? n : 0;
}

static ssize_t provoke_write(struct file *f, const char __user *from, size_t len, loff_t *pos)
{
	char text[256], *name = text, *argument;
	unsigned long n = 0;
	size_t i;
	int err;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	argument = strim(text);
	name = strsep(&argument, " ");
	for (i = 0; i < ARRAY_SIZE(provocations); i++) {
		if (strcmp(name, provocations[i].name))
			continue;
		if (argument && kstrtoul(argument, 10, &n)) {
			err = record(argument, name);
			if (err)
				return err;
		}
		provocations[i].happen(n);
		return len;
	}
	return -EINVAL;
}

static const struct file_operations provoke_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = provoke_write,
	.llseek = noop_llseek,
};

static int __init provoke_init(void)
{
	file = debugfs_create_file("ktest_provoke", 0200, NULL, NULL, &provoke_fops);
	return PTR_ERR_OR_ZERO(file);
}
module_init(provoke_init);

static void __exit provoke_exit(void)
{
	debugfs_remove(file);
}
module_exit(provoke_exit);

MODULE_DESCRIPTION("Kernel bugs on request, each recorded outside of the kernel's log");
MODULE_LICENSE("GPL");
