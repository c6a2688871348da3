#include "adapters/admission.h"

#include <iterator>
#include <mutex>
#include <optional>
#include <vector>

#include "adapters/net/host.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/auth.h"

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

Admission::Admission(Socket* machine, std::shared_ptr<InprocHub> hub,
                     std::function<std::shared_ptr<Waker>()> make_waker)
    : machine_(*machine), hub_(std::move(hub)), make_waker_(std::move(make_waker)) {}

Admission::~Admission() = default;

// False: the socket cannot be woken.
bool Admission::Open() {
  if (waker_ != nullptr) return true;
  waker_ = make_waker_();
  if (waker_ == nullptr) return false;
  verdicts_ = std::make_shared<Verdicts>(waker_);
  return true;
}

bool Admission::Take(const action::Authenticate& ask) {
  if (!Open()) return false;
  if (desk_.Take(ask)) return true;
  if (!ZapInquiry::CanAsk(hub_.get())) return false;
  if (host_.pool == nullptr) {
    host_.pool = SlabPool::Create();
    host_.entropy = std::make_shared<net::OsEntropy>();
  }
  host_.now = net::Now();
  inquiries_[ask.link] = std::make_unique<ZapInquiry>(host_, hub_, waker_, *ask.request);
  waker_->Wake();
  return true;
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
  for (auto it = inquiries_.begin(); it != inquiries_.end();) {
    const std::optional<AuthVerdict> verdict = it->second->Turn(now);
    if (verdict) machine_.Authorize(it->first, *verdict, now);
    it = verdict ? inquiries_.erase(it) : std::next(it);
  }
}

}  // namespace monocoque
