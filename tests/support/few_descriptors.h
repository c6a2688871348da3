#ifndef MONOCOQUE_TESTS_SUPPORT_FEW_DESCRIPTORS_H_
#define MONOCOQUE_TESTS_SUPPORT_FEW_DESCRIPTORS_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace monocoque::testing {

// A limit of so many descriptors for the process, while it lives: no number at or above is given.
// The kernel may hold what was begun before to the limit of that time.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t count) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{count, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

// All that the limit allows are taken but `left`. Set a low one first.
class TakenDescriptors {
 public:
  explicit TakenDescriptors(int left) {
    for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
    Free(left);
  }
  ~TakenDescriptors() { Free(static_cast<int>(taken_.size())); }
  TakenDescriptors(const TakenDescriptors&) = delete;
  TakenDescriptors& operator=(const TakenDescriptors&) = delete;
  void Free(int count) {
    for (; count > 0 && !taken_.empty(); --count) {
      close(taken_.back());
      taken_.pop_back();
    }
  }

 private:
  std::vector<int> taken_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_FEW_DESCRIPTORS_H_
