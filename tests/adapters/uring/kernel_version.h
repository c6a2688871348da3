#ifndef MONOCOQUE_TESTS_ADAPTERS_URING_KERNEL_VERSION_H_
#define MONOCOQUE_TESTS_ADAPTERS_URING_KERNEL_VERSION_H_

#include <sys/utsname.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "adapters/uring/options.h"

namespace monocoque::uring {

// True of this version of the kernel and later ones.
inline bool KernelSince(int major, int minor) {
  utsname name{};
  std::pair<int, int> version;
  return uname(&name) == 0 &&
         std::sscanf(name.release, "%d.%d", &version.first, &version.second) == 2 &&
         version >= std::pair(major, minor);
}

// What this kernel must be able to do by its version, whatever the adapter found out: so that a
// method that is silently not used shows.
inline bool KernelHas(ReadMethod method) {
  switch (method) {
    case ReadMethod::kIncremental:
      return KernelSince(6, 12);
    case ReadMethod::kBundle:
      return KernelSince(6, 10);
    case ReadMethod::kOneShot:
      return true;
  }
  return false;
}

// Those of `methods` that this kernel has.
inline std::vector<ReadMethod> OfThisKernel(std::vector<ReadMethod> methods) {
  std::erase_if(methods, [](ReadMethod method) { return !KernelHas(method); });
  return methods;
}

// Of a parametrised test's case.
inline const char* NameOf(ReadMethod method) {
  switch (method) {
    case ReadMethod::kIncremental:
      return "Incremental";
    case ReadMethod::kBundle:
      return "Bundle";
    case ReadMethod::kOneShot:
      break;
  }
  return "OneShot";
}

}  // namespace monocoque::uring

#endif  // MONOCOQUE_TESTS_ADAPTERS_URING_KERNEL_VERSION_H_
