// SPDX-License-Identifier: GPL-2.0-only
/* who waits for whom, and in which order ranges are granted */
#include "ktap.h"
#include "span.h"

#define NR 6
#define EXCL true
#define SHARED false

static struct iet_spans spans;
static struct iet_span r[NR];
static char granted[NR + 1];

static void note(struct iet_span *span)
{
	char c[2] = { 'a' + (span - r) };

	strcat(granted, c);
}

/* Returns which of them had to be waited for, then or since. */
static const char *unlock(unsigned int i)
{
	granted[0] = 0;
	iet_span_unlock(&spans, &r[i]);
	return granted;
}

static bool lock(unsigned int i, u64 first, u64 end, bool excl)
{
	r[i].first = first;
	r[i].end = end;
	r[i].excl = excl;
	r[i].granted = note;
	return iet_span_lock(&spans, &r[i]);
}

static void idle(void)
{
	CHECK(list_empty(&spans.list));
	CHECK_EQ(spans.nr_excl, 0);
	CHECK_EQ(spans.nr_waiting, 0);
}

static void shared(void)
{
	iet_spans_init(&spans);
	CHECK(lock(0, 0, 10, SHARED));
	CHECK(lock(1, 0, 10, SHARED));
	CHECK_STR(unlock(0), "");
	CHECK_STR(unlock(1), "");
	idle();
}

static void neighbours(void)
{
	iet_spans_init(&spans);
	CHECK(lock(0, 10, 20, EXCL));
	CHECK(lock(1, 20, 30, EXCL));
	CHECK(lock(2, 0, 10, EXCL));
	CHECK(!lock(3, 9, 11, SHARED));
	CHECK(!lock(4, 19, 20, SHARED));
	CHECK_STR(unlock(0), "e");
	CHECK_STR(unlock(2), "d");
	CHECK_STR(unlock(1), "");
	CHECK_STR(unlock(4), "");
	CHECK_STR(unlock(3), "");
	idle();
}

/* nobody overtakes one that waits for the same blocks */
static void order(void)
{
	iet_spans_init(&spans);
	CHECK(lock(0, 0, 10, SHARED));
	CHECK(!lock(1, 0, 10, EXCL));
	CHECK(!lock(2, 0, 10, SHARED));
	CHECK(!lock(3, 5, 15, SHARED));
	CHECK(!lock(4, 14, 15, EXCL));
	CHECK(lock(5, 20, 30, EXCL));
	CHECK_STR(unlock(5), "");
	CHECK_STR(unlock(0), "b");
	CHECK_STR(unlock(1), "cd");
	CHECK_STR(unlock(2), "");
	CHECK_STR(unlock(3), "e");
	CHECK_STR(unlock(4), "");
	idle();
}

static void everything(void)
{
	iet_spans_init(&spans);
	CHECK(lock(0, 0, U64_MAX, SHARED));
	CHECK(!lock(1, 1000, 1001, EXCL));
	CHECK(lock(2, 0, 1000, SHARED));
	CHECK_STR(unlock(0), "b");
	CHECK_STR(unlock(2), "");
	CHECK_STR(unlock(1), "");
	idle();
}

/* HEAD OF QUEUE: before those that wait, after those that run */
static void ahead(void)
{
	iet_spans_init(&spans);
	memset(r, 0, sizeof(r));
	CHECK(lock(0, 0, 10, SHARED));
	CHECK(!lock(1, 0, U64_MAX, EXCL)); /* ORDERED */
	CHECK(!lock(2, 20, 30, SHARED));
	r[3].ahead = true;
	CHECK(lock(3, 0, 10, SHARED));
	CHECK_STR(unlock(0), "");
	/* the ORDERED one waits for it, too */
	CHECK_STR(unlock(3), "b");
	r[4].ahead = true;
	CHECK(!lock(4, 20, 30, SHARED));
	CHECK_STR(unlock(1), "ec");
	CHECK_STR(unlock(2), "");
	CHECK_STR(unlock(4), "");
	idle();
	/* too late to get ahead of what runs behind one that waits */
	memset(r, 0, sizeof(r));
	CHECK(lock(0, 0, 10, SHARED));
	CHECK(!lock(1, 0, 10, EXCL));
	CHECK(lock(2, 20, 30, EXCL));
	r[3].ahead = true;
	CHECK(!lock(3, 0, 30, SHARED));
	CHECK_STR(unlock(0), "b");
	CHECK_STR(unlock(1), "");
	CHECK_STR(unlock(2), "d");
	CHECK_STR(unlock(3), "");
	idle();
}

int main(void)
{
	ktap_run(shared);
	ktap_run(neighbours);
	ktap_run(order);
	ktap_run(everything);
	ktap_run(ahead);
	return ktap_done();
}
