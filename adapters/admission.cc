#include "adapters/admission.h"

#include <mutex>
#include <vector>

#include "protocol/drive/auth.h"
#include "protocol/drive/ids.h"

namespace monocoque {

// What was decided, from any thread, until the socket's own takes it.
class Admission::Verdicts {
 public:
  explicit Verdicts(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

  void Push(LinkId link, const AuthVerdict& verdict) {
    {
      const std::lock_guard lock(mutex_);
      verdicts_.emplace_back(link, verdict);
      // Whoever has not taken the first one yet was woken for it.
      if (verdicts_.size() > 1) return;
    }
    waker_->Wake();
  }
  std::vector<std::pair<LinkId, AuthVerdict>> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(verdicts_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<LinkId, AuthVerdict>> verdicts_;
  const std::shared_ptr<Waker> waker_;
};

bool Admission::Take(const action::Authenticate& ask) {
  if (verdicts_ == nullptr) {
    std::shared_ptr<Waker> waker = make_waker_();
    if (waker == nullptr) return false;
    verdicts_ = std::make_shared<Verdicts>(std::move(waker));
  }
  return desk_.Take(ask);
}

bool Admission::ServeOne() {
  if (!desk_.waiting()) return false;
  desk_.ServeOne([verdicts = verdicts_](LinkId link) {
    return [verdicts, link](const AuthVerdict& verdict) { verdicts->Push(link, verdict); };
  });
  return true;
}

void Admission::Turn(Instant now) {
  if (verdicts_ == nullptr) return;
  for (const auto& [link, verdict] : verdicts_->Take()) machine_.Authorize(link, verdict, now);
}

}  // namespace monocoque
