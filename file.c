// SPDX-License-Identifier: GPL-2.0
/*
 * Operations of an open device: read, write, splice, seek, ioctl.
 *
 * Reads and writes go quantum by quantum. Each step enters a section of the
 * store and copies with page faults disabled. On a short copy it leaves the
 * section, drops all locks, faults in the user page and retries, as
 * generic_perform_write() and gfs2 do.
 *
 * clamp_to_quantum() bounds every copy, so the copies are _copy_to_iter() and
 * _copy_from_iter(), without hardened usercopy's check. It checks slab objects,
 * which quanta are not, and skips vmalloc areas while page faults are disabled.
 *
 * A reader that overlaps a writer may see a mixture of old and new bytes, as
 * from the page cache: for the bytes themselves the data race is intended.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cacheflush.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "scullv.h"
#include "scullv_ioctl.h"

/* the book's rule; a module parameter, which may change at any time */
bool scullv_wronly_trims = true;

/*
 * Opening write-only empties the device, unless to append. O_TRUNC does in any
 * mode.
 */
static bool should_trim(const struct file *file)
{
	if (file->f_flags & O_TRUNC)
		return true;
	return (file->f_flags & O_ACCMODE) == O_WRONLY &&
	       !(file->f_flags & O_APPEND) && READ_ONCE(scullv_wronly_trims);
}

/*
 * Update the timestamps of the node, as pipe_write() does for a FIFO: after the
 * write, and without waiting for a frozen file system.
 */
static void update_node_time(struct file *file)
{
	struct super_block *sb = file_inode(file)->i_sb;

	if (sb_start_write_trylock(sb)) {
		file_update_time(file);
		sb_end_write(sb);
	}
}

static int scullv_open(struct inode *inode, struct file *file)
{
	struct scullv_dev *dev = container_of(inode->i_cdev,
					      struct scullv_dev, cdev);
	int err;

	file->private_data = dev;
	file->f_mapping = dev->inode->i_mapping;
	/* O_DIRECT is accepted: there is no cache to bypass */
	file->f_mode |= FMODE_NOWAIT | FMODE_CAN_ODIRECT;
	/* processes that share an offset share it as POSIX says (XSH 2.9.7) */
	file->f_mode |= FMODE_ATOMIC_POS;

	if (!should_trim(file))
		return 0;
	err = scullv_trim(dev);
	if (!err)
		update_node_time(file);
	return err;
}

/*
 * Progress of one read or write. All functions that take one are inlined: it
 * lives in registers.
 */
struct scullv_io {
	size_t window;		/* bytes that the next step may copy at most */
	ssize_t done;		/* bytes copied so far */
	u64 generation;		/* of the store that they are in */
	unsigned int fault_ins;	/* since the last byte was copied */
	bool end_locked;	/* holds append_lock */
	loff_t end;		/* size when it last copied with append_lock held */
};

/*
 * Under memory pressure a page may be missing again right after it was faulted
 * in. If no byte can be copied after so many attempts, the page is present but
 * access is denied: memory tags of arm64, shadow stacks of x86.
 */
#define MAX_FAULT_INS	32

/* Don't continue an I/O in a store that a trim has replaced. */
static bool store_replaced(const struct scullv_io *io,
			   const struct scullv_store *store)
{
	return io->done && io->generation != store->generation;
}

/* offset of a position in its quantum; cuts *len at the end of the quantum */
static size_t clamp_to_quantum(const struct scullv_store *store, loff_t pos,
			       const struct scullv_io *io, size_t *len)
{
	size_t offset = pos & (store->quantum_size - 1);

	*len = min3(*len, store->quantum_size - offset, io->window);
	return offset;
}

/*
 * A step copies within one quantum. It returns the bytes copied, 0 at the end,
 * -EFAULT if nothing was copied because a user page is missing, or an error.
 */
typedef ssize_t (*step_fn)(struct kiocb *iocb, struct iov_iter *iter,
			   struct scullv_io *io);

static __always_inline ssize_t do_steps(struct kiocb *iocb,
					struct iov_iter *iter, step_fn step,
					struct scullv_io *io)
{
	ssize_t ret;

