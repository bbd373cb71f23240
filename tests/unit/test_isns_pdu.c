// SPDX-License-Identifier: GPL-2.0-only
/*
 * iSNS messages: what is written can be read, and what is hostile is
 * refused without a look beyond its end.  Everything is read from memory of
 * exactly its size, so that the address sanitizer sees each step too far.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "isns_node.h"
#include "isns_notice.h"
#include "isns_pdu.h"
#include "isns_request.h"
#include "ktap.h"
#include "target_portal.h"

#define NAME "iqn.2001-04.com.example:disk"
#define EID "iet.storage:3260"
#define MUTATIONS 200000

/* bytes of a string literal without its NUL */
#define BYTES(s) (s), sizeof(s) - 1

static uint8_t *exact(const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* --- header -------------------------------------------------------------- */

static const struct {
	const char *what;
	const char *bytes;
	int want;
} headers[] = {
	{ "good", "\0\1\0\2\0\10\x0c\0\0\1\0\0", 0 },
	{ "empty", "\0\1\0\2\0\0\x0c\0\0\1\0\0", 0 },
	{ "largest", "\0\1\0\2\xff\xfc\x0c\0\0\1\0\0", 0 },
	{ "version 0", "\0\0\0\2\0\10\x0c\0\0\1\0\0", -EPROTO },
	{ "version 2", "\0\2\0\2\0\10\x0c\0\0\1\0\0", -EPROTO },
	{ "odd length", "\0\1\0\2\0\7\x0c\0\0\1\0\0", -EPROTO },
	{ "length 65535", "\0\1\0\2\xff\xff\x0c\0\0\1\0\0", -EPROTO },
	{ "signed", "\0\1\0\2\0\10\x2c\0\0\1\0\0", -EOPNOTSUPP },
};

static void test_header(void)
{
	const struct isns_hdr hdr = { ISNS_ESI | ISNS_RESPONSE, 1024,
				      ISNS_FLAG_CLIENT | ISNS_FLAG_FIRST,
				      0xabcd, 7 };
	uint8_t bytes[ISNS_HDR_LEN];
	struct isns_hdr got;

	isns_hdr_write(&hdr, bytes);
	CHECK_EQ(isns_hdr_read(bytes, &got), 0);
	CHECK_EQ(got.function, hdr.function);
	CHECK_EQ(got.length, hdr.length);
	CHECK_EQ(got.flags, hdr.flags);
	CHECK_EQ(got.xid, hdr.xid);
	CHECK_EQ(got.seq, hdr.seq);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		uint8_t *p = exact(headers[i].bytes, ISNS_HDR_LEN);
		bool before = ktap_ok;

		CHECK_EQ(isns_hdr_read(p, &got), headers[i].want);
		CHECK_ROW(headers[i].what, before);
		free(p);
	}
}

/* --- attributes ---------------------------------------------------------- */

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	int want; /* of the last read */
	unsigned int nr; /* attributes before */
} lists[] = {
	{ "nothing", BYTES(""), 0, 0 },
	{ "one byte", BYTES("\0"), -EPROTO, 0 },
	{ "7 bytes", BYTES("\0\0\0\x20\0\0\0"), -EPROTO, 0 },
	{ "delimiter", BYTES("\0\0\0\0\0\0\0\0"), 0, 1 },
	{ "no value", BYTES("\0\0\0\x20\0\0\0\4"), -EPROTO, 0 },
	{ "half a value", BYTES("\0\0\0\x20\0\0\0\x8ixyz"), -EPROTO, 0 },
	{ "length 3", BYTES("\0\0\0\x20\0\0\0\3ab\0\0"), -EPROTO, 0 },
	{ "length 2^32-4",
	  BYTES("\0\0\0\x20\xff\xff\xff\xfc"
		"abc\0"),
	  -EPROTO, 0 },
	{ "length 2^31",
	  BYTES("\0\0\0\x20\x80\0\0\0"
		"abc\0"),
	  -EPROTO, 0 },
	{ "any tag", BYTES("\xff\xff\xff\xff\0\0\0\4abc\0"), 0, 1 },
	{ "rest of 4", BYTES("\0\0\0\x20\0\0\0\4abc\0\0\0\0\1"), -EPROTO, 1 },
};

