// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/str.h"
#include "kernel/arch.h"

/*
 * i386 runs in qemu-system-x86_64: distributions that dropped the 32-bit binary still have this
 * one, and the probe needs long mode. pauth-impdef: the architected pointer authentication is very
 * slow to emulate. "host" leaves an invariant TSC out as long as migratable is on. romfile: nobody
 * boots from the network, and the ROM is in a package of its own.
 */
static const struct arch archs[] = {
	{
		.name = "x86_64",
		.debian = "amd64",
		.uname = "x86_64",
		.make_arch = "x86_64",
		.source_arch = "x86",
		.cross = "x86_64-linux-gnu-",
		.image = "arch/x86/boot/bzImage",
		.elf = EM_X86_64,
		.qemu = "qemu-system-x86_64",
		.qemu_package = "qemu-system-x86",
		.accel = {[ACCEL_TCG] = "tcg,thread=multi", [ACCEL_KVM] = "kvm"},
		.machine = {[ACCEL_TCG] = "q35", [ACCEL_KVM] = "q35"},
		.cpu = {[ACCEL_TCG] = "max", [ACCEL_KVM] = "host,migratable=on"},
		.kvm_hosts = "x86_64",
		.serial = "ttyS0",
		.earlycon = "earlycon=uart8250,io,0x3f8",
		.pci_bus = "pcie.0",
		.nic = "virtio-net-pci,romfile=",
		.pvpanic = "pvpanic-pci",
		.probe = "probe.x86_64",
		.isa = true,
		.nvdimm = true,
	},
	{
		.name = "i386",
		.debian = "i386",
		.uname = "i386 i486 i586 i686",
		.make_arch = "i386",
		.source_arch = "x86",
		.cross = "i686-linux-gnu-",
		.image = "arch/x86/boot/bzImage",
		.elf = EM_386,
		.qemu = "qemu-system-x86_64",
		.qemu_package = "qemu-system-x86",
		.accel = {[ACCEL_TCG] = "tcg,thread=multi", [ACCEL_KVM] = "kvm"},
		.machine = {[ACCEL_TCG] = "q35", [ACCEL_KVM] = "q35"},
		.cpu = {[ACCEL_TCG] = "max", [ACCEL_KVM] = "host,migratable=on"},
		.kvm_hosts = "x86_64 i386 i486 i586 i686",
		.serial = "ttyS0",
		.earlycon = "earlycon=uart8250,io,0x3f8",
		.pci_bus = "pcie.0",
		.nic = "virtio-net-pci,romfile=",
		.pvpanic = "pvpanic-pci",
		.probe = "probe.x86_64",
		.isa = true,
		.nvdimm = true,
	},
	{
		.name = "aarch64",
		.debian = "arm64",
		.uname = "aarch64 arm64",
		.make_arch = "arm64",
		.source_arch = "arm64",
		.cross = "aarch64-linux-gnu-",
		.image = "arch/arm64/boot/Image",
		.elf = EM_AARCH64,
		.magic = "ARM\x64",
		.magic_at = 56,
		.qemu = "qemu-system-aarch64",
		.qemu_package = "qemu-system-arm",
		.accel = {[ACCEL_TCG] = "tcg,thread=multi", [ACCEL_KVM] = "kvm"},
		.machine =
			{[ACCEL_TCG] = "virt,gic-version=3", [ACCEL_KVM] = "virt,gic-version=host"},
		.cpu = {[ACCEL_TCG] = "max,pauth-impdef=on", [ACCEL_KVM] = "host"},
		.kvm_hosts = "aarch64 arm64",
		.serial = "ttyAMA0",
		.earlycon = "earlycon=pl011,0x9000000",
		.pci_bus = "pcie.0",
		.nic = "virtio-net-pci,romfile=",
		.pvpanic = "pvpanic-pci",
	},
	{
		.name = "riscv64",
		.debian = "riscv64",
		.uname = "riscv64",
		.make_arch = "riscv",
		.source_arch = "riscv",
		.cross = "riscv64-linux-gnu-",
		.image = "arch/riscv/boot/Image",
		.elf = EM_RISCV,
		.magic = "RSC\x05",
		.magic_at = 56,
		.qemu = "qemu-system-riscv64",
		.qemu_package = "qemu-system-misc",
		.accel = {[ACCEL_TCG] = "tcg,thread=multi", [ACCEL_KVM] = "kvm"},
		.machine = {[ACCEL_TCG] = "virt", [ACCEL_KVM] = "virt"},
		.cpu = {[ACCEL_TCG] = "rv64", [ACCEL_KVM] = "host"},
		.kvm_hosts = "riscv64",
		.serial = "ttyS0",
		.earlycon = "earlycon=uart8250,mmio,0x10000000",
		.pci_bus = "pcie.0",
		.nic = "virtio-net-pci,romfile=",
		.pvpanic = "pvpanic-pci",
	},
};

const struct arch *arch_at(size_t i)
{
	return i < ARRAY_SIZE(archs) ? &archs[i] : NULL;
}

const struct arch *arch_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(archs); i++) {
		const struct arch *a = &archs[i];

		if (str_eq(a->name, name) || str_eq(a->debian, name) || str_word(a->uname, name))
			return a;
	}
	return NULL;
}

const char *arch_name(const char *name)
{
	const struct arch *a = arch_find(name);

	return a ? a->name : NULL;
}

const struct arch *arch_host(void)
{
	struct utsname u;

	return uname(&u) ? NULL : arch_find(u.machine);
}

bool arch_kvm_possible(const struct arch *arch)
{
	struct utsname u;

	return !uname(&u) && str_word(arch->kvm_hosts, u.machine);
}

/* A 64-bit x86 compiler makes kernels of 32 bits too. */
const char *arch_cross(const struct arch *arch)
{
	const struct arch *host = arch_host();

	if (host == arch || (host && str_eq(host->name, "x86_64") && str_eq(arch->name, "i386")))
		return "";
	return arch->cross;
}

const char *arch_names(void)
{
	static char names[128];
	char *p = names;

	if (names[0])
		return names;
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		p = stpcpy(stpcpy(p, i ? ", " : ""), archs[i].name);
	return names;
}
