#ifndef MONOCOQUE_ADAPTERS_ADMISSION_H_
#define MONOCOQUE_ADAPTERS_ADMISSION_H_

#include <functional>
#include <memory>
#include <utility>

#include "adapters/waker.h"
#include "adapters/zap.h"
#include "protocol/drive/action.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque {

// Who may come in at one socket of an adapter: keeps what its machine asks until user code may run,
// and brings back what was decided, on whatever thread, to the machine's next turn.
//
// Thread rule: the socket's thread. The machine outlives it.
class Admission {
 public:
  // `make_waker`: makes what asks for the socket's next turn; called once, when somebody is asked
  // for the first time.
  Admission(Socket* machine, std::function<std::shared_ptr<Waker>()> make_waker)
      : machine_(*machine), make_waker_(std::move(make_waker)) {}
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
  // Tells the machine what was decided since.
  void Turn(Instant now);

 private:
  class Verdicts;

  Socket& machine_;
  const std::function<std::shared_ptr<Waker>()> make_waker_;
  AuthDesk desk_;
  std::shared_ptr<Verdicts> verdicts_;  // once somebody was asked
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_ADMISSION_H_
