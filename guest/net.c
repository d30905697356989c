// SPDX-License-Identifier: GPL-2.0-only
#include "guest/net.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int parse_address(const char *text, struct sockaddr *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &in.sin_addr) != 1)
		return -EINVAL;
	memcpy(out, &in, sizeof(in));
	return 0;
}

static void mask_address(unsigned int len, struct sockaddr *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_addr.s_addr = len ? htonl(~0U << (32 - len)) : 0;
	memcpy(out, &in, sizeof(in));
}

/* "A.B.C.D/LEN" */
static int parse_prefix(const char *text, struct sockaddr *address, struct sockaddr *mask)
{
	char host[32];
	const char *slash = strchr(text, '/');
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = 0;
	if (parse_number(slash + 1, 10, &len) || len > 32)
		return -EINVAL;
	mask_address((unsigned int)len, mask);
	return parse_address(host, address);
}

static int has_mac(const char *name, const char *mac)
{
	char path[320];
	char text[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	return read_text(path, text, sizeof(text)) > 0 && !strcasecmp(text, mac);
}

static int find_interface(const char *mac, char name[IFNAMSIZ])
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *d;
	int ret = -ENODEV;

	while (dir && ret && (d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		/* All zeros, a mistake of the host, would be the address of the loopback. */
		if (d->d_name[0] == '.' || len >= IFNAMSIZ || !strcmp(d->d_name, "lo") ||
		    !has_mac(d->d_name, mac))
			continue;
		memcpy(name, d->d_name, len + 1);
		ret = 0;
	}
	if (dir)
		closedir(dir);
	return ret;
}

/* What was routed through one that goes down is forgotten. */
static int set_up(int fd, const char name[IFNAMSIZ], int up)
{
	struct ifreq req = {0};
	int flags;

	memcpy(req.ifr_name, name, IFNAMSIZ);
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		return -errno;
	flags = up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP;
	req.ifr_flags = (short)flags;
	return ioctl(fd, SIOCSIFFLAGS, &req) ? -errno : 0;
}

/* "52:54:00:12:34:0f" */
static int parse_mac(const char *text, struct sockaddr *out)
{
	unsigned char b[6];
	char end;

	memset(out, 0, sizeof(*out));
	out->sa_family = ARPHRD_ETHER;
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &b[0], &b[1], &b[2], &b[3], &b[4],
		   &b[5], &end) != 6)
		return -EINVAL;
	memcpy(out->sa_data, b, sizeof(b));
	return 0;
}

/* Not every card takes another address while it is up. */
static int set_mac(int fd, const char name[IFNAMSIZ], const struct sockaddr *mac)
{
	struct ifreq req = {.ifr_hwaddr = *mac};

	memcpy(req.ifr_name, name, IFNAMSIZ);
	if (!ioctl(fd, SIOCSIFHWADDR, &req))
		return 0;
	if (errno != EBUSY || set_up(fd, name, 0))
		return -errno;
	return ioctl(fd, SIOCSIFHWADDR, &req) ? -errno : 0;
}

static int is_up(int fd, const char name[IFNAMSIZ])
{
	struct ifreq req = {0};

	memcpy(req.ifr_name, name, IFNAMSIZ);
	return !ioctl(fd, SIOCGIFFLAGS, &req) && (req.ifr_flags & IFF_UP);
}

/* Whether it has this address already. */
static int has_address(int fd, const char name[IFNAMSIZ], const char *address)
{
	struct sockaddr wanted, mask;
	struct ifreq req = {0};

	memcpy(req.ifr_name, name, IFNAMSIZ);
	return !parse_prefix(address, &wanted, &mask) && !ioctl(fd, SIOCGIFADDR, &req) &&
	       !memcmp(&req.ifr_addr, &wanted, sizeof(struct sockaddr_in));
}

int net_rename(const char *from, const char *to, struct fault *f)
{
	char name[IFNAMSIZ] = "";
	struct sockaddr mac;
	int fd;
	int ret;

	if (!strcasecmp(from, to))
		return 0;
	if (parse_mac(to, &mac))
		return fault_set(f, EINVAL, "mac: '%s' is none", to);
	if (find_interface(from, name))
		return fault_set(f, ENODEV, "mac: there is no interface with the address %s", from);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_errno(f, "mac: socket");
	ret = set_mac(fd, name, &mac);
	close(fd);
	return ret ? fault_set(f, ret, "mac: %s %s: %s", name, to, strerror(-ret)) : 0;
}

void net_loopback(void)
{
	static const char lo[IFNAMSIZ] = "lo";
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	set_up(fd, lo, 1);
	close(fd);
}

static int set_address(int fd, const char name[IFNAMSIZ], const char *address)
{
	struct ifreq addr = {0};
	struct ifreq mask = {0};

	memcpy(addr.ifr_name, name, IFNAMSIZ);
	memcpy(mask.ifr_name, name, IFNAMSIZ);
	if (parse_prefix(address, &addr.ifr_addr, &mask.ifr_netmask))
		return -EINVAL;
	if (ioctl(fd, SIOCSIFADDR, &addr) || ioctl(fd, SIOCSIFNETMASK, &mask))
		return -errno;
	return set_up(fd, name, 1);
}

static int set_gateway(int fd, const char *gateway)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	if (!strcmp(gateway, "-"))
		return 0;
	mask_address(0, &route.rt_dst);
	mask_address(0, &route.rt_genmask);
	if (parse_address(gateway, &route.rt_gateway))
		return -EINVAL;
	return ioctl(fd, SIOCADDRT, &route) && errno != EEXIST ? -errno : 0;
}

static int set_resolver(const char *resolver)
{
	struct sockaddr check;
	char text[64];

	if (!strcmp(resolver, "-"))
		return 0;
	if (parse_address(resolver, &check))
		return -EINVAL;
	snprintf(text, sizeof(text), "nameserver %s\n", resolver);
	unlink("/etc/resolv.conf"); /* often a link into /run */
	return write_text("/etc/resolv.conf", O_CREAT | O_TRUNC, text);
}

int net_configure(const char *mac, const char *address, const char *gateway, const char *resolver,
		  struct fault *f)
{
	char name[IFNAMSIZ] = "";
	const char *what = address;
	int again;
	int fd;
	int ret;

	if (find_interface(mac, name))
		return fault_set(f, ENODEV, "net: there is no interface with the address %s", mac);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_errno(f, "net: socket");
	/* In a guest that goes on as a saved one there may be nothing left to do. */
	again = is_up(fd, name) && has_address(fd, name, address);
	ret = again ? 0 : set_address(fd, name, address);
	if (!ret && !again) {
		what = gateway;
		ret = set_gateway(fd, gateway);
	}
	close(fd);
	if (!ret) {
		what = resolver;
		ret = set_resolver(resolver);
	}
	return ret ? fault_set(f, ret, "net: %s %s: %s", name, what, strerror(-ret)) : 0;
}