	while (iov_iter_count(iter)) {
		if (io->done) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		ret = step(iocb, iter, io);
		if (ret <= 0)
			return ret;
		iocb->ki_pos += ret;
		io->done += ret;
		io->window = SCULLV_CHUNK;
		io->fault_ins = 0;
	}
	return 0;
}

/*
 * Fault in the user pages of the next step. Called outside all sections and locks,
 * as the caller may block here indefinitely. The next step is limited to the bytes
 * that are present now, and to half as many after each attempt without progress:
 * some machines copy none of the bytes before one that cannot be accessed (riscv),
 * or zero all but the last few of them (arm64).
 */
static int fault_in(struct iov_iter *iter, struct scullv_io *io,
		    size_t (*fault_in_iter)(const struct iov_iter *, size_t))
{
	size_t len = min_t(size_t, iov_iter_count(iter), SCULLV_CHUNK);

	/* a kernel buffer that takes nothing is full: no page is missing */
	if (!user_backed_iter(iter) || io->fault_ins == MAX_FAULT_INS)
		return -EFAULT;
	if (fatal_signal_pending(current))
		return -EINTR;
	len = len >> io->fault_ins++ ?: 1;
	io->window = len - fault_in_iter(iter, len);
	return io->window ? 0 : -EFAULT;
}

/* copies from one quantum or hole; 0 at the end of the device */
static __always_inline ssize_t read_quantum(struct kiocb *iocb,
					    struct iov_iter *to,
					    struct scullv_io *io)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	struct scullv_store *store;
	size_t offset, len;
	loff_t pos, size;
	ssize_t ret = 0;
	void *quantum;
	int idx;

	store = scullv_store_get(dev, &idx);
	pos = iocb->ki_pos;
	size = scullv_store_size(store);
	if (pos >= size || unlikely(store_replaced(io, store)))
		goto out;
	io->generation = store->generation;

	len = min_t(loff_t, iov_iter_count(to), size - pos);
	offset = clamp_to_quantum(store, pos, io, &len);
	quantum = scullv_lookup(store, pos);

	pagefault_disable();
	if (quantum)
		/* data race: intended for the bytes themselves, see above */
		ret = data_race(_copy_to_iter(quantum + offset, len, to));
	else
		ret = iov_iter_zero(len, to);
	pagefault_enable();
	if (!ret)
		ret = -EFAULT;
out:
	scullv_store_put(dev, idx);
	return ret;
}

/* a read whose buffer is not completely present */
static noinline ssize_t continue_read(struct kiocb *iocb, struct iov_iter *to,
				      ssize_t done, u64 generation)
{
	struct scullv_io io = { .done = done, .generation = generation };
	ssize_t ret;

	do {
		ret = fault_in(to, &io, fault_in_iov_iter_writeable);
		if (ret)
			break;
		ret = do_steps(iocb, to, read_quantum, &io);
	} while (ret == -EFAULT);
	return io.done ?: ret;
}

static ssize_t scullv_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct scullv_io io = { .window = SCULLV_CHUNK };
	ssize_t ret;

	ret = do_steps(iocb, to, read_quantum, &io);
	if (ret == -EFAULT)
		return continue_read(iocb, to, io.done, io.generation);
	return io.done ?: ret;
}

/* -- write: the end moves under append_lock only -- */

/*
 * With the buffer faulted in first, append_lock is rarely dropped halfway, which
 * may cut the write short.
 */
static void prepare_buffer(const struct iov_iter *from)
{
	struct iov_iter rest = *from;
	size_t len;

	while ((len = min_t(size_t, iov_iter_count(&rest), SCULLV_CHUNK))) {
		if (fault_in_iov_iter_readable(&rest, len) ||
		    fatal_signal_pending(current))
			break;
		iov_iter_advance(&rest, len);
		cond_resched();
	}
}

static int wait_for_end(struct scullv_dev *dev, const struct iov_iter *from)
{
	prepare_buffer(from);
	return mutex_lock_killable(&dev->append_lock) ? -EINTR : 0;
}

