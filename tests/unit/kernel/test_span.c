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

static void ignore(struct iet_span *span)
{
}

static bool is_waiting(const struct iet_span *span)
{
	return span->nr_before;
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
	CHECK(iet_spans_idle(&spans));
	CHECK_EQ(spans.nr_excl, 0);
	CHECK_EQ(spans.nr_waiting, 0);
	iet_spans_exit(&spans);
}

static void shared(void)
{
	CHECK_EQ(iet_spans_init(&spans), 0);
	CHECK(lock(0, 0, 10, SHARED));
	CHECK(lock(1, 0, 10, SHARED));
	CHECK_STR(unlock(0), "");
	CHECK_STR(unlock(1), "");
	idle();
}

static void neighbours(void)
{
	CHECK_EQ(iet_spans_init(&spans), 0);
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
	CHECK_EQ(iet_spans_init(&spans), 0);
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
	CHECK_EQ(iet_spans_init(&spans), 0);
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
	CHECK_EQ(iet_spans_init(&spans), 0);
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
	CHECK_EQ(iet_spans_init(&spans), 0);
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

#define SIMPLE 0
#define ORDERED 1
#define HEAD 2

static bool task(unsigned int i, int attr, const void *set)
{
	r[i].ordered = attr == ORDERED;
	r[i].ahead = attr == HEAD;
	r[i].set = set;
	return lock(i, i, i + 1, SHARED);
}

static bool cancel(unsigned int i)
{
	granted[0] = 0;
	return iet_span_cancel(&spans, &r[i]);
}

/* ORDERED: after those before, before those after, whatever their blocks */
static void tasks(void)
{
	int a, b;

	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	CHECK(task(0, SIMPLE, NULL));
	CHECK(!task(1, ORDERED, NULL));
	CHECK(!task(2, SIMPLE, NULL));
	CHECK(!task(3, ORDERED, NULL));
	CHECK(task(4, HEAD, NULL));
	CHECK_STR(unlock(0), "");
	CHECK_STR(unlock(4), "b");
	/* one that runs keeps off no HEAD OF QUEUE */
	CHECK(task(5, HEAD, NULL));
	CHECK_STR(unlock(1), "c");
	CHECK_STR(unlock(5), "");
	CHECK_STR(unlock(2), "d");
	CHECK_STR(unlock(3), "");
	idle();
	/* task sets of their own */
	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	CHECK(task(0, ORDERED, &a));
	CHECK(task(1, ORDERED, &b));
	CHECK(!task(2, SIMPLE, &a));
	CHECK(!task(3, SIMPLE, NULL));
	/* behind the one that runs, but before those that wait */
	CHECK(!task(4, ORDERED, &b));
	CHECK(task(5, HEAD, &b));
	CHECK_STR(unlock(1), "");
	CHECK_STR(unlock(0), "cd");
	CHECK_STR(unlock(3), "");
	CHECK_STR(unlock(5), "e");
	CHECK_STR(unlock(2), "");
	CHECK_STR(unlock(4), "");
	idle();
}

/* those that wait may go, and those behind them go on */
static void cancelled(void)
{
	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	CHECK(task(0, SIMPLE, NULL));
	CHECK(!cancel(0));
	CHECK(!task(1, ORDERED, NULL));
	CHECK(!task(2, SIMPLE, NULL));
	CHECK(!task(3, ORDERED, NULL));
	CHECK(cancel(1));
	CHECK_STR(granted, "c");
	CHECK(!cancel(1));
	CHECK(!cancel(2));
	CHECK(cancel(3));
	CHECK_STR(granted, "");
	CHECK_STR(unlock(0), "");
	CHECK(!cancel(0));
	CHECK_STR(unlock(2), "");
	idle();
}

/* Of two in each other's way one waits, and who waits has one before it. */
static bool is_sound(void)
{
	struct iet_span *span, *before;

	list_for_each_entry(span, &spans.list, node) {
		bool in_way = false;

		list_for_each_entry(before, &spans.list, node) {
			if (before == span)
				break;
			in_way |= (span->excl || before->excl) &&
				  span->first < before->end &&
				  before->first < span->end;
			in_way |= (span->ordered || before->ordered) &&
				  !span->ahead &&
				  (span->set == before->set || !span->set ||
				   !before->set);
		}
		if (in_way != is_waiting(span))
			return false;
	}
	return true;
}

static void at_random(void)
{
	static struct iet_span many[40];
	const void *sets[3] = { NULL, &many[0], &many[1] };
	unsigned int i, n;

	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(many, 0, sizeof(many));
	for (n = 0; n < 20000; n++) {
		struct iet_span *span = &many[rand() % ARRAY_SIZE(many)];

		if (span->granted && !is_waiting(span)) {
			iet_span_unlock(&spans, span);
			span->granted = NULL;
		} else if (span->granted && rand() % 8 == 0) {
			CHECK(iet_span_cancel(&spans, span));
			span->granted = NULL;
		} else if (!span->granted) {
			span->first = rand() % 30;
			span->end = span->first + rand() % 12;
			span->excl = rand() % 2;
			span->ahead = rand() % 4 == 0;
			span->ordered = !span->ahead && rand() % 4 == 0;
			span->set = sets[rand() % 3];
			span->granted = ignore;
			iet_span_lock(&spans, span);
		}
		if (!is_sound())
			break;
	}
	CHECK_EQ(n, 20000);
	for (n = 0; n < ARRAY_SIZE(many); n++)
		for (i = 0; i < ARRAY_SIZE(many); i++)
			if (many[i].granted && !is_waiting(&many[i])) {
				iet_span_unlock(&spans, &many[i]);
				many[i].granted = NULL;
			}
	idle();
}

#define CROWD 4000

/*
 * Many hosts read, and many wait for the same block.  Interrupts are off while
 * one is looked for that may go on: it takes time that grows with their number,
 * not with its square.
 */
static void crowd(void)
{
	static struct iet_span many[2 * CROWD];
	unsigned long start = ktap_seconds();
	unsigned int i;

	CHECK_EQ(iet_spans_init(&spans), 0);
	for (i = 0; i < 2 * CROWD; i++) {
		many[i].first = i < CROWD ? 10 + i : 0;
		many[i].end = many[i].first + 1;
		many[i].excl = i >= CROWD;
		many[i].granted = ignore;
		CHECK_EQ(iet_span_lock(&spans, &many[i]), i <= CROWD);
	}
	for (i = CROWD; i < 2 * CROWD; i++) {
		if (ktap_seconds() - start > 30)
			break;
		CHECK(!is_waiting(&many[i]));
		iet_span_unlock(&spans, &many[i]);
	}
	CHECK_EQ(i, 2 * CROWD);
	for (i = 0; i < CROWD; i++)
		iet_span_unlock(&spans, &many[i]);
	idle();
}

/* those that other CPUs have let pass are waited for, too */
static void cpus(void)
{
	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	CHECK(lock(0, 0, 10, SHARED));
	shim_cpu = 1;
	CHECK(lock(1, 0, 10, SHARED));
	CHECK(lock(2, 20, 30, SHARED));
	CHECK(list_empty(&spans.list));
	CHECK(!iet_spans_idle(&spans));
	CHECK(!lock(3, 0, 30, EXCL));
	CHECK(!lock(4, 0, 10, SHARED));
	shim_cpu = 0;
	CHECK(!lock(5, 29, 30, SHARED));
	CHECK_STR(unlock(2), "");
	CHECK_STR(unlock(0), "");
	CHECK_STR(unlock(1), "d");
	CHECK_STR(unlock(3), "ef");
	/* it is over, but these two are still where it has put them */
	CHECK(lock(3, 0, 10, SHARED));
	CHECK(!list_empty(&spans.list));
	CHECK_STR(unlock(4), "");
	CHECK_STR(unlock(5), "");
	CHECK(list_empty(&spans.list));
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
	ktap_run(tasks);
	ktap_run(cancelled);
	ktap_run(at_random);
	ktap_run(crowd);
	ktap_run(cpus);
	return ktap_done();
}
