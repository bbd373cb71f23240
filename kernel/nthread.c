// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network threads.
 *
 * A connection belongs to one thread from handoff to its end.  Everybody
 * else only kicks it: puts it on the thread's lock-free ready list and wakes
 * the thread.  The thread serves the connections that have work round robin,
 * each with a budget per turn, and sleeps nowhere but in wait_for_work().
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <net/sock.h>

#include "conn.h"
#include "nthread.h"
#include "session.h"

/*
 * How soon a connection that found no memory or no command tries again: 2 ms,
 * or a tick where that is longer.
 */
#define STARVED_RETRY_JIFFIES max(HZ / 500, 1)

/*
 * How much a connection is given at a time, in each direction: less, and less
 * efficient, if others wait, which is what makes a modest initiator beside a
 * greedy one get its share.
 */
#define TURN SZ_256K
#define SHARED_TURN SZ_64K

/**
 * struct iet_nthread - a network thread
 * @task: the thread
 * @cpu: which it runs on, -1: any
 * @wait: where it sleeps
 * @ready: iet_conn.ready_node: kicked connections, each with a reference
 * @run: iet_conn.run_node: connections with work, the thread's own
 * @round: counts the turns that were too short for what there was to do
 * @nr_conns: connections assigned, for placement
 *
 * Lifetime: from iet_nthreads_start() to iet_nthreads_stop(); connections
 * hold the module, so none is left by then.
 */
struct iet_nthread {
	struct task_struct *task;
	int cpu;
	wait_queue_head_t wait;
	struct llist_head ready;
	struct list_head run;
	unsigned int round;
	atomic_t nr_conns;
} ____cacheline_aligned_in_smp;

static struct iet_nthread *nthreads;
static unsigned int nr_nthreads;
/* what has us called when CPUs come, 0: nothing yet */
static int cpu_state;

/*
 * Who had nothing to do goes before those who always have, but only once
 * between two turns of theirs.
 */
static void enqueue(struct iet_nthread *nt, struct iet_conn *conn)
{
	if (conn->round == nt->round) {
		list_add_tail(&conn->run_node, &nt->run);
		return;
	}
	conn->round = nt->round;
	list_add(&conn->run_node, &nt->run);
}

/* Take over what was kicked.  A kick's reference ends here. */
static void collect_ready(struct iet_nthread *nt)
{
	struct llist_node *list = llist_del_all(&nt->ready);
	struct iet_conn *conn, *next;

	llist_for_each_entry_safe(conn, next, list, ready_node) {
		/*
		 * Cleared before the work is looked at: whoever adds work
		 * from now on kicks again.
		 */
		clear_bit(IET_CONN_KICKED, &conn->flags);
		smp_mb__after_atomic();
		if (smp_load_acquire(&conn->attached) && !conn->on_run) {
			conn->on_run = true;
			enqueue(nt, conn);
		}
		iet_conn_put(conn);
	}
}

/*
 * A turn of the connection whose turn it is.  It stays in the list, as the
 * last, while it has work or must try again: false.
 */
static bool run_once(struct iet_nthread *nt)
{
	struct iet_conn *conn =
		list_first_entry(&nt->run, struct iet_conn, run_node);

	list_move_tail(&conn->run_node, &nt->run);
	if (iet_conn_run(conn) || (conn->attached && iet_conn_starved(conn))) {
		nt->round++;
		return false;
	}
	conn->on_run = false;
	list_del(&conn->run_node);
	if (!conn->attached)
		iet_conn_put(conn);
	return true;
}

/*
 * A turn of each that is there, or until one's turn was too short for it.  Only
 * then are others looked for: what waits a little gathers, and costs less.
 */
static void run_all(struct iet_nthread *nt)
{
	struct list_head *last = nt->run.prev, *served;

	do {
		served = nt->run.next;
	} while (run_once(nt) && served != last);
}

static bool all_starved(struct iet_nthread *nt)
{
	struct iet_conn *conn;

	list_for_each_entry(conn, &nt->run, run_node) {
		if (!iet_conn_starved(conn))
			return false;
	}
	return true;
}

