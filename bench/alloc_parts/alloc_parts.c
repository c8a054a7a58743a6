// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of an allocation of 64 KiB. /sys/module/alloc_parts/parameters/ has
 * the cost of each in nanoseconds, which in a guest with --icount are instructions.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#define QUANTA	4000
#define ORDER	4
#define PAGES	16
#define SIZE	(PAGE_SIZE << ORDER)

/* as the driver allocates, but not charged to a memory cgroup */
#define GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN)

/* the name before Linux 6.14 */
#ifndef alloc_pages_bulk
#define alloc_pages_bulk	alloc_pages_bulk_array
#endif

static unsigned long zero;
module_param(zero, ulong, 0444);
MODULE_PARM_DESC(zero, "zeroing 16 pages");

static unsigned long singles;
module_param(singles, ulong, 0444);
MODULE_PARM_DESC(singles, "allocating 16 zeroed pages at once");

static unsigned long block;
module_param(block, ulong, 0444);
MODULE_PARM_DESC(block, "allocating a compound page of 16 zeroed pages");

static unsigned long area;
module_param(area, ulong, 0444);
MODULE_PARM_DESC(area, "allocating a vmalloc area of 16 zeroed pages");

static struct page *pages[QUANTA][PAGES];
static struct page *blocks[QUANTA];
static void *areas[QUANTA];

static bool zero_pages(int n)
{
	int i;

	for (i = 0; i < PAGES; i++)
		clear_highpage(pages[n][i]);
	return true;
}

static bool get_singles(int n)
{
	return alloc_pages_bulk(GFP, PAGES, pages[n]) == PAGES;
}

static bool put_singles(int n)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		if (pages[n][i])
			__free_page(pages[n][i]);
		pages[n][i] = NULL;
	}
	return true;
}

static bool get_block(int n)
{
	blocks[n] = alloc_pages(GFP | __GFP_COMP, ORDER);
	return blocks[n];
}

static bool put_block(int n)
{
	if (blocks[n])
		put_page(blocks[n]);
	return true;
}

static bool get_area(int n)
{
	areas[n] = __vmalloc(SIZE, GFP);
	return areas[n];
}

static bool put_area(int n)
{
	vfree(areas[n]);
	return true;
}

/* the mean cost of one; 0 if one has failed */
static unsigned long time_all(bool (*piece)(int n))
{
	u64 start = ktime_get_ns();
	bool good = true;
	int n;

	for (n = 0; n < QUANTA; n++)
		good &= piece(n);
	return good ? (ktime_get_ns() - start) / QUANTA : 0;
}

static int __init parts_init(void)
{
	int round;

	/* the first round allocates slabs and page tables */
	for (round = 0; round < 2; round++) {
		singles = time_all(get_singles);
		zero = singles ? time_all(zero_pages) : 0;
		time_all(put_singles);
		block = time_all(get_block);
		time_all(put_block);
		area = time_all(get_area);
		time_all(put_area);
	}
	return singles && block && area ? 0 : -ENOMEM;
}
module_init(parts_init);

static void __exit parts_exit(void)
{
}
module_exit(parts_exit);

MODULE_DESCRIPTION("the parts of an allocation of 64 KiB");
MODULE_LICENSE("GPL");