static void test_attributes(void)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint8_t *p = exact(lists[i].bytes, lists[i].len);
		struct isns_reader r = { p, lists[i].len };
		bool before = ktap_ok;
		unsigned int nr = 0;
		struct isns_attr a;
		int ret;

		while ((ret = isns_read_attr(&r, &a)) > 0)
			nr++;
		CHECK_EQ(ret, lists[i].want);
		CHECK_EQ(nr, lists[i].nr);
		CHECK_ROW(lists[i].what, before);
		free(p);
	}
}

static const struct {
	const char *bytes;
	size_t len;
	const char *want;
} strings[] = {
	{ BYTES("abc\0"), "abc" },
	{ BYTES("abc\0def\0"), "abc" },
	{ BYTES("a\0\0\0"), "a" },
	{ BYTES("abcd"), NULL },
	{ BYTES(""), NULL },
	{ BYTES("\0\0\0\0"), NULL },
	{ BYTES("a\nb\0"), NULL },
	{ BYTES("a\x7f"
		"b\0"),
	  NULL },
};

static void test_strings(void)
{
	char text[ISNS_STRING_MAX + 4] = { 0 };
	struct isns_buf buf = { 0 };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		uint8_t *p = exact(strings[i].bytes, strings[i].len);
		struct isns_attr a = { ISNS_TAG_NAME, strings[i].len, p };
		const char *got = isns_attr_string(&a);
		bool before = ktap_ok;

		if (strings[i].want)
			CHECK_STR(got, strings[i].want);
		else
			CHECK(!got);
		CHECK_ROW(strings[i].bytes, before);
		free(p);
	}
	/* the longest that can be written can be read; one more is neither */
	for (size_t len = 255; len <= 256; len++) {
		struct isns_attr a = { ISNS_TAG_NAME, 260, (uint8_t *)text };

		memset(text, 'x', len);
		isns_put_string(&buf, ISNS_TAG_NAME, text);
		CHECK_EQ(buf.failed, len == 256);
		CHECK_EQ(!isns_attr_string(&a), len == 256);
	}
	isns_buf_free(&buf);
}

static void test_numbers(void)
{
	struct isns_attr a = { ISNS_TAG_PERIOD, 4, (uint8_t *)"\1\2\3\4" };
	struct isns_reader r = { (uint8_t *)"\0\0\0", 3 };
	uint32_t v;

	CHECK_EQ(isns_attr_u32(&a, &v), 0);
	CHECK_EQ(v, 0x01020304);
	a.len = 0;
	CHECK_EQ(isns_attr_u32(&a, &v), -EPROTO);
	a.len = 8;
	CHECK_EQ(isns_attr_u32(&a, &v), -EPROTO);
	CHECK_EQ(isns_read_status(&r, &v), -EPROTO);
}

/* --- messages of several PDUs -------------------------------------------- */

#define F ISNS_FLAG_FIRST
#define L ISNS_FLAG_LAST

