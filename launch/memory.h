// How the programs that compute use the heap.
#pragma once

#include <malloc.h>

namespace lambdaforge::launch {

// Freed memory stays with the process for the next step, which needs as much again; glibc would
// hand large blocks back and fault every page in anew. To be called before the first thread starts.
inline void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);         // large blocks come from the heap too,
  mallopt(M_TRIM_THRESHOLD, -1);  // and the heap does not shrink
}

}  // namespace lambdaforge::launch
