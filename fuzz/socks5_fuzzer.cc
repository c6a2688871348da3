// What is modelled: a proxy that answers anything, in pieces of any size; with a name to give it or
// without.
//
// What must hold: the client takes exactly the octets that it wants, which are few, and ends: when
// it is connected or says why not in one printable sentence, it wants and says nothing more. How
// the answer was cut changes nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "adapters/net/socks5.h"
#include "alloc/bytes.h"
#include "fuzz/input.h"
#include "fuzz/require.h"

namespace {

using monocoque::AsText;
using monocoque::Bytes;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;
using monocoque::net::Socks5;

constexpr std::size_t kMostTaken = 2 + 2 + 5 + 255 + 2;

struct Outcome {
  std::string said;
  std::size_t taken = 0;
  bool done = false;
  absl::Status status;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Talk(bool with_name, Bytes answers, std::size_t step) {
  Socks5 client("name.invalid", 5555, with_name ? "user" : "", with_name ? "password" : "");
  Outcome outcome;
  for (;;) {
    while (!client.output().empty()) {
      const Bytes piece = client.output().first(std::min(step, client.output().size()));
      outcome.said += AsText(piece);
      client.Sent(piece.size());
    }
    const std::size_t wanted = client.wanted();
    if (wanted == 0 || answers.empty()) break;
    const Bytes piece = answers.first(std::min({step, answers.size(), wanted}));
    Require(client.Receive(piece) == piece.size(), "what is wanted is taken");
    outcome.taken += piece.size();
    answers = answers.subspan(piece.size());
  }
  outcome.done = client.done();
  outcome.status = client.status();
  Require(outcome.taken <= kMostTaken, "an answer is short");
  Require(client.wanted() > 0 || outcome.done || !outcome.status.ok(), "it ends or wants more");
  if (outcome.done || !outcome.status.ok()) {
    Require(client.wanted() == 0 && client.output().empty(), "the end is the end");
    Require(client.Receive(answers) == 0, "what is behind is not the proxy's");
  }
  Require(!outcome.done || outcome.status.ok(), "connected, or not");
  Require(
      std::ranges::all_of(outcome.status.message(), [](char c) { return c >= 0x20 && c < 0x7f; }),
      "a refusal is printable");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  const std::uint8_t choice = input.Octet();
  const bool with_name = (choice & 1) != 0;
  const Bytes answers = input.Take(size);
  const Outcome whole = Talk(with_name, answers, size + 1);
  const std::size_t step = 1 + static_cast<std::size_t>(choice >> 1);
  Require(Talk(with_name, answers, step) == whole, "how it is cut changes nothing");
  return 0;
}