static const struct {
	const char *what;
	struct isns_hdr hdr[3];
	unsigned int nr;
	int want; /* of the last; 0 before */
} runs[] = {
	{ "one", { { 1, 8, F | L, 5, 0 } }, 1, 1 },
	{ "one without data", { { 1, 0, F | L, 5, 0 } }, 1, 1 },
	{ "three",
	  { { 1, 8, F, 5, 0 }, { 1, 8, 0, 5, 1 }, { 1, 8, L, 5, 2 } },
	  3,
	  1 },
	{ "no first", { { 1, 8, L, 5, 0 } }, 1, -EPROTO },
	{ "first is 1", { { 1, 8, F | L, 5, 1 } }, 1, -EPROTO },
	{ "gap", { { 1, 8, F, 5, 0 }, { 1, 8, L, 5, 2 } }, 2, -EPROTO },
	{ "twice", { { 1, 8, F, 5, 0 }, { 1, 8, L, 5, 0 } }, 2, -EPROTO },
	{ "two firsts",
	  { { 1, 8, F, 5, 0 }, { 1, 8, F | L, 5, 1 } },
	  2,
	  -EPROTO },
	{ "other xid", { { 1, 8, F, 5, 0 }, { 1, 8, L, 6, 1 } }, 2, -EPROTO },
	{ "other function",
	  { { 1, 8, F, 5, 0 }, { 2, 8, L, 5, 1 } },
	  2,
	  -EPROTO },
	{ "empty one", { { 1, 8, F, 5, 0 }, { 1, 0, 0, 5, 1 } }, 2, -EPROTO },
};

static void test_messages(void)
{
	uint8_t data[8] = { 0 };

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct isns_message m = { 0 };
		bool before = ktap_ok;
		size_t len = 0;

		for (unsigned int k = 0; k < runs[i].nr; k++) {
			bool last = k == runs[i].nr - 1;

			CHECK_EQ(isns_message_add(&m, &runs[i].hdr[k], data),
				 last ? runs[i].want : 0);
			len += runs[i].hdr[k].length;
		}
		if (runs[i].want == 1)
			CHECK_EQ(m.data.len, len);
		isns_message_clear(&m);
		CHECK_ROW(runs[i].what, before);
	}
}

static void test_endless_message(void)
{
	struct isns_hdr hdr = { ISNS_SCN, ISNS_PDU_DATA_MAX, F, 1, 0 };
	uint8_t *data = calloc(1, ISNS_PDU_DATA_MAX);
	struct isns_message m = { 0 };
	int ret;

	do {
		ret = isns_message_add(&m, &hdr, data);
		hdr.flags = 0;
		hdr.seq++;
	} while (!ret);
	CHECK_EQ(ret, -EMSGSIZE);
	CHECK(m.data.len <= ISNS_MESSAGE_MAX);
	isns_message_clear(&m);
	/* nor by many small ones: the sequence number ends before */
	hdr = (struct isns_hdr){ ISNS_SCN, 4, F, 1, 0 };
	do {
		ret = isns_message_add(&m, &hdr, data);
		hdr.flags = 0;
		hdr.seq++;
	} while (!ret);
	CHECK_EQ(ret, -EPROTO);
	isns_message_clear(&m);
	free(data);
}

/* --- requests ------------------------------------------------------------ */

