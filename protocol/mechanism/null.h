#ifndef MONOCOQUE_PROTOCOL_MECHANISM_NULL_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_NULL_H_

#include <string>
#include <string_view>
#include <utility>

#include "protocol/mechanism/mechanism.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// NULL (RFC 37): each side sends READY at once and waits for the other's (N-1). No roles, no
// secrets.
class NullMechanism final : public Mechanism {
 public:
  // `our_metadata`: the properties READY carries, encoded.
  NullMechanism(std::string our_metadata, const Limits& limits)
      : our_metadata_(std::move(our_metadata)), limits_(limits) {}

  std::string_view name() const override { return "NULL"; }
  bool as_server() const override { return false; }
  bool admits_anyone() const override { return true; }
  absl::Status Start(std::string* out) override;
  absl::Status OnCommand(const Command& command, std::string* out) override;
  bool done() const override { return done_; }
  const Metadata& metadata() const override { return metadata_; }

 private:
  const std::string our_metadata_;
  const Limits limits_;
  bool done_ = false;
  Metadata metadata_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_NULL_H_
