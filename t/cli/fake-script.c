// SPDX-License-Identifier: GPL-2.0-only
/* The script: its text, and the guest that follows it. */
#include "t/cli/fake.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARKER "\n#fake-script\n"

static const char panic_text[] =
	"[    1.234567] Kernel panic - not syncing: fake panic\r\n"
	"[    1.234568] CPU: 0 PID: 42 Comm: bash Not tainted 6.1.0-fake #1\r\n"
	"[    1.234569] Call Trace:\r\n"
	"[    1.234570]  <TASK>\r\n"
	"[    1.234571]  panic+0x10/0x200\r\n"
	"[    1.234572]  fake_panic+0x12/0x20 [fake]\r\n"
	"[    1.234573]  </TASK>\r\n"
	"[    1.234574] ---[ end Kernel panic - not syncing: fake panic ]---\r\n";

static void add_section(struct script *s, const char *name)
{
	s->sections = realloc(s->sections, (s->n + 1) * sizeof(*s->sections));
	s->sections[s->n++] = (struct section){.name = strdup(name)};
}

static void add_step(struct section *sec, char *line)
{
	char *rest = line + strcspn(line, " ");

	if (*rest)
		*rest++ = '\0';
	sec->steps = realloc(sec->steps, (sec->n + 1) * sizeof(*sec->steps));
	sec->steps[sec->n++] = (struct step){.word = strdup(line), .rest = strdup(rest)};
}

/* Text to print may end with a colon as well. */
static bool is_section(const char *line, size_t len)
{
	return line[len - 1] == ':' && (!strncmp(line, "subtest ", 8) || !strchr(line, ' '));
}

static void add_line(struct script *s, char *line)
{
	size_t len;

	line += strspn(line, " \t");
	len = strlen(line);
	if (!len || *line == '#')
		return;
	if (is_section(line, len)) {
		line[len - 1] = '\0';
		add_section(s, line);
	} else if (s->n) {
		add_step(&s->sections[s->n - 1], line);
	} else {
		fprintf(stderr, "fake: no section before: %s\n", line);
		exit(2);
	}
}

static char *read_all(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rbe");
	char *buf = NULL;
	long size;

	if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0) {
		perror(path);
		exit(2);
	}
	rewind(file);
	buf = malloc((size_t)size + 1);
	*len = fread(buf, 1, (size_t)size, file);
	buf[*len] = '\0';
	fclose(file);
	return buf;
}

void script_load(struct script *s, const char *path)
{
	size_t len;
	char *buf = read_all(path, &len), *at = buf, *text = NULL, *save = NULL;

	/* The marker stands in the program's own data too, there followed by a NUL. */
	while ((at = memmem(at, len - (size_t)(at - buf), MARKER, strlen(MARKER)))) {
		at += strlen(MARKER);
		if (*at)
			text = at;
	}
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		add_line(s, line);
	free(buf);
}

const struct section *script_find(const struct script *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->sections[i].name, name))
			return &s->sections[i];
	return NULL;
}

const char *script_setting_get(const struct script *s, const char *setting)
{
	const struct section *config = script_find(s, "config");

	for (size_t i = 0; config && i < config->n; i++)
		if (!strcmp(config->steps[i].word, setting))
			return config->steps[i].rest;
	return NULL;
}

bool script_setting(const struct script *s, const char *setting, const char *value)
{
	const struct section *config = script_find(s, "config");

	for (size_t i = 0; config && i < config->n; i++)
		if (!strcmp(config->steps[i].word, setting) &&
		    !strcmp(config->steps[i].rest, value))
			return true;
	return false;
}

size_t script_unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		unsigned int byte;

		if (*in != '\\' || !in[1]) {
			*out++ = *in;
		} else if (in[1] == 'x' && sscanf(in + 2, "%2x", &byte) == 1) {
			*out++ = (char)byte;
			in += 3;
		} else {
			in++;
			*out++ = *in == 'n' ? '\n' : *in == 'r' ? '\r' : *in == 't' ? '\t' : *in;
		}
	}
	return (size_t)(out - text);
}