static void set_portal(struct isns_portal *p, const char *addr, uint16_t port)
{
	struct sockaddr_in6 *in6 = (void *)&p->sa;
	struct sockaddr_in *in = (void *)&p->sa;

	memset(p, 0, sizeof(*p));
	if (inet_pton(AF_INET, addr, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
	} else {
		memset(p, 0, sizeof(*p));
		inet_pton(AF_INET6, addr, &in6->sin6_addr);
		in6->sin6_family = AF_INET6;
	}
	in->sin_port = htons(port);
}

static void fill_site(struct isns_site *site)
{
	memset(site, 0, sizeof(*site));
	snprintf(site->eid, sizeof(site->eid), EID);
	set_portal(&site->portals[0], "10.0.0.1", 3260);
	set_portal(&site->portals[1], "fd00::1", 3260);
	site->portals[1].notices = true;
	site->nr_portals = 2;
	site->notice_port = 40000;
	site->esi = true;
	site->groups = true;
}

static struct isns_node *new_node(void)
{
	CHECK_EQ(isns_node_see(NAME, "disk one"), 0);
	return isns_node_find(NAME);
}

#define NO_VALUE 0xffffffff

/* NAME is on this portal only */
static void set_target_portal(const char *text)
{
	struct target_portals *t = calloc(1, sizeof(*t));

	snprintf(t->name, sizeof(t->name), "%s", NAME);
	t->list = calloc(1, sizeof(*t->list));
	CHECK_EQ(target_portal_parse(text, t->list), 0);
	target_portals_replace(t);
}

/* tag, and the value as a number, a text or the last byte of an address */
struct want {
	uint32_t tag;
	const char *text;
	uint32_t number;
};

static void check_list(const struct isns_buf *buf, const struct want *want,
		       size_t nr)
{
	struct isns_reader r = { buf->data, buf->len };
	struct isns_attr a;
	uint32_t v;

	CHECK(!buf->failed);
	for (size_t i = 0; i < nr; i++) {
		if (isns_read_attr(&r, &a) != 1) {
			CHECK(!"too short");
			return;
		}
		CHECK_EQ(a.tag, want[i].tag);
		if (want[i].text)
			CHECK_STR(isns_attr_string(&a), want[i].text);
		else if (a.len == 16)
			CHECK_EQ(a.value[15], want[i].number);
		else if (want[i].number == NO_VALUE)
			CHECK_EQ(a.len, 0);
		else if (a.len)
			CHECK(!isns_attr_u32(&a, &v) && v == want[i].number);
	}
	CHECK_EQ(isns_read_attr(&r, &a), 0);
}

#define CHECK_LIST(buf, ...)                                              \
	do {                                                              \
		const struct want want_[] = { __VA_ARGS__ };              \
		check_list(buf, want_, sizeof(want_) / sizeof(want_[0])); \
		isns_buf_free(buf);                                       \
	} while (0)

/* clang-format off */
static void test_requests(void)
{
	struct isns_node *n = new_node();
	struct isns_buf buf = { 0 };
	struct isns_site site;

	fill_site(&site);
	isns_build_enter(&buf, &site, n);
	CHECK_LIST(&buf,
		   { ISNS_TAG_NAME, NAME, 0 }, { ISNS_TAG_EID, EID, 0 },
		   { ISNS_TAG_DELIMITER, NULL, 0 },
		   { ISNS_TAG_EID, EID, 0 }, { ISNS_TAG_PROTOCOL, NULL, 2 },
		   { ISNS_TAG_PORTAL_ADDR, NULL, 1 },
		   { ISNS_TAG_PORTAL_PORT, NULL, 3260 },
		   { ISNS_TAG_PORTAL_ADDR, NULL, 1 },
		   { ISNS_TAG_PORTAL_PORT, NULL, 3260 },
		   { ISNS_TAG_ESI_INTERVAL, NULL, ISNS_ESI_INTERVAL_S },
		   { ISNS_TAG_ESI_PORT, NULL, 40000 },
		   { ISNS_TAG_SCN_PORT, NULL, 40000 },
		   { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_NODE_TYPE, NULL, ISNS_NODE_TARGET },
		   { ISNS_TAG_ALIAS, "disk one", 0 },
		   { ISNS_TAG_PG_TAG, NULL, 1 },
		   { ISNS_TAG_PG_ADDR, NULL, 1 }, { ISNS_TAG_PG_PORT, NULL, 3260 },
		   { ISNS_TAG_PG_ADDR, NULL, 1 }, { ISNS_TAG_PG_PORT, NULL, 3260 });

	/* a target that is on one of them only */
	set_target_portal("[fd00::1]:3260");
	isns_build_add(&buf, &site, n);
	CHECK_LIST(&buf,
		   { ISNS_TAG_NAME, NAME, 0 }, { ISNS_TAG_EID, EID, 0 },
		   { ISNS_TAG_DELIMITER, NULL, 0 },
		   { ISNS_TAG_EID, EID, 0 }, { ISNS_TAG_PROTOCOL, NULL, 2 },
		   { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_NODE_TYPE, NULL, ISNS_NODE_TARGET },
		   { ISNS_TAG_ALIAS, "disk one", 0 },
		   { ISNS_TAG_PG_TAG, NULL, 1 },
		   { ISNS_TAG_PG_ADDR, NULL, 1 }, { ISNS_TAG_PG_PORT, NULL, 3260 },
		   { ISNS_TAG_PG_TAG, NULL, NO_VALUE },
		   { ISNS_TAG_PG_ADDR, NULL, 1 }, { ISNS_TAG_PG_PORT, NULL, 3260 });
	target_portals_replace(NULL);

	site.esi = false;
	site.groups = false;
	site.nr_portals = 1;
	site.portals[0].notices = true;
	isns_build_enter(&buf, &site, n);
	CHECK_LIST(&buf,
		   { ISNS_TAG_NAME, NAME, 0 }, { ISNS_TAG_EID, EID, 0 },
		   { ISNS_TAG_DELIMITER, NULL, 0 },
		   { ISNS_TAG_EID, EID, 0 }, { ISNS_TAG_PROTOCOL, NULL, 2 },
		   { ISNS_TAG_PORTAL_ADDR, NULL, 1 },
		   { ISNS_TAG_PORTAL_PORT, NULL, 3260 },
		   { ISNS_TAG_SCN_PORT, NULL, 40000 },
		   { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_NODE_TYPE, NULL, ISNS_NODE_TARGET },
		   { ISNS_TAG_ALIAS, "disk one", 0 });

	isns_build_remove(&buf, n);
	CHECK_LIST(&buf, { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_DELIMITER, NULL, 0 }, { ISNS_TAG_NAME, NAME, 0 });
	isns_build_leave(&buf, &site, n);
	CHECK_LIST(&buf, { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_DELIMITER, NULL, 0 }, { ISNS_TAG_EID, EID, 0 });
	isns_build_scn_reg(&buf, n);
	CHECK_LIST(&buf, { ISNS_TAG_NAME, NAME, 0 }, { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_DELIMITER, NULL, 0 },
		   { ISNS_TAG_SCN_BITMAP, NULL, 0x9c });
	isns_build_query(&buf, n);
	CHECK_LIST(&buf, { ISNS_TAG_NAME, NAME, 0 },
		   { ISNS_TAG_NODE_TYPE, NULL, ISNS_NODE_INITIATOR },
		   { ISNS_TAG_DELIMITER, NULL, 0 }, { ISNS_TAG_NAME, NULL, 0 });
	isns_node_forget(n);
}
/* clang-format on */

static void test_largest_request(void)
{
	struct isns_node *n = new_node();
	struct isns_buf buf = { 0 };
	struct isns_site site;

	fill_site(&site);
	for (unsigned int i = 0; i < ISNS_PORTALS_MAX; i++) {
		set_portal(&site.portals[i], "fd00::1", 3260);
		site.portals[i].notices = true;
	}
	site.nr_portals = ISNS_PORTALS_MAX;
	memset(site.eid, 'e', sizeof(site.eid) - 1);
	memset(n->alias, 'a', sizeof(n->alias) - 1);
	isns_build_enter(&buf, &site, n);
	CHECK(!buf.failed);
	CHECK(buf.len <= ISNS_PDU_DATA_MAX);
	isns_buf_free(&buf);
	isns_node_forget(n);
}

/* --- notices ------------------------------------------------------------- */

#define ATTR(tag, len, value) "\0\0\0" tag "\0\0\0" len value
#define TO ATTR("\x20", "\4", "abc\0")
#define TIME ATTR("\4", "\x8", "\0\0\0\0\0\0\0\1")
#define EVENT ATTR("\x23", "\4", "\0\0\0\x8")
#define ABOUT ATTR("\x20", "\4", "xyz\0")
#define MY_EID ATTR("\1", "\x14", EID "\0\0\0\0")

static const struct {
	const char *what;
	uint16_t function;
	const char *bytes;
	size_t len;
	uint32_t status;
	unsigned int changes;
} notices[] = {
	{ "SCN", ISNS_SCN, BYTES(TO TIME EVENT ABOUT), 0, 1 },
	{ "SCN of two", ISNS_SCN, BYTES(TO TIME EVENT ABOUT ABOUT), 0, 2 },
	{ "two events", ISNS_SCN, BYTES(TO TIME EVENT ABOUT EVENT ABOUT), 0,
	  2 },
	{ "SCN of nothing", ISNS_SCN, BYTES(TO TIME), 0, 0 },
	{ "empty SCN", ISNS_SCN, BYTES(""), 2, 0 },
	{ "SCN to nobody", ISNS_SCN, BYTES(TIME EVENT ABOUT), 2, 0 },
	{ "SCN to no text", ISNS_SCN, BYTES(ATTR("\x20", "\4", "abcd")), 2, 0 },
	{ "SCN cut off", ISNS_SCN, BYTES(TO TIME EVENT ABOUT "\0\0\0\x20"), 2,
	  0 },
	{ "bad bitmap", ISNS_SCN,
	  BYTES(TO TIME EVENT ABOUT ATTR("\x23", "\0", "")), 2, 0 },
	{ "bad node", ISNS_SCN,
	  BYTES(TO TIME EVENT ABOUT ATTR("\x20", "\0", "")), 2, 0 },
	{ "ESI", ISNS_ESI, BYTES(TIME MY_EID), 0, 0 },
	{ "ESI of another", ISNS_ESI, BYTES(TIME ATTR("\1", "\4", "abc\0")), 9,
	  0 },
	{ "ESI of nobody", ISNS_ESI, BYTES(TIME), 2, 0 },
	{ "ESI cut off", ISNS_ESI, BYTES(TIME MY_EID "\0"), 2, 0 },
	{ "heartbeat", 0x000e, BYTES(TIME), 15, 0 },
	{ "a request", ISNS_DEV_ATTR_QRY, BYTES(""), 15, 0 },
};

static unsigned int nr_changes;

static void count_change(const char *target, const char *about, uint32_t bitmap,
			 void *arg)
{
	(void)arg;
	CHECK_STR(target, "abc");
	CHECK_STR(about, "xyz");
	CHECK_EQ(bitmap, ISNS_SCN_ADDED);
	nr_changes++;
}

static void test_notices(void)
{
	const struct isns_notice_ops ops = { count_change };

	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		struct isns_message m = { .function = notices[i].function };
		struct isns_buf answer = { 0 };
		bool before = ktap_ok;
		struct isns_reader r;
		uint32_t status;

		m.data.data = exact(notices[i].bytes, notices[i].len);
		m.data.len = notices[i].len;
		nr_changes = 0;
		isns_notice(&m, EID, &ops, NULL, &answer);
		r = (struct isns_reader){ answer.data, answer.len };
		CHECK(!isns_read_status(&r, &status) &&
		      status == notices[i].status);
		CHECK_EQ(nr_changes, notices[i].changes);
		/* 5.7.5.13: an inquiry is given back */
		if (m.function == ISNS_ESI && !notices[i].status)
			CHECK(r.left == m.data.len &&
			      !memcmp(r.p, m.data.data, m.data.len));
		isns_buf_free(&answer);
		isns_message_clear(&m);
		CHECK_ROW(notices[i].what, before);
	}
}