/* A trim holds seal_lock until the new store takes writes. */
static int wait_for_trim(struct scullv_dev *dev)
{
	if (mutex_lock_killable(&dev->seal_lock))
		return -EINTR;
	mutex_unlock(&dev->seal_lock);
	return 0;
}

/* RLIMIT_FSIZE and the largest offset, as generic_write_check_limits() does */
static __always_inline int clamp_to_limits(loff_t pos,
					   const struct scullv_io *io,
					   size_t *len)
{
	unsigned long limit = rlimit(RLIMIT_FSIZE);
	u64 max = MAX_LFS_FILESIZE;

	if (limit != RLIM_INFINITY && limit < max) {
		max = limit;
		if (pos >= max && !io->done)
			send_sig(SIGXFSZ, current, 0);
	}
	if (pos >= max)
		return -EFBIG;
	*len = min_t(u64, *len, max - pos);
	return 0;
}

/*
 * Decide where the next bytes of a write go, and how many there may be. A write
 * that ends past the size holds append_lock. Inside the section the lock is only
 * tried. When a write had to drop the lock for a missing page, another one may
 * have moved the end. It stops then, so that it overwrites nothing newer.
 *
 * Return: 0, an error of write(), or -ENOLCK or -ESTALE: see write_quantum().
 */
static __always_inline int place_write(struct kiocb *iocb,
				       const struct scullv_store *store,
				       struct scullv_io *io, size_t *len)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	bool append = iocb->ki_flags & IOCB_APPEND;
	loff_t size = scullv_store_size(store);

	if (append || io->end || (u64)iocb->ki_pos + *len > size) {
		if (!io->end_locked) {
			if (!mutex_trylock(&dev->append_lock))
				return iocb->ki_flags & IOCB_NOWAIT ? -EAGAIN :
								      -ENOLCK;
			io->end_locked = true;
			size = scullv_store_size(store);
		}
		if (io->end && io->end != size)
			return -ESTALE;
		if (append)
			iocb->ki_pos = size;
	}
	return clamp_to_limits(iocb->ki_pos, io, len);
}

/*
 * IOCB_NOWAIT must fail before any byte is copied: io_uring reissues the whole
 * request, not the remainder.
 */
static bool has_hole(struct scullv_store *store, u64 pos, size_t len)
{
	u64 end = pos + len;
	unsigned int visited = 0;

	for (; pos < end; pos = (pos | (store->quantum_size - 1)) + 1) {
		if (!scullv_lookup(store, pos))
			return true;
		if (++visited % 1024 == 0)
			cond_resched();
	}
	return false;
}

/* the quantum at a position, allocated if there is a hole */
static void *get_quantum(struct scullv_dev *dev, struct scullv_store *store,
			 loff_t pos, struct iov_iter *from)
{
	void *quantum = scullv_lookup(store, pos);
	size_t missing;

	if (quantum)
		return quantum;

	/* probe the source first, so that -EFAULT allocates nothing */
	pagefault_disable();
	missing = fault_in_iov_iter_readable(from, 1);
	pagefault_enable();
	return missing ? ERR_PTR(-EFAULT) : scullv_fill(dev, store, pos);
}

/*
 * A page that is mapped executable may be in the instruction cache (arm64 and
 * others). Compiles to nothing on machines whose caches are coherent.
 */
static void flush_quantum(const struct scullv_store *store,
			  const void *quantum, size_t offset, size_t len)
{
	unsigned long n;

	if (!ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE)
		return;
	for (n = offset >> PAGE_SHIFT; n <= (offset + len - 1) >> PAGE_SHIFT; n++)
		flush_dcache_page(scullv_page(store, quantum, n));
}

/*
 * Copies into one quantum. Besides errors of write(), returns -ENOLCK or -EBUSY
 * when the caller has to wait outside the section, and -ESTALE when there is no
 * place for the rest of the write: none of them reaches the user.
 */
