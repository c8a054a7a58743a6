// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocation of 64 KiB is made of: how long each piece takes stands in
 * /sys/module/parts/parameters/, in nanoseconds, which in a guest with --icount
 * are instructions.
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

/* as the driver asks for it where there is no memory cgroup */
#define GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN)

static unsigned long zero;
module_param(zero, ulong, 0444);
MODULE_PARM_DESC(zero, "16 pages zeroed, and nothing else");

static unsigned long singles;
module_param(singles, ulong, 0444);
MODULE_PARM_DESC(singles, "16 zeroed pages got, one by one");

static unsigned long block;
module_param(block, ulong, 0444);
MODULE_PARM_DESC(block, "a block of 16 zeroed pages got and split");

static unsigned long area;
module_param(area, ulong, 0444);
MODULE_PARM_DESC(area, "16 zeroed pages got from vmalloc");

static struct page *pages[QUANTA][PAGES];
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
	return alloc_pages_bulk_array(GFP, PAGES, pages[n]) == PAGES;
}

static bool get_block(int n)
{
	struct page *page = alloc_pages(GFP, ORDER);
	int i;

	if (!page)
		return false;
	split_page(page, ORDER);
	for (i = 0; i < PAGES; i++)
		pages[n][i] = page + i;
	return true;
}

static bool put_pages(int n)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		if (pages[n][i])
			__free_page(pages[n][i]);
		pages[n][i] = NULL;
	}
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

/* how long one takes, in the mean of all; 0 when one has failed */
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

	/* in the first round, slabs and page tables are made */
	for (round = 0; round < 2; round++) {
		singles = time_all(get_singles);
		zero = singles ? time_all(zero_pages) : 0;
		time_all(put_pages);
		block = time_all(get_block);
		time_all(put_pages);
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

MODULE_DESCRIPTION("what an allocation of 64 KiB is made of");
MODULE_LICENSE("GPL");
