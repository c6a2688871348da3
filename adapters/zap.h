#ifndef MONOCOQUE_ADAPTERS_ZAP_H_
#define MONOCOQUE_ADAPTERS_ZAP_H_

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/ids.h"

namespace monocoque {

// Decides who may come in (RFC 27, the handler), for sockets of any adapter: the user's own code,
// called last in a turn, where it may do anything.
class Authenticator {
 public:
  // Says what was decided, at once or later, on any thread (in a simulation: on its own). Once:
  // what comes when nobody waits any more is ignored, also when the socket is gone.
  using Reply = std::function<void(const AuthVerdict&)>;

  virtual ~Authenticator() = default;
  virtual void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) = 0;
};

// One that decides at once.
inline std::shared_ptr<Authenticator> AuthenticateBy(
    std::function<AuthVerdict(const AuthRequest&)> decide) {
  class Function final : public Authenticator {
   public:
    explicit Function(std::function<AuthVerdict(const AuthRequest&)> decide)
        : decide_(std::move(decide)) {}
    void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) override {
      reply(decide_(*request));
    }

   private:
    const std::function<AuthVerdict(const AuthRequest&)> decide_;
  };
  return std::make_shared<Function>(std::move(decide));
}

// An adapter's socket keeps requests here until user code may run.
//
// Thread-compatible.
class AuthDesk {
 public:
  // What waits for one that goes is not answered any more.
  void set_authenticator(std::shared_ptr<Authenticator> authenticator) {
    authenticator_ = std::move(authenticator);
    if (authenticator_ != nullptr) return;
    places_.clear();
    asked_.clear();
  }
  // False: there is nobody to ask. A link asks once.
  bool Take(const action::Authenticate& ask) {
    if (authenticator_ == nullptr) return false;
    places_[ask.link] = asked_.insert(asked_.end(), ask);
    return true;
  }
  // The link is over: nobody is asked about it any more, and what it said is let go of.
  void Forget(LinkId link) {
    const auto place = places_.find(link);
    if (place == places_.end()) return;
    asked_.erase(place->second);
    places_.erase(place);
  }
  bool waiting() const { return !asked_.empty(); }
  // Asks about the oldest; `reply_for` makes what takes the verdict on a link. Runs user code: the
  // desk may be gone afterwards.
  template <typename ReplyFor>
  void ServeOne(ReplyFor&& reply_for) {
    const std::shared_ptr<Authenticator> who = authenticator_;
    action::Authenticate ask = std::move(asked_.front());
    asked_.pop_front();
    places_.erase(ask.link);
    who->Authenticate(std::move(ask.request), reply_for(ask.link));
  }

 private:
  std::shared_ptr<Authenticator> authenticator_;
  // The oldest first, and where a link's is: no peer can make the end of one cost a search.
  std::list<action::Authenticate> asked_;
  std::map<LinkId, std::list<action::Authenticate>::iterator> places_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_ZAP_H_