void guest_enter(struct fake *f, const char *section)
{
	f->section = script_find(&f->script, section);
	f->booting = !strcmp(section, "boot");
	f->step = 0;
	f->flooded = 0;
	f->wake_ms = 0;
	f->in_call = false;
	f->quieting = !strcmp(section, "quiet");
	if (f->section)
		return;
	if (!strcmp(section, "init") || !strcmp(section, "subtest *"))
		agent_exit(f, 0, 0);
}

void guest_power_on(struct fake *f)
{
	f->hung = false;
	f->said_hello = false;
	f->quiet = f->restored = false;
	f->seq = 0;
	f->kmsg_seq = 0;
	f->agent.in_len = 0;
	f->next_beat_ms = now_ms() + 1000;
	free(f->id);
	f->id = NULL;
	guest_enter(f, "boot");
}

static bool do_print(struct fake *f, const char *rest, bool newline)
{
	char *text = strdup(rest);

	channel_send(&f->console, text, script_unescape(text));
	if (newline)
		channel_send(&f->console, "\r\n", 2);
	free(text);
	return true;
}

/* A bufferful at a time, so that QMP stays alive as it does in QEMU. */
static bool do_flood(struct fake *f, const char *rest)
{
	char *end, line[256];
	size_t want = strtoull(rest, &end, 10);
	int len = snprintf(line, sizeof(line), "%s\r\n",
			   *end ? end + 1 : "0123456789abcdef0123456789abcdef0123456789abcdef");

	while (f->flooded < want && f->console.out_len < 65536 && f->console.fd >= 0) {
		channel_send(&f->console, line, (size_t)len);
		f->flooded += (size_t)len;
	}
	return f->flooded >= want || f->console.fd < 0;
}

static bool do_frames(struct fake *f, const char *rest)
{
	size_t want = strtoull(rest, NULL, 10);

	for (; f->flooded < want && f->agent.out_len < 65536 && f->agent.fd >= 0; f->flooded++)
		agent_log(f, "a line of the agent that nobody asked for");
	return f->flooded >= want || f->agent.fd < 0;
}

/* Whatever the host answers, and however slowly. */
static bool do_calls(struct fake *f, const char *rest)
{
	char *words;
	size_t want = strtoull(rest, &words, 10);

	for (; f->flooded < want && f->agent.out_len < 65536 && f->agent.fd >= 0; f->flooded++)
		agent_call(f, words);
	return f->flooded >= want || f->agent.fd < 0;
}

static bool do_sleep(struct fake *f, const char *rest)
{
	if (!f->wake_ms) {
		f->wake_ms = now_ms() + atoi(rest);
		return false;
	}
	if (now_ms() < f->wake_ms)
		return false;
	f->wake_ms = 0;
	return true;
}

static bool do_raw(struct fake *f, const char *hex)
{
	unsigned int byte;
	int used;

	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used) {
		char c = (char)byte;

		channel_send(&f->agent, &c, 1);
	}
	return true;
}

static bool do_panic(struct fake *f, bool device)
{
	if (!f->flooded) {
		f->flooded = 1;
		channel_send(&f->console, panic_text, strlen(panic_text));
	}
	if (f->console.out_len || f->agent.out_len)
		return false;
	f->hung = true;
	if (!device)
		return true;
	qmp_event(f, "GUEST_PANICKED", json_pack("{ss}", "action", "run"));
	qmp_guest_shutdown(f, "guest-reset");
	return true;
}

static bool do_leave(void)
{
	if (fork())
		return true;
	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fork())
		_exit(0);
	sleep(300);
	_exit(0);
}

static bool all_sent(const struct fake *f)
{
	return !f->qmp.out_len && !f->console.out_len && !f->agent.out_len;
}