/* --- anything ------------------------------------------------------------ */

static uint32_t seed = 4171;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static int take_any(const char *name, void *arg)
{
	size_t *sum = arg;

	*sum += strlen(name);
	return 0;
}

static void ignore_change(const char *target, const char *about,
			  uint32_t bitmap, void *arg)
{
	*(size_t *)arg += strlen(target) + strlen(about) + bitmap;
}

static void read_all(const struct isns_message *m)
{
	const struct isns_notice_ops ops = { ignore_change };
	struct isns_reader r = { m->data.data, m->data.len };
	struct isns_buf answer = { 0 };
	uint32_t v = 0;
	size_t sum = 0;

	isns_notice(m, EID, &ops, &sum, &answer);
	CHECK(answer.len >= 4 && !answer.failed);
	isns_buf_free(&answer);
	if (isns_read_status(&r, &v))
		return;
	isns_parse_names(&r, take_any, &sum);
	r = (struct isns_reader){ m->data.data, m->data.len };
	isns_parse_period(&r, &v);
}

static size_t mutate(uint8_t *p, size_t len)
{
	static const uint8_t nasty[] = { 0, 1, 3, 4, 0x20, 0x7f, 0x80, 0xff };

	for (uint32_t n = any(4); n; n--)
		p[any(len)] = nasty[any(sizeof(nasty))];
	if (!any(3))
		p[any(len)] = any(256);
	return any(2) ? len : any(len + 1);
}

