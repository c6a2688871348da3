#ifndef MONOCOQUE_PROTOCOL_MECHANISM_NULL_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_NULL_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/mechanism/mechanism.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// NULL (RFC 37): each side sends READY at once and waits for the other's (N-1). No roles, no
// secrets. With a domain an authenticator is asked first (Z-6).
class NullHandshake final : public Mechanism {
 public:
  // `our_metadata`: the properties READY carries, encoded.
  NullHandshake(const NullMechanism& options, std::string our_metadata, const Limits& limits)
      : domain_(options.domain),
        our_metadata_(std::move(our_metadata)),
        limits_(limits),
        asking_(!options.domain.empty()) {}

  std::string_view name() const override { return "NULL"; }
  bool as_server() const override { return false; }
  bool admits_anyone() const override { return domain_.empty(); }
  bool explains() const override { return true; }
  absl::Status Start(std::string* out) override;
  absl::Status OnCommand(const Command& command, std::string* out) override;
  bool asking() const override { return asking_; }
  void Describe(AuthRequest* request) override { request->domain = domain_; }
  absl::Status Admit(std::string* out) override;
  const Metadata* peer_metadata() const override { return metadata_ ? &*metadata_ : nullptr; }

 private:
  const std::string domain_;
  const std::string our_metadata_;
  const Limits limits_;
  bool asking_;
  std::optional<Metadata> metadata_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_NULL_H_