static void wait_for_work(struct iet_nthread *nt)
{
	DEFINE_WAIT(wait);
	struct iet_conn *next =
		list_first_entry_or_null(&nt->run, struct iet_conn, run_node);

	if (next && !iet_conn_starved(next))
		return;
	if (!llist_empty(&nt->ready))
		return;
	prepare_to_wait(&nt->wait, &wait, TASK_IDLE);
	if (llist_empty(&nt->ready) && !kthread_should_stop()) {
		if (list_empty(&nt->run))
			schedule();
		else if (all_starved(nt))
			schedule_timeout(STARVED_RETRY_JIFFIES);
	}
	finish_wait(&nt->wait, &wait);
}

static int nthread_main(void *arg)
{
	struct iet_nthread *nt = arg;

	/*
	 * By itself, since new threads are given to CPUs by the kernel as they
	 * begin.  Administrators may have it otherwise: taskset.
	 */
	if (nt->cpu >= 0)
		set_cpus_allowed_ptr(current, cpumask_of(nt->cpu));
	while (!kthread_should_stop()) {
		collect_ready(nt);
		if (!list_empty(&nt->run)) {
			run_all(nt);
			/* one that is always busy never sleeps */
			cond_resched_tasks_rcu_qs();
		}
		wait_for_work(nt);
	}
	return 0;
}

/* As many as there are CPUs: one for each.  With the CPUs locked. */
static int alloc_nthreads(unsigned int nr)
{
	bool each = !nr || nr == num_online_cpus();
	unsigned int i;
	int cpu = -1;

	nr = nr ?: num_online_cpus();
	nthreads = kcalloc(nr, sizeof(*nthreads), GFP_KERNEL);
	if (!nthreads)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		struct iet_nthread *nt = &nthreads[i];

		cpu = each ? cpumask_next(cpu, cpu_online_mask) : -1;
		nt->cpu = cpu;
		init_waitqueue_head(&nt->wait);
		init_llist_head(&nt->ready);
		INIT_LIST_HEAD(&nt->run);
	}
	return nr;
}

/*
 * The kernel lets a thread run anywhere when its CPU goes, and leaves it at that
 * when the CPU comes back.  One that an administrator has bound to some others
 * stays there.
 */
static int cpu_comes(unsigned int cpu)
{
	struct iet_nthread *nt;

	for (nt = nthreads; nt < nthreads + nr_nthreads; nt++)
		if (nt->cpu == cpu &&
		    cpumask_subset(cpu_online_mask, nt->task->cpus_ptr))
			set_cpus_allowed_ptr(nt->task, cpumask_of(cpu));
	return 0;
}

/* All threads are there.  With the CPUs locked. */
static int watch_cpus(void)
{
	int state = cpuhp_setup_state_nocalls_cpuslocked(
		CPUHP_AP_ONLINE_DYN, "iet:online", cpu_comes, NULL);

	if (state < 0)
		return state;
	cpu_state = state;
	return 0;
}

/* With the CPUs locked. */
static int start_all(int want)
{
	int i;

	for (i = 0; i < want; i++) {
		struct task_struct *task = kthread_run(
			nthread_main, &nthreads[i], "iet_net/%u", i);

		if (IS_ERR(task))
			return PTR_ERR(task);
		nthreads[i].task = task;
		nr_nthreads = i + 1;
	}
	return min(want, 0);
}

/**
 * iet_nthreads_start - start the network threads
 * @nr: how many; 0: one for each online CPU
 *
 * Context: may sleep.
 * Return: 0 or a negative errno
 */
int iet_nthreads_start(unsigned int nr)
{
	int err;

	cpus_read_lock();
	err = start_all(alloc_nthreads(nr));
	if (!err)
		err = watch_cpus();
	cpus_read_unlock();
	if (err)
		iet_nthreads_stop();
	return err;
}

/**
 * iet_nthreads_stop - stop the network threads
 *
 * There are no connections any more.  Context: may sleep.
 */
void iet_nthreads_stop(void)
{
	if (cpu_state)
		cpuhp_remove_state_nocalls(cpu_state);
	cpu_state = 0;
	while (nr_nthreads)
		kthread_stop(nthreads[--nr_nthreads].task);
	kfree(nthreads);
	nthreads = NULL;
}

/**
 * iet_nthreads_nr - how many network threads there are
 *
 * Return: the number
 */
