// SPDX-License-Identifier: GPL-2.0-only
/* iSCSI text: what is a pair, a number, a binary value, and what is not */
#include <stdlib.h>

#include "ktap.h"
#include "text.h"

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *name;
	const char *text;
	size_t len;
	int pairs; /* that come before the end or the error */
	bool error;
} texts[] = {
	{ "empty", TEXT(""), 0, false },
	{ "one", TEXT("A=b\0"), 1, false },
	{ "two", TEXT("A=b\0C=d\0"), 2, false },
	{ "empty value", TEXT("A=\0"), 1, false },
	{ "= in value", TEXT("A=b=c\0"), 1, false },
	{ "padding", TEXT("A=b\0\0\0\0"), 1, false },
	{ "padding between", TEXT("\0A=b\0\0\0C=d\0"), 2, false },
	{ "only padding", TEXT("\0\0\0\0"), 0, false },
	{ "no NUL", TEXT("A=b"), 0, true },
	{ "second without NUL", TEXT("A=b\0C=d"), 1, true },
	{ "no =", TEXT("Abc\0"), 0, true },
	{ "second without =", TEXT("A=b\0Abc\0"), 1, true },
	{ "= behind the NUL", TEXT("Abc\0=d\0"), 0, true },
	{ "no key", TEXT("=b\0"), 0, true },
	{ "blank in key", TEXT("A b=c\0"), 0, true },
	{ "small letter first", TEXT("iSCSIx=b\0"), 1, false },
	{ "digit first", TEXT("1A=b\0"), 0, true },
	{ "all that a key may have", TEXT("Aa0.-+@_#=b\0"), 1, false },
	{ "8-bit key", TEXT("A\xe4=b\0"), 0, true },
};

static void test_pairs(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		/* to the byte, so that the sanitizer sees what is behind */
		char *copy = malloc(texts[i].len ? texts[i].len : 1);
		char *pos = copy;
		const char *key, *value;
		int pairs = 0, err;
		bool ok = ktap_ok;

		memcpy(copy, texts[i].text, texts[i].len);
		for (;;) {
			err = text_next(&pos, copy + texts[i].len, &key,
					&value);
			if (err || !key)
				break;
			CHECK_STR(key + strlen(key) + 1, value);
			pairs++;
		}
		CHECK_EQ(pairs, texts[i].pairs);
		CHECK_EQ(err != 0, texts[i].error);
		CHECK_ROW(texts[i].name, ok);
		free(copy);
	}
}

static int parse_long(size_t key_len, size_t value_len)
{
	size_t len = key_len + value_len + 2;
	char *text = malloc(len), *pos = text;
	const char *key, *value;
	int err;

	memset(text, 'A', len);
	text[key_len] = '=';
	text[len - 1] = '\0';
	err = text_next(&pos, text + len, &key, &value);
	if (!err) {
		CHECK_EQ(strlen(key), key_len);
		CHECK_EQ(strlen(value), value_len);
	}
	free(text);
	return err;
}

static void test_long_pairs(void)
{
	CHECK_EQ(parse_long(TEXT_KEY_MAX, 10), 0);
	CHECK(parse_long(TEXT_KEY_MAX + 1, 10) < 0);
	CHECK_EQ(parse_long(10, TEXT_ENCODED_MAX), 0);
	CHECK(parse_long(10, TEXT_ENCODED_MAX + 1) < 0);
}