static __always_inline ssize_t write_quantum(struct kiocb *iocb,
					     struct iov_iter *from,
					     struct scullv_io *io)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	size_t offset, copied, len = iov_iter_count(from);
	struct scullv_store *store;
	ssize_t ret = -ESTALE;
	void *quantum;
	int idx;

	store = scullv_store_get(dev, &idx);
	/* before anything else: the new store may be sealed */
	if (unlikely(store_replaced(io, store)))
		goto out;
	io->generation = store->generation;
	ret = place_write(iocb, store, io, &len);
	if (ret)
		goto out;
	ret = -EAGAIN;
	if (iocb->ki_flags & IOCB_NOWAIT && !io->done &&
	    has_hole(store, iocb->ki_pos, len))
		goto out;

	offset = clamp_to_quantum(store, iocb->ki_pos, io, &len);
	quantum = get_quantum(dev, store, iocb->ki_pos, from);
	ret = PTR_ERR_OR_ZERO(quantum);
	if (ret)
		goto out;

	pagefault_disable();
	/* data race: intended for the bytes themselves, see above */
	copied = data_race(_copy_from_iter(quantum + offset, len, from));
	pagefault_enable();
	ret = -EFAULT;
	if (copied) {
		flush_quantum(store, quantum, offset, copied);
		if (io->end_locked)
			io->end = scullv_extend(dev, store,
						iocb->ki_pos + copied);
		ret = copied;
	}
out:
	scullv_store_put(dev, idx);
	return ret;
}

/*
 * A write that moves the end updates the timestamps of the node with each tick of
 * the coarse clock; an overwrite updates them once a second.
 */
static void note_append(struct file *file)
{
	/* data race: file_update_time() checks again */
	struct timespec64 now, mtime = data_race(inode_get_mtime(file_inode(file)));

	ktime_get_coarse_real_ts64(&now);
	if (!timespec64_equal(&now, &mtime))
		update_node_time(file);
}

static void note_overwrite(struct file *file)
{
	/* data race: as above */
	time64_t mtime = data_race(inode_get_mtime_sec(file_inode(file)));

	if (mtime != ktime_get_real_seconds())
		update_node_time(file);
}

static __always_inline ssize_t end_write(struct kiocb *iocb,
					 const struct scullv_io *io, int err)
{
	if (io->end)
		note_append(iocb->ki_filp);
	else if (io->done)
		note_overwrite(iocb->ki_filp);
	return io->done ?: err;
}

static __always_inline ssize_t write_steps(struct kiocb *iocb,
					   struct iov_iter *from,
					   struct scullv_io *io)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	ssize_t ret;

	ret = do_steps(iocb, from, write_quantum, io);
	if (io->end_locked)
		mutex_unlock(&dev->append_lock);
	io->end_locked = false;
	return ret;
}

/* wait for what write_quantum() could not wait for; 0 to go on, or an error */
static __always_inline int wait_outside(struct scullv_dev *dev,
					struct iov_iter *from,
					struct scullv_io *io, int why)
{
	int err;

	switch (why) {
	case -EFAULT:
		return fault_in(from, io, fault_in_iov_iter_readable);
	case -ENOLCK:
		err = wait_for_end(dev, from);
		io->end_locked = !err;
		return err;
	case -EBUSY:
		return wait_for_trim(dev);
	default:
		return why;
	}
}

/* a write that has to wait, or has failed */
static noinline ssize_t continue_write(struct kiocb *iocb, struct iov_iter *from,
				       ssize_t done, u64 generation,
				       loff_t end, ssize_t ret)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	struct scullv_io io = {
		.window = SCULLV_CHUNK,
		.done = done,
		.generation = generation,
		.end = end,
	};

	while (ret) {
		ret = wait_outside(dev, from, &io, ret);
		if (ret)
			break;
		ret = write_steps(iocb, from, &io);
	}
	return end_write(iocb, &io, ret);
}

static ssize_t scullv_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct scullv_io io = { .window = SCULLV_CHUNK };
	ssize_t ret;

	if (iocb->ki_flags & IOCB_APPEND)
		prepare_buffer(from);
	ret = write_steps(iocb, from, &io);
	if (ret)
		return continue_write(iocb, from, io.done, io.generation,
				      io.end, ret);
	return end_write(iocb, &io, 0);
}

/* -- splice: the pages themselves go into the pipe, as with tmpfs -- */

#define SPLICE_PAGES	16	/* handed to the pipe at a time */

