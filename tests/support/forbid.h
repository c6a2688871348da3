#ifndef MONOCOQUE_TESTS_SUPPORT_FORBID_H_
#define MONOCOQUE_TESTS_SUPPORT_FORBID_H_

namespace monocoque::testing {

// From here on a system call of this process, and of what it starts, fails with `error`: as under
// the seccomp filter of a container. There is no way back: for a child. False if it cannot be had.
bool Forbid(long call, int error);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_FORBID_H_
