#ifndef MONOCOQUE_FUZZ_PLAIN_READER_H_
#define MONOCOQUE_FUZZ_PLAIN_READER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "alloc/bytes.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

namespace monocoque::fuzz {

// Frames read the plain way: the whole stream lies in one piece, nothing is looked up twice,
// nothing is shared. Written from RFC 37, 15 and 13 without a look at protocol/, so that the two
// can be compared.
//
// The stream may grow between calls, and move; each call gets all of it from the start.
class PlainReader {
 public:
  enum class Result { kMessage, kCommand, kNeedData, kViolation };

  // Octets of the stream.
  struct Range {
    std::size_t at = 0;
    std::size_t size = 0;

    Bytes In(Bytes stream) const { return stream.subspan(at, size); }
  };

  // Begins `at` octets into the stream.
  explicit PlainReader(const Limits& limits, std::size_t at = 0, Framing framing = Framing::kZmtp30)
      : limits_(limits), framing_(framing), at_(at) {}

  Result Next(Bytes stream);
  Framing framing() const { return framing_; }

  // After kMessage: its parts. After kCommand: its body. Until the next call.
  const std::vector<Range>& parts() const { return parts_; }
  Range body() const { return body_; }
  // After kViolation: why, in the words of protocol/.
  std::string_view violation() const { return violation_; }
  // Behind the last frame read; after kViolation behind the octets that gave it away.
  std::size_t position() const { return at_; }
  // Within a message, at the boundary of a frame or not.
  bool in_message() const { return !complete_ && !parts_.empty(); }
  // Frames whose size has eight octets although one would do (F-2; RFC 13).
  std::size_t needlessly_long() const { return needlessly_long_; }

 private:
  struct Head {
    bool more = false;
    bool command = false;
    bool wide = false;
    std::size_t octets = 0;
    std::uint64_t size = 0;
  };

  // kMessage: the head is there, whatever it is the head of.
  Result ReadHead(Bytes here, Head* out);
  Result ReadHeadZmtp10(Bytes here, Head* out);
  Result Violation(std::string_view sentence, std::size_t octets);

  Limits limits_;
  Framing framing_;
  std::size_t at_;
  std::vector<Range> parts_;
  bool complete_ = false;  // parts_ was handed out
  std::uint64_t bytes_ = 0;
  Range body_;
  std::string_view violation_;
  std::size_t needlessly_long_ = 0;
};

// Does the message have these parts of the stream, and no others?
bool SameParts(const Message& message, const std::vector<PlainReader::Range>& parts, Bytes stream);

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_PLAIN_READER_H_
