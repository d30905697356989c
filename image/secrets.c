// SPDX-License-Identifier: GPL-2.0-only
#include "image/secrets.h"

#include <fnmatch.h>
#include <string.h>

#include "base/str.h"

/* /usr/etc is the /etc as installed of image-based systems, its shadow included. */
const char *const secret_globs[] = {
	"usr/etc",
	"usr/local/etc",
	"usr/local/secret*",
	"usr/src/*/certs/*.pem",
	"usr/src/*/certs/*.key",
	"usr/src/*/certs/*.priv",
	NULL,
};

static const char *const names[] = {"*.key",	     "*.key.pem",
				    "*.keytab",	     "*.p12",
				    "*.pfx",	     "*.kdbx",
				    "*.priv",	     "*.psk",
				    "id_rsa*",	     "id_dsa*",
				    "id_ecdsa*",     "id_ed25519*",
				    "ssh_host_*",    ".ssh",
				    ".gnupg",	     ".aws",
				    ".kube",	     ".docker",
				    ".netrc",	     "netrc",
				    ".pgpass",	     ".git-credentials",
				    ".env",	     ".my.cnf",
				    "private-keys*", "*.ovpn",
				    ".npmrc",	     ".pypirc",
				    ".htpasswd"};

/* Daemons' settings are left out whole: many hold a password, and no guest runs them. */
static const char *const etc_paths[] = {
	/* accounts: we write our own */
	"passwd*", "group*", "shadow*", "gshadow*", "subuid*", "subgid*", ".pwd.lock", "sudoers*",
	"doas.conf", "security/opasswd", "machine-id",
	/* what we write, and what describes this host alone */
	"fstab", "hostname", "hosts", "resolv.conf", "exports*", "mactab", "crypttab", "ethers",
	"machine-info", "adjtime", "hostid",
	/* keys and certificates' private halves */
	"ssl/private", "pki/*/private", "pki/private", "pki/nssdb", "pki/rpm-gpg/private*",
	"letsencrypt", "acme*", "ssh/*key*", "ssh/sshd_config.d/*key*", "cryptsetup*", "luks*",
	"clevis*", "secureboot", "efi-keys", "sbctl", "kernel/pki", "dkms",
	/* networks */
	"NetworkManager", "wpa_supplicant*", "iwd", "netplan", "network", "netctl",
	"sysconfig/network-scripts", "systemd/network", "wireguard", "openvpn*", "ipsec*",
	"swanctl", "strongswan*", "ppp", "chatscripts", "wvdial.conf", "tinc", "stunnel*",
	"hostapd*", "bluetooth", "connman", "vpnc", "openconnect*", "fortivpn*", "nebula",
	"zerotier*", "tailscale*", "cloudflared", "frp", "ngrok*", "snmp*", "radius*",
	"freeradius*", "raddb", "dhcp*", "bind", "named*", "rndc*", "unbound", "powerdns",
	/* identity, storage */
	"krb5.keytab", "krb5kdc", "krb5.conf.d/*keytab*", "sssd", "ldap*", "libnss-ldap*",
	"pam_ldap*", "nslcd*", "samba", "cifs*", "autofs*", "auto.*", "iscsi", "target", "rtslib*",
	"nvme/hostid", "nvme/hostnqn", "nvme/*.json", "nvme/*key*", "ceph", "gluster*", "munge",
	"slurm*", "ntp.keys", "chrony*/*keys", "chrony.keys", "tacplus*", "duo*", "pam_*.conf",
	"yubico", "u2f_mappings", "security/*key*",
	/* containers, clusters, clouds, configuration management */
	"docker", "containers", "containerd", "crio", "kubernetes", "kubelet*", "rancher", "k3s*",
	"k0s", "microk8s", "cni", "etcd*", "consul*", "vault*", "nomad*", "ansible", "puppet*",
	"puppetlabs", "chef", "cinc", "salt", "cfengine*", "cloud", "boto*", "aws*", "amazon",
	"gcloud", "google*", "azure*", "waagent*", "oci", "s3cfg", "passwd-s3fs", "rclone*",
	"restic*", "borg*", "duplicity", "tarsnap*", "duplicati", "bacula", "bareos", "backup*",
	"rsyncd*", "terraform*", "gitlab*", "gitea", "forgejo", "github*", "jenkins*", "buildkite*",
	"buildbot*", "teamcity*", "drone*", "act_runner", "woodpecker", "lava-*", "ktest*",
	/* servers */
	"mysql", "my.cnf*", "mariadb", "postgresql*", "redis*", "valkey", "mongo*", "rabbitmq",
	"elasticsearch", "opensearch", "influxdb", "clickhouse*", "cassandra", "neo4j", "couchdb",
	"grafana", "prometheus*", "alertmanager*", "zabbix*", "nagios*", "icinga*", "munin",
	"telegraf", "datadog*", "dd-agent", "newrelic*", "filebeat", "fluent*", "td-agent",
	"rsyslog*", "syslog-ng", "exim*", "postfix", "sendmail*", "mail", "msmtp*", "ssmtp",
	"nullmailer", "dma", "dovecot", "fetchmailrc", "mailname", "email-addresses", "opendkim*",
	"dkim*", "apache2", "httpd", "nginx", "lighttpd", "caddy", "haproxy", "traefik", "squid*",
	"tomcat*", "php*", "vsftpd*", "proftpd", "pure-ftpd", "asterisk", "ejabberd", "prosody",
	"matrix-synapse", "turnserver.conf", "coturn*", "mosquitto", "nut", "cups", "sane.d",
	"libvirt", "qemu", "pve", "lxc", "incus", "xen", "x2go", "*vnc*", "xrdp", "guacamole",
	"spamassassin", "lightdm", "gdm*", "sddm*", "pve*", "proxmox*", "ipmi*", "freeipmi",
	/* settings in which people put credentials */
	"apt/auth.conf*", "apt/apt.conf", "apt/apt.conf.d/*proxy*", "yum.repos.d", "dnf/vars",
	"zypp/credentials.d", "rhsm", "pki/consumer", "pki/entitlement*", "ubuntu-advantage",
	"pip.conf", "npmrc", "pypirc", "gitconfig", "wgetrc", "curlrc", "environment",
	"environment.d", "maven", "gradle", "cargo", "default/*", "sysconfig/*", "conf.d", "cron*",
	"anacrontab", "rc.local", "systemd/system", "systemd/user", "systemd/nspawn", "credstore*",
	"systemd/credstore*", "sv", "runit", "supervisor*", "monit*", "brlapi.key", "*secret*",
	"*credential*", "*token*", "*.cred", "*.creds"};

