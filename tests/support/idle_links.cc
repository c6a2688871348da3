#include "tests/support/idle_links.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"
#include "tests/support/allocations.h"
#include "tests/support/pair.h"

namespace monocoque::testing {
namespace {

// A socket whose every link meets a peer that says its greeting and READY, and then nothing.
class Crowd {
 public:
  Crowd(SocketType type, SocketType peer)
      : host_(TestHost()),
        socket_(*Socket::Create(type, {}, host_)),
        octets_(PeerGreeting() + PeerReady(SocketTypeName(peer))) {
    EXPECT_TRUE(socket_.Bind(*ParseEndpoint("sim://crowd"), host_.now).ok());
    Act();
  }

  void Accept(int links) {
    for (int i = 0; i < links; ++i) {
      const auto link = socket_.OnAccepted(listener_, {"sim", "sim"}, host_.now);
      if (link.ok()) ShakeHands(*link);
    }
  }
  void Dial(int links) {
    for (int i = 0; i < links; ++i) {
      EXPECT_TRUE(socket_.Connect(*ParseEndpoint("sim://elsewhere"), host_.now).ok());
      Act();
    }
  }
  std::size_t ready() const { return socket_.ready_peers(); }

 private:
  void Act() {
    Action action;
    while (socket_.NextAction(&action)) {
      if (const auto* listen = std::get_if<action::Listen>(&action)) {
        listener_ = listen->listener;
        socket_.OnListening(listener_, *listen->endpoint, host_.now);
      } else if (const auto* dial = std::get_if<action::Dial>(&action)) {
        socket_.OnDialed(dial->link, {"sim", "sim"}, host_.now);
        ShakeHands(dial->link);
      }
    }
  }

  void ShakeHands(LinkId link) {
    EXPECT_TRUE(socket_.Donate(link, Slice::Copy(octets_), host_.now).ok());
    for (bool any = true; any;) {
      any = socket_.Process(1000, host_.now);
      LinkId writer;
      while (socket_.NextTransmitLink(&writer)) {
        TransmitBatch batch;
        if (!socket_.FillTransmit(writer, &batch, 512 * 1024)) continue;
        const std::size_t written = batch.remaining();
        socket_.ReturnBatch(writer, std::move(batch), written, absl::OkStatus(), host_.now);
        any = true;
      }
      SocketEvent event;
      while (socket_.NextEvent(&event)) any = true;
    }
  }

  const Host host_;
  Socket socket_;
  const std::string octets_;
  ListenerId listener_;
};

LinkMemory Measure(SocketType type, SocketType peer, void (Crowd::*make)(int links)) {
  Crowd crowd(type, peer);
  (crowd.*make)(LinkMemory::kFewLinks);
  const Allocations few = CountAllocations();
  constexpr int kMore = LinkMemory::kManyLinks - LinkMemory::kFewLinks;
  (crowd.*make)(kMore);
  const Allocations more = CountAllocations() - few;
  EXPECT_EQ(crowd.ready(), static_cast<std::size_t>(LinkMemory::kManyLinks));
  return {static_cast<double>(more.live_bytes) / kMore, static_cast<double>(more.live) / kMore};
}

}  // namespace

LinkMemory MeasureAcceptedLinks(SocketType type, SocketType peer) {
  return Measure(type, peer, &Crowd::Accept);
}

LinkMemory MeasureDialedLinks(SocketType type, SocketType peer) {
  return Measure(type, peer, &Crowd::Dial);
}

}  // namespace monocoque::testing