unsigned int iet_nthreads_nr(void)
{
	return nr_nthreads;
}

/*
 * The thread on whose CPU the socket's packets come in, if there is one for
 * each CPU and it is not much busier than others; else the least loaded.
 */
static struct iet_nthread *choose(const struct socket *sock)
{
	int cpu = READ_ONCE(sock->sk->sk_incoming_cpu);
	struct iet_nthread *best = &nthreads[0], *near = NULL, *nt;

	for (nt = nthreads; nt < nthreads + nr_nthreads; nt++) {
		if (atomic_read(&nt->nr_conns) < atomic_read(&best->nr_conns))
			best = nt;
		if (cpu >= 0 && nt->cpu == cpu)
			near = nt;
	}
	if (near &&
	    atomic_read(&near->nr_conns) <= atomic_read(&best->nr_conns) + 1)
		best = near;
	return best;
}

/**
 * iet_nthread_assign - choose a connection's thread
 * @conn: new connection
 *
 * That of its session, if this is not the first connection (see session.h).
 *
 * Context: iet_config_lock held.
 */
void iet_nthread_assign(struct iet_conn *conn)
{
	struct iet_session *session = conn->session;

	if (!session->nthread)
		session->nthread = choose(conn->sock);
	conn->nthread = session->nthread;
	atomic_inc(&conn->nthread->nr_conns);
}

/**
 * iet_nthread_unassign - undo iet_nthread_assign()
 * @conn: connection that was not attached, or is no longer
 */
void iet_nthread_unassign(struct iet_conn *conn)
{
	atomic_dec(&conn->nthread->nr_conns);
}

/**
 * iet_nthread_attach - let a connection's thread begin
 * @conn: connection with a thread assigned; its initial reference becomes the
 *	thread's
 */
void iet_nthread_attach(struct iet_conn *conn)
{
	smp_store_release(&conn->attached, true);
	iet_nthread_kick(conn);
}

/**
 * iet_nthread_kick - there is work for a connection's thread
 * @conn: the connection; the caller holds a reference or a command of it
 *
 * What there is to do is written down (flags, lists) before.
 * Context: any, hard interrupts included.
 */
void iet_nthread_kick(struct iet_conn *conn)
{
	struct iet_nthread *nt = conn->nthread;

	smp_mb__before_atomic();
	if (test_and_set_bit(IET_CONN_KICKED, &conn->flags))
		return;
	iet_conn_get(conn);
	/*
	 * If there was one already, who put it there has woken the thread.  As
	 * with any socket, the thread is woken on this CPU if that has nothing
	 * else to do: what came in is in its cache, and no other has to be
	 * interrupted.
	 */
	if (llist_add(&conn->ready_node, &nt->ready))
		wake_up_sync(&nt->wait);
}

/**
 * iet_nthread_detach - a connection has ended
 * @conn: the connection
 *
 * The thread lets go of its reference when iet_conn_run() returns.
 * Context: the connection's thread.
 */
void iet_nthread_detach(struct iet_conn *conn)
{
	conn->attached = false;
	iet_nthread_unassign(conn);
}

static bool others_wait(const struct iet_conn *conn)
{
	struct iet_nthread *nt = conn->nthread;
	struct llist_node *first = READ_ONCE(nt->ready.first);

	if (first && (first != &conn->ready_node || READ_ONCE(first->next)))
		return true;
	return !list_is_singular(&nt->run) || need_resched();
}

/**
 * iet_nthread_turn - what is left of a connection's turn?
 * @conn: the connection that is being served
 * @used: what it has had of the turn: bytes, and IET_TURN_PDU for each PDU
 *
 * A turn is shorter while others wait for the thread or its CPU.
 *
 * Context: the connection's thread.
 * Return: bytes, 0: it is somebody else's turn
 */
u32 iet_nthread_turn(const struct iet_conn *conn, u32 used)
{
	u32 turn = others_wait(conn) ? SHARED_TURN : TURN;

	return used < turn ? turn - used : 0;
}

/**
 * iet_nthread_current - does the caller run in the connection's thread?
 * @conn: the connection
 *
 * Return: true if so
 */
bool iet_nthread_current(const struct iet_conn *conn)
{
	return current == conn->nthread->task && in_task();
}
