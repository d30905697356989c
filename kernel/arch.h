/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between guest architectures: how their kernels are called and built, and the machine
 * that they boot on; one row each. */
#ifndef KERNEL_ARCH_H
#define KERNEL_ARCH_H

#include <stdbool.h>
#include <stddef.h>

enum accel {
	ACCEL_TCG,
	ACCEL_KVM,
	ACCELS, /* how many there are */
};

struct arch {
	const char *name;   /* ours: "x86_64" */
	const char *debian; /* Debian's: "amd64" */
	const char *uname;  /* all that uname -m says there, space-separated */

	/* its kernel, built from source */
	const char *make_arch;	 /* ARCH= for the kernel's make: "arm64" */
	const char *source_arch; /* its directory below arch/, and its list below kconfig/: "x86" */
	const char *cross;	 /* CROSS_COMPILE= on other machines: "aarch64-linux-gnu-" */
	const char *image;	 /* what make builds for booting, below the build directory */
	unsigned int elf;	 /* e_machine of its vmlinux */
	const char *magic;	 /* four bytes of an Image; NULL: the image is an x86 bzImage */
	size_t magic_at;	 /* where they stand */

	/* its machine */
	const char *qemu;	     /* program to look for in $PATH */
	const char *qemu_package;    /* Debian's package with it */
	const char *accel[ACCELS];   /* -accel */
	const char *machine[ACCELS]; /* -machine */
	const char *cpu[ACCELS];     /* -cpu; migratable, so that a guest can be saved */
	const char *kvm_hosts;	     /* uname -m of the hosts whose KVM runs it, space-separated */
	const char *serial;	     /* the guest's name of the first serial port: "ttyS0" */
	const char *earlycon;	     /* kernel argument for output before any driver is up */
	const char *pci_bus;	     /* the root bus: "pcie.0" */
	const char *nic;	     /* -device of a network card */
	const char *pvpanic;	     /* -device that tells of a guest's panic */
	const char *probe;	     /* image below libexec/ that measures it; NULL: none yet */
	bool isa;		     /* has isa-debug-exit, isa-debugcon and the like */
	bool nvdimm;		     /* can have persistent memory */
};

/* The rows in order: NULL from the end on. */
const struct arch *arch_at(size_t i);

/* By our name, Debian's or what uname -m says ("i686"); NULL if it is unknown. */
const struct arch *arch_find(const char *name);

/* Our name of it, NULL if it is unknown or name is NULL; static. */
const char *arch_name(const char *name);

/* The row of the machine we run on; NULL if there is none. */
const struct arch *arch_host(void);

/* Whether the KVM of this machine could run it, as far as the processor's kind goes. */
bool arch_kvm_possible(const struct arch *arch);

/* CROSS_COMPILE= for a kernel or module of arch on this machine; "" where its own compiler does. */
const char *arch_cross(const struct arch *arch);

/* "x86_64, i386, aarch64, riscv64" for messages; static. */
const char *arch_names(void);

#endif