static void release_page(struct splice_pipe_desc *spd, unsigned int i)
{
	put_page(spd->pages[i]);
}

/* the page at a position, with a reference; the zero page for a hole */
static struct page *get_page_at(struct scullv_store *store, loff_t pos)
{
	const void *quantum = scullv_lookup(store, pos);
	size_t offset = pos & (store->quantum_size - 1);
	struct page *page;

	page = quantum ? scullv_page(store, quantum, offset >> PAGE_SHIFT) :
			 ZERO_PAGE(0);
	if (PageHWPoison(page))
		return ERR_PTR(-EIO);
	get_page(page);
	return page;
}

/* Reference the pages from a position on. The section lasts no longer than that. */
static int get_pages(struct scullv_dev *dev, loff_t pos, size_t len,
		     struct scullv_io *io, struct splice_pipe_desc *spd)
{
	struct scullv_store *store;
	loff_t end;
	int err = 0;
	int idx;

	store = scullv_store_get(dev, &idx);
	if (unlikely(store_replaced(io, store)))
		goto out;
	io->generation = store->generation;
	end = min_t(u64, (u64)pos + len, scullv_store_size(store));
	while (pos < end && spd->nr_pages < spd->nr_pages_max) {
		struct partial_page *part = &spd->partial[spd->nr_pages];
		struct page *page = get_page_at(store, pos);

		err = PTR_ERR_OR_ZERO(page);
		if (err)
			break;
		part->offset = offset_in_page(pos);
		part->len = min_t(loff_t, PAGE_SIZE - part->offset, end - pos);
		pos += part->len;
		spd->pages[spd->nr_pages++] = page;
	}
out:
	scullv_store_put(dev, idx);
	return err;
}

/*
 * The pages cannot be stolen from the pipe: the device still uses them, and they
 * are charged as kernel memory.
 */
static ssize_t scullv_splice_read(struct file *in, loff_t *ppos,
				  struct pipe_inode_info *pipe, size_t len,
				  unsigned int flags)
{
	struct scullv_dev *dev = in->private_data;
	struct partial_page partial[SPLICE_PAGES];
	struct page *pages[SPLICE_PAGES];
	struct scullv_io io = {};
	ssize_t ret;

	do {
		struct splice_pipe_desc spd = {
			.pages = pages,
			.partial = partial,
			.nr_pages_max = SPLICE_PAGES,
			.ops = &nosteal_pipe_buf_ops,
			.spd_release = release_page,
		};

		ret = get_pages(dev, *ppos, len, &io, &spd);
		if (!spd.nr_pages)
			break;
		ret = splice_to_pipe(pipe, &spd);
		if (ret <= 0)
			break;
		*ppos += ret;
		io.done += ret;
		len -= ret;
	} while (len && !pipe_full(pipe->head, pipe->tail, pipe->max_usage));
	return io.done ?: ret;
}

static loff_t scullv_llseek(struct file *file, loff_t offset, int whence)
{
	struct scullv_dev *dev = file->private_data;
	struct scullv_store *store;
	int idx;

	store = scullv_store_get(dev, &idx);
	switch (whence) {
	case SEEK_DATA:
		offset = scullv_seek_data(store, offset);
		break;
	case SEEK_HOLE:
		offset = scullv_seek_hole(store, offset);
		break;
	default:
		offset = generic_file_llseek_size(file, offset, whence,
						  MAX_LFS_FILESIZE,
						  scullv_store_size(store));
		goto out;
	}
	if (offset >= 0)
		offset = vfs_setpos(file, offset, MAX_LFS_FILESIZE);
out:
	scullv_store_put(dev, idx);
	return offset;
}

/* -- ioctl: the geometry of the next trim -- */

static int ioc_query(struct scullv_dev *dev, enum scullv_field field)
{
	struct scullv_geometry config;

	scullv_get_config(dev, &config);
	return *scullv_field(&config, field);
}

static int check_field(struct scullv_dev *dev, enum scullv_field field,
		       unsigned long value)
{
	struct scullv_geometry config;
	struct scullv_range range;

	scullv_get_config(dev, &config);
	range = scullv_range(&config, field);
	if (scullv_in_range(value, range))
		return 0;
	pr_err_ratelimited("%s=%ld: must be a number from %u to %u\n",
			   range.name, (long)value, range.min, range.max);
	return -EINVAL;
}

