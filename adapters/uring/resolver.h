#ifndef MONOCOQUE_ADAPTERS_URING_RESOLVER_H_
#define MONOCOQUE_ADAPTERS_URING_RESOLVER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/uring/ring.h"

namespace monocoque::uring {

class Dial;
class Loop;

// Looks names up on one helper thread, because the system's resolver blocks; answers come to the
// loop through an eventfd. Made when the first name is dialed.
class Resolver final : public Completion {
 public:
  explicit Resolver(Loop* loop);
  ~Resolver() override;

  // `dial` hears of it in OnResolved, on the loop's thread.
  void Resolve(const std::string& host, std::uint16_t port, Dial* dial);
  void OnCompletion(int result, unsigned flags) override;
  // Ends the thread, and gives every question still open an error.
  void Stop();

 private:
  struct Question {
    std::string host;
    std::uint16_t port;
    Dial* dial;
    absl::StatusOr<std::vector<net::Address>> answer;
  };

  void Arm();
  void Work();

  Loop& loop_;
  const int wake_;
  std::uint64_t count_ = 0;
  bool armed_ = false;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::deque<Question> questions_;
  std::deque<Question> answers_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_RESOLVER_H_
