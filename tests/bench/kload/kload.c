// SPDX-License-Identifier: GPL-2.0-only
/*
 * kload: a load of reads and writes on block devices, made in the kernel, so
 * that what is measured is the target and not system calls.
 *
 * Write a job to /proc/kload, for example
 *
 *	dev=/dev/sda dev=/dev/sdb bs=4096 qd=32 secs=3 write=30
 *
 * write() returns when the job is done; read() of the same open file then
 * gives its result in one line of key=value.  Each open file is a job of its
 * own, so that several can run at once.
 *
 *	dev=PATH	up to 128 times
 *	bs=BYTES	of each I/O, a multiple of 512 (4096)
 *	qd=N		I/Os in flight on each device (1)
 *	secs=N		how long (1)
 *	ios=N		or how many, whichever ends first (no limit)
 *	write=PERCENT	of the I/Os (0)
 *	seq=1		one after the other instead of anywhere
 *	unaligned=1	at any sector instead of at multiples of bs
 *	verify=1	write a pattern, and compare what is read with what was
 *			written last; not with unaligned
 *
 * CPU time (cpu_ns) is all that was used, by whomever, during the job: in
 * User-Mode Linux what the host says its process has used, which does not
 * count what others stole from it; else the time the CPUs were not idle.
 */
#include <linux/bio.h>
#include <linux/bitmap.h>
#include <linux/blkdev.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/tick.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#define DEVS_MAX 128
#define JOB_MAX 8192
#define RESULT_MAX 4096
/* of the latencies: eight for each power of two of nanoseconds */
#define BUCKETS (64 * 8)

/**
 * struct load_dev - a device of a job
 * @bdev: the device
 * @handle: what keeps it open
 * @nr_blocks: its size in I/Os
 * @next: block of the next I/O, if sequential
 * @ios: how many have ended
 * @gen: of each block, how often it was written; 0: not by us.  For verify
 * @busy: blocks in flight, for verify
 */
struct load_dev {
	struct block_device *bdev;
	void *handle;
	u64 nr_blocks;
	u64 next;
	u64 ios;
	u32 *gen;
	unsigned long *busy;
};

/**
 * struct slot - an I/O in flight, again and again
 * @node: in job->done
 * @job: which job's
 * @dev: which device's
 * @bio: the I/O
 * @bv: its pages
 * @blk: where, in I/Os
 * @start: when, ns
 */
struct slot {
	struct llist_node node;
	struct job *job;
	struct load_dev *dev;
	struct bio bio;
	struct bio_vec *bv;
	u64 blk;
	u64 start;
};

struct job {
	u32 bs, qd, secs, write, nr_pages;
	u64 ios;
	bool seq, unaligned, verify;
	unsigned int nr_devs;
	struct load_dev devs[DEVS_MAX];
	struct slot *slots;

	struct llist_head done;
	wait_queue_head_t wait;
	u64 started, ended, cpu_ns, idle_ns;
	u64 begun, reads, writes, errors, wrong;
	u64 latency, latency_max;
	u32 seed;
	u32 histogram[BUCKETS];
	char text[RESULT_MAX];
	size_t text_len;
};

/* --- CPU time ------------------------------------------------------------- */

#ifdef CONFIG_UML
/*
 * The kernel is a process of the host, and its system calls are the host's:
 * clock_gettime(CLOCK_PROCESS_CPUTIME_ID).
 */
static u64 cpu_time(void)
{
	struct {
		long sec, nsec;
	} ts;
	long ret = 228;

	asm volatile("syscall"
		     : "+a"(ret)
		     : "D"(2L), "S"(&ts)
		     : "rcx", "r11", "memory");
	return ts.sec * NSEC_PER_SEC + ts.nsec;
}
#else
static u64 idle_time(void);

static u64 cpu_time(void)
{
	return ktime_get_ns() * num_online_cpus() - idle_time();
}
#endif

static u64 idle_time(void)
{
	u64 us = 0, wall;
	int cpu;

	for_each_online_cpu(cpu)
		us += get_cpu_idle_time_us(cpu, &wall) +
		      get_cpu_iowait_time_us(cpu, &wall);
	return us * NSEC_PER_USEC;
}

/* --- devices -------------------------------------------------------------- */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
static struct block_device *open_bdev(const char *path, void **handle)
{
	struct file *file = bdev_file_open_by_path(
		path, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);

	*handle = file;
	return IS_ERR(file) ? ERR_CAST(file) : file_bdev(file);
}

