#ifndef MONOCOQUE_ALLOC_PREFETCH_H_
#define MONOCOQUE_ALLOC_PREFETCH_H_

namespace monocoque {

// Tells the processor that what lies at `address` is read soon. Any address will do, a null one too.
inline void Prefetch(const void* address) { __builtin_prefetch(address); }

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_PREFETCH_H_
