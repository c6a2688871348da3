#ifndef MONOCOQUE_TESTS_SIM_PAYLOAD_H_
#define MONOCOQUE_TESTS_SIM_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "protocol/wire/message.h"

namespace monocoque::testing {

// Who made a message, and which of theirs it is. Both count from 0.
struct PayloadId {
  int sender = 0;
  std::uint32_t sequence = 0;

  friend auto operator<=>(const PayloadId&, const PayloadId&) = default;
};

// A message that proves itself: its first part begins with a topic, a mark that is found again in
// any stream of octets, its id, and a checksum over all parts and their bounds.
struct Payload {
  static constexpr std::size_t kTopicBytes = 2;
  static constexpr std::string_view kMark = "\xd9mnq\xc3oqe";
  // Behind the topic.
  static constexpr std::size_t kHeaderBytes = 32;
  // What the first part has at least.
  static constexpr std::size_t kLeastBytes = kTopicBytes + kHeaderBytes;

  PayloadId id;
  PayloadId about;  // of a reply: what it answers
  std::string topic;

  // `part_bytes`: the sizes of the parts, the first raised to kLeastBytes. `envelope`: parts in
  // front.
  Message Make(const std::vector<std::size_t>& part_bytes,
               const std::vector<std::string>& envelope = {}) const;
  // Checks all of it. In front are 1 to `envelope_parts` parts, the last of them empty; with 0,
  // none. The error says what is wrong.
  static absl::StatusOr<Payload> Read(const Message& message, std::size_t envelope_parts = 0);
  // The parts in front of the payload.
  static std::vector<std::string> EnvelopeOf(const Message& message);

  // Octets on the wire from the mark to the message's end. `boxed`: each frame is in a box.
  static std::uint64_t BytesFromMark(const Message& message, bool boxed = false);
  // The id behind a mark. `header` begins with the mark and has kHeaderBytes.
  static PayloadId IdIn(std::string_view header);
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_PAYLOAD_H_