static bool do_end(const struct fake *f, const char *word, const char *rest)
{
	if (!all_sent(f))
		return false;
	if (!strcmp(word, "kill"))
		raise(SIGKILL);
	_exit(*rest ? atoi(rest) : 1);
}

/* On the console first, as in the kernel; its level does not stand there. */
static bool do_kernel(struct fake *f, const char *rest)
{
	do_print(f, rest + strcspn(rest, "["), true);
	agent_record(f, rest);
	return true;
}

static bool do_call(struct fake *f, const char *rest)
{
	if (!f->flooded) { /* asked already? */
		f->flooded = 1;
		f->in_call = true;
		agent_call(f, rest);
	}
	return !f->in_call;
}

static bool do_text(struct fake *f, const char *word, const char *rest)
{
	if (!strcmp(word, "rawqmp"))
		channel_send(&f->qmp, rest, strlen(rest));
	else if (!strcmp(word, "frame"))
		agent_frame(f, rest);
	else if (!strcmp(word, "hello"))
		agent_hello(f, rest);
	else if (!strcmp(word, "record"))
		agent_record(f, rest);
	else if (!strcmp(word, "lose"))
		f->kmsg_seq += strtoull(rest, NULL, 10);
	else if (!strcmp(word, "bye"))
		agent_bye(f, rest);
	else if (!strcmp(word, "event"))
		qmp_event(f, rest, NULL);
	else if (!strcmp(word, "replay"))
		channel_send(&f->agent, f->last_frame, f->last_len);
	else
		return false;
	return true;
}

static bool do_reset(struct fake *f)
{
	if (f->console.out_len || f->agent.out_len)
		return false;
	f->hung = true;
	qmp_guest_shutdown(f, "guest-reset");
	return true;
}

/* True when the step is done, false when it has to be tried again later. */
static bool step_run(struct fake *f, const char *word, const char *rest)
{
	if (!strcmp(word, "print") || !strcmp(word, "printn"))
		return do_print(f, rest, !strcmp(word, "print"));
	if (!strcmp(word, "kernel"))
		return do_kernel(f, rest);
	if (!strcmp(word, "pong"))
		return agent_pong(f);
	if (!strcmp(word, "flood"))
		return do_flood(f, rest);
	if (!strcmp(word, "frames"))
		return do_frames(f, rest);
	if (!strcmp(word, "calls"))
		return do_calls(f, rest);
	if (!strcmp(word, "sleep"))
		return do_sleep(f, rest);
	if (!strcmp(word, "exit"))
		return agent_exit(f, atoi(rest), 0), true;
	if (!strcmp(word, "signal"))
		return agent_exit(f, -1, atoi(rest)), true;
	if (!strcmp(word, "raw"))
		return do_raw(f, rest);
	if (!strcmp(word, "call"))
		return do_call(f, rest);
	if (!strcmp(word, "panic") || !strcmp(word, "text-panic"))
		return do_panic(f, !strcmp(word, "panic"));
	if (!strcmp(word, "hang"))
		return f->hung = true;
	if (!strcmp(word, "reset"))
		return do_reset(f);
	if (!strcmp(word, "leave"))
		return do_leave();
	if (!strcmp(word, "die") || !strcmp(word, "kill"))
		return do_end(f, word, rest);
	if (do_text(f, word, rest))
		return true;
	fprintf(stderr, "fake: no such action: %s\n", word);
	exit(2);
}

void guest_run(struct fake *f)
{
	if (f->quitting && all_sent(f))
		_exit(0);
	while (!f->stopped && !f->hung && f->section && f->step < f->section->n) {
		const struct section *section = f->section;
		const struct step *step = &section->steps[f->step];

		if (!step_run(f, step->word, step->rest))
			return;
		if (f->section != section)
			return;
		f->step++;
		f->flooded = 0;
	}
	if (f->hung || f->stopped)
		return;
	if (f->booting && !f->said_hello)
		agent_hello(f, "");
	if (f->quieting)
		agent_fall_quiet(f);
	f->quieting = false;
}