static void close_bdev(void *handle)
{
	fput(handle);
}
#else
#define OPEN_MODE (FMODE_READ | FMODE_WRITE)

static struct block_device *open_bdev(const char *path, void **handle)
{
	return *handle = blkdev_get_by_path(path, OPEN_MODE, NULL);
}

static void close_bdev(void *handle)
{
	blkdev_put(handle, OPEN_MODE);
}
#endif

static int open_dev(struct job *job, const char *path)
{
	struct load_dev *dev = &job->devs[job->nr_devs];

	if (job->nr_devs == DEVS_MAX)
		return -E2BIG;
	dev->bdev = open_bdev(path, &dev->handle);
	if (IS_ERR(dev->bdev))
		return PTR_ERR(dev->bdev);
	job->nr_devs++;
	return 0;
}

/* When all options are known. */
static int set_up_dev(struct job *job, struct load_dev *dev)
{
	dev->nr_blocks = bdev_nr_bytes(dev->bdev) / job->bs;
	if (!dev->nr_blocks || job->qd > dev->nr_blocks)
		return -EINVAL;
	if (!job->verify)
		return 0;
	dev->gen = vcalloc(dev->nr_blocks, sizeof(*dev->gen));
	dev->busy = bitmap_zalloc(dev->nr_blocks, GFP_KERNEL);
	return dev->gen && dev->busy ? 0 : -ENOMEM;
}

/* --- the pattern ---------------------------------------------------------- */

/* Each word tells its sector, its place, and how often it was written. */
static u64 word(u64 sector, u32 gen, u32 i)
{
	return (sector * 0x9e3779b97f4a7c15ULL) ^ ((u64)gen << 32) ^ i;
}

static void fill(struct slot *s, u32 gen)
{
	u64 sector = s->blk * (s->job->bs >> SECTOR_SHIFT);
	u32 off;

	for (off = 0; off < s->job->bs; off += 8) {
		u64 *p = page_address(s->bv[off >> PAGE_SHIFT].bv_page);

		p[offset_in_page(off) / 8] =
			word(sector + (off >> SECTOR_SHIFT), gen, off % 512);
	}
}

static bool matches(struct slot *s, u32 gen)
{
	u64 sector = s->blk * (s->job->bs >> SECTOR_SHIFT);
	u32 off;

	for (off = 0; off < s->job->bs; off += 8) {
		u64 *p = page_address(s->bv[off >> PAGE_SHIFT].bv_page);

		if (p[offset_in_page(off) / 8] !=
		    word(sector + (off >> SECTOR_SHIFT), gen, off % 512))
			return false;
	}
	return true;
}

/* --- I/O ------------------------------------------------------------------ */

static u64 random(struct job *job, u64 below)
{
	job->seed = job->seed * 1664525 + 1013904223;
	return (u64)job->seed * below >> 32;
}

static u64 choose_block(struct job *job, struct load_dev *dev)
{
	u64 blk = job->seq ? dev->next++ : random(job, dev->nr_blocks);

	blk %= dev->nr_blocks;
	if (!job->verify)
		return blk;
	/* there are more blocks than I/Os in flight */
	while (test_and_set_bit(blk, dev->busy))
		blk = (blk + 1) % dev->nr_blocks;
	return blk;
}

static void bio_done(struct bio *bio)
{
	struct slot *s = container_of(bio, struct slot, bio);

	if (llist_add(&s->node, &s->job->done))
		wake_up(&s->job->wait);
}

static void start(struct job *job, struct slot *s, u64 now)
{
	bool write = random(job, 100) < job->write;
	u64 sector;
	u32 i;

	s->blk = choose_block(job, s->dev);
	s->start = now;
	job->begun++;
	if (write && job->verify)
		fill(s, ++s->dev->gen[s->blk]);
	bio_init(&s->bio, s->dev->bdev, s->bv, job->nr_pages,
		 (write ? REQ_OP_WRITE : REQ_OP_READ) | REQ_SYNC);
	for (i = 0; i < job->nr_pages; i++)
		__bio_add_page(&s->bio, s->bv[i].bv_page,
			       min_t(u32, PAGE_SIZE, job->bs - i * PAGE_SIZE),
			       0);
	sector = s->blk * (job->bs >> SECTOR_SHIFT);
	if (job->unaligned && s->blk + 1 < s->dev->nr_blocks)
		sector += random(job, job->bs >> SECTOR_SHIFT);
	s->bio.bi_iter.bi_sector = sector;
	s->bio.bi_end_io = bio_done;
	submit_bio(&s->bio);
}

