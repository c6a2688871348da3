#ifndef MONOCOQUE_ADAPTERS_UV_TURNS_H_
#define MONOCOQUE_ADAPTERS_UV_TURNS_H_

#include <uv.h>

#include <functional>
#include <memory>
#include <vector>

#include "adapters/uv/handle.h"
#include "protocol/drive/host.h"
#include "protocol/drive/rotation.h"

namespace monocoque::uv {

class SocketState;

// What the sockets on one loop share: their pool, and the place in an iteration where they take
// their turns, which is a prepare handle, right before the loop waits. It is started when a socket
// is woken and stopped when all is quiet; an idle handle beside it keeps the loop from waiting in
// between, whoever asked in whichever phase.
//
// Thread rule: the loop's thread. Dies with the last open socket, and not before what is to be
// called later was called; its handles are closed then.
class Turns : public std::enable_shared_from_this<Turns> {
 public:
  // The one for this loop; made if there is none.
  static std::shared_ptr<Turns> On(uv_loop_t* loop);
  ~Turns();
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  uv_loop_t* loop() const { return loop_; }
  // What a machine of the core needs; the pool and the random generator are shared.
  Host MakeHost() const;

  // The socket has its turn in this iteration, or in the next if this one waits already.
  void Wake(RotationNode<SocketState>* node);
  void Forget(RotationNode<SocketState>* node) { woken_.Remove(node); }
  // Called once, at the loop's next turn, of which this one is no part; whoever asked may be gone.
  void CallLater(std::function<void()> what);

 private:
  explicit Turns(uv_loop_t* loop);

  void Start();
  void RunTurns() noexcept;

  uv_loop_t* const loop_;
  Host host_;
  Handle<uv_prepare_t> prepare_;
  Handle<uv_idle_t> idle_;
  bool started_ = false;
  bool turning_ = false;
  Rotation<SocketState> woken_;
  std::vector<std::shared_ptr<SocketState>> round_;  // those who take their turn now
  std::vector<std::function<void()>> later_;
  std::shared_ptr<Turns> kept_;  // this one, while something is to be called
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_TURNS_H_
