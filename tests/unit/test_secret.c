// SPDX-License-Identifier: GPL-2.0-only
/* Secrets in files: which are read, which are not, and what is said */
#include "secret.h"

#include <errno.h>
#include <sys/stat.h>

#include "account.h"
#include "config.h"
#include "ktap.h"
#include "tmpfile.h"

#define FILE_WITH(s) tmp_write("secret", s, sizeof(s) - 1)

static char secret[ACCOUNT_SECRET_MAX + 1];
static const char *reason;

static int get(const char *path)
{
	memset(secret, 'x', sizeof(secret));
	return secret_read(path, secret, sizeof(secret), &reason);
}

/* whatever was wrong, nothing of the file is left in memory */
static void check_wiped(void)
{
	for (size_t i = 0; i < sizeof(secret); i++)
		CHECK(!secret[i]);
}

static void test_word(void)
{
	CHECK_STR(secret_path("@/a/b"), "/a/b");
	CHECK(!secret_path("@secret"));
	CHECK(!secret_path("@"));
	CHECK(!secret_path("/a/b"));
	CHECK(!secret_path("secret@/a"));
}

static void test_lines(void)
{
	CHECK_EQ(get(FILE_WITH("12charsecret\nmore\n")), 0);
	CHECK_STR(secret, "12charsecret");
	CHECK_EQ(get(FILE_WITH("no newline")), 0);
	CHECK_STR(secret, "no newline");
	CHECK_EQ(get(FILE_WITH("#not a comment\r\n")), 0);
	CHECK_STR(secret, "#not a comment");
	CHECK_EQ(get(FILE_WITH("@/not/a/path\n")), 0);
	CHECK_STR(secret, "@/not/a/path");
	/* nothing behind it is left in memory */
	CHECK_EQ(get(FILE_WITH("a\nsecret of another")), 0);
	CHECK_EQ(strnlen(secret, sizeof(secret)), 1);
	CHECK(!memchr(secret, 's', sizeof(secret)));
}

static void test_lengths(void)
{
	static char text[100000];

	memset(text, 'a', sizeof(text));
	CHECK_EQ(get(tmp_write("secret", text, ACCOUNT_SECRET_MAX)), 0);
	CHECK_EQ(strlen(secret), ACCOUNT_SECRET_MAX);
	text[ACCOUNT_SECRET_MAX] = '\n';
	CHECK_EQ(get(tmp_write("secret", text, sizeof(text))), 0);
	CHECK_EQ(strlen(secret), ACCOUNT_SECRET_MAX);
	text[ACCOUNT_SECRET_MAX] = 'a';
	CHECK_EQ(get(tmp_write("secret", text, ACCOUNT_SECRET_MAX + 1)),
		 -EINVAL);
	CHECK_STR(reason, "the first line is too long");
	CHECK_EQ(get(tmp_write("secret", text, sizeof(text))), -EINVAL);
	check_wiped();
}

static void test_wrong_text(void)
{
	CHECK_EQ(get(FILE_WITH("")), -EINVAL);
	CHECK_STR(reason, "the first line is empty");
	CHECK_EQ(get(FILE_WITH("\nsecret\n")), -EINVAL);
	check_wiped();
	CHECK_EQ(get(FILE_WITH("se\0cret\n")), -EINVAL);
	CHECK_STR(reason, "is not a text file");
	check_wiped();
}

static void test_rights(void)
{
	static const mode_t wrong[] = { 0640, 0604, 0610, 0601, 0620, 0602 };
	const char *path = FILE_WITH("12charsecret\n");

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK(!chmod(path, wrong[i]));
		CHECK_EQ(get(path), -EPERM);
		CHECK(strstr(reason, "chmod 600"));
		check_wiped();
	}
	CHECK(!chmod(path, 0400));
	CHECK_EQ(get(path), 0);
	secret_set_owner(geteuid() + 1);
	CHECK_EQ(get(path), -EPERM);
	CHECK_STR(reason, "does not belong to root");
	check_wiped();
	secret_set_owner(geteuid());
}

static void test_no_file(void)
{
	char path[PATH_MAX];

	CHECK_EQ(get("/nonexistent"), -ENOENT);
	CHECK_EQ(get(tmp_path("")), -EPERM);
	CHECK_STR(reason, "is not a file");
	/* nobody writes to it, and nobody waits for that */
	snprintf(path, sizeof(path), "%s", tmp_path("pipe"));
	CHECK(!mkfifo(path, 0600));
	CHECK_EQ(get(path), -EPERM);
}

static struct config *load(const char *conf, struct report *r)
{
	struct config *c;

	memset(r, 0, sizeof(*r));
	config_load(tmp_write("ietd.conf", conf, strlen(conf)), &c, r);
	return c;
}

static void test_config(void)
{
	char text[PATH_MAX], path[PATH_MAX];
	struct config_account *a;
	struct report r;
	struct config *c;

	snprintf(path, sizeof(path), "%s", FILE_WITH("words from a file\n"));
	snprintf(text, sizeof(text),
		 "OutgoingUser me @%.1000s # ours\nTarget iqn.a\n"
		 "IncomingUser joe @%.1000s\nIncomingUser jim @inline-words\n",
		 path, path);
	c = load(text, &r);
	CHECK_EQ(r.nr, 0);
	CHECK(c);
	if (c) {
		CHECK_STR(c->accounts->account.secret, "words from a file");
		a = c->targets->accounts;
		CHECK_STR(a->account.name, "joe");
		CHECK_STR(a->account.secret, "words from a file");
		CHECK_STR(a->next->account.secret, "@inline-words");
	}
	config_free(c);
	report_clear(&r);

	/* an account without its secret must not become one without any */
	CHECK(!chmod(path, 0644));
	c = load(text, &r);
	CHECK(!c);
	CHECK_EQ(r.errors, 2);
	CHECK(r.nr && strstr(r.lines[0].text, "ietd.conf:1: OutgoingUser: "));
	CHECK(r.nr && strstr(r.lines[0].text, path));
	CHECK(r.nr && strstr(r.lines[0].text, "chmod 600"));
	report_clear(&r);
}

/* who may read the file of the configuration learns no secret from it */
static void test_config_for_all(void)
{
	char text[PATH_MAX], conf[PATH_MAX];
	struct report r = { 0 };
	struct config *c;

	snprintf(text, sizeof(text), "IncomingUser joe @%.1000s\n",
		 FILE_WITH("words from a file\n"));
	snprintf(conf, sizeof(conf), "%s",
		 tmp_write("ietd.conf", text, strlen(text)));
	CHECK(!chmod(conf, 0644));
	CHECK_EQ(config_load(conf, &c, &r), 0);
	CHECK_EQ(r.nr, 0);
	config_free(c);
	report_clear(&r);
}

int main(void)
{
	secret_set_owner(geteuid());
	ktap_run(test_word);
	ktap_run(test_lines);
	ktap_run(test_lengths);
	ktap_run(test_wrong_text);
	ktap_run(test_rights);
	ktap_run(test_no_file);
	ktap_run(test_config);
	ktap_run(test_config_for_all);
	return ktap_done();
}