/* What the table above would take along and programs in the guest need. */
static const char *const etc_kept[] = {
	"default/useradd",  "default/locale",	     "default/su",     "default/nss",
	"default/keyboard", "default/console-setup", "sysconfig/i18n", "sysconfig/console"};

static bool may_be(char pattern, char c)
{
	return pattern == c || pattern == '*' || pattern == '?' || pattern == '[' || pattern == ']';
}

/* Their first and last characters rule most of the tables out, which otherwise cost more than all
 * else of a walk over /etc. */
static bool match_any(const char *const *patterns, size_t n, const char *text, int flags)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < n && len; i++) {
		const char *p = patterns[i];

		if (may_be(*p, *text) && may_be(p[strlen(p) - 1], text[len - 1]) &&
		    !fnmatch(p, text, flags))
			return true;
	}
	return false;
}

bool secret_name(const char *name)
{
	return match_any(names, ARRAY_SIZE(names), name, 0);
}

bool secret_in_etc(const char *rel)
{
	if (match_any(etc_kept, ARRAY_SIZE(etc_kept), rel, FNM_PATHNAME))
		return false;
	return secret_name(path_base(rel)) ||
	       match_any(etc_paths, ARRAY_SIZE(etc_paths), rel, FNM_PATHNAME);
}

/* text follows "://": whether NAME:PASSWORD@ comes before the host. */
static bool has_password(const char *text, const char *end)
{
	bool colon = false;

	for (; text < end && !strchr(" \t\n/\"'<>", *text); text++) {
		if (*text == '@')
			return colon;
		if (*text == ':')
			colon = true;
	}
	return false;
}

bool secret_text(const char *text, size_t len)
{
	static const char key[] = "PRIVATE KEY-----";
	const char *end = text + len;

	if (memmem(text, len, key, sizeof(key) - 1))
		return true;
	for (const char *p = text; (p = memmem(p, (size_t)(end - p), "://", 3));) {
		p += 3;
		if (has_password(p, end))
			return true;
	}
	return false;
}
