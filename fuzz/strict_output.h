#ifndef MONOCOQUE_FUZZ_STRICT_OUTPUT_H_
#define MONOCOQUE_FUZZ_STRICT_OUTPUT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "alloc/bytes.h"
#include "fuzz/plain_reader.h"
#include "protocol/wire/message.h"

namespace monocoque::fuzz {

// What a connection wrote, read as the strictest of peers would: the greeting and READY to the
// octet, then messages, each as it was sent and in order, and between them only commands that we
// may send, to the octet as well; nothing behind ERROR. Aborts with the property that is broken.
class StrictOutput {
 public:
  // `octets` is where the output is kept: empty, and the caller's, so that its memory serves many
  // runs. `socket_type` and `identity` are what READY must tell; the second only if
  // `sends_identity`.
  StrictOutput(std::string* octets, std::string_view socket_type, bool sends_identity,
               std::string_view identity);

  void Write(Bytes octets) { octets_.append(AsText(octets)); }
  // Judges what was written since the last call; `sent` are the messages that were accepted, all of
  // them.
  void Check(const std::vector<Message>& sent);

  // Messages written whole, as of the last Check.
  std::size_t messages() const { return messages_; }
  // Long frames for bodies that a short one holds: only a message that was received may bring some
  // (F-2).
  std::size_t needlessly_long() const { return reader_.needlessly_long(); }
  // The output ends within a message.
  bool cut() const;
  // The output ends between two frames, and not within a message; or it is no more than a greeting.
  bool at_rest() const { return octets_.size() <= reader_.position() && !reader_.in_message(); }

 private:
  void CheckGreeting() const;
  void CheckCommand(std::string_view body);

  std::string& octets_;
  const std::string ready_;
  const std::size_t identity_bytes_;
  PlainReader reader_;
  std::size_t messages_ = 0;
  bool said_ready_ = false;
  bool said_error_ = false;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_STRICT_OUTPUT_H_
