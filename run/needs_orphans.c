// SPDX-License-Identifier: GPL-2.0-only
#include "run/needs_orphans.h"

#include <stdlib.h>
#include <sys/prctl.h>

#include "base/children.h"

void orphans_begin(struct orphans *o)
{
	o->before = children_list(&o->n);
	o->subreaper = 0;
	prctl(PR_GET_CHILD_SUBREAPER, &o->subreaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void orphans_end(struct orphans *o)
{
	children_end(o->before, o->n);
	prctl(PR_SET_CHILD_SUBREAPER, o->subreaper);
	free(o->before);
}
