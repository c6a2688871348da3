#include "tests/sim/payload.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/sim/random.h"
#include "alloc/slice.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/frame.h"

namespace monocoque::testing {
namespace {

// Where the fields lie behind the mark.
constexpr std::size_t kSenderAt = 8;
constexpr std::size_t kAboutSenderAt = 10;
constexpr std::size_t kSequenceAt = 12;
constexpr std::size_t kAboutSequenceAt = 16;
constexpr std::size_t kPartsAt = 20;
constexpr std::size_t kChecksumAt = 24;

void Put(std::string* out, std::size_t at, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i) (*out)[at + i] = static_cast<char>(value >> (8 * i));
}

std::uint64_t Get(std::string_view in, std::size_t at, std::size_t octets) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < octets; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(in[at + i])} << (8 * i);
  }
  return value;
}

// Octets without a pattern, and without a mark.
const std::string& Noise() {
  static const std::string* const noise = [] {
    auto* made = new std::string(1 << 20, '\0');
    sim::Random random(99);
    for (std::size_t at = 0; at < made->size(); at += 8) Put(made, at, random.Next(), 8);
    return made;
  }();
  return *noise;
}

void Mix(std::uint64_t* sum, std::uint64_t value) {
  *sum = (*sum ^ value) * 0xD6E8FEB86659FD93u;
  *sum ^= *sum >> 32;
}

void MixText(std::uint64_t* sum, std::string_view text) {
  Mix(sum, text.size());
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    Mix(sum, word);
  }
  if (at < text.size()) Mix(sum, Get(text, at, text.size() - at));
}

// Over the parts from `first` on; the checksum's own place counts as zeros.
std::uint64_t Checksum(const std::vector<std::string_view>& parts) {
  std::uint64_t sum = parts.size();
  const std::size_t at = Payload::kTopicBytes + kChecksumAt;
  MixText(&sum, parts[0].substr(0, at));
  MixText(&sum, parts[0].substr(at + 8));
  for (std::size_t i = 1; i < parts.size(); ++i) MixText(&sum, parts[i]);
  return sum;
}

// Index of the part that holds the header; the first, if none does.
std::size_t HeaderPart(const Message& message) {
  for (std::size_t at = 0; at < message.part_count(); ++at) {
    const std::string_view part = message[at].text();
    if (part.size() >= Payload::kLeastBytes &&
        part.substr(Payload::kTopicBytes, Payload::kMark.size()) == Payload::kMark) {
      return at;
    }
  }
  return 0;
}

}  // namespace

Message Payload::Make(const std::vector<std::size_t>& part_bytes,
                      const std::vector<std::string>& envelope) const {
  std::vector<std::string> parts;
  sim::Random random((std::uint64_t{id.sequence} << 16) + static_cast<std::uint64_t>(id.sender));
  for (std::size_t bytes : part_bytes) {
    bytes = parts.empty() ? std::max(bytes, kLeastBytes) : bytes;
    parts.push_back(Noise().substr(random.Below(Noise().size() - bytes), bytes));
  }
  std::string& first = parts[0];
  first.replace(0, kTopicBytes, topic);
  first.replace(kTopicBytes, kMark.size(), kMark);
  Put(&first, kTopicBytes + kSenderAt, static_cast<std::uint64_t>(id.sender), 2);
  Put(&first, kTopicBytes + kAboutSenderAt, static_cast<std::uint64_t>(about.sender), 2);
  Put(&first, kTopicBytes + kSequenceAt, id.sequence, 4);
  Put(&first, kTopicBytes + kAboutSequenceAt, about.sequence, 4);
  Put(&first, kTopicBytes + kPartsAt, parts.size(), 4);
  Put(&first, kTopicBytes + kChecksumAt, 0, 8);
  std::vector<std::string_view> views(parts.begin(), parts.end());
  Put(&first, kTopicBytes + kChecksumAt, Checksum(views), 8);
  views.insert(views.begin(), envelope.begin(), envelope.end());
  return Message(absl::MakeConstSpan(views));
}

std::vector<std::string> Payload::EnvelopeOf(const Message& message) {
  std::vector<std::string> envelope;
  for (std::size_t i = 0; i < HeaderPart(message); ++i) envelope.emplace_back(message[i].text());
  return envelope;
}

absl::StatusOr<Payload> Payload::Read(const Message& message, std::size_t envelope_parts) {
  const std::size_t begin = HeaderPart(message);
  std::vector<std::string_view> parts;
  for (std::size_t i = begin; i < message.part_count(); ++i) parts.push_back(message[i].text());
  const std::string_view first = parts[0];
  if (first.size() < kLeastBytes || first.substr(kTopicBytes, kMark.size()) != kMark) {
    return absl::DataLossError("a message without its mark");
  }
  const bool enveloped = begin > 0 && begin <= envelope_parts && message[begin - 1].empty();
  if (begin > 0 ? !enveloped : envelope_parts > 0) {
    return absl::DataLossError(absl::StrCat("a message with ", begin, " parts in front"));
  }
  const std::string_view header = first.substr(kTopicBytes, kHeaderBytes);
  Payload read;
  read.topic = std::string(first.substr(0, kTopicBytes));
  read.id = IdIn(header);
  read.about = {static_cast<int>(Get(header, kAboutSenderAt, 2)),
                static_cast<std::uint32_t>(Get(header, kAboutSequenceAt, 4))};
  const std::string name = absl::StrCat("message ", read.id.sequence, " of ", read.id.sender);
  if (Get(header, kPartsAt, 4) != parts.size()) {
    return absl::DataLossError(absl::StrCat(name, " came in ", parts.size(), " parts in place of ",
                                            Get(header, kPartsAt, 4)));
  }
  if (Get(header, kChecksumAt, 8) != Checksum(parts)) {
    return absl::DataLossError(absl::StrCat(name, " came with other octets than it was sent with"));
  }
  return read;
}

std::uint64_t Payload::BytesFromMark(const Message& message, bool boxed) {
  std::uint64_t bytes = 0;
  for (std::size_t i = HeaderPart(message); i < message.part_count(); ++i) {
    const std::size_t body = message[i].size();
    bytes += bytes == 0 ? body - kTopicBytes
             : boxed    ? CurveSession::FrameBytes(body)
                        : FrameHeaderBytes(body) + body;
  }
  return bytes;
}

PayloadId Payload::IdIn(std::string_view header) {
  return {static_cast<int>(Get(header, kSenderAt, 2)),
          static_cast<std::uint32_t>(Get(header, kSequenceAt, 4))};
}

}  // namespace monocoque::testing