static void test_garbage(void)
{
	unsigned int seed = 1;

	for (int round = 0; round < 2000; round++) {
		size_t len = 8192;
		char *text = malloc(len), *pos = text;
		const char *key, *value;
		int pairs = 0;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			/* now and then what makes pairs of it */
			text[i] = round & 1 && !(seed >> 29) ?
					  "=\0Aa"[seed >> 20 & 3] :
					  (char)(seed >> 16);
		}
		while (!text_next(&pos, text + len, &key, &value) && key)
			pairs++;
		CHECK(pairs <= 8192 / 3);
		free(text);
	}
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t num;
	} rows[] = {
		{ "0", true, 0 },
		{ "1", true, 1 },
		{ "262144", true, 262144 },
		{ "0x40000", true, 262144 },
		{ "0XfF", true, 255 },
		{ "0x0010", true, 16 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "0xffffffffffffffff", true, UINT64_MAX },
		{ "0x10000000000000000", false, 0 },
		{ "", false, 0 },
		{ "0x", false, 0 },
		{ "010", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1k", false, 0 },
		{ "12a", false, 0 },
		{ "0xg", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;
		uint64_t num = 0;

		CHECK_EQ(!text_number(rows[i].text, &num), rows[i].ok);
		CHECK_EQ(num, rows[i].num);
		CHECK_ROW(rows[i].text, ok);
	}
}

static void test_binary(void)
{
	static const struct {
		const char *text;
		int len; /* -1: refused */
		const char *bytes;
	} rows[] = {
		{ "0x00ff10", 3, "\x00\xff\x10" },
		{ "0XaBcD", 2, "\xab\xcd" },
		{ "0xabc", 2, "\x0a\xbc" },
		{ "0b", -1, "" },
		{ "0bTWFu", 3, "Man" },
		{ "0bTWE=", 2, "Ma" },
		{ "0bTQ==", 1, "M" },
		{ "0BTWFuTWFu", 6, "ManMan" },
		{ "0b+/+/", 3, "\xfb\xff\xbf" },
		{ "0bTWF", -1, "" },
		{ "0bTQ=", -1, "" },
		{ "0bT===", -1, "" },
		{ "0bTQ=A", -1, "" },
		{ "0bTW*u", -1, "" },
		{ "0x", -1, "" },
		{ "0xzz", -1, "" },
		{ "", -1, "" },
		{ "258", 2, "\x01\x02" },
		{ "0", 1, "\x00" },
		{ "deadbeef", -1, "" },
		/* room for 8 bytes, no more */
		{ "0x0102030405060708", 8, "\1\2\3\4\5\6\7\10" },
		{ "0x010203040506070809", -1, "" },
		{ "0bTWFuTWFuTWFu", -1, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *data = malloc(8);
		bool ok = ktap_ok;
		size_t len = 0;
		int err = text_binary(rows[i].text, data, 8, &len);

		CHECK_EQ(err ? -1 : (int)len, rows[i].len);
		if (!err && rows[i].len >= 0)
			CHECK(!memcmp(data, rows[i].bytes, len));
		CHECK_ROW(rows[i].text, ok);
		free(data);
	}
}

static void test_lists(void)
{
	CHECK(text_list_has("CHAP,None", "None"));
	CHECK(text_list_has("CHAP,None", "CHAP"));
	CHECK(text_list_has("None", "None"));
	CHECK(!text_list_has("NoneX,XNone", "None"));
	CHECK(!text_list_has("Non", "None"));
	CHECK(!text_list_has("", "None"));
	CHECK(!text_list_has(",,", "None"));
	CHECK(text_list_has(",,None", "None"));
}

static void test_building(void)
{
	struct text_buf b;

	text_init(&b, 1000);
	CHECK_EQ(text_add(&b, "Key", "%d", 5), 0);
	CHECK_EQ(text_add_binary(&b, "Bin", "\x01\xff", 2), 0);
	CHECK_EQ(b.len, 6 + 11);
	CHECK(!memcmp(b.data, "Key=5\0Bin=0x01ff\0", b.len));
	text_free(&b);
	CHECK(!b.data && !b.len && b.max == 1000);

	for (int i = 0; i < 1000; i++)
		text_add(&b, "Key", "%d", i);
	CHECK(b.failed);
	CHECK(b.len <= 1000);
	text_free(&b);
	CHECK(!b.failed);
}

int main(void)
{
	ktap_run(test_pairs);
	ktap_run(test_long_pairs);
	ktap_run(test_garbage);
	ktap_run(test_numbers);
	ktap_run(test_binary);
	ktap_run(test_lists);
	ktap_run(test_building);
	return ktap_done();
}