static int ioc_shift(struct scullv_dev *dev, enum scullv_field field,
		     unsigned long value)
{
	unsigned int old;

	return check_field(dev, field, value) ?:
	       scullv_set_field(dev, field, value, &old) ?: old;
}

static int ioc_tell(struct scullv_dev *dev, enum scullv_field field,
		    unsigned long value)
{
	return min(ioc_shift(dev, field, value), 0);
}

static int ioc_set(struct scullv_dev *dev, enum scullv_field field,
		   int __user *from)
{
	int value;

	return get_user(value, from) ?: ioc_tell(dev, field, value);
}

/*
 * The old value goes to the user before the field changes, so that -EFAULT changes
 * nothing. If another task sets the field in between, its value goes there too.
 */
static int ioc_exchange(struct scullv_dev *dev, enum scullv_field field,
			int __user *ptr)
{
	int value, old, ret;

	ret = get_user(value, ptr) ?: check_field(dev, field, value);
	if (ret)
		return ret;
	old = ioc_query(dev, field);
	if (put_user(old, ptr))
		return -EFAULT;
	ret = ioc_shift(dev, field, value);
	if (ret < 0 || ret == old)
		return min(ret, 0);
	return put_user(ret, ptr);
}

static int ioc_reset(struct scullv_dev *dev)
{
	return ioc_tell(dev, SCULLV_FIELD_ORDER, SCULLV_ORDER) ?:
	       ioc_tell(dev, SCULLV_FIELD_QSET, SCULLV_QSET);
}

static int may_set(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static long scullv_ioctl(struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	struct scullv_dev *dev = file->private_data;
	int __user *ptr = (int __user *)arg;

	switch (cmd) {
	case SCULLV_IOCGORDER:
		return put_user(ioc_query(dev, SCULLV_FIELD_ORDER), ptr);
	case SCULLV_IOCQORDER:
		return ioc_query(dev, SCULLV_FIELD_ORDER);
	case SCULLV_IOCGQSET:
		return put_user(ioc_query(dev, SCULLV_FIELD_QSET), ptr);
	case SCULLV_IOCQQSET:
		return ioc_query(dev, SCULLV_FIELD_QSET);

	/* the others change something */
	case SCULLV_IOCRESET:
		return may_set() ?: ioc_reset(dev);
	case SCULLV_IOCSORDER:
		return may_set() ?: ioc_set(dev, SCULLV_FIELD_ORDER, ptr);
	case SCULLV_IOCTORDER:
		return may_set() ?: ioc_tell(dev, SCULLV_FIELD_ORDER, arg);
	case SCULLV_IOCXORDER:
		return may_set() ?: ioc_exchange(dev, SCULLV_FIELD_ORDER, ptr);
	case SCULLV_IOCHORDER:
		return may_set() ?: ioc_shift(dev, SCULLV_FIELD_ORDER, arg);
	case SCULLV_IOCSQSET:
		return may_set() ?: ioc_set(dev, SCULLV_FIELD_QSET, ptr);
	case SCULLV_IOCTQSET:
		return may_set() ?: ioc_tell(dev, SCULLV_FIELD_QSET, arg);
	case SCULLV_IOCXQSET:
		return may_set() ?: ioc_exchange(dev, SCULLV_FIELD_QSET, ptr);
	case SCULLV_IOCHQSET:
		return may_set() ?: ioc_shift(dev, SCULLV_FIELD_QSET, arg);
	default:
		return -ENOTTY;
	}
}

const struct file_operations scullv_fops = {
	.owner = THIS_MODULE,
	.open = scullv_open,
	.llseek = scullv_llseek,
	.read_iter = scullv_read_iter,
	.write_iter = scullv_write_iter,
	.splice_read = scullv_splice_read,
	.splice_write = iter_file_splice_write,
	.mmap = scullv_mmap,
	.fsync = noop_fsync,
	.unlocked_ioctl = scullv_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
