#ifndef MONOCOQUE_ADAPTERS_ADMISSION_H_
#define MONOCOQUE_ADAPTERS_ADMISSION_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "adapters/inproc.h"
#include "adapters/waker.h"
#include "adapters/zap.h"
#include "adapters/zap_inquiry.h"
#include "protocol/drive/action.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque {

// Who may come in at one socket of an adapter: keeps what its machine asks until user code may run,
// and brings back what was decided, on whatever thread, to the machine's next turn. Without an
// authenticator it asks the process's ZAP handler, if there is one; without either nobody is asked.
//
// Thread rule: the socket's thread. The machine outlives it. Invariant: a question lives no longer
// than the link it is about, if the adapter tells of its end.
class Admission {
 public:
  // `make_waker`: makes what asks for the socket's next turn; called once, when somebody is asked
  // for the first time.
  Admission(Socket* machine, std::shared_ptr<InprocHub> hub,
            std::function<std::shared_ptr<Waker>()> make_waker);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
    desk_.set_authenticator(std::move(authenticator));
  }
  // False: there is nobody to ask, or no way to be told the answer.
  bool Take(const action::Authenticate& ask);
  bool waiting() const { return desk_.waiting(); }
  // Asks about the oldest; false: nobody waits. Runs user code: this may be gone afterwards.
  bool ServeOne();
  // Tells the machine what was decided since. How many questions to the handler it went on with:
  // those that wait for him cost nothing.
  std::size_t Turn(Instant now);
  // The link is over: nobody waits for the answer any more, and whoever was not asked yet is not.
  void Forget(LinkId link) {
    desk_.Forget(link);
    inquiries_.erase(link);
  }

 private:
  class Inbox;
  class Bell;

  bool Open();

  Socket& machine_;
  const std::shared_ptr<InprocHub> hub_;
  const std::function<std::shared_ptr<Waker>()> make_waker_;
  AuthDesk desk_;
  Host host_;                     // for what the handler is asked with
  std::shared_ptr<Inbox> inbox_;  // once somebody was asked
  std::map<LinkId, std::unique_ptr<ZapInquiry>> inquiries_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_ADMISSION_H_
