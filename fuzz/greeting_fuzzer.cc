// What is modelled: a peer that sends anything in place of a greeting, cut in pieces that the input
// chooses. The first octet seeds the cuts, the rest is the stream.
//
// What must hold: the reader comes to the same end however the stream is cut; the version is the
// one that a second, plain reading of the table gives; no octet is taken behind the one that
// decided; and a greeting of our own, with what the input has as mechanism and identity length,
// reads back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "alloc/bytes.h"
#include "fuzz/plain_greeting.h"
#include "fuzz/require.h"
#include "protocol/wire/greeting.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::Bytes;
using monocoque::GreetingReader;
using monocoque::PeerVersion;
using monocoque::fuzz::PlainGreeting;
using monocoque::fuzz::ReadGreeting;
using monocoque::fuzz::Require;
namespace greeting = monocoque::greeting;

void Same(const GreetingReader& a, const GreetingReader& b) {
  Require(a.version() == b.version(), "the version does not depend on the cuts");
  Require(a.received() == b.received(), "the octets taken do not depend on the cuts");
  Require(a.complete() == b.complete(), "completeness does not depend on the cuts");
  Require(a.versioned() == b.versioned(), "versioned() does not depend on the cuts");
  if (!a.complete()) return;
  Require(a.mechanism_field() == b.mechanism_field(), "the mechanism does not depend on the cuts");
  Require(a.as_server() == b.as_server(), "the role does not depend on the cuts");
  Require(a.major() == b.major() && a.minor() == b.minor(), "nor do the version's octets");
}

GreetingReader ReadInPieces(Bytes stream, std::uint32_t seed) {
  GreetingReader reader;
  std::size_t at = 0;
  while (at < stream.size()) {
    seed = seed * 1664525u + 1013904223u;
    const std::size_t piece = std::min<std::size_t>(seed >> 28, stream.size() - at);
    const bool was_decided = reader.version() != PeerVersion::kUnknown;
    const PeerVersion before = reader.version();
    const std::size_t taken = reader.Consume(stream.subspan(at, piece));
    Require(taken <= piece, "no more is taken than was given");
    Require(!was_decided || reader.version() == before, "a decision is never revised");
    at += taken;
    if (taken < piece) break;
  }
  Require(reader.received() == at, "received() counts what was taken");
  return reader;
}

void OurOwnReadsBack(Bytes stream, bool as_server) {
  const std::string_view name = AsText(stream.first(std::min<std::size_t>(stream.size(), 20)));
  std::string out;
  monocoque::AppendGreetingSignature(&out, stream.size());
  monocoque::AppendGreetingMajor(&out);
  monocoque::AppendGreetingRest(&out, name, as_server);
  Require(out.size() == greeting::kBytes, "a greeting has 64 octets");
  GreetingReader reader;
  Require(reader.Consume(AsBytes(out)) == out.size() && reader.complete(), "it is read whole");
  Require(reader.version() == PeerVersion::kZmtp31, "it says 3.1");
  Require(reader.mechanism_field() == monocoque::MechanismField(name), "it has its mechanism");
  Require(reader.as_server() == as_server, "it has its role");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes stream = Bytes(data, size).subspan(1);
  GreetingReader whole;
  Require(whole.Consume(stream) == whole.received(), "Consume returns what it took");
  const PlainGreeting expected = ReadGreeting(stream);
  Require(whole.version() == expected.version, "the version is that of the table");
  Require(whole.received() == expected.taken, "nothing behind the decision is taken");
  Same(whole, ReadInPieces(stream, data[0]));
  OurOwnReadsBack(stream, (data[0] & 1) != 0);
  return 0;
}
