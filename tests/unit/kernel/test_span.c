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
	return span->nr_before || span->aside;
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
	/* after what runs, though that came after one that waits */
	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	CHECK(lock(0, 0, 10, SHARED));
	CHECK(!lock(1, 0, 10, EXCL));
	CHECK(lock(2, 20, 30, EXCL));
	r[3].ahead = true;
	CHECK(!lock(3, 0, 30, SHARED));
	CHECK_STR(unlock(0), "");
	CHECK_STR(unlock(2), "d");
	CHECK_STR(unlock(3), "b");
	CHECK_STR(unlock(1), "");
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

/* A condition keeps off those of the task set @kept_off; NULL: all sets. */
static const void *kept_off;

static bool is_kept_off(const struct iet_span *span)
{
	return !kept_off || span->set == kept_off;
}

/* Returns who goes on. */
static const char *conditions(unsigned int nr)
{
	granted[0] = 0;
	iet_spans_conditions(&spans, nr);
	return granted;
}

/* An ACA condition: those that wait are held, in their order. */
static void held(void)
{
	unsigned int i;

	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	for (i = 0; i < NR; i++)
		r[i].is_held = is_kept_off;
	kept_off = NULL;
	/* one that goes ahead of the ORDERED one runs when those before end */
	CHECK(lock(0, 0, 10, EXCL));
	CHECK(!lock(1, 0, 10, SHARED));
	r[3].ahead = true;
	CHECK(lock(3, 50, 60, SHARED));
	r[2].ordered = true;
	CHECK(!lock(2, 20, 30, SHARED));
	CHECK_STR(conditions(1), "");
	CHECK_STR(unlock(0), "");
	/* they keep nobody off their blocks */
	r[4].ahead = true;
	r[4].is_held = NULL;
	CHECK(lock(4, 0, 30, EXCL));
	CHECK_STR(unlock(4), "");
	/* one that comes then is behind them, even if it would wait for none */
	CHECK(!lock(5, 40, 41, SHARED));
	CHECK_STR(conditions(0), "b");
	CHECK_STR(unlock(1), "");
	CHECK_STR(unlock(3), "c");
	CHECK_STR(unlock(2), "f");
	CHECK_STR(unlock(5), "");
	idle();
	/* of other task sets are not concerned, and one may be given up */
	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(r, 0, sizeof(r));
	for (i = 0; i < NR; i++)
		r[i].is_held = is_kept_off;
	kept_off = &r[0];
	CHECK(lock(0, 0, 10, EXCL));
	r[1].set = &r[0];
	CHECK(!lock(1, 0, 20, EXCL));
	CHECK(!lock(2, 10, 20, SHARED));
	CHECK_STR(conditions(1), "c");
	r[3].set = &r[0];
	r[3].ordered = true;
	CHECK(!lock(3, 90, 91, SHARED));
	r[4].set = &r[0];
	r[4].free = true;
	CHECK(!lock(4, 0, 0, SHARED));
	r[5].free = true;
	CHECK(lock(5, 0, 0, SHARED));
	CHECK_STR(unlock(5), "");
	CHECK_STR(unlock(0), "");
	CHECK(cancel(1));
	CHECK(!cancel(1));
	CHECK_STR(granted, "");
	/* another condition, of a set that has nobody here; then one ends */
	CHECK_STR(conditions(2), "");
	kept_off = &r[1];
	CHECK_STR(conditions(1), "e");
	CHECK_STR(unlock(4), "");
	CHECK_STR(unlock(2), "d");
	CHECK_STR(unlock(3), "");
	CHECK_STR(conditions(0), "");
	idle();
}

static bool in_way(const struct iet_span *first, const struct iet_span *then)
{
	if ((then->excl || first->excl) && then->first < first->end &&
	    first->first < then->end)
		return true;
	return (then->ordered || first->ordered) && !then->ahead &&
	       (then->set == first->set || !then->set || !first->set);
}

static bool is_held_right(const struct iet_span *span)
{
	return spans.nr_conditions && is_kept_off(span);
}

/*
 * Who is in the way of those that wait: those that run, and those that wait
 * before it, each of them and no others.  What is held is what is to be.
 */
static bool is_sound(void)
{
	struct iet_span *span, *other;

	list_for_each_entry(span, &spans.waiting, node) {
		unsigned int nr = 0;

		list_for_each_entry(other, &spans.running, node)
			nr += in_way(other, span);
		list_for_each_entry(other, &spans.waiting, node) {
			if (other == span)
				break;
			nr += in_way(other, span);
		}
		if (!nr || nr != span->nr_before || is_held_right(span))
			return false;
	}
	list_for_each_entry(span, &spans.running, node)
		if (span->nr_before || span->aside)
			return false;
	list_for_each_entry(span, &spans.held, node)
		if (!span->aside || !is_held_right(span))
			return false;
	return true;
}

#define MANY 40

static struct iet_span many[MANY];
static unsigned int came[MANY];
static bool overtaken;

/* Does one wait, or is held, that came before it and is to go before it? */
static void note_order(struct iet_span *span)
{
	const struct iet_span *other;

	for (other = many; other < many + MANY; other++)
		overtaken |= other->granted && is_waiting(other) &&
			     came[other - many] < came[span - many] &&
			     (other->ordered || span->ordered) &&
			     !other->ahead && !span->ahead && !other->free &&
			     !span->free && other->set == span->set;
}

static void at_random(void)
{
	const void *sets[3] = { NULL, &many[0], &many[1] };
	unsigned int i, n;

	CHECK_EQ(iet_spans_init(&spans), 0);
	memset(many, 0, sizeof(many));
	for (n = 0; n < 40000; n++) {
		struct iet_span *span = &many[rand() % MANY];

		if (rand() % 50 == 0) {
			kept_off = sets[rand() % 3];
			iet_spans_conditions(&spans, rand() % 3);
		} else if (span->granted && !is_waiting(span)) {
			iet_span_unlock(&spans, span);
			span->granted = NULL;
		} else if (span->granted && rand() % 8 == 0) {
			span->granted = NULL;
			CHECK(iet_span_cancel(&spans, span));
		} else if (!span->granted) {
			span->first = rand() % 30;
			span->end = span->first + rand() % 12;
			span->free = rand() % 16 == 0;
			span->excl = !span->free && rand() % 2;
			span->ahead = rand() % 4 == 0;
			span->ordered = !span->ahead && !span->free &&
					rand() % 4 == 0;
			span->set = sets[rand() % 3];
			span->is_held = is_kept_off;
			span->granted = note_order;
			came[span - many] = n;
			iet_span_lock(&spans, span);
		}
		if (!is_sound())
			break;
	}
	CHECK_EQ(n, 40000);
	CHECK(!overtaken);
	iet_spans_conditions(&spans, 0);
	for (n = 0; n < MANY; n++)
		for (i = 0; i < MANY; i++)
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
	CHECK(list_empty(&spans.running));
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
	CHECK(!list_empty(&spans.running));
	CHECK_STR(unlock(4), "");
	CHECK_STR(unlock(5), "");
	CHECK(list_empty(&spans.running));
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
	ktap_run(held);
	ktap_run(at_random);
	ktap_run(crowd);
	ktap_run(cpus);
	return ktap_done();
}
