// Inner loops that are compiled for several instruction sets; the loader takes the best one that
// the machine has, so one binary runs everywhere. Such a function must be a leaf: what it calls is
// inlined into it or it stays at the baseline.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LAMBDAFORGE_KERNEL \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LAMBDAFORGE_KERNEL
#endif