static u32 bucket(u64 ns)
{
	u32 log = ns < 8 ? 3 : ilog2(ns);

	return log * 8 + (ns >> (log - 3) & 7);
}

static void account(struct job *job, struct slot *s, u64 now)
{
	bool write = op_is_write(bio_op(&s->bio));
	u64 ns = now - s->start;

	s->dev->ios++;
	*(write ? &job->writes : &job->reads) += 1;
	job->errors += s->bio.bi_status != BLK_STS_OK;
	job->latency += ns;
	job->latency_max = max(job->latency_max, ns);
	job->histogram[bucket(ns)]++;
	if (!job->verify)
		return;
	if (!write && !s->bio.bi_status && s->dev->gen[s->blk] &&
	    !matches(s, s->dev->gen[s->blk]))
		job->wrong++;
	clear_bit(s->blk, s->dev->busy);
}

static bool time_is_up(struct job *job, u64 now)
{
	return now >= job->ended || (job->ios && job->begun >= job->ios) ||
	       signal_pending(current);
}

static void run(struct job *job)
{
	unsigned int i, in_flight = job->nr_devs * job->qd;
	u64 now = ktime_get_ns();
	struct blk_plug plug;

	job->started = now;
	job->ended = now + job->secs * NSEC_PER_SEC;
	job->cpu_ns = cpu_time();
	job->idle_ns = idle_time();
	blk_start_plug(&plug);
	for (i = 0; i < job->nr_devs * job->qd; i++)
		start(job, &job->slots[i], now);
	blk_finish_plug(&plug);
	while (in_flight) {
		struct llist_node *list;
		struct slot *s, *next;

		wait_event(job->wait, !llist_empty(&job->done));
		list = llist_del_all(&job->done);
		blk_start_plug(&plug);
		llist_for_each_entry_safe(s, next, list, node) {
			now = ktime_get_ns();
			account(job, s, now);
			if (time_is_up(job, now))
				in_flight--;
			else
				start(job, s, now);
		}
		blk_finish_plug(&plug);
		cond_resched();
	}
	job->cpu_ns = cpu_time() - job->cpu_ns;
	job->idle_ns = idle_time() - job->idle_ns;
	job->ended = ktime_get_ns();
}

/* --- jobs ----------------------------------------------------------------- */

static int set_number(struct job *job, const char *key, const char *value)
{
	u64 n;
	int err = kstrtou64(value, 0, &n);

	if (err)
		return err;
	if (!strcmp(key, "ios"))
		job->ios = n;
	else if (n > U32_MAX)
		return -ERANGE;
	else if (!strcmp(key, "bs"))
		job->bs = n;
	else if (!strcmp(key, "qd"))
		job->qd = n;
	else if (!strcmp(key, "secs"))
		job->secs = n;
	else if (!strcmp(key, "write"))
		job->write = n;
	else if (!strcmp(key, "seq"))
		job->seq = n;
	else if (!strcmp(key, "unaligned"))
		job->unaligned = n;
	else if (!strcmp(key, "verify"))
		job->verify = n;
	else
		return -EINVAL;
	return 0;
}

static int parse(struct job *job, char *text)
{
	char *key;
	int err = 0;

	while (!err && (key = strsep(&text, " \n"))) {
		char *value = strchr(key, '=');

		if (!*key)
			continue;
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		err = strcmp(key, "dev") ? set_number(job, key, value) :
					   open_dev(job, value);
	}
	if (err)
		return err;
	if (!job->nr_devs || !job->qd || job->qd > 1024 || !job->bs ||
	    job->bs % SECTOR_SIZE || job->bs > SZ_16M || job->write > 100 ||
	    (job->verify && job->unaligned))
		return -EINVAL;
	return 0;
}

static int set_up_slot(struct job *job, struct slot *s)
{
	u32 i;

	s->bv = kvcalloc(job->nr_pages, sizeof(*s->bv), GFP_KERNEL);
	if (!s->bv)
		return -ENOMEM;
	for (i = 0; i < job->nr_pages; i++) {
		s->bv[i].bv_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!s->bv[i].bv_page)
			return -ENOMEM;
	}
	return 0;
}

