#ifndef MONOCOQUE_FUZZ_DRIVEN_CONNECTION_H_
#define MONOCOQUE_FUZZ_DRIVEN_CONNECTION_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/transmit_batch.h"
#include "fuzz/input.h"
#include "fuzz/plain_reader.h"
#include "fuzz/strict_output.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/options.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/greeting.h"
#include "protocol/wire/message.h"

namespace monocoque::fuzz {

// A connection with its host, its application and a transport, all of them moved by a script, and
// every property judged at every step. See connection_fuzzer.cc for what is modelled and what must
// hold.
class DrivenConnection {
 public:
  // What is kept over the runs, so that a run needs no large allocation: empty between them.
  struct Memory {
    std::vector<Message> sent;
    std::vector<Message> received;
    std::string fed;
    std::string written;
  };

  DrivenConnection(std::unique_ptr<Connection> connection, const ConnectionOptions& options,
                   const BudgetPtr& budget, Instant now, Memory* memory);

  // One step of the script; octets of the peer are taken off `stream`.
  void Do(Step step, Input* stream);
  // Gives the connection all these octets, if it takes any.
  void Feed(Bytes octets);
  // All that can still happen, the end last. `close_first`: the application closes before the peer
  // does.
  void Finish(Input* stream, bool close_first);

 private:
  void FeedInPieces(Bytes octets, std::size_t each);
  void OpenWindow();
  void FillWindow(Input* stream, std::size_t count);
  void FillDirectWindow(std::size_t count);
  void Fed(Bytes octets) { memory_.fed.append(AsText(octets)); }

  Poll ReceiveOne();
  void OnMessage(Message message);
  void TakeEvents();
  PeerVersion PeersVersion() const;
  bool PeerSubscribes() const;
  void BeginTraffic();
  void Process(std::size_t frames);
  void Send(unsigned kind);
  void Subscribe(unsigned kind);
  void Fail(std::string_view reason);
  void End(unsigned how);
  void PassTime(absl::Duration by);
  void FillBatch(std::size_t max_bytes);
  void ReturnBatch(unsigned outcome);
  void Spurious();
  void Drain();
  void Settle();

  void CheckAlways();
  void CheckUnsent();
  void CheckDelivered();

  std::unique_ptr<Connection> connection_;
  const ConnectionOptions options_;
  BudgetPtr budget_;
  Instant now_;
  Memory& memory_;
  StrictOutput output_;
  std::optional<PlainReader> peer_;  // from the handshake's end on

  std::optional<ReadWindow> window_;
  std::optional<TransmitBatch> batch_;
  ConnectionState state_ = ConnectionState::kHandshake;
  absl::Status ended_;
  std::size_t fed_at_end_ = 0;  // octets that came before it
  bool told_ready_ = false;
  bool told_closed_ = false;
  bool delivered_all_ = false;
  bool transport_ended_ = false;
  bool given_up_ = false;
  bool echoed_ = false;
  bool refused_ = false;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_DRIVEN_CONNECTION_H_
