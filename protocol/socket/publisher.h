#ifndef MONOCOQUE_PROTOCOL_SOCKET_PUBLISHER_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PUBLISHER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "alloc/shared_log.h"
#include "protocol/socket/parts.h"
#include "protocol/socket/subscriber.h"
#include "protocol/wire/message.h"

namespace monocoque {

class SocketCore;

// Sends one message to many peers and never waits for one (ALL-8).
//
// Peers that want everything read a log: a message is encoded once, whatever their number, and each
// link takes what it lacks when it next writes, by reference. A peer that reaches its mark, or is
// between two links, steps aside and comes back once it has room; what it misses meanwhile is
// counted.
//
// Thread-compatible. Invariants: a subscriber in step has an attached link with room below its
// mark, an empty queue, and no message of its own in its link's chain behind `cursor`;
// room_messages_ and room_bytes_ are never more than any of them has.
class Publisher {
 public:
  explicit Publisher(SocketCore* core);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // From the next message on the subscriber gets everything; until Leave.
  void Join(Subscriber* subscriber);
  void Leave(Subscriber* subscriber);

  // Before a message is published: a large body that is borrowed gets memory of its own, which all
  // links share. Resource exhausted if there is none.
  static absl::Status Keep(Message* message);
  // To everybody who joined. The message stays as it was.
  void Publish(const Message& message, Bytes prefix);
  // To this one, not in step with the log: behind what it lacks of it.
  void SendTo(Subscriber* subscriber, const Message& message, Bytes prefix);
  // Could each that joined take the message now? Else one that cannot is told of once it can.
  bool AllCanTake(const Message& message);

  // The subscriber's link takes what it lacks of the log; before it writes, and before anything
  // else is appended to it.
  void Gather(Subscriber* subscriber);
  // What Gather would bring.
  Unsent Ungathered(const Subscriber& subscriber) const;
  // Something of what the subscriber's link holds is gone, or it has a link again.
  void OnRoom(Subscriber* subscriber);

  // Octets that wait for a link that could write: one of those in step stands for all.
  std::size_t pending_bytes() const;

 private:
  using List = std::vector<Subscriber*>;

  static void Enter(List* list, Subscriber* subscriber);
  static void Exit(List* list, Subscriber* subscriber);
  bool FitsInStep(const Subscriber& subscriber) const;
  void StepIn(Subscriber* subscriber);
  void StepAside(Subscriber* subscriber);
  // What the log may grow until the first of those in step is at its mark; steps aside who is
  // there.
  void MeasureRoom();
  bool room() const { return room_messages_ > 0 && room_bytes_ > 0; }
  void PublishAside(const Message& message, Bytes prefix);
  bool Append(const Message& message, Bytes prefix, std::size_t bytes);

  SocketCore& core_;
  SharedLog log_;
  std::size_t log_messages_ = 0;  // that begin in the slab at hand
  List in_step_;
  List aside_;
  std::size_t room_messages_ = 0;
  std::size_t room_bytes_ = 0;
  bool dirty_ = false;  // those in step are told to write
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PUBLISHER_H_