static int set_up(struct job *job)
{
	unsigned int i, nr = job->nr_devs * job->qd;
	int err = 0;

	job->nr_pages = DIV_ROUND_UP(job->bs, PAGE_SIZE);
	job->seed = ktime_get_ns();
	job->slots = kvcalloc(nr, sizeof(*job->slots), GFP_KERNEL);
	if (!job->slots)
		return -ENOMEM;
	for (i = 0; !err && i < job->nr_devs; i++)
		err = set_up_dev(job, &job->devs[i]);
	for (i = 0; !err && i < nr; i++) {
		job->slots[i].job = job;
		/* neighbours are of different devices */
		job->slots[i].dev = &job->devs[i % job->nr_devs];
		err = set_up_slot(job, &job->slots[i]);
	}
	return err;
}

static void tear_down(struct job *job)
{
	unsigned int i, j;

	for (i = 0; job->slots && i < job->nr_devs * job->qd; i++) {
		struct slot *s = &job->slots[i];

		for (j = 0; s->bv && j < job->nr_pages; j++) {
			if (s->bv[j].bv_page)
				__free_page(s->bv[j].bv_page);
		}
		kvfree(s->bv);
	}
	kvfree(job->slots);
	for (i = 0; i < job->nr_devs; i++) {
		vfree(job->devs[i].gen);
		bitmap_free(job->devs[i].busy);
		close_bdev(job->devs[i].handle);
	}
}

static u64 percentile(const struct job *job, u32 percent)
{
	u64 want = (job->reads + job->writes) * percent / 100, n = 0;
	u32 i;

	for (i = 0; i < BUCKETS - 1; i++) {
		n += job->histogram[i];
		if (n > want)
			break;
	}
	return (u64)(8 + i % 8) << (i / 8) >> 3;
}

static void report(struct job *job)
{
	u64 ios = job->reads + job->writes;
	u64 min = U64_MAX, max = 0;
	unsigned int i;

	for (i = 0; i < job->nr_devs; i++) {
		min = min(min, job->devs[i].ios);
		max = max(max, job->devs[i].ios);
	}
	job->text_len = scnprintf(
		job->text, sizeof(job->text),
		"ios=%llu reads=%llu writes=%llu errors=%llu wrong=%llu wall_ns=%llu cpu_ns=%llu idle_ns=%llu lat_avg_ns=%llu lat_p50_ns=%llu lat_p99_ns=%llu lat_max_ns=%llu dev_min=%llu dev_max=%llu\n",
		ios, job->reads, job->writes, job->errors, job->wrong,
		job->ended - job->started, job->cpu_ns, job->idle_ns,
		div64_u64(job->latency, ios ?: 1), percentile(job, 50),
		percentile(job, 99), job->latency_max, min, max);
}

static int run_job(struct job *job, char *text)
{
	int err = parse(job, text);

	if (!err)
		err = set_up(job);
	if (!err) {
		run(job);
		report(job);
	}
	tear_down(job);
	return err;
}

static struct job *new_job(void)
{
	struct job *job = vzalloc(sizeof(*job));

	if (!job)
		return NULL;
	init_llist_head(&job->done);
	init_waitqueue_head(&job->wait);
	job->bs = 4096;
	job->qd = 1;
	job->secs = 1;
	return job;
}

/* --- /proc/kload ---------------------------------------------------------- */

static ssize_t kload_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	struct job *job;
	char *text;
	int err;

	if (len > JOB_MAX || file->private_data)
		return -EINVAL;
	text = memdup_user_nul(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	job = new_job();
	err = job ? run_job(job, text) : -ENOMEM;
	kfree(text);
	if (err) {
		vfree(job);
		return err;
	}
	file->private_data = job;
	/* reading begins at the beginning */
	*pos = 0;
	return len;
}

static ssize_t kload_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	struct job *job = file->private_data;

	if (!job)
		return 0;
	return simple_read_from_buffer(buf, len, pos, job->text, job->text_len);
}

static int kload_release(struct inode *inode, struct file *file)
{
	vfree(file->private_data);
	return 0;
}

static const struct proc_ops kload_ops = {
	.proc_write = kload_write,
	.proc_read = kload_read,
	.proc_release = kload_release,
	.proc_lseek = noop_llseek,
};

static int __init kload_init(void)
{
	return proc_create("kload", 0600, NULL, &kload_ops) ? 0 : -ENOMEM;
}

static void __exit kload_exit(void)
{
	remove_proc_entry("kload", NULL);
}

module_init(kload_init);
module_exit(kload_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("block I/O load generator");
