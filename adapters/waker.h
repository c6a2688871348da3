#ifndef MONOCOQUE_ADAPTERS_WAKER_H_
#define MONOCOQUE_ADAPTERS_WAKER_H_

namespace monocoque {

// Has a socket looked after soon, on the thread it belongs to.
//
// Thread rule: any thread. Harmless once the socket is gone.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void Wake() = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_WAKER_H_
