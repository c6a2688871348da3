#include "adapters/admission.h"

#include <mutex>
#include <optional>
#include <vector>

#include "adapters/net/host.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/auth.h"

namespace monocoque {

// What happened about links that ask, from any thread, until the socket's own takes it.
class Admission::Inbox {
 public:
  struct Notice {
    LinkId link;
    std::optional<AuthVerdict> verdict;  // none: the inquiry can go on
  };

  explicit Inbox(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

  void Push(Notice notice) {
    {
      const std::lock_guard lock(mutex_);
      notices_.push_back(std::move(notice));
      // Whoever has not taken the first one yet was woken for it.
      if (notices_.size() > 1) return;
    }
    waker_->Wake();
  }
  std::vector<Notice> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(notices_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Notice> notices_;
  const std::shared_ptr<Waker> waker_;
};

// Has one inquiry looked after, so that those that wait cost nothing.
class Admission::Bell final : public Waker {
 public:
  Bell(std::shared_ptr<Inbox> inbox, LinkId link) : inbox_(std::move(inbox)), link_(link) {}
  void Wake() override { inbox_->Push({link_, std::nullopt}); }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const LinkId link_;
};

Admission::Admission(Socket* machine, std::shared_ptr<InprocHub> hub,
                     std::function<std::shared_ptr<Waker>()> make_waker)
    : machine_(*machine), hub_(std::move(hub)), make_waker_(std::move(make_waker)) {}

Admission::~Admission() = default;

// False: the socket cannot be woken.
bool Admission::Open() {
  if (inbox_ != nullptr) return true;
  std::shared_ptr<Waker> waker = make_waker_();
  if (waker == nullptr) return false;
  inbox_ = std::make_shared<Inbox>(std::move(waker));
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
  const auto bell = std::make_shared<Bell>(inbox_, ask.link);
  inquiries_[ask.link] = std::make_unique<ZapInquiry>(host_, hub_, bell, *ask.request);
  bell->Wake();
  return true;
}

bool Admission::ServeOne() {
  if (!desk_.waiting()) return false;
  desk_.ServeOne([inbox = inbox_](LinkId link) {
    return [inbox, link](const AuthVerdict& verdict) { inbox->Push({link, verdict}); };
  });
  return true;
}

std::size_t Admission::Turn(Instant now) {
  if (inbox_ == nullptr) return 0;
  std::size_t looked_at = 0;
  for (auto& [link, verdict] : inbox_->Take()) {
    if (!verdict) {
      const auto inquiry = inquiries_.find(link);
      if (inquiry == inquiries_.end()) continue;
      ++looked_at;
      verdict = inquiry->second->Turn(now);
      if (!verdict) continue;
      inquiries_.erase(inquiry);
    }
    machine_.Authorize(link, *verdict, now);
  }
  return looked_at;
}

}  // namespace monocoque
