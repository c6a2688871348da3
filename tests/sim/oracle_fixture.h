#ifndef MONOCOQUE_TESTS_SIM_ORACLE_FIXTURE_H_
#define MONOCOQUE_TESTS_SIM_ORACLE_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/sim/options.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/sim/oracle.h"
#include "tests/sim/payload.h"

namespace monocoque::testing {

inline constexpr int kSender = 0;
inline constexpr int kReceiver = 1;

// A sender and a receiver, and links between them, told to an oracle step by step.
class OracleTest : public ::testing::Test {
 protected:
  explicit OracleTest(SocketType sends = SocketType::kPush,
                      SocketType receives = SocketType::kPull) {
    oracle_.Add(kSender, {.type = sends});
    oracle_.Add(kReceiver, {.type = receives});
    Link();
  }

  // A link that stands; what follows is written to it.
  void Link() {
    links_.push_back({.link = links_.size() + 1,
                      .dialer = kSender,
                      .acceptor = kReceiver,
                      .dialer_ready = true,
                      .acceptor_ready = true});
  }
  void End() { links_.back().until = Instant(); }
  void Cut() {
    End();
    links_.back().cut = true;
  }

  Message Make(std::uint32_t sequence, const std::vector<std::size_t>& parts = {100}) {
    Payload payload;
    payload.id = {kSender, sequence};
    payload.topic = "aa";
    return payload.Make(parts);
  }
  void Accept(std::uint32_t sequence) {
    oracle_.OnAccepted({kSender, sequence}, Make(sequence));
    ++sent_.messages_sent;
  }
  // So many octets less than the message has.
  void Write(std::uint32_t sequence, std::size_t less = 0) {
    const Message message = Make(sequence);
    const Bytes octets = message.bytes().first(message.bytes().size() - less);
    oracle_.OnOctets({links_.back().link, kSender, kReceiver, octets});
    links_.back().dialer_wrote += octets.size();
  }
  void Read() { links_.back().acceptor_read = links_.back().dialer_wrote; }
  void Receive(Message message, std::uint64_t peer = 1) {
    message.set_peer(PeerId::FromValue(peer));
    Payload payload;
    oracle_.OnReceived(kReceiver, message, &payload);
    ++got_.messages_received;
  }
  void Pass(std::uint32_t sequence) {
    Accept(sequence);
    Write(sequence);
    Read();
    Receive(Make(sequence));
  }
  // What the oracle says once all is over.
  const std::vector<std::string>& Verdict() {
    oracle_.Settle(links_);
    oracle_.Close(kSender, sent_);
    oracle_.Close(kReceiver, got_);
    return oracle_.violations();
  }

  Oracle oracle_;
  std::vector<sim::LinkReport> links_;
  SocketStats sent_, got_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_ORACLE_FIXTURE_H_
