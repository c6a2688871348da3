#ifndef MONOCOQUE_FUZZ_STRICT_OUTPUT_H_
#define MONOCOQUE_FUZZ_STRICT_OUTPUT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alloc/bytes.h"
#include "fuzz/plain_reader.h"
#include "protocol/wire/greeting.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::fuzz {

// What a connection wrote, read as the strictest of peers would: what its version of ZMTP begins
// with, to the octet, then messages, each as it was sent and in order, and between them only
// commands that we may send, to the octet as well; nothing behind ERROR. Aborts with the property
// that is broken.
class StrictOutput {
 public:
  // `octets` is where the output is kept: empty, and the caller's, so that its memory serves many
  // runs. `type` and `identity` are what the peer must be told.
  StrictOutput(std::string* octets, SocketType type, std::string_view identity);

  void Write(Bytes octets) { octets_.append(AsText(octets)); }
  // Judges what was written since the last call; `sent` are the messages that were accepted, all of
  // them, and `version` what the peer has shown to be.
  void Check(const std::vector<Message>& sent, PeerVersion version);

  // Messages written whole, as of the last Check.
  std::size_t messages() const { return messages_; }
  // Long frames for bodies that a short one holds: only a message that was received may bring some.
  std::size_t needlessly_long() const { return reader_ ? reader_->needlessly_long() : 0; }
  // The output ends within a message.
  bool cut() const;
  // The output ends between two frames, and not within a message; or it is no more than a greeting.
  bool at_rest() const;

 private:
  std::string Opening(PeerVersion version) const;
  void CheckCommand(std::string_view body);

  std::string& octets_;
  const SocketType type_;
  const std::string identity_;
  // From the moment on when the greeting is written.
  std::optional<PlainReader> reader_;
  std::size_t messages_ = 0;
  bool said_ready_ = false;
  bool said_error_ = false;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_STRICT_OUTPUT_H_