static void take_stream(const uint8_t *p, size_t len)
{
	struct isns_message m = { 0 };
	struct isns_hdr hdr;

	while (len >= ISNS_HDR_LEN && !isns_hdr_read(p, &hdr)) {
		int ret;

		if (hdr.length > len - ISNS_HDR_LEN)
			break;
		ret = isns_message_add(&m, &hdr, p + ISNS_HDR_LEN);
		if (ret < 0)
			break;
		if (ret) {
			read_all(&m);
			isns_message_clear(&m);
		}
		p += ISNS_HDR_LEN + hdr.length;
		len -= ISNS_HDR_LEN + hdr.length;
	}
	isns_message_clear(&m);
}

static void test_mutations(void)
{
	static const struct {
		uint16_t function;
		const char *bytes;
		size_t len;
	} good[] = {
		{ ISNS_SCN, BYTES(TO TIME EVENT ABOUT EVENT ABOUT) },
		{ ISNS_ESI, BYTES(TIME MY_EID) },
		{ ISNS_DEV_ATTR_QRY | ISNS_RESPONSE,
		  BYTES("\0\0\0\0" ATTR("\x21", "\4", "\0\0\0\2")
				ATTR("\0", "\0", "") TO ABOUT) },
		{ ISNS_DEV_ATTR_REG | ISNS_RESPONSE,
		  BYTES("\0\0\0\0" MY_EID ATTR("\0", "\0", "")
				MY_EID ATTR("\6", "\4", "\0\0\2\x58")) },
	};
	const size_t nr = sizeof(good) / sizeof(good[0]);

	for (unsigned int i = 0; i < MUTATIONS; i++) {
		uint8_t bytes[2 * (ISNS_HDR_LEN + 128)], *p;
		size_t len = 0;

		/* two PDUs: of one message, or of two */
		for (unsigned int k = 0; k < 2; k++) {
			uint32_t which = any(nr);
			struct isns_hdr hdr = {
				good[which].function,
				good[which].len,
				any(2) ? F | L : k ? L : F,
				1,
				any(8) ? k : 0,
			};

			isns_hdr_write(&hdr, bytes + len);
			memcpy(bytes + len + ISNS_HDR_LEN, good[which].bytes,
			       good[which].len);
			len += ISNS_HDR_LEN + good[which].len;
		}
		len = mutate(bytes, len);
		p = exact(bytes, len);
		take_stream(p, len);
		free(p);
	}
}

int main(void)
{
	ktap_run(test_header);
	ktap_run(test_attributes);
	ktap_run(test_strings);
	ktap_run(test_numbers);
	ktap_run(test_messages);
	ktap_run(test_endless_message);
	ktap_run(test_requests);
	ktap_run(test_largest_request);
	ktap_run(test_notices);
	ktap_run(test_mutations);
	return ktap_done();
}
